"""A program in a terminal, as a user has it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

SECONDS = 30.0


class Terminal:
    """Runs a program in a terminal of its own."""

    def __init__(self, arguments: list[str], rows: int, columns: int) -> None:
        self._master, slave = pty.openpty()
        self.output = b""
        self._read = 0
        self.resize(rows, columns)
        self._process = subprocess.Popen(
            arguments, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            # The window's changes are told to the session whose terminal it is.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)

    def resize(self, rows: int, columns: int) -> None:
        """Change the window's size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type; Ctrl-C is ``\\x03``."""
        os.write(self._master, text.encode())

    def until(self, text: str) -> str:
        """What is shown from where the last call ended, up to the first such text."""
        deadline = time.monotonic() + SECONDS
        while (found := self.output.find(text.encode(), self._read)) < 0:
            left = deadline - time.monotonic()
            assert left > 0, f"no {text!r} in {self.output!r}"
            if select.select([self._master], [], [], left)[0]:
                self.output += os.read(self._master, 65536)
        shown, self._read = self.output[self._read : found], found + len(text)
        return shown.decode(errors="replace")

    def wait(self) -> int:
        """The program's exit code."""
        code = self._process.wait(SECONDS)
        os.close(self._master)
        return code
