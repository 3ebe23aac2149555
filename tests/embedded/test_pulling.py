"""Pulling by the embedded cluster: secrets, several pods at once, and what is told of failures."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded.kubelet import pull_messages
from jupyter_trainhub.embedded.kubelet.images import Images
from jupyter_trainhub.embedded.kubelet.pulling import Puller, PullError, is_loopback
from jupyter_trainhub.embedded.runtime.image_store import ImageStore
from jupyter_trainhub.registry import reference
from jupyter_trainhub.registry.credentials import Credential, Credentials
from jupyter_trainhub.registry.reference import Reference
from tests.conftest import Kubectl, eventually
from tests.distribution import Distribution
from tests.registry.packing import Layout, docker_archive, programs, tar

needs_registry = pytest.mark.skipif(
    not shutil.which("docker-registry") or not shutil.which("skopeo"),
    reason="docker-registry or skopeo is not installed",
)

# Of the password "secret" (htpasswd -nbBC 4 ada secret).
HTPASSWD = "ada:$2y$04$dFNXPlziIaQ9mQXLt5y6sO24.NPxXun.WCm0CyhCyrnA3p/H46M9u\n"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image in a registry that wants a password."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "htpasswd").write_text(HTPASSWD)
    htpasswd = {"realm": "lab", "path": str(folder / "htpasswd")}
    server = Distribution(folder, {"auth": {"htpasswd": htpasswd}}).start()
    made = Layout()
    image = made.image(programs("sleep"), Cmd=["/bin/sleep", "600"])
    layout = made.name("", image).folder(folder / "image")
    target = f"docker://{server.host}/private/image:1"
    access = ["--dest-tls-verify=false", "--dest-creds", "ada:secret"]
    subprocess.run(["skopeo", "copy", "-q", *access, f"oci:{layout}", target], check=True)
    yield f"{server.host}/private/image:1"
    server.stop()


def secret(name: str, image: str, password: str) -> dict[str, Any]:
    auth = base64.b64encode(f"ada:{password}".encode()).decode()
    config = json.dumps({"auths": {image.partition("/")[0]: {"auth": auth}}})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config},
    }


def pod(name: str, image: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": image}]
    spec = {"containers": containers, "terminationGracePeriodSeconds": 0, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def waiting(kubectl: Kubectl, name: str) -> str:
    """Why the pod's image is not there."""

    def look() -> str:
        found = kubectl.get("pod", name)["status"].get("containerStatuses") or [{"state": {}}]
        return str((found[0]["state"].get("waiting") or {}).get("message", ""))

    return str(eventually(look))


@needs_registry
@pytest.mark.cluster
def test_a_secret_opens_a_registry_to_those_alone_who_have_it(
    embedded_kubeconfig: Path, kubectl: Kubectl, locked: str
) -> None:
    kubectl.apply(pod("none", locked))
    assert "no basic auth credentials" in waiting(kubectl, "none")
    kubectl.apply(secret("wrong", locked, "wrong"))
    kubectl.apply(pod("wrong", locked, imagePullSecrets=[{"name": "wrong"}]))
    assert "401 Unauthorized" in waiting(kubectl, "wrong")
    kubectl.apply(secret("right", locked, "secret"))
    kubectl.apply(pod("right", locked, imagePullSecrets=[{"name": "absent"}, {"name": "right"}]))
    kubectl("wait", "--for=condition=Ready", "pod/right", "--timeout=30s")
    events = kubectl.get("events", "--field-selector", "involvedObject.name=right")["items"]
    (missing,) = [e["message"] for e in events if e["reason"] == "FailedToRetrieveImagePullSecret"]
    assert "(absent)" in missing
    # It is on the machine now, and still not for everybody.
    kubectl.apply(pod("thief", locked))
    assert "no basic auth credentials" in waiting(kubectl, "thief")
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "known"}}
    kubectl.apply({**account, "imagePullSecrets": [{"name": "right"}]})
    kubectl.apply(pod("account", locked, serviceAccountName="known"))
    kubectl("wait", "--for=condition=Ready", "pod/account", "--timeout=30s")


class Waiting:
    """Listens to a container that waits for its image."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def waits(self, reason: str, message: str) -> None:
        self.told.append(reason)

    def event(self, kind: str, reason: str, message: str) -> None:
        self.told.append(reason)


def test_several_pods_pull_an_image_once(tmp_path: Path) -> None:
    store = ImageStore(tmp_path / "images", list)
    archive = docker_archive(tmp_path / "image.tar", ["demo"], tar(("x", b"")))
    pulls, go_on = [], threading.Event()

    class Slow(Puller):
        def pull(self, name: Reference, credential: Credential | None) -> None:
            pulls.append(name)
            go_on.wait(5)
            store.load(archive)

    async def both() -> list[list[str]]:
        images, listeners = Images(store, Slow(store)), [Waiting(), Waiting()]
        container = {"image": "demo", "imagePullPolicy": "Always"}
        wanted = [
            asyncio.ensure_future(images.ensure(container, listener, Credentials))
            for listener in listeners
        ]
        while not all("Pulling" in listener.told for listener in listeners):
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        go_on.set()
        first, second = await asyncio.gather(*wanted)
        assert first == second
        return [listener.told for listener in listeners]

    assert asyncio.run(both()) == [["Pulling", "Pulled"]] * 2
    assert len(pulls) == 1


@pytest.mark.parametrize(
    ("domain", "expected"),
    [("localhost", True), ("localhost:5000", True), ("127.9.0.1:1", True), ("[::1]:5000", True),
     ("[::1]", True), ("10.0.0.1:5000", False), ("registry.example.com", False)],
)  # fmt: skip
def test_what_is_on_this_machine_may_do_without_tls(domain: str, expected: bool) -> None:
    assert is_loopback(domain) == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("127.0.0.1:9/none:1", 'Head "http://127.0.0.1:9/v2/none/manifests/1": dial tcp '
                               "127.0.0.1:9: connect: connection refused"),
        ("registry.invalid/none:1", 'Head "https://registry.invalid/v2/none/manifests/1": dial tcp:'
                                    " lookup registry.invalid: no such host"),
    ],
)  # fmt: skip
def test_why_a_registry_cannot_be_asked(tmp_path: Path, name: str, words: str) -> None:
    puller = Puller(ImageStore(tmp_path / "images", list))
    with pytest.raises(PullError) as failed:
        puller.pull(reference.parse(name), None)
    begin = (
        f'failed to pull and unpack image "{name}": failed to resolve image: failed to do request'
    )
    assert str(failed.value).startswith(f"{begin}: {words}")
    assert "trainhub cluster load" in str(failed.value)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.0001, "0s"), (0.25, "250ms"), (1.2, "1.2s"), (65.25, "1m5.25s"), (10, "10s")],
)
def test_durations_are_written_as_by_go(seconds: float, expected: str) -> None:
    assert pull_messages.duration(seconds) == expected
