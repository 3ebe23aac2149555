"""The exception of a cell that failed on the cluster, shown as IPython shows local ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyter_trainhub.errors import JobFailed

_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line (?P<line>\d{1,9})(?:, in (?P<name>.*))?')
_CELL = re.compile(r"In\[\d+\]")
# Lines shown before and after the one that was executed.
_AROUND = 2
_RED, _GREEN, _PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"
_RULE = "-" * 75


class DistributedError(JobFailed):
    """A cell failed on the cluster.

    ``failure`` is what is known of it, as the REST interface tells; ``sources`` are the texts of
    the cells by ``In[number]``.
    """

    def __init__(
        self, error: JobFailed, failure: Mapping[str, Any], sources: Mapping[str, str]
    ) -> None:
        name = error.details.get("name")
        super().__init__(
            error.message,
            reason=error.reason,
            remedy=f"Its log: %trainhub logs {name}" if name else error.remedy,
            details=error.details,
        )
        self.failure = failure
        self._sources = sources

    def _render_traceback_(self) -> list[str]:
        root = self.failure.get("root") or {}
        if not root.get("traceback"):
            return [_RULE, f"{_RED}DistributedError{_PLAIN}: {self}", *self._after()]
        kind = str(root.get("etype") or "Error")
        title = f"{_RED}{kind}{_PLAIN}{'Traceback (most recent call last)'.rjust(75 - len(kind))}"
        body = traceback_lines(str(root["traceback"]), self._sources)
        return [_RULE, title, _place(root), *body, *self._after()]

    def _after(self) -> list[str]:
        hints = [
            f"\n{hint['remedy']}"
            if hint["title"] in self.message
            else f"\n{hint['title'].rstrip('.')}: {hint['remedy']}"
            for hint in self.failure.get("hints") or ()
        ]
        root = self.failure.get("root")
        others = [_brief(each) for each in self.failure.get("others") or () if root]
        followers = [each.get("rank") for each in self.failure.get("followers") or ()]
        lines = [f"\nFailed later by themselves: {'; '.join(others)}"] if others else []
        if followers:
            ranks = ", ".join("?" if rank is None else str(rank) for rank in followers)
            noun = "rank" if len(followers) == 1 else "ranks"
            lines.append(f"\nEnded because of this one: {noun} {ranks}.")
        return [*lines, *hints]


class CellInterrupted(KeyboardInterrupt):
    """The kernel was interrupted while its cell ran on the cluster; the message says what then."""

    def _render_traceback_(self) -> list[str]:
        return [_RULE, f"{_RED}KeyboardInterrupt{_PLAIN}: {self}"]


def traceback_lines(text: str, sources: Mapping[str, str]) -> list[str]:
    """A traceback as Python writes it, with the frames in cells as IPython shows them."""
    shown: list[str] = []
    in_cell = False
    for line in text.rstrip().removeprefix("Traceback (most recent call last):\n").splitlines():
        frame = _FRAME.match(line)
        if frame:
            in_cell = bool(_CELL.fullmatch(frame["file"]))
            kind, separator = ("Cell", ", line ") if in_cell else ("File", ":")
            name = f", in {frame['name']}" if frame["name"] not in (None, "<module>") else ""
            place = f"{frame['file']}{separator}{frame['line']}"
            shown.append(f"{kind} {_GREEN}{place}{_PLAIN}{name}")
            if in_cell:
                shown += _around(sources.get(frame["file"], ""), int(frame["line"]))
        elif not (in_cell and line.startswith("    ")):
            # The lines of a cell are shown already, with those around them.
            in_cell = False
            shown.append(line)
    return shown


def _around(source: str, at: int) -> list[str]:
    lines = source.split("\n")
    numbers = range(max(1, at - _AROUND), min(len(lines), at + _AROUND) + 1)
    return [
        f"{'---->' if number == at else '     '} {number:>3} {lines[number - 1]}".rstrip()
        for number in numbers
        if number == at or lines[number - 1].strip()
    ]


def _place(root: Mapping[str, Any]) -> str:
    rank, node, pod = root.get("rank"), root.get("node"), root.get("pod")
    parts = [
        f"rank {rank}" if rank is not None else "",
        f"on node {node}" if node else "",
        f"in pod {pod}" if pod else "",
    ]
    return f"On the cluster: {' '.join(filter(None, parts))}." if any(parts) else "On the cluster."


def _brief(error: Mapping[str, Any]) -> str:
    rank = f"rank {error.get('rank')}"
    # Where only Kubernetes tells of a pod, its message begins with the rank.
    told = str(error.get("message") or error.get("reason") or "failed")
    told = told.removeprefix(f"R{rank[1:]}: ")
    return ": ".join(filter(None, (rank, error.get("etype"), told)))
