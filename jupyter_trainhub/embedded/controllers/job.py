"""Jobs: pods run to completion, plain or by index, with retries, policies and suspension.

Pods bear a finalizer until their end is counted in the Job's status, so that no end is lost or
counted twice, whatever is deleted or killed in between. What decides is in ``jobview``; this
module acts. Source: kubernetes/pkg/controller/job.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable

from ..apimachinery import clock
from ..apimachinery.ownerreferences import controller_of
from ..apimachinery.resources import JOBS, PODS
from ..apimachinery.status import ApiError
from ..apiserver.events import Recorder
from ..apiserver.options import DeleteOptions
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller, jobpods, jobview
from .jobview import JobView

# Between the failures of a Job's pods (seconds), doubling.
_FIRST_BACKOFF = 10.0
_LAST_BACKOFF = 600.0

_SELF = "kubernetes.io/job-controller"


class JobController(Controller):
    """Makes and counts the pods of Jobs."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry)
        self._recorder = Recorder(registry, "job-controller")
        # uid of a Job -> pods failed since one succeeded, and when the last did (Unix time)
        self._failed: dict[str, tuple[int, float]] = {}

    def changed(self, change: Change) -> None:
        """A Job, or a pod of one."""
        if change.resource is JOBS:
            self.enqueue(key_of(change.object))
            if change.type == "DELETED":
                self._failed.pop(change.object["metadata"]["uid"], None)
        elif change.resource is PODS:
            self._queue_owner(change.object)

    def resync(self) -> None:
        """Queue every Job, and every pod whose Job is gone."""
        for job in self.store.list(JOBS):
            self.enqueue(key_of(job))
        for pod in self.store.list(PODS):
            self._queue_owner(pod)

    def _queue_owner(self, pod: Object) -> None:
        owner = controller_of(pod)
        if owner and owner["kind"] == "Job":
            self.enqueue((pod["metadata"]["namespace"], owner["name"]))

    def sync(self, key: Key) -> None:
        """One step for one Job."""
        job = self.store.find(JOBS, *key)
        if job is None or jobpods.deleted(job):
            self._release(self._owned(key, job))
        elif jobview.finished(job):
            self._after_finish(job)
        elif job["spec"].get("managedBy", _SELF) == _SELF:
            self._step(job)

    def _owned(self, key: Key, job: Object | None) -> list[Object]:
        found = []
        for pod in self.store.list(PODS, key[0]):
            owner = controller_of(pod)
            named = owner is not None and (owner["kind"], owner["name"]) == ("Job", key[1])
            if owner and named and (job is None or owner["uid"] == job["metadata"]["uid"]):
                found.append(pod)
        return found

    def _view(self, job: Object, status: Object) -> JobView:
        return JobView(job, self._owned(key_of(job), job), status)

    def _step(self, job: Object) -> None:
        status = copy.deepcopy(job.get("status") or {})
        if "startTime" not in status and not job["spec"]["suspend"]:
            status["startTime"] = clock.now()
        view = self._view(job, status)
        self._note_ends(view)
        target, refusal = view.target(), None
        if target:
            self._delete(job, view.active)
        else:
            refusal = self._manage(view)
            view = self._view(job, status)
            target = view.completed()
            if target is None:
                self._set_suspended(view)
        self._track(view, target)
        if refusal:
            raise refusal

    def _note_ends(self, view: JobView) -> None:
        uid = view.job["metadata"]["uid"]
        count, last = self._failed.get(uid, (0, 0.0))
        ends = [jobpods.finished_at(p).timestamp() for p in view.new_failed]
        if view.new_succeeded:
            success = max(jobpods.finished_at(p).timestamp() for p in view.new_succeeded)
            count, ends = 0, [end for end in ends if end > success]
        if ends or view.new_succeeded:
            self._failed[uid] = count + len(ends), max([last, *ends])

    def _manage(self, view: JobView) -> ApiError | None:
        """Make or delete pods; the answer of the API server when it lets none be made."""
        job, spec = view.job, view.job["spec"]
        surplus = view.surplus()
        if spec["suspend"] or surplus:
            # Not to be counted: what this ends has not failed.
            self._release(surplus)
            self._delete(job, surplus)
            return None
        if spec.get("activeDeadlineSeconds") is not None:
            passed = clock.seconds_since(view.status["startTime"])
            self.enqueue(key_of(job), after=max(0.1, spec["activeDeadlineSeconds"] - passed))
        room = view.wanted() - len(view.active)
        if spec["podReplacementPolicy"] == "Failed":
            room -= len(view.terminating)
        if room <= 0:
            return None
        chosen = view.pending_indexes()[:room] if view.indexed else [None] * room
        waits = {index: self._backoff(view, index) for index in chosen}
        if any(waits.values()):
            self.enqueue(key_of(job), after=min(wait for wait in waits.values() if wait))
        try:
            for index in chosen:
                if not waits[index]:
                    self._create(view, index)
        except ApiError as error:
            self._recorder.warning(job, "FailedCreate", f"Error creating: {error.message}")
            return error
        return None

    def _backoff(self, view: JobView, index: int | None) -> float:
        """Seconds until a pod may be made; 0: now."""
        count, last = self._failed.get(view.job["metadata"]["uid"], (0, 0.0))
        if view.per_index:
            before = view.delayed.get(-1 if index is None else index)
            count = sum(jobpods.failures_of(before)) + 1 if before else 0
            last = jobpods.finished_at(before).timestamp() if before else 0.0
        if not count:
            return 0.0
        delay = min(_FIRST_BACKOFF * 2 ** min(count - 1, 10), _LAST_BACKOFF)
        return float(max(0.0, last + delay - time.time()))

    def _create(self, view: JobView, index: int | None) -> None:
        failures = view.failures_before(index) if view.per_index and index is not None else None
        made = jobpods.pod_of(view.job, index, failures)
        pod = self.registry.create(PODS, view.job["metadata"]["namespace"], made)
        name = pod["metadata"]["name"]
        self._recorder.normal(view.job, "SuccessfulCreate", f"Created pod: {name}")

    def _delete(self, job: Object, pods: Iterable[Object]) -> None:
        for pod in pods:
            if self.store.find(PODS, *key_of(pod)):
                self.registry.delete(PODS, *key_of(pod))
            name = pod["metadata"]["name"]
            self._recorder.normal(job, "SuccessfulDelete", f"Deleted pod: {name}")

    def _release(self, pods: Iterable[Object]) -> None:
        """Take the finalizer off pods."""
        for pod in pods:
            self.remove_finalizer(PODS, pod, jobpods.FINALIZER)

    def _set_suspended(self, view: JobView) -> None:
        status, job = view.status, view.job
        if job["spec"]["suspend"]:
            status.pop("startTime", None)
            if jobview.set_condition(status, "Suspended", "True", "JobSuspended", "Job suspended"):
                self._recorder.normal(job, "Suspended", "Job suspended")
        elif jobview.set_condition(status, "Suspended", "False", "JobResumed", "Job resumed"):
            # Its deadline counts from here.
            status["startTime"] = clock.now()
            self._recorder.normal(job, "Resumed", "Job resumed")

    def _track(self, view: JobView, target: jobview.Target | None) -> None:
        """Write down what has ended, release it, count it; say so when the Job has."""
        job, status = view.job, view.status
        # What the Job's own end deletes has not failed: the view is from before.
        done = view.note_uncounted(target)
        if target:
            jobview.set_condition(status, target.kind, "True", target.reason, target.message)
        if done or target:
            interim = self._view(job, status).counted()
            self.registry.update_status(JOBS, job, copy.deepcopy(interim))
        self._release(done)
        view = self._view(job, status)
        view.count_released()
        final = target.final if target and not view.terminating and not view.uncounted else ""
        if final and target:
            jobview.set_condition(status, final, "True", target.reason, target.message)
            if final == "Complete":
                status["completionTime"] = clock.now()
        current = self.registry.update_status(JOBS, job, view.counted())
        if final == "Complete":
            self._recorder.normal(job, "Completed", "Job completed")
        elif final and target:
            self._recorder.warning(job, target.reason, target.message)
        if final and current:
            self.enqueue(key_of(job))

    def _after_finish(self, job: Object) -> None:
        self._release(self._owned(key_of(job), job))
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if ttl is None:
            return
        left = ttl - clock.seconds_since(jobview.finished(job))
        if left > 0:
            self.enqueue(key_of(job), after=left)
        else:
            options = DeleteOptions(propagation="Background")
            self.registry.delete(JOBS, *key_of(job), options)
