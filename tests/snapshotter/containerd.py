"""A containerd of the tests' own, with runc and overlayfs: a node's runtime without a cluster."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE

NAMESPACE = "k8s.io"


def lacking() -> str:
    """Why it cannot be run here; empty where it can."""
    missing = [name for name in ("containerd", "ctr", "runc") if not shutil.which(name)]
    if missing:
        return f"no {', '.join(missing)} on this machine"
    return "" if os.geteuid() == 0 else "containers of containerd need root"


@dataclass
class Container:
    """A running container, as a node sees it."""

    id: str
    pid: int

    @property
    def root(self) -> Path:
        """Its root file system, seen from outside."""
        return Path(f"/proc/{self.pid}/root")


@dataclass
class Containerd:
    """A containerd whose files are below ``folder``."""

    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _running: list[str] = field(default_factory=list)

    def start(self) -> Containerd:
        """Start it and wait until it answers."""
        settings = {
            "version": 2,
            "root": str(self.folder / "root"),
            "state": str(self.folder / "state"),
            "disabled_plugins": ["io.containerd.grpc.v1.cri"],
            "grpc": {"address": self._socket},
        }
        configuration = self.folder / "config.toml"
        tables = {key: value for key, value in settings.items() if isinstance(value, dict)}
        lines = [f"{k} = {json.dumps(v)}" for k, v in settings.items() if k not in tables]
        for name, table in tables.items():
            lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
        configuration.write_text("\n".join(lines))
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["containerd", "-c", str(configuration)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while subprocess.run(self._ctr("version"), capture_output=True).returncode:
            assert self._process.poll() is None, self._log()
            assert time.monotonic() < deadline, self._log()
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End it and all its containers."""
        for name in self._running:
            subprocess.run(self._ctr("task", "rm", "-f", name), capture_output=True)
            subprocess.run(self._ctr("container", "rm", name), capture_output=True)
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(10)

    def pull(self, image: str) -> None:
        """Pull an image from a registry on this machine, by http."""
        self("image", "pull", "--plain-http", image)

    def run(self, image: str, *arguments: str, command: Sequence[str] = ()) -> Container:
        """Start a container of an image that was pulled, with options of ``ctr run``."""
        name = uuid.uuid4().hex * 2
        self._running.append(name)
        self("run", "-d", "--null-io", *arguments, image, name, *command)
        pid = next(
            int(line.split()[1])
            for line in self("task", "ls").splitlines()
            if line.startswith(name)
        )
        return Container(name, pid)

    def execute(self, container: Container, *command: str, stdin: bytes = b"") -> bytes:
        """What a program in a container prints; its input ends when its output does."""
        name = uuid.uuid4().hex
        arguments = self._ctr("task", "exec", "--exec-id", name, container.id, *command)
        with subprocess.Popen(arguments, stdin=PIPE, stdout=PIPE) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(stdin)
            process.stdin.flush()
            printed = process.stdout.read()
        assert process.returncode == 0
        return printed

    def __call__(self, *arguments: str) -> str:
        """What ``ctr`` prints."""
        done = subprocess.run(self._ctr(*arguments), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"ctr {' '.join(arguments)}: {done.stderr}{self._log()}"
        return done.stdout

    @property
    def _socket(self) -> str:
        return str(self.folder / "socket")

    def _ctr(self, *arguments: str) -> list[str]:
        return ["ctr", "--address", self._socket, "--namespace", NAMESPACE, *arguments]

    def _log(self) -> str:
        return (self.folder / "log").read_text()[-2000:]
