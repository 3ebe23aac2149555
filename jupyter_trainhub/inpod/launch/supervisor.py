"""One program under supervision: signals, time limit, and whatever it leaves behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import threading
import time
from types import FrameType

from .command import Command
from .ending import TIME_LIMIT_CODE, Ended, say
from .processes import descendants, signal_all

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# Seconds that torchrun has once none of its ranks runs any more. What waits for other nodes, as it
# does at the end, hears no signal.
_IDLE_GRACE = 3.0
_TICK = 0.5


class Supervisor:
    """Runs one program: passes signals on, keeps its time, reaps whatever it leaves behind.

    Everything happens in the main thread: the signal handlers act, :meth:`run` waits. Before the
    program runs, a signal raises Ended wherever the main thread is.
    """

    def __init__(self, grace: float) -> None:
        """``grace``: seconds between SIGTERM and SIGKILL."""
        self.grace = grace
        self.time_limit = float("inf")
        self.child: subprocess.Popen[bytes] | None = None
        self.ending: Ended | None = None
        self._asked: Ended | None = None
        self._starting = self._over = self._told_to_stop = False
        self._kill_at = float("inf")
        self._elastic = False
        self._ranks_seen = 0.0
        # Orphans of the program become children of this process, so that none is left behind
        # where it is not process 1 of a PID namespace.
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGALRM, self._on_alarm)

    def start_clock(self, time_limit: float) -> None:
        """Count the time limit, in seconds, from now on; ``inf`` is none."""
        self.time_limit = time_limit
        if time_limit < float("inf"):
            # Zero would disarm the timer.
            signal.setitimer(signal.ITIMER_REAL, max(0.001, time_limit))

    def end(self, ending: Ended) -> None:
        """End the program for this reason; for other threads."""
        self._asked = ending
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGALRM)

    def linger(self, seconds: float) -> None:
        """Wait, once the program has ended, for the cluster to tell this node to end, too."""
        until = time.monotonic() + seconds
        while not self._told_to_stop and time.monotonic() < until:
            time.sleep(0.1)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True
        name = signal.Signals(number).name
        self._end(Ended("Terminated", f"told to stop by {name}", 128 + signal.SIGTERM))

    def _on_alarm(self, _number: int, _frame: FrameType | None) -> None:
        if self.ending is None:
            text = f"the time limit of {self.time_limit:g} s was reached"
            self._end(self._asked or Ended("TimeLimit", text, TIME_LIMIT_CODE))
        elif time.monotonic() >= self._kill_at:
            signal.setitimer(signal.ITIMER_REAL, 0)
            say(f"still running {self.grace:g} s after SIGTERM: killing it")
            signal_all(signal.SIGKILL)
        elif self._elastic and self.child is not None:
            self._look_for_ranks(self.child.pid)

    def _end(self, ending: Ended) -> None:
        if self.ending is not None or self._over:
            return
        if self._starting:
            # Acted upon as soon as there is a process to pass it on to.
            self._asked = self._asked or ending
            return
        self.ending = ending
        if self.child is None:
            raise ending
        say(f"{ending}: passing SIGTERM on, SIGKILL follows after {self.grace:g} s")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGTERM)
        self._ranks_seen = time.monotonic()
        self._kill_at = self._ranks_seen + self.grace
        tick = min(self.grace, _TICK) if self._elastic else self.grace
        signal.setitimer(signal.ITIMER_REAL, max(0.001, tick), max(0.001, tick))

    def _look_for_ranks(self, torchrun: int) -> None:
        if descendants(torchrun):
            self._ranks_seen = time.monotonic()
        elif time.monotonic() - self._ranks_seen >= _IDLE_GRACE:
            signal.setitimer(signal.ITIMER_REAL, 0)
            say("torchrun waits for other nodes although its ranks have ended: killing it")
            os.kill(torchrun, signal.SIGKILL)

    def run(self, command: Command) -> int:
        """Run ``command`` to its end and return its exit code, 128 + n for signal n.

        Raises Ended when the program cannot be started.
        """
        self._starting, self._elastic = True, command.elastic
        try:
            self.child = subprocess.Popen(command.argv, env=command.env, start_new_session=True)
        except OSError as error:
            raise _cannot_start(command.argv[0], error) from error
        finally:
            self._starting = False
        if self._asked is not None:
            self._end(self._asked)
        status = self._reap(self.child)
        self._over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._sweep()
        return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def _reap(self, child: subprocess.Popen[bytes]) -> int:
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == child.pid:
                child.returncode = 0  # reaped here: Popen must not wait for it again
                return status

    def _sweep(self) -> None:
        # A container's other processes end with its first one; what runs under a plain process
        # gets the same treatment. Where the program was told to end, those that it did not pass
        # that on to are told now, and have what is left of the time.
        if self.ending is not None and signal_all(signal.SIGTERM):
            self._wait_for_children(self._kill_at)
        # Bounded, as a process in an uninterruptible wait cannot be ended.
        self._wait_for_children(time.monotonic() + 5, signal.SIGKILL)

    @staticmethod
    def _wait_for_children(until: float, number: signal.Signals | None = None) -> None:
        while True:
            if number is not None:
                signal_all(number)
            try:
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass
            except ChildProcessError:
                return
            if time.monotonic() >= until:
                return
            time.sleep(0.01)


def _cannot_start(program: str, error: OSError) -> Ended:
    if isinstance(error, PermissionError):
        return Ended(
            "CannotStart",
            f"the program {program} is not executable: give it the right to execute, or name its "
            "interpreter",
            126,
        )
    if isinstance(error, FileNotFoundError):
        return Ended(
            "CannotStart",
            f"the program {program} was not found: correct the command, or use an image or a mount "
            "that has it",
            127,
        )
    return Ended("CannotStart", f"the program {program} cannot be started: {error.strerror}", 126)
