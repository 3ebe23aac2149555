"""A person's machine with OpenSSH's programs, and an instance that they reach."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.specs.instance import InstanceSpec
from tests.conftest import eventually

ROOT = Path(__file__).resolve().parents[2]
NAME = "My_lab"
HOST = f"trainhub-{NAME}"


@contextlib.contextmanager
def running_instance(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A hub on a namespace of its own, where the instance :data:`NAME` runs."""
    namespace = f"ssh-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=namespace, default_image=image, user="ada"
    )
    hub = Hub.connect(config)
    hub.client.create(NAMESPACES, {"metadata": {"name": namespace}})
    try:
        hub.instances.create(InstanceSpec.parse({"name": NAME, "cpus": 0.1, "memory": "512Mi"}))
        eventually(lambda: runs(hub), 60)
        yield hub
    finally:
        hub.client.delete(NAMESPACES, namespace)


def runs(hub: Hub) -> bool:
    """Whether the instance can be entered."""
    with contextlib.suppress(TrainHubError):
        return bool(hub.instances.pod(NAME))
    return False


@dataclass
class Machine:
    """A home folder, and programs that run in it."""

    home: Path
    where: list[str]

    @property
    def ssh_folder(self) -> Path:
        """OpenSSH's folder."""
        return self.home / ".ssh"

    def environment(self) -> dict[str, str]:
        """OpenSSH takes the home from the account, TrainHub from the environment."""
        return {**os.environ, "HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def trainhub(self, command: str, *arguments: str) -> list[str]:
        """The command line of ``trainhub``."""
        return [sys.executable, "-m", "jupyter_trainhub.cli", command, *self.where, *arguments]

    def openssh(self, program: str, *arguments: str) -> list[str]:
        """The command line of one of OpenSSH's programs, with the configuration written here."""
        config = str(self.ssh_folder / "config.d" / "trainhub")
        return [program, "-F", config, "-o", "BatchMode=yes", *arguments]

    def run(self, argv: list[str], **how: Any) -> subprocess.CompletedProcess[Any]:
        """Run a program; the caller looks at what came of it."""
        how = {"text": True, "timeout": 180, "stdin": subprocess.DEVNULL} | how
        if "input" in how:
            del how["stdin"]
        return subprocess.run(
            argv, capture_output=True, env=self.environment(), cwd=self.home, **how
        )

    def ok(self, argv: list[str], **how: Any) -> Any:
        """What a program printed; it must have succeeded."""
        done = self.run(argv, **how)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextlib.contextmanager
    def background(self, argv: list[str]) -> Iterator[subprocess.Popen[str]]:
        """A program with pipes, which is ended at the end."""
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv, stdin=pipe, stdout=pipe, text=True, env=self.environment()
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
