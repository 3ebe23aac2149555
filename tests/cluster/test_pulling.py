"""Images that a node pulls from a registry, as a cluster does by itself."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.cluster.test_images import apply_pod, events, status, waits_for
from tests.conftest import Kubectl
from tests.registry.packing import Layout, programs, tar

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed"),
]


def push(folder: Path, image: str, text: str) -> str:
    """Push an image with a shell, and a file /text; the digest of its manifest."""
    made = Layout()
    descriptor = made.image(programs("sh", "cat", "sleep"), tar(("text", text)))
    layout = made.name("", descriptor).folder(folder / text)
    open_to_all = ["--dest-tls-verify=false", "--dest-no-creds"]
    target = [*open_to_all, f"oci:{layout}", f"docker://{image}"]
    subprocess.run(["skopeo", "copy", "--quiet", *target], check=True, timeout=60)
    return str(descriptor["digest"])


@pytest.fixture
def repository(registry: str) -> str:
    """A repository of the test's own."""
    return f"{registry}/pulled-{uuid.uuid4().hex[:8]}"


def text(kubectl: Kubectl) -> str:
    """What the image of the pod says."""
    kubectl("wait", "--for=condition=Ready", "pod/pod", "--timeout=60s")
    return kubectl("exec", "pod", "--", "cat", "/text")


def test_an_image_is_pulled_and_used(kubectl: Kubectl, repository: str, tmp_path: Path) -> None:
    digest = push(tmp_path, f"{repository}:1", "first")
    apply_pod(kubectl, f"{repository}:1", "IfNotPresent")
    assert text(kubectl) == "first"
    assert status(kubectl)["image"] == f"{repository}:1"
    assert status(kubectl)["imageID"] == f"{repository}@{digest}"
    told = events(kubectl)
    assert ("Normal", "Pulling", f'Pulling image "{repository}:1"') in told
    (pulled,) = [words for _, reason, words in told if reason == "Pulled"]
    assert pulled.startswith(f'Successfully pulled image "{repository}:1" in ')
    assert pulled.endswith(" bytes.")


@pytest.mark.parametrize(("policy", "expected"), [("IfNotPresent", "first"), ("Always", "second")])
def test_a_tag_is_looked_up_again_only_when_it_is_to_be(
    kubectl: Kubectl, repository: str, tmp_path: Path, policy: str, expected: str
) -> None:
    push(tmp_path, f"{repository}:1", "first")
    apply_pod(kubectl, f"{repository}:1", policy)
    assert text(kubectl) == "first"
    kubectl("delete", "pod", "pod", "--now")
    push(tmp_path, f"{repository}:1", "second")
    apply_pod(kubectl, f"{repository}:1", policy)
    assert text(kubectl) == expected


def test_an_image_is_pulled_by_its_digest(
    kubectl: Kubectl, repository: str, tmp_path: Path
) -> None:
    digest = push(tmp_path, f"{repository}:1", "first")
    apply_pod(kubectl, f"{repository}@{digest}", "IfNotPresent")
    assert text(kubectl) == "first"
    assert status(kubectl)["imageID"] == f"{repository}@{digest}"


def test_an_image_that_the_registry_does_not_have(kubectl: Kubectl, repository: str) -> None:
    apply_pod(kubectl, f"{repository}:none", "IfNotPresent")
    message = waits_for(kubectl, "ImagePullBackOff")
    assert f'failed to pull and unpack image "{repository}:none"' in message
    assert "not found" in message
