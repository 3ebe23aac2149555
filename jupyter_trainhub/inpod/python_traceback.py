"""Tracebacks as Python and faulthandler print them, read again.

What an exception hands over as text - from a worker of a DataLoader or a pool, from a process that
PyTorch has spawned - has no frames of its own, and a command leaves nothing but its log.

Standard library only, Python 3.8 or later: the programs in pods contain this file, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Frame(NamedTuple):
    """One line of a traceback."""

    file: str
    lineno: int
    name: str
    line: str


class Block(NamedTuple):
    """One traceback, its frames outermost first.

    It stands in the lines from ``start`` to before ``end``. ``rank`` is what PyTorch writes before
    each line once a process group is made. ``link`` tells what it has to do with the block before:
    ``after`` it was raised because of that, ``inside`` is what that only hands on.
    """

    frames: list[Frame]
    etype: str
    message: str
    start: int
    end: int
    rank: int | None = None
    link: str = ""


_RANK = re.compile(r"\[rank(\d{1,9})\]: ?")
# What stands before the lines of an exception group.
_GROUP = re.compile(r" +(?:[|] ?|[+] (?=Exception Group ))")
_BEGIN = re.compile(r"Traceback \(most recent call last\):\s*$")
_FATAL = re.compile(r"Fatal Python error: (.*)")
_STACK = re.compile(r"(?:Current thread|Stack|Thread)\b.*\(most recent call first\):\s*$")
_FRAME = re.compile(r' +File "(.*)", line (\d{1,9})(?:,? in (.*))?$')
_ERROR = re.compile(r"([A-Za-z_][\w.]*(?:<locals>[\w.]*)?)(?:: ?(.*))?$", re.ASCII)
_AFTER = re.compile(r"During handling of the above exc|The above exception was the direct cause")
_INSIDE = re.compile(r"-- Process \d+ terminated|\+-[-+ \d]*$")
_NOTHING = re.compile(r'(?:""")?$')
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U(0010[0-9a-f]{4}|000[0-9a-f]{5}))")
# Where what came with a job is unpacked (``launch/files.py``), or written by the notebook.
_SHIPPED = re.compile(r".*/trainhub-files-[^/]+/")
# Code of others: where it lies tells.
_FOREIGN = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|python\d[\d.]*t?)/|^<|^/trainhub/[^/]+\.py$"
)


def read_tracebacks(text: str) -> list[Block]:
    """The tracebacks in ``text``, in its order."""
    ranks: dict[int | None, list[tuple[int, str]]] = {}
    for number, line in enumerate(text.splitlines()):
        prefix = _RANK.match(line)
        rank = int(prefix[1]) if prefix else None
        ranks.setdefault(rank, []).append((number, line[prefix.end() :] if prefix else line))
    found = [block for rank, lines in ranks.items() for block in _read(lines, rank)]
    return sorted(found, key=lambda block: block.start)


def _read(numbered: Sequence[tuple[int, str]], rank: int | None) -> list[Block]:
    lines = [_ungrouped(line) for _, line in numbered]
    found: list[Block] = []
    at, last, fatal = 0, -1, ""
    while at < len(lines):
        if _FATAL.match(lines[at]):
            fatal = lines[at]
        stack = _STACK.match(lines[at])
        if stack is None and not _BEGIN.search(lines[at]):
            at += 1
            continue
        start, at = at, at + 1
        frames: list[Frame] = []
        while at < len(lines) and lines[at].startswith(" "):
            match = _FRAME.match(lines[at])
            if match:
                file = _ESCAPE.sub(_unescaped, match[1]) if stack else match[1]
                below = lines[at + 1] if at + 1 < len(lines) else ""
                line = below.strip() if below.startswith("    ") else ""
                frames.append(Frame(file, int(match[2]), match[3] or "<module>", line))
            at += 1
        error = _ERROR.match(lines[at]) if at < len(lines) and stack is None else None
        if stack is not None:
            frames.reverse()
            # Of several threads the one that it happened in.
            if not lines[start].startswith("Thread") and frames:
                etype, _, message = fatal.partition(": ") if fatal else ("", "", "")
                found.append(
                    Block(frames, etype, message, numbered[start][0], numbered[at - 1][0] + 1, rank)
                )
        elif error is not None:
            link = _link(lines[last : start + 1]) if last >= 0 else ""
            first, end = numbered[start][0], numbered[at][0] + 1
            found.append(Block(frames, error[1], error[2] or "", first, end, rank, link))
            last = at = at + 1
    return found


