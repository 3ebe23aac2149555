"""How one rank failed: what its node's launcher told, its log, and Kubernetes of its pod. Pure.

All of it comes from pods: the records of ``errors`` (``inpod/launch/rank_errors.py``) and
the ends of logs. Nothing in it is trusted to be of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from jupyter_trainhub.inpod.lost_peer import lost_peer
from jupyter_trainhub.inpod.python_traceback import Block, describe_story
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.node_log import Node

_CLUSTER_ENDED, _KILLED, _ABORTED = 143, 137, 134
_OOM = "OOMKilled"
# What is taken of what a pod tells: frames of an error, and characters of a text. Its programs
# write less, but whatever runs there may write in their name.
_MOST_FRAMES = 40
_LONGEST_TEXT, _LONGEST_TRACEBACK = 4000, 16_384
# The time of day, in seconds, until the year 9999.
_LAST_TIME = 2.5e11
# Why the launcher ended its program.
_TERMINATED, _TIME_LIMIT = "Terminated", "TimeLimit"


@dataclass(frozen=True)
class Cell:
    """A cell as it was submitted: its position, from 0, its id and its own text."""

    index: int | None
    id: str
    source: str


def cells_of(document: Any) -> dict[str, Cell]:
    """The cells by their files, of what was submitted as ``cells.json``."""
    listed = document.get("cells") if isinstance(document, dict) else None
    return {
        str(cell.get("file")): Cell(
            _typed(cell.get("index"), int),
            str(cell.get("id")),
            str(cell.get("original") or cell.get("source") or ""),
        )
        for cell in listed or ()
        if isinstance(cell, dict)
    }


@dataclass
class RankError:
    """A RankFailure on its way, with what only matters here; times in seconds of the epoch."""

    shown: Object
    node: Node
    follower: bool
    reason: str | None
    at: float | None
    story: Sequence[Block] = ()


def errors_of(
    node: Node, view: Object, cells: Mapping[str, Cell], processes: int
) -> list[RankError]:
    told = [_told(error, node, cells, view) for error in node.errors]
    stopped = view["phase"] == "Stopped" and node.pod.get("reason") == _TERMINATED
    if not told and node.pod.get("phase") == "Failed" and not stopped:
        told = [_of_pod(node, view, cells, processes)]
    taken = False
    # A notebook's ranks have noted each exception themselves.
    for item in () if cells else filter(_is_silent, told):
        story = node.story_of(item.shown["rank"])
        if story is None and not taken and not item.follower:
            story, taken = node.unranked_story(), True
        if story is not None:
            _tell_by_log(item, story, cells)
    for item in told:
        if node.pod.get("reason") == _OOM and item.shown["exit_code"] == _KILLED:
            item.shown |= {"reason": _OOM, "message": str(node.pod.get("message") or "")}
        item.story = item.story or node.story_with(item.shown["etype"], item.shown["message"])
        # NCCL ends the process itself when it has lost another.
        if item.shown["exit_code"] == _ABORTED and any(map(lost_peer, node.lines[-200:])):
            item.follower = True
    return told


def _is_silent(item: RankError) -> bool:
    """Whether what ended it may stand in the log: a killed process has no more to say."""
    ended = item.shown["exit_code"] in (_KILLED, _CLUSTER_ENDED)
    return item.shown["etype"] is None and item.reason is None and not ended


def _told(error: Object, node: Node, cells: Mapping[str, Cell], view: Object) -> RankError:
    """What the launcher wrote of a rank."""
    at = _typed(error.get("time"), (int, float))
    at = at if at is not None and 0 <= at < _LAST_TIME else None
    texts = {name: _text(error.get(name)) for name in ("etype", "message", "line", "cell_id")}
    numbers = {name: _number(error.get(name)) for name in ("rank", "exit_code", "cell", "lineno")}
    frames = error.get("frames")
    shown = {
        **_rank_failure(node, at),
        **texts,
        **numbers,
        "message": texts["message"] or "",
        "reason": _text(error.get("reason")),
        "frames": [
            frame
            for frame in map(_frame, frames[:_MOST_FRAMES] if isinstance(frames, list) else ())
            if frame
        ],
        "traceback": _text(error.get("traceback"), _LONGEST_TRACEBACK) or "",
    }
    _add_sources(shown, cells)
    # Of a job that fails the cluster ends the other pods.
    ended = shown["reason"] == _TERMINATED and view["phase"] != "Stopped"
    return RankError(shown, node, ended or error.get("follower") is True, shown["reason"], at)


def _of_pod(node: Node, view: Object, cells: Mapping[str, Cell], processes: int) -> RankError:
    """What Kubernetes tells of a pod that failed without a word of its launcher's."""
    pod = node.pod
    at = _seconds(pod.get("finished"))
    message, reason = str(pod.get("message") or ""), pod.get("reason")
    shown = _rank_failure(node, at) | {
        "rank": pod["rank"] if processes == 1 else None,
        "exit_code": pod.get("exit_code"),
        "reason": reason,
        "message": message,
    }
    known = view.get("error")
    if isinstance(known, dict) and known.get("pod") == pod["name"]:
        shown |= {name: known.get(name) for name in ("cell", "cell_id", "lineno", "line")}
        shown["etype"] = known.get("etype")
    _add_sources(shown, cells)
    follower = pod.get("exit_code") == _CLUSTER_ENDED or lost_peer(f"{reason} {message}")
    ended = reason if reason in (_TIME_LIMIT, _TERMINATED) else None
    return RankError(shown, node, follower and ended != _TIME_LIMIT, ended, at)


