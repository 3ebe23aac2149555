"""Where the image of a container comes from, and what is told while it does not come."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

ABSENT = "registry.invalid/none:1"
UPPER = "registry.invalid/Upper"


def apply_pod(kubectl: Kubectl, image: str, policy: str) -> None:
    container = {"name": "main", "image": image, "command": ["sleep", "600"]}
    spec = {"containers": [{**container, "imagePullPolicy": policy}],
            "terminationGracePeriodSeconds": 0}  # fmt: skip
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec})


def status(kubectl: Kubectl) -> dict[str, Any]:
    found = kubectl.get("pod", "pod")["status"].get("containerStatuses") or [{"state": {}}]
    (container,) = found
    return dict(container)


def waits_for(kubectl: Kubectl, *reasons: str) -> str:
    """The message of a container that waits for one of these reasons."""

    def look() -> Any:
        waiting = status(kubectl)["state"].get("waiting") or {}
        return waiting if waiting.get("reason") in reasons else None

    return str(eventually(look)["message"])


def events(kubectl: Kubectl) -> list[tuple[str, str, str]]:
    found = kubectl.get("events", "--field-selector", "involvedObject.name=pod")["items"]
    return [(e["type"], e["reason"], e["message"]) for e in found if e["reason"] != "Scheduled"]


def test_an_image_that_is_there_is_used(kubectl: Kubectl, image: str) -> None:
    apply_pod(kubectl, image, "Never")
    kubectl("wait", "--for=condition=Ready", "pod/pod", "--timeout=60s")
    words = f'Container image "{image}" already present on machine and can be accessed by the pod'
    assert ("Normal", "Pulled", words) in events(kubectl)
    assert status(kubectl)["imageID"]


def test_an_image_that_cannot_be_pulled_is_tried_again(kubectl: Kubectl) -> None:
    apply_pod(kubectl, ABSENT, "IfNotPresent")
    message = waits_for(kubectl, "ImagePullBackOff")
    why = f'failed to pull and unpack image "{ABSENT}": failed to resolve image: '
    assert message.startswith(f'Back-off pulling image "{ABSENT}": ErrImagePull: {why}')
    told = events(kubectl)
    assert ("Normal", "Pulling", f'Pulling image "{ABSENT}"') in told
    assert ("Warning", "Failed", "Error: ErrImagePull") in told
    assert ("Normal", "BackOff", f'Back-off pulling image "{ABSENT}"') in told
    assert ("Warning", "Failed", "Error: ImagePullBackOff") in told
    (failed,) = [text for _, _, text in told if text.startswith("Failed to pull")]
    assert failed.startswith(f'Failed to pull image "{ABSENT}": {why}')
    found = status(kubectl)
    assert (found["image"], found["imageID"], found["restartCount"]) == (ABSENT, "", 0)
    refused = kubectl.run("logs", "pod")
    assert "trying and failing to pull image" in refused.stderr


def test_an_image_that_must_not_be_pulled_is_missed(kubectl: Kubectl) -> None:
    apply_pod(kubectl, ABSENT, "Never")
    words = f'Container image "{ABSENT}" is not present with pull policy of Never'
    assert waits_for(kubectl, "ErrImageNeverPull") == words
    assert set(events(kubectl)) == {
        ("Warning", "ErrImageNeverPull", words),
        ("Warning", "Failed", "Error: ErrImageNeverPull"),
    }


def test_what_names_no_image_is_told(kubectl: Kubectl) -> None:
    apply_pod(kubectl, UPPER, "IfNotPresent")
    words = (
        f'Failed to apply default image tag "{UPPER}": couldn\'t parse image name "{UPPER}": '
        f"invalid reference format: repository name (Upper) must be lowercase"
    )
    assert waits_for(kubectl, "InvalidImageName") == words
    assert set(events(kubectl)) == {
        ("Warning", "InspectFailed", words),
        ("Warning", "Failed", "Error: InvalidImageName"),
    }
