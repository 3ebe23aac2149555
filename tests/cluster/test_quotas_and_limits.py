"""ResourceQuotas, LimitRanges and PriorityClasses at admission, as any Kubernetes 1.36 has them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.conftest import MakeLab
from tests.cluster.lab import Lab, config_map
from tests.cluster.pods import pod

pytestmark = pytest.mark.cluster

CLASSES = "/apis/scheduling.k8s.io/v1/priorityclasses"


@pytest.fixture
def lab(make_lab: MakeLab) -> Lab:
    """A namespace of the test's own."""
    return make_lab()


@pytest.fixture
def priority_class(lab: Lab) -> Iterator[Callable[..., str]]:
    """Makes PriorityClasses, by their values; answers with their names."""
    made = []

    def make(value: int, **more: Any) -> str:
        name = f"class-{uuid.uuid4().hex[:8]}"
        made.append(name)
        body = {"metadata": {"name": name}, "value": value, **more}
        assert lab.api("POST", CLASSES, body).code == 201
        return name

    yield make
    for name in made:
        lab.api("DELETE", f"{CLASSES}/{name}")


def quota(lab: Lab, name: str, hard: Object, **spec: Any) -> None:
    """Make a quota, and wait until it holds."""
    body = {"metadata": {"name": name}, "spec": {"hard": hard, **spec}}
    assert lab.create("resourcequotas", body).code == 201
    lab.until("resourcequotas", name, lambda q: q["status"]["used"].keys() == hard.keys())


def used(lab: Lab, name: str, **expected: str) -> bool:
    """Whether the quota comes to say so."""
    return bool(
        lab.until("resourcequotas", name, lambda q: expected.items() <= q["status"]["used"].items())
    )


def limits(lab: Lab, kind: str, **item: Object) -> Object:
    body = {"metadata": {"name": "l"}, "spec": {"limits": [{"type": kind, **item}]}}
    made = lab.create("limitranges", body)
    assert made.code == 201
    kept: Object = made.body["spec"]["limits"][0]
    return kept


def sized(requests: Object | None = None, **given: Object) -> Object:
    return {"resources": {**({"requests": requests} if requests else {}), **given}}


def refusal(lab: Lab, kind: str, body: Object) -> str:
    answer = lab.create(kind, body)
    assert answer.refusal == [403, "Forbidden"], answer.body
    told: str = answer.body["message"]
    return told


def test_objects_are_counted(lab: Lab) -> None:
    # Each namespace has one of its own: the certificate authority of the API server.
    quota(lab, "q", {"configmaps": "2", "count/secrets": "1", "count/jobs.batch": "0"})
    assert lab.create("configmaps", config_map("a"), dryRun="All").code == 201
    assert lab.create("configmaps", config_map("b")).code == 201
    assert refusal(lab, "configmaps", config_map("c")) == (
        'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: '
        "configmaps=2, limited: configmaps=2"
    )
    assert lab.create("secrets", {"metadata": {"name": "s"}}).code == 201
    assert "count/secrets=1" in refusal(lab, "secrets", {"metadata": {"name": "t"}})
    lab.delete("configmaps", "b")
    assert used(lab, "q", configmaps="1")


def test_two_at_once_do_not_both_take_the_last_place(lab: Lab, image: str) -> None:
    quota(lab, "q", {"pods": "1", "requests.memory": "64Mi"})
    body = [pod(n, image, "sleep 60", **sized({"memory": "32Mi"})) for n in "abcd"]
    with ThreadPoolExecutor(4) as pool:
        codes = [made.code for made in pool.map(lambda b: lab.create("pods", b), body)]
    assert sorted(codes) == [201, 403, 403, 403]
    assert used(lab, "q", **{"pods": "1", "requests.memory": "32Mi"})


def test_claims_are_counted_by_class(lab: Lab) -> None:
    of_class = "none-such.storageclass.storage.k8s.io"
    quota(lab, "q", {"requests.storage": "3Gi", f"{of_class}/requests.storage": "1Gi",
                     f"{of_class}/persistentvolumeclaims": "5"})  # fmt: skip

    def claim(name: str, size: str, class_name: str) -> Object:
        return {"metadata": {"name": name},
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class_name,
                         "resources": {"requests": {"storage": size}}}}  # fmt: skip

    assert lab.create("persistentvolumeclaims", claim("a", "1Gi", "none-such")).code == 201
    told = refusal(lab, "persistentvolumeclaims", claim("b", "1Gi", "none-such"))
    assert f"requested: {of_class}/requests.storage=1Gi" in told
    assert lab.create("persistentvolumeclaims", claim("c", "2Gi", "other")).code == 201
    assert "requests.storage=1Mi" in refusal(
        lab, "persistentvolumeclaims", claim("d", "1Mi", "other")
    )


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({"scopes": ["BestEffort"]}, {}, {"resources": {"requests": {"cpu": "1m"}}}),
        ({"scopes": ["NotBestEffort"]}, {"resources": {"requests": {"cpu": "1m"}}}, {}),
        ({"scopes": ["Terminating"]}, {"activeDeadlineSeconds": 60}, {}),
        ({"scopes": ["NotTerminating"]}, {}, {"activeDeadlineSeconds": 60}),
        ({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}]}},
         {"priorityClassName": "system-node-critical"}, {}),
        ({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "Exists"}]}},
         {"priorityClassName": "system-node-critical"}, {}),
        ({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "DoesNotExist"}]}},
         {}, {"priorityClassName": "system-node-critical"}),
        ({"scopeSelector": {"matchExpressions": [
            {"scopeName": "PriorityClass", "operator": "NotIn",
             "values": ["system-node-critical"]}]}},
         {}, {"priorityClassName": "system-node-critical"}),
    ],
)  # fmt: skip
def test_a_quota_speaks_of_the_pods_in_its_scope(
    lab: Lab, image: str, scope: Object, inside: Object, outside: Object
) -> None:
    quota(lab, "q", {"pods": "0"}, **scope)

    assert "exceeded quota: q" in refusal(lab, "pods", pod("in", image, "true", **inside))
    assert lab.create("pods", pod("out", image, "true", **outside), dryRun="All").code == 201


