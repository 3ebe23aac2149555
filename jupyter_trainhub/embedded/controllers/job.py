"""Jobs: pods run to completion, plain or by index, with retries, deadlines and suspension.

Pods bear a finalizer until their end is counted in the Job's status, so that no end is lost
or counted twice, whatever is deleted or killed in between.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from ..apimachinery import clock
from ..apimachinery.resources import JOBS, PODS
from ..apimachinery.status import ApiError
from ..apiserver.events import Recorder
from ..apiserver.registry import (
    DeleteOptions,
    Registry,
    controller_of,
    generated_suffix,
    owner_reference,
)
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller

FINALIZER = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"

# Back-off between the failures of a Job's pods (seconds), doubling, as the real controller's.
_FIRST_BACKOFF = 10.0
_LAST_BACKOFF = 600.0


@dataclass
class _View:
    """A Job and its pods, sorted by what they mean for it."""

    job: Object
    pods: list[Object]
    active: list[Object] = field(default_factory=list)
    terminating: list[Object] = field(default_factory=list)
    succeeded: list[Object] = field(default_factory=list)
    failed: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        for pod in self.pods:
            phase = pod["status"].get("phase")
            if phase == "Succeeded":
                self.succeeded.append(pod)
            elif phase == "Failed":
                self.failed.append(pod)
            elif "deletionTimestamp" in pod["metadata"]:
                self.terminating.append(pod)
            else:
                self.active.append(pod)

    @property
    def indexed(self) -> bool:
        return bool(self.job["spec"]["completionMode"] == "Indexed")


class JobController(Controller):
    """Makes and counts the pods of Jobs."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "job-controller")

    def changed(self, change: Change) -> None:
        """A Job, or a pod of one."""
        if change.resource is JOBS:
            self.enqueue(key_of(change.object))
        elif change.resource is PODS:
            owner = controller_of(change.object)
            if owner and owner["kind"] == "Job":
                self.enqueue((change.object["metadata"]["namespace"], owner["name"]))

    def resync(self) -> None:
        """Queue every Job, and every pod whose Job is gone."""
        for job in self.store.list(JOBS):
            self.enqueue(key_of(job))
        for pod in self.store.list(PODS):
            owner = controller_of(pod)
            if owner and owner["kind"] == "Job":
                self.enqueue((pod["metadata"]["namespace"], owner["name"]))

    def sync(self, key: Key) -> None:
        """One step for one Job."""
        job = self.store.find(JOBS, *key)
        if job is None or "deletionTimestamp" in job["metadata"]:
            self._release_orphans(key, job)
            return
        view = _View(job, self._pods(job))
        if _finished(job):
            self._after_finish(view)
            return
        status = copy.deepcopy(job.get("status") or {})
        counted = self._count(view, status)
        verdict = _verdict(view, status)
        if verdict:
            self._conclude(view, status, *verdict)
        elif job["spec"]["suspend"]:
            self._suspend(view, status)
        else:
            self._run(view, status)
        self._write(view, status, counted)

    def _pods(self, job: Object) -> list[Object]:
        uid = job["metadata"]["uid"]
        return [
            pod
            for pod in self.store.list(PODS, job["metadata"]["namespace"])
            if (owner := controller_of(pod)) and owner["uid"] == uid
        ]

    def _release_orphans(self, key: Key, job: Object | None) -> None:
        # A pod whose Job is gone has nobody left to count it.
        for pod in self.store.list(PODS, key[0]):
            owner = controller_of(pod)
            named = owner and owner["kind"] == "Job" and owner["name"] == key[1]
            if owner and named and (job is None or owner["uid"] == job["metadata"]["uid"]):
                self._release(pod)

    def _release(self, pod: Object) -> None:
        finalizers = pod["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return
        left = [f for f in finalizers if f != FINALIZER]
        metadata = {**pod["metadata"], "finalizers": left}
        if not left:
            del metadata["finalizers"]
        self.registry.update(
            PODS, metadata["namespace"], metadata["name"], {**pod, "metadata": metadata}
        )

    def _count(self, view: _View, status: Object) -> list[Object]:
        """Add the newly ended pods to the status; they are released once it is written."""
        counted = []
        completed = _parse_indexes(status.get("completedIndexes", ""))
        for pods, name in ((view.succeeded, "succeeded"), (view.failed, "failed")):
            for pod in pods:
                if FINALIZER not in (pod["metadata"].get("finalizers") or []):
                    continue
                counted.append(pod)
                if name == "succeeded" and view.indexed:
                    completed.add(_index(pod))
                else:
                    status[name] = status.get(name, 0) + 1
        if view.indexed and completed:
            status["completedIndexes"] = _format_indexes(completed)
            status["succeeded"] = len(completed)
        return counted

    def _write(self, view: _View, status: Object, counted: list[Object]) -> None:
        view = _View(view.job, self._pods(view.job))
        ready = sum(
            1
            for pod in view.active
            for c in pod["status"].get("conditions") or []
            if c["type"] == "Ready" and c["status"] == "True"
        )
        status["active"] = len(view.active)
        if not view.active:
            del status["active"]
        status.update(terminating=len(view.terminating), uncountedTerminatedPods={}, ready=ready)
        current = self.registry.update_status(JOBS, view.job, status)
        for pod in counted:
            fresh = self.store.find(PODS, *key_of(pod))
            if fresh and fresh["metadata"]["uid"] == pod["metadata"]["uid"]:
                self._release(fresh)
        if current and _finished(current):
            self.enqueue(key_of(current))

    def _conclude(
        self, view: _View, status: Object, target: str, reason: str, message: str
    ) -> None:
        """Say what the Job will end as, end its pods, and end it when they are gone."""
        _set_condition(status, target, "True", reason, message)
        for pod in view.active:
            self._delete_pod(view.job, pod)
        if view.active or view.terminating:
            return
        final = "Complete" if target == "SuccessCriteriaMet" else "Failed"
        _set_condition(status, final, "True", reason, message)
        if final == "Complete":
            status["completionTime"] = clock.now()
            self._recorder.normal(view.job, "Completed", "Job completed")
        else:
            self._recorder.warning(view.job, reason, message)

    def _suspend(self, view: _View, status: Object) -> None:
        for pod in view.active:
            # Not to be counted: what suspension ends has not failed.
            self._release(pod)
            self._delete_pod(view.job, pod)
        status.pop("startTime", None)
        if _set_condition(status, "Suspended", "True", "JobSuspended", "Job suspended"):
            self._recorder.normal(view.job, "Suspended", "Job suspended")

    def _run(self, view: _View, status: Object) -> None:
        spec = view.job["spec"]
        if any(c["type"] == "Suspended" and c["status"] == "True"
               for c in status.get("conditions") or []):  # fmt: skip
            _set_condition(status, "Suspended", "False", "JobResumed", "Job resumed")
            status.pop("startTime", None)
            self._recorder.normal(view.job, "Resumed", "Job resumed")
        if "startTime" not in status:
            status["startTime"] = clock.now()
        if spec.get("activeDeadlineSeconds") is not None:
            passed = clock.seconds_since(status["startTime"])
            self.enqueue(key_of(view.job), after=max(0.1, spec["activeDeadlineSeconds"] - passed))
        wait = _backoff_left(view, status)
        if wait > 0:
            self.enqueue(key_of(view.job), after=wait)
            return
        self._make_pods(view, status)

    def _make_pods(self, view: _View, status: Object) -> None:
        spec = view.job["spec"]
        succeeded = status.get("succeeded", 0)
        occupied = len(view.active)
        if spec["podReplacementPolicy"] == "Failed":
            occupied += len(view.terminating)
        if view.indexed:
            done = _parse_indexes(status.get("completedIndexes", ""))
            holding = view.active + view.terminating
            busy = {_index(p) for p in holding} | {_index(p) for p in view.succeeded}
            free = [i for i in range(spec["completions"]) if i not in done | busy]
            for index in free[: max(0, spec["parallelism"] - occupied)]:
                self._create_pod(view.job, index)
            return
        wanted = spec["parallelism"]
        if spec.get("completions") is not None:
            wanted = min(wanted, spec["completions"] - succeeded)
        elif succeeded:
            wanted = occupied
        for _ in range(max(0, wanted - occupied)):
            self._create_pod(view.job, None)
        for pod in view.active[max(0, wanted) :]:
            self._delete_pod(view.job, pod)

    def _create_pod(self, job: Object, index: int | None) -> None:
        try:
            pod = self.registry.create(PODS, job["metadata"]["namespace"], pod_of(job, index))
        except ApiError as error:
            self._recorder.warning(job, "FailedCreate", f"Error creating: {error.message}")
            raise
        self._recorder.normal(job, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")

    def _delete_pod(self, job: Object, pod: Object) -> None:
        self.registry.delete(PODS, *key_of(pod), DeleteOptions())
        self._recorder.normal(job, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _after_finish(self, view: _View) -> None:
        for pod in view.succeeded + view.failed:
            self._release(pod)
        ttl = view.job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        finished = next(
            c["lastTransitionTime"]
            for c in view.job["status"]["conditions"]
            if c["type"] in ("Complete", "Failed") and c["status"] == "True"
        )
        left = ttl - clock.seconds_since(finished)
        if left > 0:
            self.enqueue(key_of(view.job), after=left)
        else:
            options = DeleteOptions(propagation="Background")
            self.registry.delete(JOBS, *key_of(view.job), options)


def pod_of(job: Object, index: int | None) -> Object:
    """The pod that a Job makes from its template, for one index or none."""
    template = copy.deepcopy(job["spec"]["template"])
    name = job["metadata"]["name"]
    metadata: dict[str, Any] = {
        "labels": (template.get("metadata") or {}).get("labels") or {},
        "annotations": dict((template.get("metadata") or {}).get("annotations") or {}),
        "ownerReferences": [owner_reference(job)],
        "finalizers": [FINALIZER, *((template.get("metadata") or {}).get("finalizers") or [])],
        "generateName": f"{name}-",
    }
    spec = template["spec"]
    if index is not None:
        text = str(index)
        metadata["generateName"] = f"{name}-{text}-"
        metadata["labels"] = {**metadata["labels"], INDEX: text}
        metadata["annotations"][INDEX] = text
        spec.setdefault("hostname", f"{name}-{text}")
        reference = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
        for container in [*spec["containers"], *(spec.get("initContainers") or [])]:
            variables = container.setdefault("env", [])
            if not any(v["name"] == "JOB_COMPLETION_INDEX" for v in variables):
                # Last in the list: variables before it cannot refer to it, as on a real cluster.
                variables.append({"name": "JOB_COMPLETION_INDEX", "valueFrom": reference})
    if not metadata["annotations"]:
        del metadata["annotations"]
    metadata["name"] = metadata["generateName"] + generated_suffix()
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _index(pod: Object) -> int:
    return int((pod["metadata"].get("annotations") or {}).get(INDEX, -1))


def _finished(job: Object) -> bool:
    return any(
        c["type"] in ("Complete", "Failed") and c["status"] == "True"
        for c in (job.get("status") or {}).get("conditions") or []
    )


def _verdict(view: _View, status: Object) -> tuple[str, str, str] | None:
    """What the Job is to end as: condition, reason, message. None while it goes on."""
    for c in status.get("conditions") or []:
        if c["type"] in ("FailureTarget", "SuccessCriteriaMet") and c["status"] == "True":
            return c["type"], c["reason"], c["message"]
    spec = view.job["spec"]
    if status.get("failed", 0) > spec["backoffLimit"]:
        message = "Job has reached the specified backoff limit"
        return "FailureTarget", "BackoffLimitExceeded", message
    deadline = spec.get("activeDeadlineSeconds")
    started = status.get("startTime")
    if deadline is not None and started and clock.seconds_since(started) >= deadline:
        message = "Job was active longer than specified deadline"
        return "FailureTarget", "DeadlineExceeded", message
    completions, succeeded = spec.get("completions"), status.get("succeeded", 0)
    enough = succeeded >= completions if completions is not None else succeeded and not view.active
    if enough and not spec["suspend"]:
        message = "Reached expected number of succeeded pods"
        return "SuccessCriteriaMet", "CompletionsReached", message
    return None


def _backoff_left(view: _View, status: Object) -> float:
    """Seconds until a replacement of the pod that failed last may start."""
    failures = status.get("failed", 0)
    ends = [
        state["terminated"]["finishedAt"]
        for pod in view.failed
        for c in pod["status"].get("containerStatuses") or []
        if "terminated" in (state := c.get("state") or {})
    ]
    if not failures or not ends:
        return 0.0
    delay = min(_FIRST_BACKOFF * 2 ** (failures - 1), _LAST_BACKOFF)
    return float(delay - clock.seconds_since(max(ends)))


def _set_condition(status: Object, kind: str, value: str, reason: str, message: str) -> bool:
    """Set one condition; False when it stood so before."""
    conditions = status.setdefault("conditions", [])
    now = clock.now()
    new = {
        "type": kind, "status": value, "lastProbeTime": now, "lastTransitionTime": now,
        "reason": reason, "message": message,
    }  # fmt: skip
    for position, old in enumerate(conditions):
        if old["type"] == kind:
            if old["status"] == value:
                return False
            conditions[position] = new
            return True
    conditions.append(new)
    return True


def _parse_indexes(text: str) -> set[int]:
    """From ``0-2,5``."""
    indexes: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        indexes.update(range(int(first), int(last or first) + 1))
    return indexes


def _format_indexes(indexes: set[int]) -> str:
    """To ``0-2,5``: runs of three or more as a range, as Kubernetes writes them."""
    parts: list[str] = []
    run: list[int] = []
    for index in [*sorted(indexes), None]:
        if run and index != run[-1] + 1:
            text = f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run))
            parts.append(text)
            run = []
        if index is not None:
            run.append(index)
    return ",".join(parts)
