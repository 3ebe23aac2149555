"""Instances of images that lack what most have: with a shell alone, and without one."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime import image_store
from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.place import Place
from tests.conftest import eventually
from tests.registry.packing import docker_archive, programs
from tests.ssh.machine import Machine

pytestmark = pytest.mark.cluster

SMALL = {"cpus": 0.05, "memory": "64Mi"}
# As the first process of a container it is deaf to all else.
WAITS = {"Entrypoint": ["/bin/sleep", "600"], "StopSignal": "SIGKILL"}


@pytest.fixture(scope="module")
def hub(embedded_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in a namespace where ``plain`` (a shell) and ``bare`` (no shell) are instances."""
    store = image_store.of_cluster(lifecycle.directory())
    folder = tmp_path_factory.mktemp("images")
    for name, layer in {"plain": programs("sh", "sleep"), "bare": programs("sleep")}.items():
        store.load(docker_archive(folder / name, [f"{name}:1"], layer, **WAITS), None)
    namespace = f"bare-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(embedded_kubeconfig), namespace=namespace, user="ada", idle_timeout=60
    )
    made = Hub.connect(config)
    made.client.create(NAMESPACES, {"metadata": {"name": namespace}})
    for name in ("plain", "bare"):
        made.instances.create(InstanceSpec.parse({"name": name, "image": f"{name}:1", **SMALL}))
    yield made
    made.client.delete(NAMESPACES, namespace)


@pytest.fixture(scope="module")
def bare(hub: Hub) -> Hub:
    """``bare`` runs, by its image's own program."""
    view = eventually(lambda: found if (found := hub.instances.get("bare"))["remedy"] else None)
    assert view["phase"] in ("Failed", "Starting", "Pending")
    assert "/bin/sh" in view["message"]
    assert "its own program" in view["remedy"]
    spec = InstanceSpec.parse({**view["spec"], "start": "image"})
    hub.instances.update("bare", spec, restart=True)
    assert hub.instances.wait_ready("bare", 60)["phase"] == "Running"
    return hub


@pytest.fixture(scope="module")
def machine(
    hub: Hub, embedded_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory
) -> Machine:
    where = ["--kubeconfig", str(embedded_kubeconfig), "--namespace", hub.namespace]
    return Machine(tmp_path_factory.mktemp("home"), where)


def test_an_instance_without_jupyterlab_is_ready_once_it_runs(hub: Hub) -> None:
    assert hub.instances.wait_ready("plain", 60)["ready"]


def test_what_an_image_with_a_shell_alone_offers(hub: Hub) -> None:
    hub.instances.wait_ready("plain", 60)
    shown = run(hub.looks.interfaces("plain"))
    assert (shown["lab"], shown["shell"], shown["python"]) == (False, "/bin/sh", None)
    assert {"lab", "ide", "ssh"} == shown["remedies"].keys()

    async def told() -> bytes:
        shell = await hub.shell(hub.entrances.container(Place.parse("plain")))
        await shell.write(b"echo $((6 * 7)); exit\n")
        output = b""
        while piece := await shell.read():
            output += piece
        return output

    # Its prompt may stand before the answer; what was typed has no 42.
    assert b"42\r\n" in run(told())


def test_what_an_image_without_a_shell_offers(bare: Hub) -> None:
    shown = run(bare.looks.interfaces("bare"))
    assert (shown["lab"], shown["shell"]) == (False, None)
    assert {"lab", "ide", "shell", "ssh"} == shown["remedies"].keys()
    with pytest.raises(Conflict) as refused:
        run(bare.shell(bare.entrances.container(Place.parse("bare"))))
    assert refused.value.reason == "NoShell"
    assert "shell" in (refused.value.remedy or "")


@pytest.mark.parametrize("name", ["plain", "bare"])
def test_the_cluster_measures_whether_it_is_used(bare: Hub, name: str) -> None:
    bare.instances.wait_ready(name, 60)
    (found,) = [s for s in bare.idle.look(name)["signals"] if s["name"] == "cpu"]
    assert found["state"] in ("idle", "active")
    assert "%" in found["detail"]


def test_whether_it_fits_is_told(hub: Hub) -> None:
    found = hub.instances.check({"name": "other", "image": "bare:1", **SMALL})
    assert (found["verdict"], found["refusal"]) == ("now", None)


def test_ssh_with_a_shell_alone(hub: Hub, machine: Machine) -> None:
    hub.instances.wait_ready("plain", 60)
    done = ssh(machine, "plain", "echo $((6 * 7)); exit 3")
    assert (done.returncode, done.stdout) == (3, "42\n")
    copied = machine.run(machine.openssh("scp", "-q", "/etc/hostname", "trainhub-plain:/x"))
    assert copied.returncode != 0
    assert "neither OpenSSH's sftp-server nor python3" in copied.stderr


def test_ssh_without_a_shell(bare: Hub, machine: Machine) -> None:
    assert ssh(machine, "bare", "sleep 0").returncode == 0
    done = ssh(machine, "bare", "echo $HOME")
    assert done.returncode == 127
    assert "no" in done.stderr


def ssh(machine: Machine, name: str, command: str) -> subprocess.CompletedProcess[Any]:
    """Run a command in the instance by OpenSSH's own client."""
    machine.ok(machine.trainhub("ssh-config", "--write", name))
    return machine.run(machine.openssh("ssh", f"trainhub-{name}", command))


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
