"""Labels, annotations and messages that others wrote: nothing in them breaks the view of a job.

Whoever may change an object of the namespace may write anything into it, and one broken view would
hide all the others.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from jupyter_trainhub.hub.descriptions import describe_job
from jupyter_trainhub.hub.jobs.restarts import due
from jupyter_trainhub.hub.jobs.search import matches
from jupyter_trainhub.hub.tables import jobs_table
from jupyter_trainhub.manifests import labels
from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.port import taken_ports
from jupyter_trainhub.manifests.frameworks.registry import BUILT_IN
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import Object
from tests.manifests.jobs import owner_of, pod_of
from tests.manifests.samples import PODS

TEXTS = ["", "../../etc", "\x1b[31m\n", "²", "9" * 5000, "-1", "[" * 100_000, "NaN", "null"]
VALUES: list[Any] = [
    None, True, -1, 10**30, float("inf"), float("nan"), "abc", [], [[]], {}, {"path": 5},
    {"path": "/x", "size": "abc"}, {"size": "1e999999"}, {"size": "9" * 5000}, {"claim": {}},
]  # fmt: skip
ANNOTATIONS = [
    labels.SPEC, labels.OWNER, labels.RUN, labels.FROM_RUN, labels.PINNED, labels.RESTART,
    labels.RELEASED_AT, labels.ADMISSION, labels.FRAMEWORK, labels.STOPPED_AT, labels.PORT,
]  # fmt: skip
FIELDS = [
    "framework", "restarts", "time_limit", "checkpoint_volume", "priority", "ssh", "project",
    "description", "skus", "image",
]  # fmt: skip


def pods() -> list[Object]:
    return [pod_of(PODS[name], index) for index, name in enumerate(("running-0-v9fpc", "failed"))]


def used(owner: Object, pods: list[Object]) -> Object:
    """The view, after everything that lists and clocks do with it."""
    view = job_view(owner, pods)
    # As a browser reads it.
    json.dumps(view, allow_nan=False)
    assert jobs_table([view]).text()
    describe_job(view)
    matches(view, "a b")
    due(view)
    taken_ports([owner])
    return view


@pytest.mark.parametrize("framework", BUILT_IN, ids=lambda item: f"{item.name}-{item.backend}")
@pytest.mark.parametrize("conditions", [(), (("Failed", "Why"),)])
def test_owners(framework: Framework, conditions: tuple[tuple[str, str], ...]) -> None:
    made = owner_of(framework, *conditions)
    spec = json.loads(made["metadata"]["annotations"][labels.SPEC])
    forged = [(name, text) for name in ANNOTATIONS for text in TEXTS]
    forged += [
        (labels.SPEC, json.dumps({**spec, field: value})) for field in FIELDS for value in VALUES
    ]
    for name, text in forged:
        owner = copy.deepcopy(made)
        owner["metadata"]["annotations"][name] = text
        used(owner, pods())
    for number in ("", "0", "x", "9" * 63):
        owner = copy.deepcopy(made)
        owner["metadata"]["labels"][labels.ATTEMPT] = number
        assert used(owner, pods())["attempt"] < 10**9


@pytest.mark.parametrize("text", TEXTS)
def test_pods(text: str) -> None:
    places = ("training.kubeflow.org/replica-index", "jobset.sigs.k8s.io/job-index", labels.ATTEMPT)
    for framework in BUILT_IN:
        pod = pods()[0]
        pod["metadata"]["annotations"][labels.COMPLETION_INDEX] = text
        pod["metadata"]["labels"] |= dict.fromkeys(places, text)
        pod["metadata"]["name"] = f"job-x-{text}"
        used(owner_of(framework), [pod])


@pytest.mark.parametrize(
    "message",
    [
        "[" * 4096,
        '{"message": NaN}',
        '{"message": [], "reason": {}, "error": []}',
        *(json.dumps({"message": "x", "error": {"cell": value}}) for value in VALUES),
    ],
)
def test_messages_of_programs(message: str) -> None:
    pod = pod_of(PODS["failed"])
    pod["status"]["containerStatuses"][0]["state"]["terminated"]["message"] = message
    assert used(owner_of(BUILT_IN[0], ("Failed", "Why")), [pod])["phase"] == "Failed"


def test_attempts_without_end_are_waited_for() -> None:
    view: dict[str, Any] = {"restart": "waiting", "attempt": 10**8, "finished": None}
    assert due(view) is not None
