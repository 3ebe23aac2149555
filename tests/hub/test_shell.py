"""Shells in containers."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.access.shell import Shell
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, Exec, run
from tests.conftest import Kubectl, eventually

pytestmark = [pytest.mark.cluster, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pod(image: str, **fields: Any) -> dict[str, Any]:
    """A pod that waits."""
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent",
                 "command": ["sleep", "600"], **fields}  # fmt: skip
    spec = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stay"}, "spec": spec}


@pytest.fixture(scope="module")
def client(kubeconfig: Path, image: str) -> Iterator[KubeClient]:
    """In a namespace where a pod ``stay`` waits, whose shell is sh."""
    kubectl = Kubectl(kubeconfig, f"test-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    eventually(lambda: kubectl.run("get", "serviceaccount", "default").returncode == 0)
    kubectl.apply(pod(image, workingDir="/usr", env=[{"name": "SHELL", "value": "/bin/sh"}]))
    kubectl("wait", "--for=condition=Ready", "pod/stay", "--timeout=60s")
    yield KubeClient.connect(kubeconfig, namespace=kubectl.namespace)
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


async def told(shell: Shell, pattern: str) -> re.Match[str]:
    """What the output has that fits the pattern."""
    output = ""
    while not (found := re.search(pattern, output)):
        piece = await asyncio.wait_for(shell.read(), 20)
        assert piece, output
        output += piece.decode()
    return found


async def test_a_shell_in_a_folder_with_a_terminal(client: KubeClient) -> None:
    shell = await Shell.open(client, "stay", "/usr/bin")
    await shell.resize(91, 33)
    await shell.write(b"echo :$PWD:$SHELL:$TERM:; until stty size | grep '33 91'; do :; done\n")
    await told(shell, ":/usr/bin:/bin/sh:xterm-256color:\r\n(.*\n)*33 91\r\n")
    await shell.write(b"exit 5\n")
    while await shell.read():
        pass
    assert await shell.wait() == 5


async def test_its_folder_is_the_containers_unless_one_is_named(client: KubeClient) -> None:
    shell = await Shell.open(client, "stay")
    await shell.write(b"echo :$PWD:\n")
    await told(shell, ":/usr:\r\n")
    await shell.hang_up()


async def test_a_folder_that_is_none_is_told_in_the_terminal(client: KubeClient) -> None:
    shell = await Shell.open(client, "stay", "/no'; echo in\"jected $(id)")
    await shell.write(b"echo :$PWD:\n")
    found = await told(shell, "(?s)(.*):/usr:\r\n")
    assert "/no'; echo in\"jected $(id)" in found[1]
    await shell.hang_up()


async def test_what_hangs_up_ends_the_shell_and_what_runs_in_it(client: KubeClient) -> None:
    shell = await Shell.open(client, "stay")
    await shell.write(b"sleep 4242 & echo :$$:$!:; sleep 4343\n")
    found = await told(shell, r":(\d+):(\d+):\r\n")
    await shell.hang_up()
    script = 'while kill -0 "$1" 2>/dev/null; do sleep 0.05; done'
    done = await run(client, "stay", ["sh", "-c", script, "sh", found[1]])
    assert done.exit_code == 0


@pytest.mark.parametrize("cwd", ["relative", "", "/a\0b", "/\ud800"])
async def test_only_absolute_folders(client: KubeClient, cwd: str) -> None:
    with pytest.raises(InvalidField):
        await Shell.open(client, "stay", cwd)


async def test_no_such_pod(client: KubeClient) -> None:
    with pytest.raises(NotFound):
        await Shell.open(client, "gone")


class Ended:
    """In the place of an Exec: a program that ended before it did anything."""

    def __init__(self, end: int | TrainHubError) -> None:
        self._end = end

    async def read(self) -> None:
        return None

    async def resize(self, columns: int, rows: int) -> None:
        pass

    async def close(self) -> None:
        pass

    async def wait(self) -> int:
        if isinstance(self._end, TrainHubError):
            raise self._end
        return self._end


@pytest.mark.parametrize("end", [CommandNotFound("no such program"), 1])
async def test_an_image_without_a_shell(
    monkeypatch: pytest.MonkeyPatch, end: int | TrainHubError
) -> None:
    async def start(*arguments: Any, **named: Any) -> Ended:
        return Ended(end)

    monkeypatch.setattr(Exec, "start", start)
    client: Any = None
    with pytest.raises(Conflict) as refused:
        await Shell.open(client, "stay")
    assert refused.value.reason == "NoShell"
    assert "shell" in (refused.value.remedy or "")