def _link(between: Sequence[str]) -> str:
    """What the lines behind a block, up to the first of the next, say of the two."""
    *lines, begin = (line.strip() for line in between)
    if begin.startswith("Original Traceback") and not lines:
        return "inside"
    told = [line for line in lines if not _NOTHING.match(line)]
    if len(told) == 1:
        return "after" if _AFTER.match(told[0]) else "inside" if _INSIDE.match(told[0]) else ""
    return ""


def _ungrouped(line: str) -> str:
    begin = 0
    while match := _GROUP.match(line, begin):
        begin = match.end()
    return line[begin:]


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2] or match[3], 16))


def stories(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks, those of one failure together."""
    found: list[list[Block]] = []
    last: dict[int | None, list[Block]] = {}
    for block in blocks:
        if block.link and block.rank in last:
            last[block.rank].append(block)
        else:
            last[block.rank] = [block]
            found.append(last[block.rank])
    return found


def describe_story(
    story: Sequence[Block], cells: Mapping[str, tuple[int | None, str]]
) -> dict[str, Any]:
    """What a failure is, and where in the user's code: the fields of a rank's error.

    ``cells`` names the position and id of each cell by its file. Without any line of those or of
    files that came with the job, the lines count that are no installed package's.
    """
    if not story:
        return {}
    raised, frames = _unwound(story)
    mine = _own(frames, cells)
    mine = mine or _own([frame for block in story for frame in block.frames], cells)
    in_cells = [frame for frame in mine if frame["cell_id"] is not None]
    last = (in_cells or mine or [{}])[-1]
    return {
        "etype": raised.etype.rpartition(".")[2] or None,
        "message": raised.message,
        **{name: last.get(name) for name in ("cell", "cell_id", "lineno", "line")},
        # Of endless recursion both ends tell enough.
        "frames": mine if len(mine) <= 40 else mine[:20] + mine[-20:],
    }


def _unwound(story: Sequence[Block]) -> tuple[Block, list[Frame]]:
    """The exception that matters, and the frames that lead to it, through other processes too."""
    raised, frames, found = story[0], story[0].frames, False
    for block in story[1:]:
        if block.link == "inside":
            if found:
                break  # of a group of exceptions the first one
            raised, frames = block, frames + block.frames
            found = not block.etype.endswith("Group")
        elif block[1:3] == raised[1:3]:
            # It came from another process, whose traceback is printed first.
            frames = block.frames + frames
        else:
            raised, frames = block, block.frames
    return raised, frames


def _own(
    frames: Sequence[Frame], cells: Mapping[str, tuple[int | None, str]]
) -> list[dict[str, Any]]:
    mine = [_frame(frame, cells) for frame in frames]
    others = (frame for frame in frames if not _FOREIGN.search(frame.file))
    return [frame for frame in mine if frame is not None] or [
        {"cell": None, "cell_id": None, **frame._asdict()} for frame in others
    ]


def _frame(frame: Frame, cells: Mapping[str, tuple[int | None, str]]) -> dict[str, Any] | None:
    index, identity = cells.get(frame.file, (None, None))
    shipped = _SHIPPED.match(frame.file)
    if identity is None and shipped is None:
        return None
    file = frame.file[shipped.end() :] if shipped else frame.file
    return {"cell": index, "cell_id": identity, **frame._asdict(), "file": file}
