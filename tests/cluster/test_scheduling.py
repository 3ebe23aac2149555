"""Where pods go and whom they displace, as any Kubernetes 1.36 decides it.

The nodes are objects of the tests' own, which no kubelet need stand behind: what the scheduler
decides is seen in the pods' specs and conditions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.api import Api, Object
from tests.cluster.conftest import MakeLab
from tests.cluster.lab import Lab, names
from tests.cluster.nodes import Nodes
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

TAINT = "test.example.org/taint"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
NO_MATCH = "node(s) didn't match Pod's node affinity/selector"


@pytest.fixture(scope="module")
def lab(make_lab: MakeLab) -> Lab:
    return make_lab()


@pytest.fixture
def nodes(lab: Lab, image: str) -> Iterator[Nodes]:
    made = Nodes(lab, image)
    yield made
    for name in names(lab.get("pods")):
        lab.delete("pods", name, gracePeriodSeconds=0)
    for name in made.made:
        lab.api("DELETE", f"/api/v1/nodes/{name}")


@pytest.fixture(scope="module")
def classes(api: Api) -> Iterator[dict[str, str]]:
    """PriorityClasses of the tests' own: low, high, and high without preemption."""
    root, mark = "/apis/scheduling.k8s.io/v1/priorityclasses", uuid.uuid4().hex[:8]
    made = {name: f"{name}-{mark}" for name in ("low", "high", "patient")}
    for name, value, policy in (
        ("low", 10, "PreemptLowerPriority"),
        ("high", 1000, "PreemptLowerPriority"),
        ("patient", 1000, "Never"),
    ):
        body = {"metadata": {"name": made[name]}, "value": value, "preemptionPolicy": policy}
        assert api("POST", root, body).code == 201
    yield made
    for name in made.values():
        api("DELETE", f"{root}/{name}")


def affinity(*terms: Object, preferred: bool = False) -> Object:
    given: Any = {"nodeSelectorTerms": list(terms)}
    if preferred:
        given = [{"weight": weight, "preference": term} for weight, term in enumerate(terms, 1)]
    return {"affinity": {"nodeAffinity": {PREFERRED if preferred else REQUIRED: given}}}


def expression(operator: str, *values: str, key: str = "n") -> Object:
    return {"key": f"test.example.org/{key}", "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (expression("In", "5", "7"), True),
        (expression("In", "6"), False),
        (expression("NotIn", "6"), True),
        (expression("NotIn", "5"), False),
        (expression("Exists"), True),
        (expression("Exists", key="other"), False),
        (expression("DoesNotExist", key="other"), True),
        (expression("DoesNotExist"), False),
        (expression("Gt", "4"), True),
        (expression("Gt", "5"), False),
        (expression("Lt", "6"), True),
        (expression("Lt", "5"), False),
    ],
)
def test_required_affinity(nodes: Nodes, wanted: Object, fits: bool) -> None:
    node = nodes.add("a", n="5")
    name = nodes.pod("p", **affinity({"matchExpressions": [wanted]}))
    if fits:
        assert nodes.node_of(name) == node
    else:
        assert NO_MATCH in nodes.refusal(name)


def test_a_node_is_chosen_by_its_name(nodes: Nodes) -> None:
    node = nodes.add("a")
    nodes.add("b")
    by_name = {"key": "metadata.name", "operator": "In", "values": [node]}
    assert nodes.node_of(nodes.pod("p", **affinity({"matchFields": [by_name]}))) == node


def test_the_heaviest_preference_wins(nodes: Nodes) -> None:
    for name in "abc":
        nodes.add(name, called=name)
    wishes = [{"matchExpressions": [expression("In", n, key="called")]} for n in "acb"]
    name = nodes.pod("p", **affinity(*wishes, preferred=True))
    assert nodes.node_of(name).endswith("-b")


def test_the_emptier_node_is_taken(nodes: Nodes) -> None:
    first, second = nodes.add("a"), nodes.add("b")
    taken = [nodes.node_of(nodes.pod(f"p{i}", "500m")) for i in range(4)]
    assert sorted(taken) == sorted([first, second] * 2)


def test_taints_are_borne_or_avoided(nodes: Nodes) -> None:
    taint = {"key": TAINT, "value": "1", "effect": "NoSchedule"}
    closed = nodes.add("closed", taints=[taint])
    assert "node(s) had untolerated taint(s)" in nodes.refusal(nodes.pod("p"))
    borne = {"key": TAINT, "operator": "Equal", "value": "1", "effect": "NoSchedule"}
    assert nodes.node_of(nodes.pod("q", tolerations=[borne])) == closed
    shunned = nodes.add("shunned", taints=[{**taint, "effect": "PreferNoSchedule"}])
    assert nodes.node_of("p") == shunned
    better = nodes.add("better", cpu="1")
    assert nodes.node_of(nodes.pod("r", "900m")) == better


