"""skopeo and buildah use the cluster as they use any registry, and what they push runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Kubectl, eventually
from tests.embedded.distribution.registry_client import RegistryClient
from tests.registry.packing import INDEX, Layout, programs, tar

pytestmark = pytest.mark.cluster

SHELL = programs("sh", "cat", "sleep")


def needs(program: str) -> pytest.MarkDecorator:
    """Skip where a program is not installed."""
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def run(*argv: str) -> str:
    """What a program prints; it must succeed."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def certificates(client: RegistryClient, tmp_path: Path) -> str:
    """The folder by which the tools trust the cluster."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "ca.crt").write_text(client.certificate)
    return str(folder)


def apply_pod(kubectl: Kubectl, name: str, image: str, policy: str, *command: str) -> None:
    container = {"name": "main", "image": image, "imagePullPolicy": policy}
    spec = {"containers": [{**container, **({"command": list(command)} if command else {})}],
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 0}  # fmt: skip
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def output(kubectl: Kubectl, name: str) -> str:
    """What a pod said until it ended."""
    eventually(lambda: kubectl.get("pod", name)["status"]["phase"] in ("Succeeded", "Failed"))
    return kubectl("logs", name).strip()


@needs("skopeo")
def test_skopeo_pushes_and_pulls(
    client: RegistryClient, name: str, certificates: str, tmp_path: Path
) -> None:
    made = Layout()
    platforms = [{"os": "linux", "architecture": kind} for kind in ("amd64", "arm64")]
    images = [{**made.image(tar(("x", str(p))), Env=[str(p)]), "platform": p} for p in platforms]
    index = made.index(*images)
    layout = made.name("", index).folder(tmp_path / "layout")
    there = f"docker://{client.host}/{name}:1"
    access = ["--dest-creds", client.credentials, "--dest-cert-dir", certificates]
    run("skopeo", "copy", "--all", *access, f"oci:{layout}", there)
    access = ["--creds", client.credentials, "--cert-dir", certificates]
    assert json.loads(run("skopeo", "inspect", "--raw", *access, there))["mediaType"] == INDEX
    access = ["--src-creds", client.credentials, "--src-cert-dir", certificates]
    run("skopeo", "copy", "--all", *access, there, f"oci:{tmp_path / 'back'}:1")
    pulled = {path.name for path in (tmp_path / "back" / "blobs" / "sha256").iterdir()}
    assert pulled == {blob.partition(":")[2] for blob in made.blobs}
    access = ["--creds", client.credentials, "--tls-verify=false"]
    run("skopeo", "delete", *access, there)
    assert client.ask("GET", f"{name}/tags/list").status == 404


@needs("skopeo")
def test_what_was_pushed_runs_and_what_replaced_it_when_it_is_pulled(
    client: RegistryClient, name: str, certificates: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    image = f"registry.trainhub.internal/{name}:1"
    digests = []
    for text in ("first", "second"):
        made = Layout()
        descriptor = made.image(SHELL, tar(("text", text)), Cmd=["/bin/cat", "/text"])
        layout = made.name("", descriptor).folder(tmp_path / text)
        access = ["--dest-creds", client.credentials, "--dest-cert-dir", certificates]
        run("skopeo", "copy", *access, f"oci:{layout}", f"docker://{client.host}/{name}:1")
        digests.append(descriptor["digest"])
        apply_pod(kubectl, text, image, "Always")
        assert output(kubectl, text) == text
        (status,) = kubectl.get("pod", text)["status"]["containerStatuses"]
        assert status["image"] == image
        assert status["imageID"] == f"registry.trainhub.internal/{name}@{descriptor['digest']}"
    apply_pod(
        kubectl, "by-digest", status["imageID"].replace(digests[1], digests[0]), "IfNotPresent"
    )
    assert output(kubectl, "by-digest") == "first"
    events = kubectl.get("events", "--field-selector", "involvedObject.name=second")["items"]
    messages = [event["message"] for event in events]
    assert f'Pulling image "{image}"' in messages
    assert any(m.startswith(f'Successfully pulled image "{image}" in ') for m in messages)


@needs("buildah")
@pytest.mark.skipif(os.geteuid() != 0, reason="buildah needs ranges in /etc/subuid")
def test_buildah_builds_on_the_machine_itself(
    client: RegistryClient, name: str, certificates: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    store = ["--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run")]
    buildah = ["buildah", *store, "--storage-driver", "vfs"]
    access = ["--creds", client.credentials, "--cert-dir", certificates]
    (tmp_path / "Dockerfile").write_text(
        f"FROM {client.host}/host\nCOPY words /opt/words/here\nENV WORDS=/opt/words/here\n"
    )
    (tmp_path / "words").write_text("built\n")
    build = ["bud", "--isolation", "chroot", "-q", "-t", "made", str(tmp_path)]
    run(*buildah, build[0], *access, *build[1:])
    run(*buildah, "push", *access, "made", f"docker://{client.host}/{name}:1")
    image = f"registry.trainhub.internal/{name}:1"
    script = "cat $WORDS; python3 -c 'print(6 * 7)'; cat /proc/1/comm"
    apply_pod(kubectl, "built", image, "IfNotPresent", "/bin/sh", "-c", script)
    assert output(kubectl, "built").split() == ["built", "42", "sh"]
    assert not Path("/opt/words").exists()
