"""Fake records of runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from jupyter_trainhub.errors import NotFound

View = dict[str, Any]


class FakeLog:
    """A saved log."""

    def __init__(self, arguments: View) -> None:
        self.chunks = iter([str(arguments).encode(), b"\nlast\n"])
        self.closed = False

    def __iter__(self) -> FakeLog:
        return self

    def __next__(self) -> bytes:
        return next(self.chunks)

    def close(self) -> None:
        self.closed = True


class FakeRuns:
    """The run ``x-1`` and what was done with it."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {"x-1": {"kind": "run", "run": "x-1", "pinned": False}}
        self.noted: list[tuple[str, str | None]] = []
        self.exports: list[tuple[str, Sequence[Path]]] = []
        self.logs: list[FakeLog] = []

    def note(self, view: View) -> None:
        self.noted.append((view["name"], view.get("phase")))

    def note_deleted(self, job: str) -> None:
        self.noted.append((job, None))

    def end_abandoned(self) -> None:
        pass

    def list(self, search: str = "") -> list[View]:
        return [view for name, view in self.views.items() if search in name]

    def get(self, run: str) -> View:
        if run not in self.views:
            raise NotFound(f"there is no record of a run {run!r}", field="run")
        return self.views[run]

    def pin(self, run: str, pinned: bool) -> View:
        self.get(run)["pinned"] = pinned
        return self.get(run)

    def delete(self, run: str) -> None:
        self.get(run)
        del self.views[run]

    def files(self, run: str) -> Any:
        self.get(run)
        return [{"path": "run.json", "size": 2, "modified": 0.0}]

    def open(self, run: str, path: str) -> IO[bytes]:
        self.get(run)
        if path != "code/täst.html":
            raise NotFound("no such file", field="path")
        return io.BytesIO(b"<script>" + b"x" * 1_000_000)

    def log(self, run: str, rank: int | None, attempt: int | None, tail: int | None,
            *, records: bool) -> FakeLog:  # fmt: skip
        self.get(run)
        self.logs.append(
            FakeLog({"rank": rank, "attempt": attempt, "tail": tail, "records": records})
        )
        return self.logs[-1]

    def compare(self, a: str, b: str) -> View:
        return {"a": self.get(a), "b": self.get(b)}

    def submit(self, run: str, name: str | None) -> View:
        self.get(run)
        return {"kind": "job", "name": name or "x-2", "from_run": run}

    def export_within(self, run: str, folder: str, roots: Sequence[Path]) -> Path:
        self.get(run)
        self.exports.append((folder, roots))
        return roots[0] / folder / run