def test_a_cordoned_node_takes_only_what_tolerates_that(nodes: Nodes) -> None:
    node = nodes.add("a")
    nodes.change(node, {"spec": {"unschedulable": True}})
    assert "1 node(s) were unschedulable" in nodes.refusal(nodes.pod("p"))
    borne = {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}
    assert nodes.node_of(nodes.pod("q", tolerations=[borne])) == node
    nodes.change(node, {"spec": {"unschedulable": False}})
    assert nodes.node_of("p") == node


def test_every_reason_is_counted(nodes: Nodes) -> None:
    for name, cpu in (("a", "1"), ("b", "1"), ("c", "4")):
        nodes.add(name, cpu)
    for i in range(3):
        nodes.pod(f"filler-{i}", "700m")
    nodes.node_of("filler-2")
    nodes.change(nodes.made[2], {"spec": {"unschedulable": True}})
    told = nodes.refusal(nodes.pod("p", "3"))
    assert "2 Insufficient cpu" in told
    assert "1 node(s) were unschedulable" in told
    assert "no new claims to deallocate, preemption: " in told
    assert told.endswith("Preemption is not helpful for scheduling.")
    assert ("FailedScheduling", told) in nodes.events("p")


def test_what_a_pod_of_no_higher_priority_cannot_get(nodes: Nodes) -> None:
    nodes.add("a")
    nodes.node_of(nodes.pod("first", "1500m"))
    told = nodes.refusal(nodes.pod("second", "1"))
    assert "1 Insufficient cpu" in told
    assert "1 No preemption victims found for incoming pod" in told


def test_init_containers_and_sidecars_count(nodes: Nodes) -> None:
    nodes.add("a")

    def init(name: str, cpu: str, **more: str) -> Object:
        return {"name": name, "image": nodes.image, "command": ["sleep", "1"],
                "resources": {"requests": {"cpu": cpu}}, **more}  # fmt: skip

    sidecar = init("side", "500m", restartPolicy="Always")
    fits = nodes.pod("fits", "1500m", initContainers=[sidecar, init("one", "1500m")])
    nodes.node_of(fits)
    nodes.lab.delete("pods", fits, gracePeriodSeconds=0)
    big = nodes.pod("big", "100m", initContainers=[sidecar, init("one", "1600m")])
    assert "Insufficient cpu" in nodes.refusal(big)


def test_two_pods_cannot_have_one_port_of_a_node(nodes: Nodes) -> None:
    nodes.add("a")
    ports: Object = {"ports": [{"containerPort": 39999, "hostPort": 39999}]}
    nodes.node_of(nodes.pod("p", **ports))
    text = "1 node(s) didn't have free ports for the requested pod ports"
    assert text in nodes.refusal(nodes.pod("q", **ports))


def test_a_gated_pod_waits_until_the_gates_are_gone(nodes: Nodes) -> None:
    node = nodes.add("a")
    name = nodes.pod("p", schedulingGates=[{"name": "test.example.org/gate"}])
    assert "Scheduling is blocked due to non-empty scheduling gates" in nodes.refusal(name)
    assert nodes.lab.patch("pods", name, {"spec": {"schedulingGates": []}}).code == 200
    assert nodes.node_of(name) == node


def test_a_higher_priority_displaces_the_fewest_and_least(
    nodes: Nodes, classes: dict[str, str]
) -> None:
    crowded, other = nodes.add("crowded"), nodes.add("other")
    for i in range(2):
        nodes.pod(f"small-{i}", "1", nodeName=crowded, priorityClassName=classes["low"])
    nodes.pod("large", "2", nodeName=other, priorityClassName=classes["low"])
    name = nodes.pod("urgent", "2", priorityClassName=classes["high"])
    uid = nodes.lab.get("pods", name).body["metadata"]["uid"]

    # A victim may be gone at once, where its node has not begun to run it: its event stays.
    told = ("Preempted", f"Preempted by pod {uid} on node {other}")
    eventually(lambda: told in nodes.events("large"))
    assert not nodes.events("small-0") or "Preempted" not in dict(nodes.events("small-0"))
    victim = nodes.lab.get("pods", "large")
    if victim.code == 200:
        (disrupted,) = (
            c for c in victim.body["status"]["conditions"] if c["type"] == "DisruptionTarget"
        )
        assert (disrupted["status"], disrupted["reason"], disrupted["message"]) == (
            "True", "PreemptionByScheduler",
            "default-scheduler: preempting to accommodate a higher priority pod",
        )  # fmt: skip
        urgent = nodes.lab.get("pods", name).body
        # Until it is bound, which it may be by now, it says where it will go.
        assert urgent["spec"].get("nodeName", urgent["status"].get("nominatedNodeName")) == other
        nodes.lab.delete("pods", "large", gracePeriodSeconds=0)
    assert nodes.node_of(name) == other
    assert any(message.endswith("2 Insufficient cpu.") or "2 Insufficient cpu, " in message
               for _, message in nodes.events(name))  # fmt: skip


