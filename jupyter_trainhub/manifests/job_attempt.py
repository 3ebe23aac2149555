"""One attempt at a job: its owner and pods, and which of them explains how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jupyter_trainhub.inpod.lost_peer import lost_peer
from jupyter_trainhub.manifests.disruption import NODE_LOST, told_disruption
from jupyter_trainhub.manifests.duration import describe_duration
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.frameworks.framework import Framework, OwnerState
from jupyter_trainhub.manifests.frameworks.registry import framework_of
from jupyter_trainhub.manifests.labels import (
    RESTART,
    STARTED_AT,
    STOPPED_AT,
    Object,
    attempt,
    spec_of,
)
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status
from jupyter_trainhub.manifests.requests import Amounts

TIME_LIMIT = "TimeLimit"

# The guilt of a pod that the cluster told to end, because another one of the job has ended.
_ENDED_BY_CLUSTER = 5
_LAUNCHER_LOST_ANOTHER = ("PeerLost", "PeerTimeout")


@dataclass(frozen=True)
class JobAttempt:
    """One attempt; ``ranks`` are its pods by rank, ``spec`` the job's as the owner tells it.

    ``taken`` is why a pod that is gone was taken away, where events tell it.
    """

    owner: Object
    framework: Framework
    state: OwnerState
    ranks: Sequence[PodStatus]
    spec: Object
    taken: Explanation | None = None

    @classmethod
    def of(
        cls,
        owner: Object,
        pods: Iterable[Object],
        *,
        events: Sequence[Object] = (),
        largest: Amounts | None = None,
    ) -> JobAttempt:
        """The attempt of ``owner``; of ``pods`` those that belong to it."""
        framework, number = framework_of(owner), attempt(owner)
        statuses = [
            replace(
                pod_status(pod, events=events, largest=largest),
                rank=framework.rank(pod),
                role=framework.role(pod),
            )
            for pod in pods
            if attempt(pod) == number
        ]
        ranks = _one_for_each_rank(statuses)
        taken = told_disruption(owner, events)
        return cls(owner, framework, framework.state(owner), ranks, spec_of(owner), taken)

    @property
    def number(self) -> int:
        """Which attempt it is, from 1 on."""
        return attempt(self.owner)

    @property
    def attempts(self) -> int:
        """How many there may be."""
        restarts = self.spec.get("restarts")
        return (restarts if isinstance(restarts, int) else 0) + 1

    @property
    def nodes(self) -> int:
        """How many pods it has when all is well."""
        return self.framework.nodes(self.owner)

    @property
    def annotations(self) -> dict[str, str]:
        """Those of the owner."""
        return dict(self.owner["metadata"].get("annotations") or {})

    @property
    def stopped(self) -> bool:
        """Whether a user ended it."""
        return STOPPED_AT in self.annotations

    @property
    def reached_time_limit(self) -> bool:
        """Whether the time limit ended it: the launcher says so, or Kubernetes as a backstop."""
        said = {status.reason for status in self.ranks} | {self.state.reason}
        return bool(said & {TIME_LIMIT, "DeadlineExceeded"})

    @property
    def may_restart(self) -> bool:
        """Whether another attempt follows once this one has failed."""
        return (
            self.number < self.attempts
            and self.annotations.get(RESTART) != "off"
            and not self.stopped
            and not self.reached_time_limit
        )

    @property
    def given_up(self) -> bool:
        """Whether it fails and only waits for pods of nodes that were lost: they may never end."""
        live = [status for status in self.ranks if status.phase not in ("Succeeded", "Failed")]
        return (
            self.state.failing and bool(live) and all(status.reason == NODE_LOST for status in live)
        )

    @property
    def culprit(self) -> PodStatus | None:
        """The rank that explains the failure: others fail because they lose it."""
        failed = [item for item in self.ranks if item.phase == "Failed" or item.disrupted]
        return min(
            failed,
            key=lambda item: (_guilt(item), item.finished or "~", item.rank),
            default=None,
        )

    @property
    def started(self) -> str | None:
        """When the first of its pods started."""
        started = min((item.started for item in self.ranks if item.started), default=None)
        return started or self.annotations.get(STARTED_AT)

    def why_failed(self) -> Explanation:
        """Why it failed, or is about to."""
        if self.reached_time_limit:
            limit = self.spec.get("time_limit")
            span = f" of {describe_duration(limit)}" if isinstance(limit, int) else ""
            return Explanation(
                TIME_LIMIT,
                f"It was ended at its time limit{span}.",
                "Give it more time; a program that saves checkpoints can go on from the last one.",
            )
        culprit, state = self.culprit, self.state
        if self.taken is not None and (culprit is None or _guilt(culprit) > 0):
            return self.taken
        # A pod that somebody deletes ends as those do that the cluster deletes for it.
        told = culprit is not None and _guilt(culprit) == _ENDED_BY_CLUSTER and culprit.deleted
        if culprit is not None and not told:
            return of_rank(culprit, self.nodes)
        if state.reason == "BackoffLimitExceeded":
            return Explanation(
                "PodLost",
                "One of its pods was deleted, or its node was lost.",
                "Start it again; its events tell more.",
                state.message or None,
            )
        message = (state.message or "It failed").rstrip(".")
        return Explanation(state.reason or "Failed", f"{message}.")


def of_rank(failed: PodStatus, nodes: int) -> Explanation:
    """Why a pod failed, said of its rank where there are several."""
    why = failed.why or Explanation("Error", "It failed.")
    message = why.message or "It failed."
    untold = failed.error is None and not failed.disrupted and "exit code" not in message
    if untold and failed.exit_code:
        message = f"{message.rstrip('.')} (exit code {failed.exit_code})."
    if nodes > 1 and not re.search(r"\b[Rr]ank \d+", message):
        message = re.sub(r"^It (?=[a-z])", f"Rank {failed.rank} ", message)
        if not message.startswith("Rank "):
            message = f"Rank {failed.rank}: {message}"
    return replace(why, message=message)


def _one_for_each_rank(statuses: Iterable[PodStatus]) -> list[PodStatus]:
    """The pods by rank; of two with one rank the one that was not replaced."""
    chosen: dict[int, PodStatus] = {}
    for status in sorted(statuses, key=lambda status: (status.started or "~", status.name)):
        known = chosen.get(status.rank)
        if known is None or known.phase in ("Failed", "Stopping"):
            chosen[status.rank] = status
    return [chosen[index] for index in sorted(chosen)]


def _guilt(failed: PodStatus) -> int:
    """How little the end of a pod can come from that of another: the smaller, the less."""
    if failed.disrupted or failed.reason == "OOMKilled":
        return 0
    told = str((failed.error or {}).get("message") or failed.message or "")
    if failed.reason in _LAUNCHER_LOST_ANOTHER or lost_peer(told):
        return 4
    if failed.error is not None:
        return 1
    if failed.exit_code == 143 or (failed.exit_code == 137 and failed.deleted):
        # The cluster ends the other pods of a job that fails.
        return _ENDED_BY_CLUSTER
    return 2 if failed.exit_code == 137 else 3
