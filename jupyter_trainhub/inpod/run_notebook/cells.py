"""The cells that run, as submission left them in ``cells.json``."""

from __future__ import annotations

import io
import json
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One cell that runs; ``index`` is its position in the notebook, None for one added.

    With ``writes`` it is that file's content. An exception ends the run unless it ``may_raise``.
    """

    index: int | None
    id: str
    file: str
    source: str
    writes: str | None
    may_raise: bool


@dataclass(frozen=True)
class Program:
    """What ``cells.json`` holds.

    ``values`` are handed over by the notebook's kernel, by the names that they get; ``result`` says
    which values go back to it, None that none do.
    """

    notebook: str
    cells: list[Cell]
    values: dict[str, str]
    result: dict[str, Any] | None


def read_program(path: Path) -> Program:
    """The program in the file ``path``, made at submission."""
    document = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        Cell(
            cell["index"],
            cell["id"],
            cell["file"],
            cell["source"],
            cell.get("writes"),
            cell.get("may_raise", False),
        )
        for cell in document["cells"]
    ]
    return Program(document["notebook"], cells, document.get("values", {}), document.get("result"))


def show_source(cells: Sequence[Cell]) -> None:
    """Make tracebacks, ``inspect`` and debuggers find the lines of the cells."""
    for cell in cells:
        # No modification time: linecache then never looks for such a file on the disk.
        lines = io.StringIO(cell.source).readlines()
        linecache.cache[cell.file] = (len(cell.source), None, lines, cell.file)
