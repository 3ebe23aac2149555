"""Pods for tests."""

from __future__ import annotations

from typing import Any

from tests.conftest import Kubectl

_OF_CONTAINER = (
    "command", "env", "envFrom", "lifecycle", "livenessProbe", "ports", "readinessProbe",
    "resources", "startupProbe", "volumeMounts", "workingDir",
)  # fmt: skip


def pod(
    name: str, image: str, script: str, labels: dict[str, str] | None = None, **fields: Any
) -> dict[str, Any]:
    """A pod that runs a shell script once; ``fields`` are its container's or its spec's."""
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent",
                 "command": ["/bin/sh", "-c", script]}  # fmt: skip
    container |= {key: value for key, value in fields.items() if key in _OF_CONTAINER}
    spec = {key: value for key, value in fields.items() if key not in _OF_CONTAINER}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                 "containers": [container], **spec},
    }  # fmt: skip


def not_honoured(kubectl: Kubectl, name: str) -> str:
    """What a cluster says that it could not give the pod, as one that an ordinary user runs may."""
    selector = f"involvedObject.name={name},reason=FieldNotHonoured"
    found = kubectl.get("events", "--field-selector", selector)["items"]
    return "; ".join(event["message"] for event in found)