def _rank_failure(node: Node, at: float | None) -> Object:
    return {
        "rank": None,
        "node_rank": node.pod["rank"],
        "node": node.pod.get("node"),
        "pod": node.pod["name"],
        "time": _iso(at),
        **dict.fromkeys(("etype", "message", "exit_code", "reason")),
        **dict.fromkeys(("cell", "cell_id", "cell_source", "lineno", "line")),
        "frames": [],
        "traceback": "",
    }


def _add_sources(shown: Object, cells: Mapping[str, Cell]) -> None:
    by_id = {cell.id: cell.source for cell in cells.values()}
    shown["cell_source"] = by_id.get(shown["cell_id"])
    for frame in shown["frames"]:
        if frame["cell_id"] in by_id:
            frame["cell_source"] = by_id[frame["cell_id"]]


def _tell_by_log(item: RankError, story: Sequence[Block], cells: Mapping[str, Cell]) -> None:
    """Take over from the log what the rank of a command did not tell otherwise."""
    known = {file: (cell.index, cell.id) for file, cell in cells.items()}
    lines = item.node.lines[story[0].start : story[-1].end]
    item.shown |= describe_story(story, known)
    item.shown["message"] = item.shown["message"][:_LONGEST_TEXT]
    item.shown["traceback"] = "\n".join(lines)[-_LONGEST_TRACEBACK:]
    _add_sources(item.shown, cells)
    item.story = story
    item.follower = lost_peer(f"{item.shown['etype']}: {item.shown['message']}")


def _frame(frame: Any) -> Object | None:
    if not isinstance(frame, dict):
        return None
    texts = {name: _text(frame.get(name)) or "" for name in ("file", "name", "line")}
    numbers = {name: _number(frame.get(name)) for name in ("cell", "lineno")}
    return {**numbers, "cell_id": _text(frame.get("cell_id")), **texts}


def _text(value: Any, longest: int = _LONGEST_TEXT) -> str | None:
    return value[:longest] if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    number = _typed(value, int)
    return number if number is not None and abs(number) < 2**31 else None


def _typed(value: Any, kind: Any) -> Any:
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _seconds(time: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(time).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def _iso(at: float | None) -> str | None:
    try:
        moment = None if at is None else datetime.fromtimestamp(at, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
