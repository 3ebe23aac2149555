"""``progress()``: training code tells how far it is, and those who watch the job see it.

Standard library only, Python 3.8 or later. The real ``jupyter_trainhub`` and the stand-in for
images that lack it are the same code: this.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from typing import Any

from .log_record import packed, write_record

# Seconds between two records; and what a record holds at most, so that it stays below 4 KiB.
_PERIOD = 0.5
_MOST_METRICS = 8
_LONGEST_NAME = 64

# Who a process is among those of its job: mpirun's words come before those that all processes of a
# pod inherit. https://docs.open-mpi.org/en/v5.0.x/tuning-apps/environment-var.html
_RANK = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "RANK", "PET_NODE_RANK")


def is_first() -> bool:
    """Whether this process is rank 0 of a job; elsewhere nobody listens."""
    if not os.environ.get("TRAINHUB_RUN"):
        return False
    # Where a program starts its ranks itself, they all inherit one environment.
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return bool(distributed.get_rank() == 0)
    ranks = [os.environ[name] for name in _RANK if os.environ.get(name)]
    return ranks[:1] in ([], ["0"])


class Reporter:
    """Writes at most two records a second, and the last one when the program ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due = 0.0
        self._kept: tuple[Any, Any, dict[str, Any]] | None = None
        self._process = os.getpid()
        # Epochs may be counted from 0 or from 1; the first one tells.
        self._first_epoch = 1.0

    def report(self, step: Any, total: Any, metrics: dict[str, Any]) -> None:
        """Note how far it is, and write it where that is due."""
        self._kept = step, total, metrics
        if metrics.get("epoch") == 0:
            self._first_epoch = 0.0
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write what was noted last and not written. A child of a fork has nothing to say."""
        with self._lock:
            kept, self._kept = self._kept, None
            if kept is None or os.getpid() != self._process:
                return
            self._due = time.monotonic() + _PERIOD
            write_record("progress", packed(self._record(*kept)))

    def _record(self, step: Any, total: Any, metrics: dict[str, Any]) -> dict[str, Any]:
        numbers = {str(name): _number(value) for name, value in metrics.items()}
        epoch, epochs = numbers.pop("epoch", None), numbers.pop("epochs", None)
        told = [(name[:_LONGEST_NAME], value) for name, value in numbers.items()]
        return {
            "source": "trainhub",
            "step": _finite(_number(step)),
            "total": _finite(_number(total)),
            "epoch": _finite(epoch),
            "epochs": _finite(epochs),
            "first_epoch": self._first_epoch,
            # What is not finite is null in JSON: a loss that is nan is worth knowing.
            "metrics": {
                name: _finite(value) for name, value in told[:_MOST_METRICS] if value is not None
            },
        }


def _number(value: Any) -> float | None:
    """Numbers of Python and NumPy, and tensors of one element; None for what is no number."""
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        return float(value)
    except Exception:
        # Whatever the type of the value raises: training goes on.
        return None


def _finite(number: float | None) -> float | None:
    return number if number is not None and abs(number) < float("inf") else None


_reporter: Reporter | None = None
# Decided at the first call, when the process knows its rank.
_decided = False


def progress(step: Any, total: Any = None, **metrics: Any) -> None:
    """Tell that ``step`` steps of ``total`` are done: ``progress(40, 100, loss=0.3)``.

    With ``epoch`` and ``epochs`` steps are counted anew in each epoch, of which there are so many;
    epochs count from 1, or from 0 as ``range(epochs)`` does. All other ``metrics`` are numbers; 8
    are shown. Rank 0 alone is heard, at most twice a second, so every rank may call it in every
    step. It never raises, prints nothing, and does nothing outside a job.
    """
    try:
        if not _decided:
            _decide()
        if _reporter is not None:
            _reporter.report(step, total, metrics)
    except Exception:
        # A closed standard error, or a broken number, must not end a training.
        return


def _decide() -> None:
    global _decided, _reporter
    _decided = True
    if is_first():
        _reporter = Reporter()
        atexit.register(_end, _reporter)


def _end(reporter: Reporter) -> None:
    with contextlib.suppress(OSError):
        reporter.flush()
