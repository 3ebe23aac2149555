"""What Jobs do about failures, successes and suspension, as any Kubernetes 1.36 does it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.lab import Lab, has, job
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

FINALIZER = "batch.kubernetes.io/job-tracking"
BY_INDEX = "exit $JOB_COMPLETION_INDEX"


def indexed(name: str, image: str, script: str, count: int, **spec: Any) -> Object:
    return job(
        name, image, script, completions=count, parallelism=count, completionMode="Indexed", **spec
    )


def rule(action: str, *codes: int, operator: str = "In") -> Object:
    exit_codes = {"operator": operator, "values": list(codes), "containerName": "main"}
    return {"action": action, "onExitCodes": exit_codes}


def disrupted(action: str) -> Object:
    pattern = {"type": "DisruptionTarget"}
    return {"action": action, "onPodConditions": [pattern]}


def policy(*rules: Object) -> Object:
    return {"podFailurePolicy": {"rules": list(rules)}}


def pods_of(lab: Lab, name: str) -> list[Object]:
    found: list[Object] = lab.get("pods", labelSelector=f"job-name={name}").body["items"]
    return found


def ended(found: Object) -> list[list[str]]:
    """The true conditions, with their reasons."""
    return [
        [c["type"], c["reason"]] for c in found["status"]["conditions"] if c["status"] == "True"
    ]


@pytest.fixture(scope="module")
def jobs(lab: Lab, image: str) -> Lab:
    """Jobs that end by themselves, side by side."""
    for body in (
        job("fail-job", image, "exit 42", **policy(rule("FailJob", 42)), backoffLimit=6),
        job("not-in", image, "exit 3", **policy(rule("FailJob", 1, 2, operator="NotIn"))),
        indexed("fail-index", image, BY_INDEX, 2, backoffLimitPerIndex=4,
                **policy(rule("FailIndex", 1))),
        indexed("per-index", image, BY_INDEX, 3, backoffLimitPerIndex=0),
        indexed("most-failed", image, "exit 1", 3, backoffLimitPerIndex=0, maxFailedIndexes=1),
        indexed("leader", image, "[ $JOB_COMPLETION_INDEX = 1 ] || sleep 300", 3,
                successPolicy={"rules": [{"succeededIndexes": "1"}]}),
        indexed("some", image, "[ $JOB_COMPLETION_INDEX != 0 ] || sleep 300", 3,
                successPolicy={"rules": [{"succeededIndexes": "0-2", "succeededCount": 2}]}),
        indexed("again", image, "exit 1", 1, backoffLimitPerIndex=1),
        job("ignored", image, "sleep 300", backoffLimit=0, **policy(disrupted("Ignore"))),
        job("on-failure", image, "exit 1", backoffLimit=0),
    ):  # fmt: skip
        if body["metadata"]["name"] == "on-failure":
            body["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
        assert lab.create("jobs", body).code == 201
    lab.until("jobs", "ignored", lambda found: found["status"]["ready"] == 1)
    name = pods_of(lab, "ignored")[0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    assert lab.api("POST", lab.path("pods", f"{name}/eviction"), eviction).code == 201
    lab.gone("pods", name)
    return lab


@pytest.mark.parametrize(
    ("name", "reason", "counts"),
    [
        ("fail-job", "PodFailurePolicy", {"failed": 1}),
        ("not-in", "PodFailurePolicy", {"failed": 1}),
        ("fail-index", "FailedIndexes",
         {"failed": 1, "succeeded": 1, "failedIndexes": "1", "completedIndexes": "0"}),
        ("per-index", "FailedIndexes",
         {"failed": 2, "succeeded": 1, "failedIndexes": "1,2", "completedIndexes": "0"}),
        ("on-failure", "BackoffLimitExceeded", {"failed": 1}),
    ],
)  # fmt: skip
def test_failures_end_a_job(jobs: Lab, name: str, reason: str, counts: Object) -> None:
    found = jobs.until("jobs", name, has("Failed"))
    assert ended(found) == [["FailureTarget", reason], ["Failed", reason]]
    keys = ("failed", "succeeded", "failedIndexes", "completedIndexes")
    assert {k: found["status"][k] for k in keys if k in found["status"]} == counts
    assert found["status"]["uncountedTerminatedPods"] == {}
    assert (found["status"]["terminating"], found["status"]["ready"]) == (0, 0)
    # What is counted is let go.
    assert not any(
        FINALIZER in pod["metadata"].get("finalizers", []) for pod in pods_of(jobs, name)
    )


def test_a_failed_job_names_the_container_and_the_rule(jobs: Lab) -> None:
    found = jobs.until("jobs", "fail-job", has("Failed"))
    (pod,) = pods_of(jobs, "fail-job")
    assert found["status"]["conditions"][0]["message"] == (
        f"Container main for pod {jobs.namespace}/{pod['metadata']['name']} failed with exit code "
        "42 matching FailJob rule at index 0"
    )


def test_more_failed_indexes_than_allowed_end_a_job(jobs: Lab) -> None:
    found = jobs.until("jobs", "most-failed", has("Failed"))
    assert ended(found)[0] == ["FailureTarget", "MaxFailedIndexesExceeded"]


@pytest.mark.parametrize(("name", "indexes"), [("leader", "1"), ("some", "1,2")])
def test_a_success_policy_ends_a_job_early(jobs: Lab, name: str, indexes: str) -> None:
    found = jobs.until("jobs", name, has("Complete"))
    assert ended(found) == [["SuccessCriteriaMet", "SuccessPolicy"], ["Complete", "SuccessPolicy"]]
    assert "Matched rules at index" in found["status"]["conditions"][0]["message"]
    assert found["status"]["completedIndexes"] == indexes
    assert "failed" not in found["status"]


def test_pods_are_replaced_when_they_end_or_when_they_are_told_to(lab: Lab, image: str) -> None:
    script = "trap '' TERM; sleep 300"
    for name, replacement in (("late", "Failed"), ("early", "TerminatingOrFailed")):
        body = job(name, image, script, podReplacementPolicy=replacement)
        body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 300
        lab.create("jobs", body)
    for name in ("late", "early"):
        lab.until("jobs", name, lambda j: j["status"]["ready"] == 1)
        lab.delete("pods", pods_of(lab, name)[0]["metadata"]["name"])
    early = lab.until("jobs", "early", lambda j: j["status"]["terminating"] == 1)
    assert early["status"]["failed"] == 1
    late = lab.until("jobs", "late", lambda j: j["status"]["terminating"] == 1)
    assert "failed" not in late["status"]
    assert len(pods_of(lab, "late")) == 1
    for name in ("late", "early"):
        for pod in pods_of(lab, name):
            lab.delete("pods", pod["metadata"]["name"], gracePeriodSeconds=0)
        lab.delete("jobs", name, propagationPolicy="Background")


def test_suspending_ends_pods_without_counting_them(lab: Lab, image: str) -> None:
    lab.create("jobs", job("pause", image, "sleep 300", activeDeadlineSeconds=600))
    lab.until("jobs", "pause", lambda j: j["status"]["ready"] == 1)
    assert lab.patch("jobs", "pause", {"spec": {"suspend": True}}).code == 200
    found = lab.until("jobs", "pause", lambda j: has("Suspended")(j) and not pods_of(lab, "pause"))
    assert not {"failed", "active", "startTime"} & set(found["status"])
    # Where its pods go, and how large they are, may now change; what they are may not.
    moved = {"spec": {"template": {"spec": {"nodeSelector": {"kubernetes.io/os": "linux"}}}}}
    assert lab.patch("jobs", "pause", moved).code == 200
    other = {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 9}}}}
    assert lab.patch("jobs", "pause", other).refusal == [422, "Invalid"]
    lab.patch("jobs", "pause", {"spec": {"suspend": False}})
    found = lab.until("jobs", "pause", lambda j: j["status"]["ready"] == 1)
    assert found["status"]["conditions"][0]["reason"] == "JobResumed"
    (pod,) = pods_of(lab, "pause")
    assert pod["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux"}
    lab.delete("jobs", "pause", propagationPolicy="Background")


def test_an_indexed_job_shrinks_and_grows(lab: Lab, image: str) -> None:
    lab.create("jobs", indexed("elastic", image, "sleep 300", 3))
    lab.until("jobs", "elastic", lambda j: j["status"]["ready"] == 3)
    alone = lab.patch("jobs", "elastic", {"spec": {"completions": 1}})
    assert alone.body["message"].endswith(
        "spec.completions: Invalid value: 1: can only be modified in tandem with spec.parallelism"
    )
    assert lab.patch("jobs", "elastic", {"spec": {"completions": 1, "parallelism": 1}}).code == 200
    found = lab.until("jobs", "elastic", lambda j: j["status"]["active"] == 1)
    assert "failed" not in found["status"]

    def indexes() -> list[str]:
        label = "batch.kubernetes.io/job-completion-index"
        return [pod["metadata"]["labels"][label] for pod in pods_of(lab, "elastic")]

    eventually(lambda: indexes() == ["0"])
    lab.delete("jobs", "elastic", propagationPolicy="Background")


def test_another_controllers_job_is_left_alone(lab: Lab, image: str) -> None:
    lab.create("jobs", job("foreign", image, "true", managedBy="example.org/mine"))
    lab.create("jobs", job("ours", image, "true"))
    lab.until("jobs", "ours", has("Complete"))
    assert lab.get("jobs", "foreign").body["status"] == {}
    assert not pods_of(lab, "foreign")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"backoffLimitPerIndex": 1},
         "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode"),
        ({"maxFailedIndexes": 1, "completionMode": "Indexed", "completions": 2},
         "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"),
        ({"completionMode": "Indexed", "parallelism": 1},
         "spec.completions: Required value: when completion mode is Indexed"),
        (policy(rule("FailIndex", 1)),
         'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the '
         "backoffLimitPerIndex to be set"),
        (policy(rule("Ignore", 0)),
         "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 "
         "for the In operator"),
        (policy(rule("Ignore", 3, 2)),
         ".rules[0].onExitCodes.values: Invalid value: [3,2]: must be ordered"),
        (policy(rule("Explode", 1)),
         'spec.podFailurePolicy.rules[0].action: Unsupported value: "Explode": supported values: '
         '"Count", "FailIndex", "FailJob", "Ignore"'),
        (policy({"action": "Count"}),
         "spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and "
         "OnPodConditions is required"),
        ({**policy(rule("Count", 1)), "podReplacementPolicy": "TerminatingOrFailed"},
         'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: '
         '"Failed"'),
        ({"successPolicy": {"rules": []}, "completionMode": "Indexed", "completions": 1},
         "spec.successPolicy.rules: Required value: at least one rules must be specified when the "
         "successPolicy is specified"),
        ({"successPolicy": {"rules": [{"succeededIndexes": "0-7"}]}, "completionMode": "Indexed",
          "completions": 2},
         'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-7": error parsing '
         'succeededIndexes: too large index: "7"'),
        ({"managedBy": "me"},
         'spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as '
         '"acme.io/foo")'),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_is_refused(lab: Lab, image: str, spec: Object, told: str) -> None:
    answer = lab.create("jobs", job("refused", image, "true", **spec))
    assert answer.refusal == [422, "Invalid"]
    assert told in answer.body["message"]


def test_a_failed_index_is_tried_again_with_its_count_of_failures(jobs: Lab) -> None:
    found = jobs.until("jobs", "again", has("Failed"))
    assert (found["status"]["failed"], found["status"]["failedIndexes"]) == (2, "0")
    annotations = [pod["metadata"]["annotations"] for pod in pods_of(jobs, "again")]
    counts = [a["batch.kubernetes.io/job-index-failure-count"] for a in annotations]
    assert sorted(counts) == ["0", "1"]


def test_an_ignored_failure_is_replaced_and_does_not_count(jobs: Lab) -> None:
    found = jobs.until("jobs", "ignored", lambda found: found["status"]["ready"] == 1)
    assert not {"failed", "conditions"} & set(found["status"])
    jobs.delete("jobs", "ignored", propagationPolicy="Background")