def test_a_container_gets_the_limits_of_its_namespace(lab: Lab, image: str) -> None:
    kept = limits(lab, "Container", max={"cpu": "2"}, default={"memory": "64Mi"},
                  defaultRequest={"cpu": "100m"})  # fmt: skip
    assert kept["default"] == {"cpu": "2", "memory": "64Mi"}
    assert kept["defaultRequest"] == {"cpu": "100m", "memory": "64Mi"}
    made = lab.create("pods", pod("p", image, "true")).body
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "2", "memory": "64Mi"},
        "requests": {"cpu": "100m", "memory": "64Mi"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for "
        "container main"
    )
    assert made["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("kind", "item", "container", "told"),
    [
        ("Container", {"max": {"cpu": "1"}}, sized(limits={"cpu": "2"}),
         "maximum cpu usage per Container is 1, but limit is 2"),
        ("Container", {"min": {"memory": "64Mi"}}, sized({"memory": "1Mi"}),
         "minimum memory usage per Container is 64Mi, but request is 1Mi"),
        ("Container", {"maxLimitRequestRatio": {"cpu": "2"}},
         sized({"cpu": "100m"}, limits={"cpu": "500m"}),
         "cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000"),
        ("Pod", {"max": {"memory": "1Gi"}}, {},
         "maximum memory usage per Pod is 1Gi.  No limit is specified"),
        ("Pod", {"max": {"memory": "1Gi"}}, sized(limits={"memory": "2Gi"}),
         "maximum memory usage per Pod is 1Gi, but limit is 2Gi"),
    ],
)  # fmt: skip
def test_what_breaks_a_limit_is_refused(
    lab: Lab, image: str, kind: str, item: Object, container: Object, told: str
) -> None:
    limits(lab, kind, **item)
    assert told in refusal(lab, "pods", pod("p", image, "true", **container))


def test_a_claim_has_a_least_and_a_largest_size(lab: Lab) -> None:
    limits(lab, "PersistentVolumeClaim", max={"storage": "2Gi"}, min={"storage": "1Gi"})
    for size, bound in (("3Gi", "maximum"), ("1Mi", "minimum")):
        least_or_most = {"maximum": "2Gi", "minimum": "1Gi"}[bound]
        told = f"{bound} storage usage per PersistentVolumeClaim is {least_or_most}, but "
        body = {"metadata": {"name": "c"},
                "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none-such",
                         "resources": {"requests": {"storage": size}}}}  # fmt: skip
        assert f"{told}request is {size}" in refusal(lab, "persistentvolumeclaims", body)


def test_a_pod_has_the_priority_of_its_class(
    lab: Lab, image: str, priority_class: Callable[..., str]
) -> None:
    name = priority_class(7, preemptionPolicy="Never")
    made = lab.create("pods", pod("p", image, "true", priorityClassName=name), dryRun="All")
    spec = made.body["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (7, "Never")
    assert refusal(lab, "pods", pod("q", image, "true", priorityClassName="nope")) == (
        'pods "q" is forbidden: no PriorityClass with name nope was found'
    )
    told = refusal(lab, "pods", pod("q", image, "true", priority=9, priorityClassName=name))
    assert told == (
        'pods "q" is forbidden: the integer value of priority (9) must not be provided in pod '
        "spec; priority admission controller computed 7 from the given PriorityClass name"
    )


def test_there_is_one_default_class(
    lab: Lab, image: str, priority_class: Callable[..., str]
) -> None:
    name = priority_class(5, globalDefault=True)
    made = lab.create("pods", pod("p", image, "true"), dryRun="All")
    assert (made.body["spec"]["priorityClassName"], made.body["spec"]["priority"]) == (name, 5)
    second = {"metadata": {"name": "second"}, "value": 6, "globalDefault": True}
    answer = lab.api("POST", CLASSES, second)
    assert answer.body["message"] == (
        'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass '
        f"{name} is already marked as default. Only one default can exist"
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("big", 1_000_000_001,
         "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"),
        ("system-mine", 1, "metadata.name: Forbidden: priority class names with 'system-' prefix"),
    ],
)  # fmt: skip
def test_some_classes_are_the_systems_own(lab: Lab, name: str, value: int, told: str) -> None:
    answer = lab.api("POST", CLASSES, {"metadata": {"name": name}, "value": value})
    assert answer.refusal == [422, "Invalid"]
    assert told in answer.body["message"]


def test_the_value_of_a_class_stays(lab: Lab, priority_class: Callable[..., str]) -> None:
    name = priority_class(3)
    path = f"{CLASSES}/{name}"
    answer = lab.api("PATCH", path, {"value": 4}, content_type="application/merge-patch+json")
    assert "value: Forbidden: may not be changed in an update." in answer.body["message"]
    system = lab.api("GET", f"{CLASSES}/system-node-critical").body
    assert (system["value"], system["preemptionPolicy"]) == (2_000_001_000, "PreemptLowerPriority")
