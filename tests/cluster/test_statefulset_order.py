"""In what order StatefulSets make, update and remove pods, as any Kubernetes 1.36 does it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.lab import Lab, stateful_set
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

REVISION = "controller-revision-hash"


def make(lab: Lab, image: str, name: str, replicas: int, **spec: Any) -> Object:
    body = stateful_set(name, image, "sleep 600")
    body["spec"] |= {"replicas": replicas, **spec}
    answer = lab.create("statefulsets", body)
    assert answer.code == 201, answer.body
    return body


def ready(lab: Lab, name: str, count: int) -> Object:
    return lab.until(
        "statefulsets",
        name,
        lambda s: (
            s["status"]["observedGeneration"] == s["metadata"]["generation"]
            and s["status"].get("readyReplicas", 0) == s["status"]["replicas"] == count
        ),
    )


def pods_of(lab: Lab, name: str) -> dict[str, Object]:
    found = lab.get("pods", labelSelector=f"app={name}").body["items"]
    return {pod["metadata"]["name"]: pod for pod in found}


def change(lab: Lab, name: str, **spec: Any) -> None:
    answer = lab.patch("statefulsets", name, {"spec": spec})
    assert answer.code == 200, answer.body


def new_template(name: str) -> Object:
    return {"metadata": {"labels": {"app": name, "version": "2"}}}


def versions(lab: Lab, name: str) -> dict[str, str]:
    pods = pods_of(lab, name)
    return {n: p["metadata"]["labels"].get("version", "1") for n, p in pods.items()}


def revisions(lab: Lab, name: str) -> list[int]:
    path = f"/apis/apps/v1/namespaces/{lab.namespace}/controllerrevisions"
    items = lab.api("GET", path).body["items"]
    return sorted(
        r["revision"] for r in items if r["metadata"]["ownerReferences"][0]["name"] == name
    )


def test_pods_come_and_go_one_by_one(lab: Lab, image: str) -> None:
    make(lab, image, "one", 3)
    found = ready(lab, "one", 3)
    assert found["status"]["currentRevision"] == found["status"]["updateRevision"]
    assert revisions(lab, "one") == [1]
    pods = pods_of(lab, "one")

    def since(name: str, kind: str) -> str:
        conditions = pods[name]["status"]["conditions"]
        return str(next(c["lastTransitionTime"] for c in conditions if c["type"] == kind))

    for before, after in (("one-0", "one-1"), ("one-1", "one-2")):
        assert since(before, "Ready") <= pods[after]["metadata"]["creationTimestamp"]
    labels = pods["one-2"]["metadata"]["labels"]
    assert labels[REVISION] == found["status"]["currentRevision"]
    assert labels["apps.kubernetes.io/pod-index"] == "2"
    change(lab, "one", replicas=1)
    assert ready(lab, "one", 1)["status"]["availableReplicas"] == 1
    events = lab.get("events", fieldSelector="involvedObject.name=one").body["items"]
    deleted = [e["message"].split()[2] for e in events if e["reason"] == "SuccessfulDelete"]
    assert set(deleted) == {"one-2", "one-1"}


def test_parallel_pods_do_not_wait_for_each_other(lab: Lab, image: str) -> None:
    body = stateful_set("many", image, "sleep 600")
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    body["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    body["spec"] |= {"replicas": 2, "podManagementPolicy": "Parallel", "ordinals": {"start": 5}}
    assert lab.create("statefulsets", body).code == 201
    eventually(lambda: set(pods_of(lab, "many")) == {"many-5", "many-6"})


def test_an_update_stops_at_its_partition(lab: Lab, image: str) -> None:
    make(lab, image, "part", 2)
    first = ready(lab, "part", 2)["status"]["currentRevision"]
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    change(lab, "part", updateStrategy=rolling, template=new_template("part"))
    eventually(lambda: versions(lab, "part") == {"part-0": "1", "part-1": "2"})
    status = ready(lab, "part", 2)["status"]
    assert (status["currentReplicas"], status["updatedReplicas"]) == (1, 1)
    assert status["currentRevision"] == first != status["updateRevision"]
    # Below the partition a lost pod comes back as it was.
    uid = pods_of(lab, "part")["part-0"]["metadata"]["uid"]
    lab.delete("pods", "part-0")
    lab.until("pods", "part-0", lambda p: p["metadata"]["uid"] != uid)
    assert versions(lab, "part")["part-0"] == "1"
    ready(lab, "part", 2)
    change(lab, "part", updateStrategy={"rollingUpdate": {"partition": 0}})
    eventually(lambda: versions(lab, "part") == {"part-0": "2", "part-1": "2"})
    found = lab.until(
        "statefulsets", "part",
        lambda s: s["status"]["currentRevision"] == s["status"]["updateRevision"] != first,
    )  # fmt: skip
    assert found["status"]["currentReplicas"] == 2
    assert revisions(lab, "part") == [1, 2]


def test_on_delete_updates_only_what_is_deleted(lab: Lab, image: str) -> None:
    make(lab, image, "manual", 1, updateStrategy={"type": "OnDelete"})
    ready(lab, "manual", 1)
    change(lab, "manual", template=new_template("manual"))
    lab.until("statefulsets", "manual", lambda s: "updatedReplicas" not in s["status"])
    assert versions(lab, "manual") == {"manual-0": "1"}
    lab.delete("pods", "manual-0")
    eventually(lambda: versions(lab, "manual") == {"manual-0": "2"})


def test_a_pod_is_available_after_its_time(lab: Lab, image: str) -> None:
    make(lab, image, "slow", 2, minReadySeconds=2)
    found = lab.until("statefulsets", "slow", lambda s: s["status"]["readyReplicas"] == 1)
    assert (found["status"]["replicas"], found["status"]["availableReplicas"]) == (1, 0)
    lab.until("statefulsets", "slow", lambda s: s["status"]["availableReplicas"] == 2)


def test_claims_stay_or_go_as_the_set_says(lab: Lab, image: str) -> None:
    claim = {"metadata": {"name": "data"},
             "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none-such",
                      "resources": {"requests": {"storage": "1Mi"}}}}  # fmt: skip
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    make(lab, image, "keep", 2, volumeClaimTemplates=[claim], podManagementPolicy="Parallel",
         persistentVolumeClaimRetentionPolicy=policy)  # fmt: skip
    for name in ("data-keep-0", "data-keep-1"):
        found = lab.until("persistentvolumeclaims", name, lambda c: c["metadata"]["uid"])
        assert found["metadata"]["labels"] == {"app": "keep"}
    eventually(lambda: set(pods_of(lab, "keep")) == {"keep-0", "keep-1"})
    change(lab, "keep", replicas=1)
    lab.gone("persistentvolumeclaims", "data-keep-1")
    assert (
        "ownerReferences" not in (lab.get("persistentvolumeclaims", "data-keep-0").body["metadata"])
    )
    policy = {"whenScaled": "Retain", "whenDeleted": "Delete"}
    change(lab, "keep", persistentVolumeClaimRetentionPolicy=policy)
    lab.until("persistentvolumeclaims", "data-keep-0",
              lambda c: c["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet")  # fmt: skip
    lab.delete("statefulsets", "keep", propagationPolicy="Background")
    lab.gone("persistentvolumeclaims", "data-keep-0")
