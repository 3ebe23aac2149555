"""ResourceQuotas, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.api import Answer
from tests.cluster.lab import Lab, job
from tests.cluster.pods import pod
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

Real = dict[str, Any]
THIRD = {"requests": {"cpu": "300m"}}


@pytest.fixture(scope="module")
def limited(lab: Lab, image: str) -> Lab:
    """A lab with a quota for two pods, and one that runs in it."""
    hard = {"pods": "2", "requests.cpu": "500m", "requests.nvidia.com/gpu": "1"}
    lab.create("resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": hard}})
    lab.until("resourcequotas", "q", lambda quota: quota["status"]["used"])
    lab.create("pods", pod("q1", image, "sleep 300", resources=THIRD))
    return lab


def told(answer: Answer) -> dict[str, Any]:
    return {key: value for key, value in answer.status.items() if key != "details"}


def test_what_exceeds_a_quota_is_refused(limited: Lab, image: str, real: Real) -> None:
    refused = limited.create("pods", pod("q2", image, "sleep 300", resources=THIRD))
    assert [limited.created["q1"].code, told(refused)] == real["quota: exceeded"]


def test_a_quota_of_cpu_asks_for_requests(limited: Lab, image: str, real: Real) -> None:
    refused = limited.create("pods", pod("q3", image, "true"))
    assert [refused.code, told(refused)] == real["quota: must name requests"]


def test_a_quota_counts(limited: Lab, real: Real) -> None:
    quota = limited.until("resourcequotas", "q", lambda q: q["status"]["used"]["pods"] == "1")
    assert [quota["status"]["used"], quota["status"]["hard"]] == real["quota: used"]


def test_an_event_tells_that_a_quota_refused_a_jobs_pod(
    limited: Lab, image: str, real: Real
) -> None:
    limited.create("jobs", job("qj", image, "true"))
    query = {"fieldSelector": "involvedObject.name=qj"}
    (event, *_) = eventually(lambda: limited.get("events", **query).body["items"])
    found = [event["reason"], event["type"], "forbidden" in event["message"]]
    assert [found] == real["quota: a job's pod is refused by event"]
