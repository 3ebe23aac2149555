"""The log of a container, in Kubernetes' CRI format."""

from __future__ import annotations

import contextlib
import os
import sys
import time

MAX_LINE = 16 << 10  # bytes of text in one line: containerd's max_container_log_line_size
MAX_SIZE = 10 << 20  # bytes of a file: kubelet's containerLogMaxSize
MAX_FILES = 5  # containerLogMaxFiles


class LogStream:
    """One output stream of a container, made into lines of the log.

    A line holds the time, the stream, `F` at the end of a line or `P` for a part of one that
    exceeds 16 KiB, and the text (Kubernetes' "CRI container log" format).
    """

    def __init__(self, name: str) -> None:
        self._name = name.encode()
        self._rest = b""

    def feed(self, data: bytes, nanoseconds: int) -> bytes:
        """The log lines that `data` completes; what follows the last line break waits for more."""
        head = timestamp(nanoseconds) + b" " + self._name
        *lines, self._rest = (self._rest + data).split(b"\n")
        output: list[bytes] = []
        for line in lines:
            start = _write_parts(line, head, output)
            output += (head, b" F ", line[start:], b"\n")
        self._rest = self._rest[_write_parts(self._rest, head, output) :]
        return b"".join(output)

    def close(self, nanoseconds: int) -> bytes:
        """The text after the last line break, as a line of its own."""
        return self.feed(b"\n", nanoseconds) if self._rest else b""


def _write_parts(line: bytes, head: bytes, output: list[bytes]) -> int:
    """Add what exceeds one log line to the output, and return how much that is."""
    start = 0
    while len(line) - start > MAX_LINE:
        output += (head, b" P ", line[start : start + MAX_LINE], b"\n")
        start += MAX_LINE
    return start


def timestamp(nanoseconds: int) -> bytes:
    """RFC 3339 in UTC, to the nanosecond."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return b"%s.%09dZ" % (whole.encode(), fraction)


class LogFile:
    """The file that the lines go to; a full one is put aside, as kubelet does it.

    While it cannot be written, output is dropped and standard error told once: a full disk must not
    stop a container.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._failing = False
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o640)
        self._size = os.fstat(self._file).st_size

    def write(self, data: bytes) -> None:
        """Append `data`, which ends with a line."""
        try:
            if self._size > MAX_SIZE:
                self._rotate()
            while data:
                written = os.write(self._file, data)
                data, self._size = data[written:], self._size + written
            self._failing = False
        except OSError as error:
            if not self._failing:
                _tell(f"output is lost: {error}\n")
            self._failing = True

    def _rotate(self) -> None:
        os.rename(self._path, f"{self._path}.{timestamp(time.time_ns()).decode()}")
        full = self._file
        self._open()
        os.close(full)
        folder, name = os.path.split(self._path)
        aside = sorted(n for n in os.listdir(folder) if n.startswith(f"{name}."))
        for old in aside[: 1 - MAX_FILES]:
            os.unlink(f"{folder}/{old}")


def _tell(text: str) -> None:
    with contextlib.suppress(OSError):  # that file lies on the same disk
        os.write(sys.stderr.fileno(), text.encode())
