"""How the ranks of this node ended: what each noted itself, what torchrun saw, what is left.

``run_notebook/failure.py`` says which files a rank leaves.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..log_record import packed, write_record
from ..lost_peer import lost_peer
from ..python_traceback import describe_story, read_tracebacks
from .ending import meaning, say

# What torchrun saw of the ranks that failed, by rank, in the folder of the ranks' errors.
SEEN_BY_TORCHRUN = "torchrun.json"
_OF_RANK = re.compile(r"rank-(\d+)\.(json|thread\.json|stack|cell)")
_SIGTERM_CODE = 143
_SHORTLY = 600.0  # seconds
_NO_PLACE = {"cell": None, "cell_id": None, "lineno": None, "line": None}

# Position, id and source of each cell by its file.
Cells = Mapping[str, "tuple[int | None, str, str]"]


def rank_errors(
    folder: Path, alone: tuple[int, int] | None = None, reason: str | None = None
) -> list[dict[str, Any]]:
    """The errors in ``folder``, the first that explains something first.

    ``alone`` is rank and exit code of a program that torchrun did not start. ``reason`` is why the
    launcher ended the ranks, where it did: then they tell where they were.
    """
    left: dict[int, dict[str, Path]] = {}
    for path in folder.glob("rank-*"):
        name = _OF_RANK.fullmatch(path.name)
        if name and path.stat().st_size:
            left.setdefault(int(name[1]), {})[name[2]] = path
    exits = {int(rank): exit_ for rank, exit_ in _object(folder / SEEN_BY_TORCHRUN).items()}
    if not exits and alone is not None:
        exits = {alone[0]: {"exit_code": alone[1], "time": time.time()}}
    cells = _cells()
    found = []
    for rank in sorted({*exits, *(rank for rank in left if {*left[rank]} - {"cell"})}):
        files, seen = left.get(rank, {}), exits.get(rank, {})
        own = _object(files["json"]) if "json" in files else _unsaid(files, seen, cells, reason)
        if not own:
            continue
        own = {**own, "rank": rank}
        told = f"{own.get('etype')}: {own.get('message')}"
        sibling = seen.get("exit_code") == _SIGTERM_CODE and own.get("etype") is None
        own["follower"] = reason is None and (sibling or lost_peer(told))
        # A thread that failed shortly before explains why others waited in vain.
        thread = _object(files["thread.json"]) if "thread.json" in files else {}
        if thread and own["time"] - thread["time"] < _SHORTLY:
            found.append({**thread, "rank": rank, "follower": False})
        found.append(own)
    return sorted(found, key=lambda error: (error["follower"], error.get("time") or 0.0))


def describe_error(error: Mapping[str, Any]) -> str:
    """One line for an error of a rank."""
    cell, lineno, said = error.get("cell"), error.get("lineno"), str(error.get("message"))
    if error.get("etype"):
        said = f"{error['etype']}: {said}"
    if cell is not None:
        said = f"cell {cell + 1}{'' if lineno is None else f', line {lineno}'}: {said}"
    return f"rank {error.get('rank')}: {said}"


def hand_out(errors: list[dict[str, Any]], folder: Path, node: int) -> None:
    """Write the errors into the log: for people what only faulthandler knows, and all as records.

    Each is a record of its own, for a reader need not have all of a log.
    """
    for error in errors:
        if error.get("etype") == "Fatal Python error":
            with contextlib.suppress(OSError):
                stack = (folder / f"rank-{error['rank']}.stack").read_text(errors="replace")
                say(f"rank {error['rank']} ended here:\n{stack.strip()}")
        write_record("errors", packed({"node": node, "errors": [error]}))


def _unsaid(
    files: Mapping[str, Path], seen: Mapping[str, Any], cells: Cells, reason: str | None
) -> dict[str, Any]:
    """The error of a rank that has noted none; {} where there is nothing to tell."""
    code = seen.get("exit_code")
    text = str(seen.get("traceback") or "")
    said = {
        "etype": None,
        "message": seen.get("message") or f"exit code {code}, {meaning(code or 0)}",
    }
    if not text and "stack" in files:
        text = files["stack"].read_text(errors="replace")
        said["message"] = "it was here when it was told to end"
    place = describe_story(read_tracebacks(text), {file: cell[:2] for file, cell in cells.items()})
    for named in (place, *place["frames"]) if place and "stack" in files else ():
        named["line"] = _line(named, cells)
    if not place and "cell" in files:
        place = _object(files["cell"])
    if not place and code is None:
        return {}
    if place.get("etype"):
        said = {}
    told_at = files["stack"].stat().st_mtime if "stack" in files else None
    return {
        **_NO_PLACE,
        "frames": [],
        **place,
        **said,
        "exit_code": code,
        "reason": reason,
        "traceback": text[-8192:],
        "time": seen.get("time") or told_at or time.time(),
    }


def _cells() -> Cells:
    """The cells of the notebook; {} for a command."""
    listed = _object(Path(__file__).with_name("cells.json")).get("cells") or []
    return {cell["file"]: (cell["index"], cell["id"], cell["source"]) for cell in listed}


def _line(place: Mapping[str, Any], cells: Cells) -> str:
    """The source at a place, which faulthandler does not tell."""
    sources = (source for _, identity, source in cells.values() if identity == place["cell_id"])
    lines = next(sources, "").splitlines()
    number = place["lineno"] or 0
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; {} where there is none."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
