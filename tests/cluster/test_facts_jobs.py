"""Jobs, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.lab import Lab, has, job, names
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

Real = dict[str, Any]


def pods(lab: Lab, job: str) -> list[Object]:
    found: list[Object] = lab.get("pods", labelSelector=f"job-name={job}").body["items"]
    return found


def why(job: Object) -> Object:
    """The condition by which the Job failed."""
    return next(c for c in job["status"]["conditions"] if c["type"] == "Failed")


def test_a_job_is_completed_with_defaults(situations: Lab, real: Real) -> None:
    answer = situations.created["j"]
    fields = ("completions", "parallelism", "backoffLimit", "completionMode", "suspend")
    found = [answer.code, *(answer.body["spec"][field] for field in fields)]
    assert found == real["jobs: defaults"]


def test_a_job_completes_and_its_pod_names_it(situations: Lab, image: str, real: Real) -> None:
    situations.create("jobs", job("done", image, "true"))
    status = situations.until("jobs", "done", has("Complete"))["status"]
    true = sorted(c["type"] for c in status["conditions"] if c["status"] == "True")
    found = [status["succeeded"], true, "completionTime" in status, "startTime" in status]
    assert found == real["jobs: complete"]

    (pod,) = pods(situations, "done")
    metadata = pod["metadata"]
    owner = metadata["ownerReferences"][0]
    labels = sorted(k for k in metadata["labels"] if "job-name" in k or k == "of")
    found = [1, metadata["name"].startswith("done-"), owner["kind"], owner["controller"], labels]
    assert found == real["jobs: its pod"]


def test_a_job_fails(situations: Lab, real: Real) -> None:
    failed = situations.until("jobs", "f", has("Failed"))
    found = [why(failed)["reason"], why(failed)["message"], failed["status"]["failed"]]
    assert found == real["jobs: failed"]


def test_an_indexed_job_numbers_its_pods(situations: Lab, real: Real) -> None:
    status = situations.until("jobs", "ix", has("Complete"))["status"]
    made = pods(situations, "ix")
    label = "batch.kubernetes.io/job-completion-index"
    found = [
        status["succeeded"],
        status["completedIndexes"],
        sorted(pod["metadata"]["labels"][label] for pod in made),
        sorted(pod["spec"]["hostname"] for pod in made),
        sorted(situations.log(pod["metadata"]["name"]).split() for pod in made),
    ]
    assert found == real["jobs: indexed"]
    named = sorted(re.sub("-[a-z0-9]{5}$", "-XXXXX", pod["metadata"]["name"]) for pod in made)
    assert named == real["jobs: indexed pod names"]


def test_a_job_fails_at_its_deadline(situations: Lab, real: Real) -> None:
    failed = situations.until("jobs", "slow", has("Failed"))
    assert why(failed)["reason"] == real["jobs: past its deadline"]


def test_a_suspended_job_waits_until_it_is_resumed(situations: Lab, real: Real) -> None:
    waiting = situations.until("jobs", "sus", has("Suspended"))
    conditions = sorted([c["type"], c["status"]] for c in waiting["status"]["conditions"])
    assert [len(pods(situations, "sus")), conditions] == real["jobs: suspended"]
    situations.patch("jobs", "sus", {"spec": {"suspend": False}})
    resumed = situations.until("jobs", "sus", has("Complete"))
    assert resumed["status"]["succeeded"] == real["jobs: resumed"]


def test_a_job_is_removed_after_its_time(situations: Lab, real: Real) -> None:
    assert situations.gone("jobs", "ttl") == real["jobs: removed after its time"]


def test_a_job_takes_its_pods_with_it(situations: Lab, real: Real) -> None:
    situations.until("jobs", "j", has("Complete"))
    code = situations.delete("jobs", "j", propagationPolicy="Background").code
    eventually(lambda: not pods(situations, "j"))
    assert [code, 0] == real["jobs: delete takes its pods"]


def test_pods_of_a_job_must_not_always_restart(situations: Lab, real: Real) -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "x"}]}}
    answer = situations.create("jobs", {"metadata": {"name": "x"}, "spec": {"template": template}})
    told = "restartPolicy" in answer.body["message"]
    assert [*answer.refusal, told] == real["jobs: template must not always restart"]


def test_a_job_tries_as_often_as_it_may(situations: Lab, real: Real) -> None:
    failed = situations.until("jobs", "retry", has("Failed"))
    assert [failed["status"]["failed"], why(failed)["reason"]] == real["jobs: backoff limit"]
    assert len(names(situations.get("pods", labelSelector="job-name=retry"))) == 2
