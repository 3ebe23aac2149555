"""Volumes made for claims, and what they and pods use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.pods import pod
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


def claim(name: str, size: str = "1Gi", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteMany"], **spec,
                 "resources": {"requests": {"storage": size}}},
    }  # fmt: skip


def bound(kubectl: Kubectl, name: str) -> str:
    """The volume of a claim, once it has one."""
    look = "--for=jsonpath={.status.phase}=Bound"
    kubectl("wait", look, f"pvc/{name}", "--timeout=10s")
    return str(kubectl.get("pvc", name)["spec"]["volumeName"])


def folder(kubectl: Kubectl, volume: str) -> Path:
    return Path(kubectl.get("pv", volume)["spec"]["hostPath"]["path"])


def storage_class(name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
            "provisioner": "trainhub.jupyter.org/host-path", **fields}  # fmt: skip


def test_a_claim_gets_a_folder_that_grows_and_goes_with_it(kubectl: Kubectl) -> None:
    kubectl.apply(claim("data"))
    volume = bound(kubectl, "data")
    place = folder(kubectl, volume)
    (place / "file").write_text("kept")
    kubectl("patch", "pvc", "data", "--patch",
            '{"spec": {"resources": {"requests": {"storage": "2Gi"}}}}')  # fmt: skip
    look = "--for=jsonpath={.status.capacity.storage}=2Gi"
    kubectl("wait", look, "pvc/data", "--timeout=10s")
    assert kubectl.get("pv", volume)["spec"]["capacity"] == {"storage": "2Gi"}
    smaller = kubectl.run("patch", "pvc", "data", "--patch",
                          '{"spec": {"resources": {"requests": {"storage": "1Gi"}}}}')  # fmt: skip
    assert "field can not be less than status.capacity" in smaller.stderr
    kubectl("delete", "pvc", "data")
    eventually(lambda: kubectl.run("get", "pv", volume).returncode == 1)
    assert not place.exists()


def test_capacity_is_counted(kubectl: Kubectl) -> None:
    kubectl.apply(claim("huge", "1Ei"))
    message = 'failed to provision volume with StorageClass "standard": '
    eventually(lambda: message in kubectl("describe", "pvc", "huge"))
    kubectl.apply(claim("small", "1Mi"))
    bound(kubectl, "small")
    assert kubectl.get("pvc", "huge")["status"] == {"phase": "Pending"}


def test_a_class_may_wait_for_the_first_pod_and_retain(kubectl: Kubectl) -> None:
    name = f"later-{kubectl.namespace}"
    later = storage_class(name, volumeBindingMode="WaitForFirstConsumer", reclaimPolicy="Retain")
    kubectl.apply(later, claim("waits", storageClassName=name))
    message = "waiting for first consumer to be created before binding"
    eventually(lambda: message in kubectl("describe", "pvc", "waits"))
    source = {"persistentVolumeClaim": {"claimName": "waits"}}
    kubectl.apply(
        pod("uses", "host", "echo kept > /v/file", volumes=[{"name": "v", **source}],
            volumeMounts=[{"name": "v", "mountPath": "/v"}])
    )  # fmt: skip
    eventually(lambda: kubectl.get("pod", "uses")["status"]["phase"] == "Succeeded")
    volume = bound(kubectl, "waits")
    refused = kubectl.run("patch", "pvc", "waits", "--patch",
                          '{"spec": {"resources": {"requests": {"storage": "2Gi"}}}}')  # fmt: skip
    assert "the storageclass that provisions the pvc must support resize" in refused.stderr
    kubectl("delete", "pvc", "waits")
    eventually(lambda: kubectl.get("pv", volume)["status"]["phase"] == "Released")
    assert (folder(kubectl, volume) / "file").read_text() == "kept\n"
    kubectl("delete", "pv", volume)
    kubectl("delete", "storageclass", name)


def test_each_pod_of_a_stateful_set_has_its_volume(kubectl: Kubectl) -> None:
    body = pod("web", "host", "sleep 300", volumeMounts=[{"name": "d", "mountPath": "/d"}],
               restartPolicy="Always")  # fmt: skip
    kubectl.apply({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "serviceName": "web", "selector": {"matchLabels": {"app": "web"}},
                 "template": {"metadata": {"labels": {"app": "web"}}, "spec": body["spec"]},
                 "volumeClaimTemplates": [claim("d", "1Mi")]},
    })  # fmt: skip
    eventually(lambda: kubectl.get("statefulset", "web")["status"].get("readyReplicas") == 2)
    assert bound(kubectl, "d-web-0") != bound(kubectl, "d-web-1")


def test_top_shows_what_pods_and_nodes_use(kubectl: Kubectl) -> None:
    busy = "held = bytearray(64 << 20)\nwhile True: pass"
    kubectl.apply(
        pod("busy", "host", "", command=["python", "-c", busy], labels={"app": "busy"}),
        pod("idle", "host", "sleep 60"),
    )
    kubectl("wait", "--for=condition=Ready", "pod/busy", "pod/idle", "--timeout=30s")
    rows = {row.split()[0]: row.split()[1:] for row in kubectl("top", "pods").splitlines()[1:]}
    cpu, memory = (int(text.rstrip("mMi")) for text in rows["busy"])
    assert 200 < cpu < 1200
    assert 64 <= memory < 128
    assert int(rows["idle"][0].rstrip("m")) < 50
    chosen = kubectl("top", "pods", "--containers", "-l", "app=busy").splitlines()[1:]
    assert [row.split()[:2] for row in chosen] == [["busy", "main"]]
    assert len(kubectl("top", "nodes").splitlines()) == len(kubectl.get("nodes")["items"]) + 1
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{kubectl.namespace}/pods/none"
    refused = kubectl.run("get", "--raw", path)
    name = f"{kubectl.namespace}/none"
    assert f'podmetrics.metrics.k8s.io "{name}" not found' in refused.stderr


def test_fields_that_the_node_does_not_honour_are_told_once(kubectl: Kubectl) -> None:
    kubectl.apply(pod("wants", "host", "true", hostPID=True))
    eventually(lambda: kubectl.get("pod", "wants")["status"]["phase"] == "Succeeded")
    events = kubectl.get("events", "--field-selector", "reason=FieldNotHonoured")["items"]
    assert [(e["type"], e["count"]) for e in events] == [("Warning", 1)]
    assert "spec.hostPID" in events[0]["message"]
