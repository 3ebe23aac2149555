"""TensorBoard's readers in a process beside this one: ``inpod/read_scalars.py``."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import Any, NamedTuple

import jupyter_trainhub
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.jobs.scalars.choice import Curve

_PROGRAM = Path(jupyter_trainhub.__file__).with_name("inpod") / "read_scalars.py"
# Seconds for one answer: the first sight of a folder may take some.
_ANSWER = 8.0

# A step, and the value there; one that JSON has no number for is "NaN", "Infinity" or "-Infinity".
Point = tuple[int, float | str]


class Run(NamedTuple):
    """A run of a folder with its tags; ``at`` is the Unix time of its last point."""

    name: str
    at: float
    tags: list[str]


class ScalarReader:
    """Asks that process, which is begun where it is needed and ends where it is not.

    Methods may be called by any thread.
    """

    def __init__(self, python: Callable[[], str]) -> None:
        """``python()`` is the Python that has TensorBoard. It may raise."""
        self._python = python
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._process: subprocess.Popen[str] | None = None
        self._waiting: dict[int, Future[dict[str, Any]]] = {}

    def runs(self, folder: Path, names: Sequence[str] | None, most: int) -> list[Run]:
        """The runs of a folder that have scalars, the latest first: those named, or any.

        Raises TrainHubError where they cannot be read, and as ``python``.
        """
        question = {"folder": str(folder), "runs": names, "most": most}
        return [Run(*run) for run in self._ask(question)["runs"]]

    def curves(
        self, folder: Path, wanted: Sequence[Curve], points: int
    ) -> list[tuple[Curve, list[Point]]]:
        """So many points of each curve that has some, its last among them. Raises as above."""
        question = {"folder": str(folder), "curves": wanted, "points": points}
        return [
            (Curve(run, tag), [(step, value) for step, value in curve])
            for run, tag, curve in self._ask(question)["curves"]
        ]

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
            self._process = None

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        number, answer = next(self._numbers), Future[dict[str, Any]]()
        with self._lock:
            process = self._running()
            self._waiting[number] = answer
            try:
                print(json.dumps({"id": number, **question}), file=process.stdin, flush=True)
            except OSError:
                # It has just ended, as it does when nobody asks.
                self._process = None
                self._waiting.pop(number)
                raise _unread("the reader has ended") from None
        try:
            found = answer.result(_ANSWER)
        except FutureTimeoutError:
            raise _unread("they are still being read") from None
        finally:
            self._waiting.pop(number, None)
        if "error" in found:
            raise _unread(found["error"])
        return found

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [self._python(), str(_PROGRAM)],
                # Modules beside the program are none of TensorBoard's.
                env={**os.environ, "PYTHONSAFEPATH": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            listener = threading.Thread(
                target=self._listen, args=(self._process,), name="trainhub-scalars", daemon=True
            )
            listener.start()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            found = json.loads(line)
            answer = self._waiting.pop(found["id"], None)
            if answer is not None:
                answer.set_result(found)
        process.wait()
        with self._lock:
            if self._process not in (process, None):
                return
            left = list(self._waiting.values())
            self._waiting.clear()
        for answer in left:
            answer.set_result({"error": "the reader has ended"})


def _unread(why: str) -> TrainHubError:
    return TrainHubError(
        f"The event files cannot be read: {why}.",
        reason="ScalarsUnread",
        remedy="Open them in TensorBoard.",
    )
