"""What a Job and its pods come to: what is wanted, what has ended, what the Job is to end as."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..apimachinery import clock
from ..apimachinery.conditions import is_true
from ..apiserver.store import Object
from . import indexes, jobpods, jobpolicies


@dataclass(frozen=True)
class Target:
    """What a Job is about to end as: the condition that is set before its pods are gone."""

    kind: str
    reason: str
    message: str

    @property
    def final(self) -> str:
        """``Complete`` or ``Failed``."""
        return "Complete" if self.kind == "SuccessCriteriaMet" else "Failed"


def _failure(reason: str, message: str) -> Target:
    return Target("FailureTarget", reason, message)


@dataclass
class JobView:
    """A Job, its pods sorted by what they mean for it, and the status that is being written."""

    job: Object
    pods: list[Object]
    status: Object
    active: list[Object] = field(default_factory=list)
    terminating: list[Object] = field(default_factory=list)
    # Ended, and not in the status yet.
    new_succeeded: list[Object] = field(default_factory=list)
    new_failed: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        spec = self.job["spec"]
        self.indexed: bool = spec["completionMode"] == "Indexed"
        self.per_index: bool = spec.get("backoffLimitPerIndex") is not None
        for pod in self.pods:
            if not jobpods.ended(pod):
                (self.terminating if jobpods.deleted(pod) else self.active).append(pod)
            if not jobpods.tracked(pod) or not self._valid(pod):
                continue
            if pod["metadata"]["uid"] in self.uncounted:
                continue
            if pod["status"].get("phase") == "Succeeded":
                self.new_succeeded.append(pod)
            elif jobpods.failed(self.job, pod):
                self.new_failed.append(pod)
        self.succeeded_indexes = self._known("completedIndexes")
        self.succeeded_indexes |= {jobpods.index_of(p) for p in self.new_succeeded if self.indexed}
        self.failed_indexes = self._known("failedIndexes")
        self.failed_indexes |= {
            jobpods.index_of(p) for p in self.new_failed if self.per_index and self._fails_index(p)
        }
        self.delayed = self._delayed() if self.per_index else {}

    def _valid(self, pod: Object) -> bool:
        return not self.indexed or 0 <= jobpods.index_of(pod) < self.job["spec"]["completions"]

    def _known(self, name: str) -> set[int]:
        # A Job that was made smaller forgets the indexes that it no longer has.
        return {
            i for i in indexes.parse(self.status.get(name)) if i < self.job["spec"]["completions"]
        }

    def _fails_index(self, pod: Object) -> bool:
        action, _ = jobpolicies.failure_action(self.job, pod)
        counted = jobpods.failures_of(pod)[0]
        limit = self.job["spec"]["backoffLimitPerIndex"]
        return action == "FailIndex" or (action != "Ignore" and counted >= limit)

    def _delayed(self) -> dict[int, Object]:
        """The last pod of each index that is to be tried again: it bears the failure count."""
        settled = self.succeeded_indexes | self.failed_indexes
        settled |= {jobpods.index_of(p) for p in self.active}

        def age(pod: Object) -> tuple[int, datetime]:
            return sum(jobpods.failures_of(pod)), jobpods.finished_at(pod)

        ordered = sorted(self.new_failed, key=age)
        return {i: p for p in ordered if (i := jobpods.index_of(p)) not in settled}

    def _listed(self, name: str) -> list[str]:
        found: list[str] = (self.status.get("uncountedTerminatedPods") or {}).get(name) or []
        return found

    @property
    def uncounted(self) -> set[str]:
        """Uids of ended pods that are written down but not counted yet."""
        return {*self._listed("succeeded"), *self._listed("failed")}

    def succeeded(self) -> int:
        """How many pods or indexes have succeeded."""
        if self.indexed:
            return len(self.succeeded_indexes)
        waiting = len(self._listed("succeeded")) + len(self.new_succeeded)
        return int(self.status.get("succeeded", 0)) + waiting

    def failed(self) -> int:
        """How many pods have failed and count."""
        waiting = len(self._listed("failed")) + sum(map(self._counts, self.new_failed))
        return int(self.status.get("failed", 0)) + waiting

    def _counts(self, pod: Object) -> bool:
        return jobpolicies.failure_action(self.job, pod)[0] != "Ignore"

    def target(self) -> Target | None:
        """What the Job is to end as, before it is looked at whether all is done."""
        for c in self.status.get("conditions") or []:
            if c["type"] in ("SuccessCriteriaMet", "FailureTarget") and c["status"] == "True":
                return Target(c["type"], c["reason"], c["message"])
        return self._failure() or self._index_verdict()

    def _failure(self) -> Target | None:
        spec = self.job["spec"]
        for pod in self.pods:
            action, message = jobpolicies.failure_action(self.job, pod)
            if action == "FailJob" and jobpods.failed(self.job, pod):
                return _failure("PodFailurePolicy", message)
        limit, deadline = spec["backoffLimit"], spec.get("activeDeadlineSeconds")
        if self.failed() > limit or self._restarted_too_often(limit):
            message = "Job has reached the specified backoff limit"
            return _failure("BackoffLimitExceeded", message)
        started = self.status.get("startTime")
        active = clock.seconds_since(started) if started and not spec["suspend"] else 0.0
        if deadline is not None and started and active >= deadline:
            message = "Job was active longer than specified deadline"
            return _failure("DeadlineExceeded", message)
        return None

    def _restarted_too_often(self, limit: int) -> bool:
        if self.job["spec"]["template"]["spec"]["restartPolicy"] != "OnFailure":
            return False
        restarts = sum(
            c.get("restartCount", 0)
            for pod in self.pods
            if not jobpods.ended(pod)
            for name in ("initContainerStatuses", "containerStatuses")
            for c in pod["status"].get(name) or []
        )
        return bool(restarts > 0 and restarts >= limit)

    def _index_verdict(self) -> Target | None:
        spec, failed = self.job["spec"], len(self.failed_indexes)
        most = spec.get("maxFailedIndexes")
        if most is not None and failed > most:
            message = "Job has exceeded the specified maximal number of failed indexes"
            return _failure("MaxFailedIndexesExceeded", message)
        if failed and failed + len(self.succeeded_indexes) >= spec["completions"]:
            return _failure("FailedIndexes", "Job has failed indexes")
        rule = jobpolicies.success_rule(self.job, self.succeeded_indexes) if self.indexed else None
        if rule is not None:
            message = f"Matched rules at index {rule}"
            return Target("SuccessCriteriaMet", "SuccessPolicy", message)
        return None

    def completed(self) -> Target | None:
        """Success, when all that is asked for has been done."""
        completions, succeeded = self.job["spec"].get("completions"), self.succeeded()
        enough = succeeded > 0 if completions is None else succeeded >= completions
        if not enough or self.active:
            return None
        message = "Reached expected number of succeeded pods"
        return Target("SuccessCriteriaMet", "CompletionsReached", message)

    def wanted(self) -> int:
        """How many pods should be active."""
        spec = self.job["spec"]
        if spec["suspend"]:
            return 0
        if spec.get("completions") is None:
            return len(self.active) if self.succeeded() else int(spec["parallelism"])
        return int(max(0, min(spec["completions"] - self.succeeded(), spec["parallelism"])))

    def surplus(self) -> list[Object]:
        """Active pods too many: without an index, of one index twice, beyond what is wanted."""
        ordered = sorted(self.active, key=jobpods.removal_order)
        gone = []
        if self.indexed:
            seen: set[int] = set()
            for pod in reversed(ordered):
                index = jobpods.index_of(pod)
                if not self._valid(pod) or index in seen:
                    gone.append(pod)
                seen.add(index)
        left = [pod for pod in ordered if pod not in gone]
        return gone + left[: max(0, len(ordered) - self.wanted() - len(gone))]

    def pending_indexes(self) -> list[int]:
        """Indexes that have no pod and still need one, lowest first."""
        busy = self.succeeded_indexes | {jobpods.index_of(p) for p in self.active}
        if self.job["spec"]["podReplacementPolicy"] == "Failed":
            busy |= {jobpods.index_of(p) for p in self.terminating}
        busy |= self.failed_indexes
        return [i for i in range(self.job["spec"]["completions"]) if i not in busy]

    def failures_before(self, index: int) -> tuple[int, int]:
        """How often an index has failed so far, counted and ignored."""
        pod = self.delayed.get(index)
        if pod is None:
            return 0, 0
        counted, ignored = jobpods.failures_of(pod)
        return (counted + 1, ignored) if self._counts(pod) else (counted, ignored + 1)

    def note_uncounted(self, target: Target | None) -> list[Object]:
        """Write the ended pods into the status; returns the pods whose finalizer may go."""
        self.count_released()
        listed = self.status.setdefault("uncountedTerminatedPods", {})
        done = []
        for pod in self.pods:
            succeeded = pod["status"].get("phase") == "Succeeded"
            failed = jobpods.failed(self.job, pod)
            waits = self.delayed.get(jobpods.index_of(pod)) is pod
            if not jobpods.tracked(pod) or not (target or succeeded or (failed and not waits)):
                continue
            done.append(pod)
            uid = pod["metadata"]["uid"]
            if uid in self.uncounted or not self._valid(pod):
                continue
            # Of a Job that fails, every pod that has not succeeded counts as failed.
            failed = failed or (target is not None and target.final == "Failed")
            if succeeded and not self.indexed:
                listed.setdefault("succeeded", []).append(uid)
            elif not succeeded and failed and self._counts(pod):
                listed.setdefault("failed", []).append(uid)
        if self.indexed:
            self._set("completedIndexes", indexes.text_of(self.succeeded_indexes))
            self._set("succeeded", len(self.succeeded_indexes))
        if self.per_index:
            self.status["failedIndexes"] = indexes.text_of(self.failed_indexes)
        return done

    def count_released(self) -> None:
        """Count the written-down pods that have lost their finalizer."""
        holding = {p["metadata"]["uid"] for p in self.pods if jobpods.tracked(p)}
        listed = self.status.setdefault("uncountedTerminatedPods", {})
        for name in ("succeeded", "failed"):
            before = listed.pop(name, [])
            left = [uid for uid in before if uid in holding]
            self._set(name, self.status.get(name, 0) + len(before) - len(left))
            if left:
                listed[name] = left

    def counted(self) -> Object:
        """The status with the numbers of pods as they are."""
        self._set("active", len(self.active))
        ready = sum(is_true(pod, "Ready") for pod in self.active)
        self.status |= {"terminating": len(self.terminating), "ready": ready}
        return self.status

    def _set(self, name: str, value: int | str) -> None:
        # A zero is left out, as a real cluster does.
        if value:
            self.status[name] = value
        else:
            self.status.pop(name, None)


def finished(job: Object) -> str:
    """When the Job became Complete or Failed; empty while it has not."""
    for c in (job.get("status") or {}).get("conditions") or []:
        if c["type"] in ("Complete", "Failed") and c["status"] == "True":
            return str(c["lastTransitionTime"])
    return ""


def set_condition(status: Object, kind: str, value: str, reason: str, message: str) -> bool:
    """Set one condition; False when it stood so, or when False is said of what never was."""
    now = clock.now()
    new = {
        "type": kind, "status": value, "lastProbeTime": now, "lastTransitionTime": now,
        "reason": reason, "message": message,
    }  # fmt: skip
    conditions = status.get("conditions") or []
    for position, old in enumerate(conditions):
        if old["type"] == kind:
            if (old["status"], old["reason"], old["message"]) == (value, reason, message):
                return False
            conditions[position] = new
            return True
    if value == "True":
        status["conditions"] = [*conditions, new]
    return value == "True"
