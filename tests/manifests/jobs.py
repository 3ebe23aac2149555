"""Jobs of tests: what a framework is asked for, and owners as operators leave them."""

from __future__ import annotations

import copy
import json
from typing import Any

from jupyter_trainhub.manifests.claims import claim_names
from jupyter_trainhub.manifests.frameworks.framework import Framework, JobObjects, JobRequest
from jupyter_trainhub.manifests.labels import ATTEMPT, KIND, NAME, OWNER, SPEC, Object
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.manifests.submission import Submission
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, attempt_name, to_kubernetes

RUN = "Run_1-0a1b2c3d"


def request(
    files: dict[str, bytes] | None = None,
    site: Site | None = None,
    attempt: int = 1,
    **fields: Any,
) -> JobRequest:
    """A request for the job ``Run_1`` with these fields."""
    spec = JobSpec.parse({"name": "Run_1", "command": ["python", "train.py"], **fields})
    return JobRequest(
        spec=spec,
        name=attempt_name(to_kubernetes(JOB_PREFIX, spec.name), attempt),
        attempt=attempt,
        run=RUN,
        owner="ada@example.org",
        image="site/torch:1",
        files={"launch.py": b"print()", **(files or {})},
        argv=spec.command or ["python", "/trainhub/run_notebook.py"],
        port=23456,
        site=site or Site(),
        submission=Submission(at="2026-11-22T02:00:00Z"),
        claims=claim_names(spec, RUN),
    )


def child(objects: JobObjects, kind: str, suffix: str = "") -> Object:
    """The child of ``kind`` whose name has the ``suffix`` behind the owner's."""
    name = objects.owner["metadata"]["name"] + suffix
    (found,) = [
        item
        for item in objects.children
        if item["kind"] == kind and item["metadata"]["name"] == name
    ]
    return found


def owner_of(
    framework: Framework, /, *conditions: tuple[str, str], attempt: int = 1, **fields: Any
) -> Object:
    """The released owner of a job on ``framework`` with conditions ``(type, reason)``, all true."""
    asked = request(attempt=attempt, framework=framework.name, **fields)
    owner = copy.deepcopy(framework.objects(asked).owner)
    owner["metadata"] |= {"uid": f"uid-{attempt}", "creationTimestamp": "2026-11-22T02:00:00Z"}
    suspension = framework.suspension(suspended=False)
    for key, value in suspension.items():
        owner["spec"][key] = {**owner["spec"][key], **value} if isinstance(value, dict) else value
    owner["status"] = {
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": f"{kind} because of {reason}.",
                "lastTransitionTime": "2026-11-22T02:30:00Z",
            }
            for kind, reason in conditions
        ]
    }
    return owner


def pod_of(
    sample: Object,
    index: int = 0,
    attempt: int = 1,
    name: str | None = None,
    labels: dict[str, str] | None = None,
) -> Object:
    """A copy of a sample pod as the job's pod of that index and attempt."""
    pod = copy.deepcopy(sample)
    metadata = pod["metadata"]
    metadata["name"] = name or f"job--run-01-{index}-{attempt}"
    metadata["uid"] = f"pod-{index}-{attempt}"
    metadata["annotations"] = {"batch.kubernetes.io/job-completion-index": str(index)}
    metadata["labels"] = {KIND: "job", NAME: "Run_1", ATTEMPT: str(attempt), **(labels or {})}
    return pod


def as_job(sample: Object, **spec: Any) -> Object:
    """A copy of a sample Job as a job of TrainHub with these fields in its spec."""
    job = copy.deepcopy(sample)
    metadata = job["metadata"]
    metadata["labels"] = {**metadata.get("labels", {}), KIND: "job", NAME: "Run_1", ATTEMPT: "1"}
    metadata["annotations"] = {
        SPEC: json.dumps({"name": "Run_1", **spec}),
        OWNER: "ada",
        "trainhub.jupyter.org/framework": str(spec.get("framework", "single")),
    }
    return job
