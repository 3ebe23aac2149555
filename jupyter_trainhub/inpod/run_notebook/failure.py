"""How a rank failed: where in the notebook, and who is told.

In the launcher's folder for errors each rank leaves ``rank-N.json``, the exception that ended it;
``rank-N.thread.json``, the first that a thread of its own met; ``rank-N.stack``, where it was when
a signal ended it; and ``rank-N.cell``, the cell that runs, for what nobody can catch.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..python_traceback import describe_story, read_tracebacks
from .cells import Cell
from .speech import say

# Characters of what is handed on of a traceback and of a message, which a program may make endless.
LONGEST_TRACEBACK = 8192
LONGEST_TEXT = 2000
_RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "TRAINHUB_NODE_RANK")


def shortened(text: str, longest: int) -> str:
    """``text`` without its middle where it is longer."""
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]}\n[...]\n{text[-longest // 2 :]}"


def traceback_of(error: BaseException, cells: Sequence[Cell]) -> str:
    """The traceback as the notebook's author expects it, from the first cell on."""
    files = {cell.file for cell in cells}
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename not in files:
        trace = trace.tb_next
    if trace is None and not isinstance(error, SyntaxError):
        trace = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, trace))


def describe_error(
    error: BaseException, text: str, cells: Sequence[Cell], rank: int
) -> dict[str, Any]:
    """``error``, whose traceback is ``text``, as JSON.

    ``cell`` is the position among all cells of the notebook, from 0.
    """
    blocks = read_tracebacks(shortened(text, 16 * LONGEST_TRACEBACK))
    by_file = {cell.file: (cell.index, cell.id) for cell in cells}
    told = describe_story(blocks, by_file)
    etype, message = type(error).__name__, ""
    code = error.code if isinstance(error, SystemExit) else 1
    with contextlib.suppress(Exception):
        message = str(error)
    # What a worker has met is told as it was met there.
    if len(blocks) > 1 and told.get("message") and told["message"] in message:
        etype, message = told["etype"], told["message"]
    return {
        **dict.fromkeys(("cell", "cell_id", "lineno", "line")),
        "frames": [],
        **told,
        "etype": etype,
        "message": shortened(message, LONGEST_TEXT),
        "rank": rank,
        "exit_code": code if isinstance(code, int) else 1,
        "traceback": shortened(text, LONGEST_TRACEBACK),
        "time": time.time(),
    }


class Witness:
    """Notes what happens to this rank, where the launcher looks for it."""

    def __init__(self, cells: Sequence[Cell], env: Mapping[str, str]) -> None:
        self._cells = cells
        self._env = env
        self.rank = int(next((env[name] for name in _RANKS if env.get(name)), 0))
        self._folder = env.get("TRAINHUB_ERROR_DIR")
        self._stack: Any = None

    def watch(self) -> None:
        """From now on note signals that end this process, and exceptions of its threads."""
        if not self._folder:
            return
        with contextlib.suppress(OSError, RuntimeError):
            self._stack = Path(self._path("stack")).open("w")  # noqa: SIM115 - until the end
            # Written without the interpreter, which may wait in other code for ever.
            faulthandler.enable(self._stack, all_threads=False)
            faulthandler.register(signal.SIGTERM, self._stack, all_threads=False, chain=True)
            # Whoever ends its own workers has not failed.
            os.register_at_fork(after_in_child=lambda: faulthandler.unregister(signal.SIGTERM))
        before = threading.excepthook

        def note(args: Any) -> None:
            before(args)
            if args.exc_value is not None and not os.path.exists(self._path("thread.json")):
                self._write(self._path("thread.json"), self._described(args.exc_value))

        threading.excepthook = note

    def enter(self, cell: Cell) -> None:
        """``cell`` begins."""
        if not self._folder:
            return
        place = {"cell": cell.index, "cell_id": cell.id}
        self._write(self._path("cell"), place)
        # What is left of a container that is killed as a whole.
        told = self._env.get("TRAINHUB_TERMINATION_LOG") or "/dev/termination-log"
        if self._env.get("LOCAL_RANK", "0") == "0" and os.path.exists(told):
            self._write(told, place)

    def report(self, error: BaseException) -> None:
        """Print the traceback of what ended the run, and leave it for torchrun and the launcher."""
        text = traceback_of(error, self._cells)
        sys.stdout.flush()
        if not isinstance(error, SystemExit):
            print(text, end="", file=sys.stderr, flush=True)
        document = self._described(error, text)
        # The shape that torch.distributed.elastic.multiprocessing.errors.ErrorHandler writes.
        for_torchrun = {
            "message": {
                "message": f"{document['etype']}: {document['message']}",
                "extraInfo": {
                    "py_callstack": document["traceback"],
                    "timestamp": str(int(document["time"])),
                },
            }
        }
        if self._env.get("TORCHELASTIC_ERROR_FILE"):
            self._write(self._env["TORCHELASTIC_ERROR_FILE"], for_torchrun)
        if self._folder:
            self._write(self._path("json"), document)

    def _described(self, error: BaseException, text: str | None = None) -> dict[str, Any]:
        text = traceback_of(error, self._cells) if text is None else text
        return describe_error(error, text, self._cells, self.rank)

    def _path(self, ending: str) -> str:
        return os.path.join(self._folder or "", f"rank-{self.rank}.{ending}")

    @staticmethod
    def _write(path: str, document: Mapping[str, Any]) -> None:
        try:
            Path(path).write_text(json.dumps(document), encoding="utf-8")
        except OSError as problem:
            say(f"the error could not be written to {path}: {problem.strerror}")
