"""Whether a pod fits: tables of nodes and pods, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.capacity.fit import Fit, fit, require
from jupyter_trainhub.hub.capacity.request import Request
from jupyter_trainhub.hub.capacity.room import rooms
from tests.hub.fakes import node

GIB = 1024**3
GPU = "nvidia.com/gpu"
A100 = {"nvidia.com/gpu.product": "A100"}


def wanted(cpus: float = 1, memory: str = "1Gi", gpus: int = 0, **spec: Any) -> Request:
    bounded = {"memory": memory, **({GPU: str(gpus)} if gpus else {})}
    resources = {"requests": {"cpu": str(cpus), **bounded}, "limits": bounded}
    container = {"resources": resources, "ports": [{"containerPort": 8888}]}
    return Request.of({"containers": [container], **spec})


def pod(on: str | None = "n1", cpu: str = "1", memory: str = "1Gi", **fields: Any) -> Any:
    requests = {"cpu": cpu, "memory": memory, **fields.get("requests", {})}
    return {
        "metadata": {"name": "p", "uid": fields.get("uid", "u"), **fields.get("metadata", {})},
        "spec": {
            "nodeName": on,
            "containers": [{"resources": {"requests": requests}}],
            **fields.get("spec", {}),
        },
        "status": {"phase": fields.get("phase", "Running")},
    }


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> Any:
    return {"key": key, "effect": effect, "value": value}


def daemon(cpu: str) -> Any:
    return pod(cpu=cpu, metadata={"ownerReferences": [{"kind": "DaemonSet"}]})


NODE = node()  # 4 CPUs, 8Gi
SIDECAR = {"restartPolicy": "Always", "resources": {"requests": {"cpu": "2"}}}
HEAVY_INIT = {"resources": {"requests": {"cpu": "4"}}}
HOST_POD = {"hostNetwork": True, "containers": [{"ports": [{"containerPort": 8888}]}]}

# What it is: the request, nodes, pods, and the verdict with the nodes now and when free.
CASES: dict[str, tuple[Request, list[Any], list[Any], tuple[str, int, int]]] = {
    "room enough": (wanted(), [NODE], [], ("now", 1, 1)),
    "to the last core": (wanted(4, "8Gi"), [NODE], [], ("now", 1, 1)),
    "tenths of cores add up": (wanted(0.1), [NODE], [pod(cpu="3.9")], ("now", 1, 1)),
    "cores in use": (wanted(4), [NODE], [pod(cpu="100m")], ("later", 0, 1)),
    "memory in use": (wanted(1, "8Gi"), [NODE], [pod()], ("later", 0, 1)),
    "ended pods hold nothing": (wanted(4), [NODE], [pod(phase="Succeeded")], ("now", 1, 1)),
    "pods without a node hold nothing": (wanted(4), [NODE], [pod(on=None)], ("now", 1, 1)),
    "another node is free": (wanted(4), [NODE, node("n2")], [pod()], ("now", 1, 2)),
    "more than any node": (wanted(5), [NODE], [], ("never", 0, 0)),
    "cores here, memory there": (
        wanted(8, "16Gi"), [node("a", cpu="8"), node("b", memory="16Gi")], [], ("never", 0, 0),
    ),
    "a DaemonSet's share is never free": (wanted(4), [NODE], [daemon("100m")], ("never", 0, 0)),
    "a DaemonSet beside users": (wanted(3), [NODE], [daemon("1"), pod()], ("later", 0, 1)),
    "system pods stay": (
        wanted(4), [NODE], [pod(metadata={"namespace": "kube-system"})], ("never", 0, 0),
    ),
    "critical pods stay": (
        wanted(4), [NODE], [pod(spec={"priorityClassName": "system-node-critical"})],
        ("never", 0, 0),
    ),
    "an init container that is larger": (
        wanted(1), [NODE], [pod(spec={"initContainers": [HEAVY_INIT]})], ("later", 0, 1),
    ),
    "a sidecar runs beside the rest": (
        wanted(2), [NODE], [pod(spec={"initContainers": [SIDECAR]})], ("later", 0, 1),
    ),
    "overhead of the runtime": (
        wanted(3), [NODE], [pod(spec={"overhead": {"cpu": "100m"}})], ("later", 0, 1),
    ),
    "requests of the pod as a whole": (
        wanted(3), [NODE], [pod(spec={"resources": {"requests": {"cpu": "2"}}})], ("later", 0, 1),
    ),
    "a limit stands for the request": (
        wanted(3), [NODE],
        [pod(spec={"containers": [{"resources": {"limits": {"cpu": "2"}}}]})], ("later", 0, 1),
    ),
    "no GPUs anywhere": (wanted(gpus=1), [NODE], [], ("never", 0, 0)),
    "GPUs in use": (
        wanted(gpus=2), [node(gpus=2)], [pod(requests={GPU: "1"})], ("later", 0, 1),
    ),
    "of another name": (
        Request.of({"containers": [{"resources": {"limits": {"amd.com/gpu": "1"}}}]}),
        [node(offers={"amd.com/gpu": "1"})], [], ("now", 1, 1),
    ),
    "the model's node": (
        wanted(gpus=1, nodeSelector=A100), [node(gpus=8), node("n2", gpus=8, labels=A100)], [],
        ("now", 1, 1),
    ),
    "no node of the model": (
        wanted(gpus=1, nodeSelector=A100), [node(gpus=8)], [], ("never", 0, 0),
    ),
    "reserved": (wanted(), [node(taints=[taint("team", value="b")])], [], ("never", 0, 0)),
    "reserved, tolerated": (
        wanted(tolerations=[{"key": "team", "value": "b", "effect": "NoSchedule"}]),
        [node(taints=[taint("team", value="b")])], [], ("now", 1, 1),
    ),
    "reserved for others, tolerated another value": (
        wanted(tolerations=[{"key": "team", "value": "c"}]),
        [node(taints=[taint("team", value="b")])], [], ("never", 0, 0),
    ),
    "everything tolerated": (
        wanted(tolerations=[{"operator": "Exists"}]),
        [node(taints=[taint("team", "NoExecute")])], [], ("now", 1, 1),
    ),
    "preferably not": (
        wanted(), [node(taints=[taint("team", "PreferNoSchedule")])], [], ("now", 1, 1),
    ),
    "cordoned": (wanted(), [node(unschedulable=True)], [], ("later", 0, 0)),
    "not ready": (wanted(), [node(ready="Unknown")], [], ("later", 0, 0)),
    "short of disk": (
        wanted(), [node(taints=[taint("node.kubernetes.io/disk-pressure")])], [], ("later", 0, 0),
    ),
    "as many pods as it may": (
        wanted(), [node(offers={"pods": "1"})], [pod(cpu="0")], ("later", 0, 1),
    ),
    "the node's port is in use": (
        wanted(hostNetwork=True), [NODE], [pod(spec=HOST_POD)], ("later", 0, 1),
    ),
    "the node's port is free": (wanted(hostNetwork=True), [NODE], [pod()], ("now", 1, 1)),
    "no nodes": (wanted(), [], [], ("later", 0, 0)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case: str) -> None:
    request, nodes, pods, (verdict, now, when_free) = CASES[case]
    found = fit(request, rooms(nodes, pods))
    assert (found.verdict, found.nodes_now, found.nodes_when_free) == (verdict, now, when_free)
    assert found.nodes_total == len(nodes)
    assert found.message.endswith(".")
    assert (found.remedy is None) == (verdict == "now")
    assert len(found.blockers) == len(nodes) - now


def look(request: Request, *pods: Any, nodes: Any = None, **how: Any) -> Fit:
    return fit(request, rooms(nodes or [NODE], pods), **how)


def test_a_pod_that_gives_its_place_does_not_count() -> None:
    assert fit(wanted(4), rooms([NODE], [pod(uid="mine")], without=["mine"])).verdict == "now"


def test_where_nodes_are_added_nothing_is_never() -> None:
    found = look(wanted(64), grows=True)
    assert found.verdict == "later"
    assert "may add" in str(found.remedy)


def test_without_the_pods_of_others_nobody_knows_what_is_free() -> None:
    found = look(wanted(), complete=False)
    assert (found.verdict, found.nodes_now, found.largest) == ("unknown", None, None)
    assert found.nodes_when_free == 1
    assert look(wanted(64), complete=False).verdict == "never"


@pytest.mark.parametrize(
    ("request_", "field", "says"),
    [
        (wanted(9), "cpus", "9 CPUs for one pod, the largest node has 8 CPUs."),
        (wanted(1, "1Ti"), "memory", "1Ti of memory for one pod, the largest node has 16Gi of"),
        (wanted(gpus=1), "gpus", "1 GPU for one pod, the largest node has no GPUs."),
        (wanted(8, "16Gi"), "cpus", "No single node has that many"),
        (wanted(nodeSelector=A100), "gpu_model", "No node has the label nvidia.com/gpu.product="),
    ],
)
def test_what_never_fits_names_the_field(request_: Request, field: str, says: str) -> None:
    found = look(request_, nodes=[node("many-cpus", cpu="8"), node("much-memory", memory="16Gi")])
    assert (found.verdict, found.field) == ("never", field)
    assert found.message.startswith(says)


def test_the_largest_is_that_of_one_node() -> None:
    nodes = [node("small"), node("big", cpu="32", memory="64Gi", gpus=2, labels=A100)]
    found = look(wanted(), pod("big", "4", "60Gi", requests={GPU: "1"}), nodes=nodes)
    assert found.largest is not None
    assert found.largest.view() == {
        "node": "big", "cpus": 28, "memory": 4 * GIB, "gpus": 1, "gpu_model": "A100",
    }  # fmt: skip
    assert found.largest_when_free is not None
    assert found.largest_when_free.memory == 64 * GIB


def test_the_largest_has_gpus_where_they_are_wanted() -> None:
    nodes = [node("cpus", cpu="64", memory="256Gi"), node("gpus", gpus=1)]
    assert look(wanted(gpus=8), nodes=nodes).largest.node == "gpus"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("request_", "pods", "bounds", "suggestion"),
    [
        (wanted(4), [pod(cpu="1500m")], {}, {"cpus": 2}),
        (wanted(4), [pod(cpu="2700m")], {}, {"cpus": 1.3}),
        (wanted(1, "8Gi"), [pod(memory="1.5Gi")], {}, {"memory": 6 * GIB}),
        (wanted(1, "4Gi"), [pod(memory="7.3Gi")], {}, {"memory": 5 * GIB // 8}),
        (wanted(4, "8Gi"), [pod()], {}, {"cpus": 3, "memory": 7 * GIB}),
        (wanted(3, gpus=4), [pod(requests={GPU: "1"})], {}, {"gpus": 3}),
        # A quota may be narrower than the node.
        (wanted(4), [], {"cpu": 2.5}, {"cpus": 2}),
        # Nothing is left that a JupyterLab could start with.
        (wanted(1), [pod(cpu="3950m")], {}, None),
        (wanted(gpus=4), [pod(requests={GPU: "4"})], {}, None),
        # It fits as it is.
        (wanted(4), [], {}, None),
    ],
)
def test_the_smallest_change_that_starts_now(
    request_: Request, pods: list[Any], bounds: Any, suggestion: Any
) -> None:
    found = fit(request_, rooms([node(gpus=4)], pods), bounds=bounds)
    assert found.suggestion == suggestion


def test_of_several_nodes_the_least_change_is_suggested() -> None:
    nodes = [node("a"), node("b"), node("c")]
    pods = [pod("a", "3"), pod("b", "1"), pod("c", "500m", "4Gi")]
    found = look(wanted(4, "6Gi"), *pods, nodes=nodes)
    assert found.suggestion == {"cpus": 3}
    assert found.remedy == "With 3 CPUs it starts now."


@pytest.mark.parametrize(
    ("nodes", "pods", "reasons"),
    [
        ([NODE], [pod(cpu="3")], ["has 1 CPU free, 2 CPUs needed"]),
        ([node(cpu="1")], [], ["has 1 CPU in all, 2 CPUs needed"]),
        ([node(memory="1Gi")], [pod(cpu="0")], ["has no memory free, 1Gi of memory needed"]),
        ([node(unschedulable=True)], [], ["is cordoned"]),
        ([node(ready="False")], [pod(cpu="4")],
         ["is not ready", "has no CPUs free, 2 CPUs needed"]),
        ([node(taints=[taint("team", value="b")])], [], ["is reserved (taint team=b:NoSchedule)"]),
        ([node(offers={"pods": "1"})], [pod(cpu="0")], ["holds 1 pods, as many as it may"]),
    ],
)  # fmt: skip
def test_a_node_says_why_not(nodes: list[Any], pods: list[Any], reasons: list[str]) -> None:
    assert look(wanted(2), *pods, nodes=nodes).blockers == [("n1", reasons)]


def test_of_thousands_of_nodes_the_nearest_are_told() -> None:
    nodes = [node(f"n{number}", cpu="1", memory="1Gi") for number in range(2000)]
    found = fit(wanted(2, "2Gi"), rooms([*nodes, node("near", cpu="1")], []))
    assert len(found.blockers) == 50
    assert found.blockers[0][0] == "near"


@pytest.mark.parametrize(
    ("request_", "count", "field"),
    [(wanted(4), 4, "nodes"), (wanted(0.1, "6Gi"), 4, "nodes"), (wanted(9), 1, "cpus")],
)
def test_several_pods_that_never_fit(request_: Request, count: int, field: str) -> None:
    nodes = rooms([node("many-cpus", cpu="8"), node("much-memory", memory="16Gi")], [])
    with pytest.raises(InvalidField) as caught:
        require(request_, nodes, count)
    assert caught.value.field == field
    assert caught.value.remedy


def test_what_fits_on_the_empty_cluster_may_wait() -> None:
    require(wanted(0.1), rooms([node(cpu="0.3"), node(cpu="2")], []), 3 + 8)
    require(wanted(1000), [], 1)
