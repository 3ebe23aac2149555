"""The course of a run, from the first cell to the exit code."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from .cells import Cell, Program
from .compiler import Compiler
from .event_loop import EventLoop
from .failure import Witness, traceback_of
from .figures import Figures
from .files import FILES
from .kernel import prepare
from .replay import CELLS_BEGUN
from .result import keep_value, send_result


def run_cells(
    cells: Sequence[Cell],
    namespace: dict[str, Any],
    enter: Callable[[Cell], None] = lambda cell: None,
    *,
    keep: bool = False,
) -> None:
    """Run all cells in ``namespace``.

    ``enter`` is told of each that begins. With ``keep`` the value of the last expression stays
    there: see ``result.py``.
    """
    compiler, loop, figures = Compiler(), EventLoop(), Figures(cells)
    FILES.expect(cells)
    with loop.running():
        for number, cell in enumerate(cells, 1):
            enter(cell)
            os.environ[CELLS_BEGUN] = f"{os.getpid()} {number}"
            if cell.writes is not None:
                FILES.write(cell.writes, cell.source)
                continue
            source = keep_value(cell.source) if keep and cell is cells[-1] else cell.source
            try:
                for code in compiler.statements(source, cell.file):
                    loop.execute(code, namespace)
            except Exception as error:
                if not cell.may_raise:
                    raise
                print(traceback_of(error, cells), end="", file=sys.stderr, flush=True)
            figures.close()


def run(program: Program, namespace: dict[str, Any]) -> NoReturn:
    """Run the notebook and end the process with its exit code."""
    prepare()
    sys.argv = [program.notebook]
    witness = Witness(program.cells, os.environ)
    witness.watch()
    try:
        run_cells(program.cells, namespace, witness.enter, keep=program.result is not None)
    except SystemExit as end:
        if end.code not in (None, 0):
            witness.report(end)
            raise
    except BaseException as error:
        witness.report(error)
        sys.exit(1)
    if program.result is not None:
        send_result(program.result, namespace, os.environ)
    leave()


def leave() -> NoReturn:
    """End a program that has succeeded as the interpreter would, but for taking itself apart.

    Threads are waited for and exit functions run. What follows in the interpreter destroys what
    the cells left, and PyTorch sometimes aborts there ("terminate called without an active
    exception", seen on busy machines with gloo), which would make a failure of a finished training
    and leave the other nodes waiting for this one.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)
