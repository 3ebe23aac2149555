"""StatefulSets, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.lab import Lab, has
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

Real = dict[str, Any]


def test_a_statefulset_is_completed_with_defaults(situations: Lab, real: Real) -> None:
    answer = situations.created["dev"]
    spec = answer.body["spec"]
    found = [answer.code, spec["podManagementPolicy"], spec["updateStrategy"]["type"]]
    assert found == real["statefulsets: defaults"]


def test_the_field_that_names_its_service_is_immutable(situations: Lab, real: Real) -> None:
    refused = situations.patch("statefulsets", "dev", {"spec": {"serviceName": "other"}})
    assert refused.refusal == real["statefulsets: immutable field"]


def test_a_statefulset_lives(situations: Lab, real: Real) -> None:
    """It runs, is scaled to nothing and back, replaces its pod, and takes it along."""
    lab = situations
    pod = lab.until("pods", "dev-0", has("Ready"))
    status = lab.until("statefulsets", "dev", lambda s: s["status"]["readyReplicas"])["status"]
    eventually(lambda: lab.log("dev-0"))
    label = pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"]
    found = [status["replicas"], status["readyReplicas"], pod["spec"]["hostname"], label,
             lab.log("dev-0")]  # fmt: skip
    assert found == real["statefulsets: running"]

    scale = lab.patch("statefulsets", "dev/scale", {"spec": {"replicas": 0}})
    found = [scale.code, scale.body["kind"], scale.body["spec"]]
    assert found == real["statefulsets: scale answers"]
    assert lab.gone("pods", "dev-0") == real["statefulsets: scaled to zero"]

    lab.patch("statefulsets", "dev", {"spec": {"replicas": 1}})
    before = lab.until("pods", "dev-0", has("Ready"))["metadata"]["uid"]
    lab.delete("pods", "dev-0")
    after = lab.until(
        "pods", "dev-0",
        lambda p: p["metadata"]["uid"] != before and p["status"]["phase"] == "Running",
    )["metadata"]  # fmt: skip
    assert [after["name"], after["uid"] != before] == real["statefulsets: replaces its pod"]

    lab.delete("statefulsets", "dev")
    assert lab.gone("pods", "dev-0") == real["statefulsets: delete takes its pod"]
