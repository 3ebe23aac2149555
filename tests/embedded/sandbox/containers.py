"""Containers of a test: started in folders of its own, ended with it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_trainhub.embedded.runtime import sandbox

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Return once the condition holds; fail the test if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.005)


class Containers:
    """Starts containers of the machine's own image, unless a test asks for something else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[sandbox.Running] = []
        self._serial = itertools.count()

    def describe(self, *argv: str, **fields: Any) -> sandbox.Container:
        """A container with a fresh state folder; `fields` are those of sandbox.Container."""
        directory = self.folder / f"container-{next(self._serial)}"
        defaults = {
            "directory": directory,
            "layers": (),
            "argv": argv,
            "env": {"PATH": PATH},
            "cwd": "/",
            "hostname": "pod-0",
            "mounts": (),
            "log_path": directory.with_suffix(".log"),
        }
        return sandbox.Container(**{**defaults, **fields})

    def start(self, *argv: str, **fields: Any) -> sandbox.Running:
        """Start a container, which ends with the test at the latest."""
        running = sandbox.start(self.describe(*argv, **fields))
        self._running.append(running)
        return running

    def start_shell(self, script: str, **fields: Any) -> sandbox.Running:
        """Start a container that runs a shell script, and wait until it has logged something."""
        running = self.start("/bin/sh", "-c", script, **fields)
        wait_for(lambda: bool(self.log(running)), "the first line of the log")
        return running

    def end(self, running: sandbox.Running) -> sandbox.Exited:
        """Wait until a container has ended."""
        wait_for(lambda: not running.alive(), "the end of the container")
        state = running.state()
        assert isinstance(state, sandbox.Exited)
        return state

    def run(self, *argv: str, **fields: Any) -> tuple[sandbox.Exited, str]:
        """Run a container to its end: how it ended, and what it wrote to both streams."""
        running = self.start(*argv, **fields)
        return self.end(running), self.text(running)

    def shell(self, script: str, **fields: Any) -> str:
        """What a shell script writes in a container; it must succeed."""
        exited, text = self.run("/bin/sh", "-ec", script, **fields)
        assert exited.code == 0, (exited, text)
        return text

    def log(self, running: sandbox.Running) -> list[bytes]:
        """The lines of a container's log."""
        path = running.directory.with_suffix(".log")
        return path.read_bytes().split(b"\n")[:-1] if path.exists() else []

    def text(self, running: sandbox.Running) -> str:
        """What stands in a container's log, without times and streams."""
        pieces = []
        for line in self.log(running):
            _, _, tag, text = line.split(b" ", 3)
            pieces.append(text + (b"\n" if tag == b"F" else b""))
        return b"".join(pieces).decode()

    def close(self) -> None:
        """End and remove all containers."""
        for running in self._running:
            running.kill()
        for running in self._running:
            if running.directory.exists():
                self.end(running)
                sandbox.remove(running.directory)
