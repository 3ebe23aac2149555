"""What a process that ``multiprocessing`` spawns repeats of the cells."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .cells import Cell
from .compiler import Compiler
from .files import FILES
from .selection import Selection
from .speech import say

# Names the process that runs the cells, and how many of them have begun.
CELLS_BEGUN = "TRAINHUB_CELLS_BEGUN"


def replay(cells: Sequence[Cell], namespace: dict[str, Any]) -> None:
    """Give a spawned process what the cells import and define, and run nothing else of them.

    What cannot be repeated is said, and a function that needs it tells of its name.
    """
    compiler, selection = Compiler(), Selection()
    for file, statement in _statements(_begun(cells)):
        lost = selection.lost(statement)
        if lost is None:
            try:
                exec(compiler.compile(statement, file), namespace)
            except Exception as error:
                # A default, decorator or base that needs a value which is not repeated here.
                say(
                    f"{file} line {statement.lineno} is not known in process {os.getpid()}, "
                    f"which multiprocessing spawned: {error}"
                )
                lost = selection.forget(statement)
        for name in lost or ():
            # Rather no value than one that is out of date.
            namespace.pop(name, None)


def _begun(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Those that had begun when this process was spawned: a later one may define a name anew."""
    parent, _, count = os.environ.get(CELLS_BEGUN, "").partition(" ")
    # A fork server repeats them once for all processes to come.
    if parent != str(os.getppid()) or "multiprocessing.forkserver" in sys.modules:
        return cells
    return cells[: int(count)]


def _statements(cells: Sequence[Cell]) -> Iterator[tuple[str, ast.stmt]]:
    """The statements of ``cells``, and in the place of a ``%run`` those of its file."""
    for cell in cells:
        if cell.writes is not None:
            continue
        for statement in ast.parse(cell.source).body:
            yield cell.file, statement
            call = statement.value if isinstance(statement, ast.Expr) else None
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "run_file"
                and len(call.args) > 1
                and isinstance(call.args[1], ast.Constant)
            ):
                path = FILES.find(str(call.args[1].value))
                for part in ast.parse(Path(path).read_bytes()).body:
                    yield path, part
