"""Images that were loaded: pods run them, and nothing else of the machine."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.cli.main import main
from jupyter_trainhub.embedded.kubelet import images
from jupyter_trainhub.embedded.kubelet.image import Image
from jupyter_trainhub.embedded.kubelet.images import Images
from jupyter_trainhub.embedded.kubelet.pulling import Puller, PullError
from jupyter_trainhub.embedded.runtime.image_store import ImageStore
from jupyter_trainhub.registry.credentials import Credential, Credentials
from jupyter_trainhub.registry.reference import Reference
from tests.conftest import Kubectl, eventually
from tests.registry.packing import docker_archive, programs, tar

Output = pytest.CaptureFixture[str]

SHELL = programs("sh", "cat", "id", "ls", "sleep")
PASSWD = tar(("etc/passwd", "ada:x:1000:1000::/home/ada:/bin/sh\n"), ("etc/group", ""))


@pytest.mark.cluster
def test_a_loaded_image_runs_at_once(
    embedded_kubeconfig: Path, kubectl: Kubectl, tmp_path: Path, capsys: Output
) -> None:
    config = {
        "Entrypoint": ["/bin/sh", "-c"],
        "Cmd": ['trap exit INT; echo "$(id -u) $A $B $(pwd)"; ls /; sleep 600 & wait'],
        "Env": ["A=image", "B=image"],
        "WorkingDir": "/srv",
        "User": "ada",
        "StopSignal": "SIGINT",
    }
    archive = docker_archive(tmp_path / "image.tar", ["demo:1"], SHELL, PASSWD, **config)
    assert main(["cluster", "load", str(archive), "--name", "trial/demo"]) == 0
    loaded = "docker.io/trial/demo:latest"
    assert capsys.readouterr().out == f"image {loaded} loaded\n"
    container = {"name": "main", "image": "trial/demo", "env": [{"name": "B", "value": "pod"}]}
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "pod"},
            "spec": {"containers": [container]},
        }
    )
    kubectl("wait", "--for=condition=Ready", "pod/pod", "--timeout=30s")
    lines = eventually(lambda: kubectl("logs", "pod").split("\n")[:-1])
    assert lines[0] == "1000 image pod /srv"
    assert "work" not in lines
    (status,) = kubectl.get("pod", "pod")["status"]["containerStatuses"]
    assert status["image"] == loaded
    assert status["imageID"].startswith("docker.io/trial/demo@sha256:")
    assert main(["cluster", "images"]) == 0
    assert loaded in [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    began = time.monotonic()
    kubectl("delete", "pod", "pod", "--wait=true")
    assert time.monotonic() - began < 15  # of 30 that it would have had without its own signal
    assert main(["cluster", "unload", "trial/demo"]) == 0
    assert main(["cluster", "unload", "trial/demo"]) == 2
    assert "there is no image 'trial/demo'" in capsys.readouterr().err


class Listener:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def waits(self, reason: str, message: str) -> None:
        self.told.append(("waits", reason))

    def event(self, kind: str, reason: str, message: str) -> None:
        self.told.append((kind, reason))


class NoRegistry(Puller):
    """A puller that reaches no registry."""

    def pull(self, name: Reference, credential: Credential | None) -> None:
        raise PullError("connection refused")


def test_a_missing_image_is_used_once_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "FIRST_BACKOFF", 0.04)
    monkeypatch.setattr(images, "LOOK", 0.02)
    monkeypatch.setattr(images, "SHOWN", 0.01)
    store = ImageStore(tmp_path / "images", list)
    archive = docker_archive(tmp_path / "image.tar", ["demo"], PASSWD, StopSignal="SIGRTMIN+3")
    listener = Listener()

    async def wait() -> Image:
        container = {"image": "demo", "imagePullPolicy": "IfNotPresent"}
        missing = Images(store, NoRegistry(store))
        waiting = asyncio.ensure_future(missing.ensure(container, listener, Credentials))
        while ("waits", "ImagePullBackOff") not in listener.told:
            await asyncio.sleep(0.01)
        store.load(archive)
        return await asyncio.wait_for(waiting, 5)

    image = asyncio.run(wait())
    assert (image.stop_signal, image.working_dir) == (37, "/")
    once: list[Any] = list(dict.fromkeys(listener.told))
    assert once == [
        ("Normal", "Pulling"),
        ("Warning", "Failed"),
        ("waits", "ErrImagePull"),
        ("waits", "ImagePullBackOff"),
        ("Normal", "BackOff"),
        ("Normal", "Pulled"),
    ]


def test_nodes_list_images_by_name_and_size(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images", list)
    archive = docker_archive(tmp_path / "image.tar", ["demo"], PASSWD)
    store.load(archive)
    store.keep_host()
    demo, host = Images(store, Puller(store)).listed()
    assert host["names"][1:] == ["registry.trainhub.internal/host:latest", "host"]
    assert demo["names"][1:] == ["docker.io/library/demo:latest"]
    assert demo["names"][0].startswith("docker.io/library/demo@sha256:")
    assert len(PASSWD) < demo["sizeBytes"] < os.stat(archive).st_size
