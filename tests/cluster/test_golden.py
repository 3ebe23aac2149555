"""Some thirty situations as a real Kubernetes 1.36.2 showed them, played again.

``golden/`` holds the objects and events of that cluster. Each pod, Job, StatefulSet and claim is
created again from its spec, and must come to the same status, with the same events.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

Object = dict[str, Any]

GOLDEN = Path(__file__).parent / "golden"
IMAGE = "docker.io/library/debian:bookworm"
TOKEN_VOLUME = "kube-api-access-"

# What the API server and the scheduler added to the specs.
ADDED = ("nodeName", "serviceAccount", "serviceAccountName", "priority", "preemptionPolicy",
         "tolerations", "schedulerName", "enableServiceLinks")  # fmt: skip

# Fields that say where and when, or how often so far.
VARYING = ("restartCount", "imageID", "containerID", "uid", "image", "user", "currentRevision",
           "updateRevision", "observedGeneration")  # fmt: skip

# Pods whose containers end and are started again for ever.
ENDLESS = ("crash-loop", "liveness-fails", "image-missing")


def golden(kind: str) -> list[Object]:
    found: list[Object] = json.loads((GOLDEN / f"{kind}.json").read_text())
    return found


def owned(obj: Object) -> bool:
    return bool(obj["metadata"].get("ownerReferences"))


def pod_spec(spec: Object, image: str) -> Object:
    """The spec as its author wrote it."""
    spec = {k: v for k, v in copy.deepcopy(spec).items() if k not in ADDED}
    volumes = spec.pop("volumes", [])
    if kept := [v for v in volumes if not v["name"].startswith(TOKEN_VOLUME)]:
        spec["volumes"] = kept
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        if container["image"] == IMAGE:
            container["image"] = image
        mounts = container.pop("volumeMounts", [])
        if mounts := [m for m in mounts if not m["name"].startswith(TOKEN_VOLUME)]:
            container["volumeMounts"] = mounts
    return spec


def originals(image: str) -> list[Object]:
    """What was created on the real cluster."""

    def obj(kind: str, version: str, given: Object, spec: Object) -> Object:
        labels = {"app": given["metadata"]["name"]} if kind == "Pod" else {}
        metadata = {"name": given["metadata"]["name"], "labels": labels}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}

    # That cluster had no default storage class; where there is one, none must be asked for.
    found = [
        obj("PersistentVolumeClaim", "v1", claim, {**claim["spec"], "storageClassName": ""})
        for claim in golden("persistentvolumeclaims")
    ]
    for pod in golden("pods"):
        if not owned(pod):
            found.append(obj("Pod", "v1", pod, pod_spec(pod["spec"], image)))
    for kind, version, items in (
        ("Job", "batch/v1", golden("jobs")),
        ("StatefulSet", "apps/v1", golden("statefulsets")),
    ):
        for item in items:
            spec = copy.deepcopy(item["spec"])
            if kind == "Job":
                del spec["selector"], spec["template"]["metadata"]
            spec["template"]["spec"] = pod_spec(spec["template"]["spec"], image)
            found.append(obj(kind, version, item, spec))
    return found


@pytest.fixture(scope="module")
def replay(kubeconfig: Path, image: str) -> Iterator[Kubectl]:
    """kubectl in a namespace in which everything was created again."""
    command = Kubectl(kubeconfig, f"golden-{uuid.uuid4().hex[:8]}")
    command("create", "namespace", command.namespace)
    eventually(lambda: command.run("get", "serviceaccount", "default").returncode == 0)
    body = {"apiVersion": "v1", "kind": "List", "items": originals(image)}
    command("create", "-f", "-", stdin=json.dumps(body))
    yield command
    command("delete", "namespace", command.namespace, "--wait=false")


def plain(value: Any) -> Any:
    """A status without what differs from one run to the next."""
    if isinstance(value, dict):
        body = {k: plain(v) for k, v in value.items() if k not in VARYING}
        if "volumeMounts" in body:
            body["volumeMounts"] = [
                m for m in body["volumeMounts"] if not m["name"].startswith(TOKEN_VOLUME)
            ]
        return {k: v for k, v in body.items() if v not in ({}, [])}
    if isinstance(value, list):
        items = [plain(v) for v in value]
        if all(isinstance(i, dict) and "type" in i for i in items):
            items.sort(key=lambda i: str(i["type"]))
        return items
    return text(value) if isinstance(value, str) else value


def text(value: str) -> str:
    """A string without times, addresses, generated names and the words of a registry."""
    value = re.sub(r"^\d{4}-\d\d-\d\dT[\d:.]+Z$", "<time>", value)
    value = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uid>", value)
    value = re.sub(r"\b\d+\.\d+\.\d+\.\d+\b", "<address>", value)
    value = re.sub(r"(golden-[0-9a-f]{8}|lab)\b", "<namespace>", value)
    value = re.sub(r"(-\d)?-[a-z0-9]{5}(?= to |$)", "-<generated>", value)
    value = re.sub(r" to \S+$", " to <node>", value)
    value = re.sub(r"\b\d+/\d+ nodes|\b\d+ (?=Insufficient|node|Preemption)", "<nodes> ", value)
    return re.sub(r'((?:failed to |Failed to )?pull[^:]*"[^"]*": ?).*', r"\1<why>", value)


def pod_status(pod: Object) -> Any:
    status = copy.deepcopy(pod["status"])
    # Sizes that a node reports for itself.
    for container in [status, *status.get("containerStatuses", [])]:
        container.pop("resources", None)
    if pod["metadata"]["name"] in ENDLESS:
        # Which of its states is seen depends on the moment.
        for container in status["containerStatuses"]:
            container["state"] = container["ready"] = container["started"] = "<any>"
            container.pop("containerID", None)
        status["conditions"] = []
    return plain(status)


def key(obj: Object) -> str:
    name: str = obj["metadata"]["name"]
    return name.rpartition("-")[0] + "-" if owned(obj) and name != "dev-0" else name


@pytest.mark.parametrize("real", golden("pods"), ids=key)
def test_a_pod_comes_to_the_same_status(replay: Kubectl, real: Object) -> None:
    seen: dict[str, Object] = {}

    def same() -> bool:
        for pod in replay.get("pods")["items"]:
            if key(pod) == key(real):
                seen["status"] = pod_status(pod)
        return bool(seen.get("status") == pod_status(real))

    try:
        eventually(same, 60)
    except AssertionError:
        assert seen.get("status") == pod_status(real)


@pytest.mark.parametrize(
    ("kind", "real"),
    [(k, o) for k in ("jobs", "statefulsets", "persistentvolumeclaims") for o in golden(k)],
    ids=lambda value: value if isinstance(value, str) else key(value),
)
def test_a_controller_comes_to_the_same_status(replay: Kubectl, kind: str, real: Object) -> None:
    seen: dict[str, Any] = {}

    def same() -> bool:
        seen["status"] = plain(replay.get(kind, real["metadata"]["name"])["status"])
        return bool(seen["status"] == plain(real["status"]))

    try:
        eventually(same, 60)
    except AssertionError:
        assert seen["status"] == plain(real["status"])


def told(event: Object) -> tuple[str, ...]:
    """What an event says of its object."""
    involved = event["involvedObject"]
    name = text(involved["name"] + " to x").removesuffix(" to <node>")
    message = text(event["message"]).replace(IMAGE, "<image>")
    message = re.sub(r'"(?!<image>)[^"]+"(?= already present)', '"<image>"', message)
    return (
        f"{involved['kind']}/{name}", event["type"], event["reason"], message,
        involved.get("fieldPath", ""), event["reportingComponent"], event.get("action", ""),
        event["source"].get("component", ""),
    )  # fmt: skip


def test_the_same_events_are_told(replay: Kubectl) -> None:
    real = {told(e) for e in golden("events")}
    missing: set[tuple[str, ...]] = set()

    def all_told() -> bool:
        nonlocal missing
        missing = real - {told(e) for e in replay.get("events")["items"]}
        return not missing

    try:
        eventually(all_told, 60)
    except AssertionError:
        assert not missing
