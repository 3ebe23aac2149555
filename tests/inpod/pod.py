"""A launcher that runs as a process, as it would in a pod."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_trainhub.manifests import log_record

StartPod = Callable[..., "Pod"]


class Pod:
    """A launcher that runs as a process, and what it leaves."""

    def __init__(self, launcher: Path, folder: Path, argv: list[str], env: dict[str, str]) -> None:
        self._log = folder / "termination-log"
        self.process = subprocess.Popen(
            [sys.executable, str(launcher), "--", *argv],
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": str(folder),
                "TRAINHUB_TERMINATION_LOG": str(self._log),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.stdout = self.stderr = ""

    def wait_for_line(self) -> str:
        """The next line of the program's output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def wait(self) -> int:
        """The exit code, with the output read to its end."""
        self.stdout, self.stderr = self.process.communicate(timeout=60)
        return self.process.returncode

    @property
    def said(self) -> str:
        """What the launcher and the program said on standard error, without the records."""
        lines = self.stderr.splitlines(keepends=True)
        return "".join(line for line in lines if not log_record.hide(line.encode()))

    @property
    def message(self) -> dict[str, Any]:
        """The termination message; empty when there is none."""
        message: dict[str, Any] = json.loads(self._log.read_text()) if self._log.exists() else {}
        return message


def gone(pid: int) -> bool:
    """Whether the process ended within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
