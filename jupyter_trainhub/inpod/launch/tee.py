"""A copy of what the pod prints, in the run folder, beside what Kubernetes keeps.

This process and all below it print into a pipe, which is copied to where they would have printed
and to a file. Each rank that torchrun starts has a pipe and a file of its own besides. The files
are written by a thread of their own: a slow folder slows nothing down before a few MiB wait for it,
and one that hangs or is full is given up, once, and that is said.

Container runtimes keep a line when it ends, or is 16 KiB long: a progress bar, which writes over
its line, would be seen minutes later. So such a line is ended from time to time by a record that
nobody is shown; without a run folder for standard error alone, where bars are written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import selectors
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..log_record import packed

_BLOCK = 512 * 1024
_PIPE = 1 << 20  # bytes; what any user may ask for (/proc/sys/fs/pipe-max-size)
_WAITING_BLOCKS = 16
# Seconds: how long a folder may hang, and how long a line's beginning waits for its end where
# several processes print.
_PATIENCE = 30.0
_UNFINISHED = 0.05
# Seconds between two ends of a line that is written over.
_BAR = 5.0
_LINE_END = f"[trainhub] progress {packed({})} [trainhub]\n".encode()


class _File:
    """One file of the run folder; given up at its first error."""

    def __init__(self, path: Path, tell: Callable[[str], None]) -> None:
        self.path = path
        self._tell = tell
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, data: bytes) -> None:
        """Append; does nothing once it is given up."""
        view = memoryview(data)
        try:
            while self.fd >= 0 and view:
                view = view[os.write(self.fd, view) :]
        except OSError as error:
            self.give_up(error.strerror or str(error))

    def give_up(self, reason: str) -> None:
        """Say why nothing more is copied to this file."""
        if self.fd >= 0:
            self.fd = -1
            self._tell(f"the log is not copied to {self.path} any more: {reason}")

    def close(self) -> None:
        """Close it; file systems of other machines tell only now that they are full."""
        if self.fd >= 0:
            try:
                os.close(self.fd)
            except OSError as error:
                self.give_up(error.strerror or str(error))
            self.fd = -1


class _Source:
    """The reading end of a pipe, and what has not been passed on yet."""

    def __init__(self, fd: int, out: int, file: _File | None = None) -> None:
        """``out`` is where it goes besides ``file``."""
        self.fd = fd
        self.out = out
        self.file = file
        self.held = b""
        self.since = 0.0
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(fd, 1031, _PIPE)  # F_SETPIPE_SZ, a name that Python knows since 3.10


class Tee:
    """Copies from :meth:`start` to :meth:`finish`.

    ``pipes`` is the folder of the ranks' pipes, None where they print where this process does.
    """

    def __init__(self, folder: Path | None, node: int, ranks: Sequence[int]) -> None:
        """``ranks`` are those that torchrun starts on this node.

        Raises OSError when ``folder`` cannot be written. Without one nothing is kept.
        """
        self._log: _File | None = None
        files: list[_File] = []
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._out, self._err = os.dup(1), os.dup(2)
        if folder is not None:
            self._log = _File(folder / f"node-{node}.log", self._tell)
            files = [_File(folder / f"rank-{rank}.log", self._tell) for rank in ranks]
        self._files = files if self._log is None else [self._log, *files]
        # Whether the line is open that was written last, and when it began or was ended here.
        self._bars: dict[int, tuple[bool, float]] = {}
        reading, self._writing = os.pipe()
        self._sources = [_Source(reading, self._err if folder is None else self._out)]
        self.pipes = Path(tempfile.mkdtemp(prefix="trainhub-pipes-")) if files else None
        for number, file in enumerate(files):
            assert self.pipes is not None
            path = self.pipes / str(number)
            os.mkfifo(path, 0o600)
            # Also open to write: a rank's end is not the end of the pipe, and none waits for us.
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            self._sources.append(_Source(fd, self._out, file))
        self._stop, self._stopper = os.pipe()
        self._queue: queue.Queue[tuple[_File, bytes] | None] = queue.Queue(_WAITING_BLOCKS)
        self._reader = threading.Thread(target=self._copy, daemon=True)
        self._writer = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        """From now on the output of this process, and of those it starts, is copied."""
        self._writer.start()
        self._reader.start()
        if self._log is not None:
            os.dup2(self._writing, 1)
        os.dup2(self._writing, 2)
        os.close(self._writing)

    def finish(self) -> None:
        """Print directly again, when all that was printed has been copied."""
        os.dup2(self._out, 1)
        os.dup2(self._err, 2)
        os.close(self._stopper)
        self._reader.join()
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_PATIENCE)
            self._writer.join(_PATIENCE)
        if self.pipes is not None:
            shutil.rmtree(self.pipes, ignore_errors=True)

    def _tell(self, text: str) -> None:
        # Not into the pipe, which only the thread that may be speaking here empties.
        with contextlib.suppress(OSError):
            os.write(self._err, f"[trainhub] {text}\n".encode())

    def _copy(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stop, selectors.EVENT_READ)
            for source in self._sources:
                selector.register(source.fd, selectors.EVENT_READ, source)
            stopping = False
            while True:
                held = any(source.held for source in self._sources)
                timeout = 0.0 if stopping else _UNFINISHED if held else self._until_bar()
                ready = [key.data for key, _ in selector.select(timeout)]
                found = [source for source in ready if source is not None and self._read(source)]
                if stopping and not found:
                    break
                stopping = stopping or None in ready
                for source in self._sources:
                    if source.held and time.monotonic() - source.since >= _UNFINISHED:
                        self._pass_on(source, len(source.held))
                self._end_bars()
        for source in self._sources:
            self._pass_on(source, len(source.held))

    def _read(self, source: _Source) -> bool:
        """Read and pass on what is there; False when there is nothing."""
        try:
            data = os.read(source.fd, _BLOCK)
        except BlockingIOError:
            return False
        if not data:
            return False
        if source.file is not None:
            self._keep(source.file, data)
        if not source.held:
            source.since = time.monotonic()
        source.held += data
        # Lines of several ranks are not mixed; a line that is rewritten ends with "\r".
        alone = len(self._sources) == 1
        end = max(source.held.rfind(b"\n"), source.held.rfind(b"\r")) + 1
        self._pass_on(source, len(source.held) if alone else end)
        return True

    def _pass_on(self, source: _Source, length: int) -> None:
        data, source.held = source.held[:length], source.held[length:]
        source.since = time.monotonic()
        if not data:
            return
        self._print(source.out, data)
        if self._log is not None:
            self._keep(self._log, data)
        is_open, since = self._bars.get(source.out, (False, 0.0))
        rest = data[data.rfind(b"\n") + 1 :]
        opens = bool(rest) and (b"\r" in rest or (is_open and len(rest) == len(data)))
        self._bars[source.out] = opens, since if is_open else time.monotonic()

    @staticmethod
    def _print(out: int, data: bytes) -> None:
        view = memoryview(data)
        with contextlib.suppress(OSError):
            while view:
                view = view[os.write(out, view) :]

    def _until_bar(self) -> float | None:
        """Seconds until a line has to be ended; None where none is open."""
        begun = [since for is_open, since in self._bars.values() if is_open]
        return max(0.0, min(begun) + _BAR - time.monotonic()) if begun else None

    def _end_bars(self) -> None:
        now = time.monotonic()
        for out, (is_open, since) in self._bars.items():
            if is_open and now - since >= _BAR:
                self._print(out, _LINE_END)
                self._bars[out] = False, now

    def _keep(self, file: _File, data: bytes) -> None:
        if file.fd < 0:
            return
        try:
            self._queue.put((file, data), timeout=_PATIENCE)
        except queue.Full:
            for each in self._files:
                each.give_up(f"it has not taken anything for {_PATIENCE:.0f} s")

    def _write(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                break
            item[0].write(item[1])
        for file in self._files:
            file.close()