def test_a_patient_pod_goes_first_but_displaces_nobody(
    nodes: Nodes, classes: dict[str, str]
) -> None:
    nodes.add("a", "1")
    nodes.node_of(nodes.pod("holder", "1", priorityClassName=classes["low"]))
    nodes.pod("plain", "1", priorityClassName=classes["low"])
    nodes.refusal("plain")
    told = nodes.refusal(nodes.pod("patient", "1", priorityClassName=classes["patient"]))
    assert told.endswith("preemption: not eligible due to preemptionPolicy=Never.")
    assert "deletionTimestamp" not in nodes.lab.get("pods", "holder").body["metadata"]
    nodes.lab.delete("pods", "holder", gracePeriodSeconds=0)
    nodes.node_of("patient")
    assert "nodeName" not in nodes.lab.get("pods", "plain").body["spec"]


def borne_for(seconds: int | None) -> Object:
    toleration: Object = {"key": TAINT, "operator": "Exists", "effect": "NoExecute"}
    return toleration if seconds is None else {**toleration, "tolerationSeconds": seconds}


def test_a_taint_evicts_what_does_not_bear_it(nodes: Nodes) -> None:
    node = nodes.add("a")
    for name, tolerations in (
        ("leaves", []), ("stays", [borne_for(None)]), ("later", [borne_for(1)]),
        ("much-later", [borne_for(600)]),
    ):  # fmt: skip
        nodes.node_of(nodes.pod(name, tolerations=tolerations))
    nodes.change(node, {"spec": {"taints": [{"key": TAINT, "effect": "NoExecute"}]}})

    def leaving(name: str) -> Callable[[], bool]:
        def look() -> bool:
            found = nodes.lab.get("pods", name)
            return found.code == 404 or "deletionTimestamp" in found.body["metadata"]

        return look

    for name in ("leaves", "later"):
        eventually(leaving(name))
        marked = f"Marking for deletion Pod {nodes.lab.namespace}/{name}"
        assert ("TaintManagerEviction", marked) in nodes.events(name)
    assert not leaving("stays")()
    nodes.change(node, {"spec": {"taints": []}})
    cancelled = f"Cancelling deletion of Pod {nodes.lab.namespace}/much-later"
    eventually(lambda: ("TaintManagerEviction", cancelled) in nodes.events("much-later"))


def test_a_claim_that_waits_for_its_pod_brings_it_to_its_volume(nodes: Nodes) -> None:
    nodes.add("a")
    there, lab = nodes.add("b"), nodes.lab
    root, name = "/apis/storage.k8s.io/v1/storageclasses", f"waits-{nodes.mark}"
    waiting = {"metadata": {"name": name}, "provisioner": "kubernetes.io/no-provisioner",
               "volumeBindingMode": "WaitForFirstConsumer"}  # fmt: skip
    assert lab.api("POST", root, waiting).code == 201
    on_node = {"key": "kubernetes.io/hostname", "operator": "In", "values": [there]}
    size = {"accessModes": ["ReadWriteOnce"], "storageClassName": name}
    chosen = {"nodeSelectorTerms": [{"matchExpressions": [on_node]}]}
    offer = {"capacity": {"storage": "1Gi"}, "local": {"path": "/tmp"}}
    volume = {"metadata": {"name": name},
              "spec": {**size, **offer, "nodeAffinity": {"required": chosen}}}  # fmt: skip
    assert lab.api("POST", "/api/v1/persistentvolumes", volume).code == 201
    asked = {"resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "c"}, "spec": {**size, **asked}}
    assert lab.create("persistentvolumeclaims", claim).code == 201
    source = {"name": "v", "persistentVolumeClaim": {"claimName": "c"}}
    try:
        assert nodes.node_of(nodes.pod("p", volumes=[source])) == there
        bound = lab.get("persistentvolumeclaims", "c").body
        assert (bound["status"]["phase"], bound["spec"]["volumeName"]) == ("Bound", name)
    finally:
        lab.delete("pods", "p", gracePeriodSeconds=0)
        lab.delete("persistentvolumeclaims", "c")
        lab.api("DELETE", f"/api/v1/persistentvolumes/{name}")
        lab.api("DELETE", f"{root}/{name}")
