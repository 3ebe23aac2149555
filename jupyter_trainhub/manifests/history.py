"""What happened to a job, when and why, as its objects and events tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_trainhub.manifests.event import first_seen
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.job_attempt import JobAttempt
from jupyter_trainhub.manifests.labels import RELEASED_AT, STOPPED_AT, Object, owner
from jupyter_trainhub.manifests.waiting import warned
from jupyter_trainhub.manifests.workload_status import Phase, refused, stopped_by


@dataclass(frozen=True)
class Transition:
    """A change of a job: the phase that it entered, RFC 3339 when (to the second), and why."""

    at: str
    order: int
    phase: str
    attempt: int
    why: Explanation

    def view(self) -> Object:
        """As the entry of a view's ``history``."""
        return {
            "phase": self.phase,
            "at": self.at,
            "reason": self.why.reason,
            "message": self.why.message or None,
            "attempt": self.attempt,
        }


# Of changes in the same second, this is the order in which they can have happened.
_CREATED, _RELEASED, _HELD, _PLACED, _RUNNING, _STOPPED, _FAILING, _ENDED = range(8)


def history(
    attempts: Sequence[tuple[JobAttempt, Phase]], pods: Sequence[Object], events: Sequence[Object]
) -> list[Object]:
    """The changes of all ``attempts``, each with its present phase, the oldest first.

    The same objects and events give the same history. What only events tell is there as long as
    they are, which is an hour in most clusters.
    """
    found = [
        transition
        for attempt, phase in attempts
        for transition in _of_attempt(attempt, phase, pods, events)
    ]
    return [item.view() for item in sorted(found, key=_age)]


def _age(transition: Transition) -> tuple[str, int, int]:
    return transition.at, transition.attempt, transition.order


def _of_attempt(
    attempt: JobAttempt, phase: Phase, pods: Sequence[Object], events: Sequence[Object]
) -> Iterator[Transition]:
    metadata, annotations, number = attempt.owner["metadata"], attempt.annotations, attempt.number

    def entry(at: str | None, order: int, phase: str, reason: str, message: str) -> Transition:
        return Transition(_second(at), order, phase, number, Explanation(reason, message))

    created = metadata.get("creationTimestamp")
    if number == 1:
        words = f"Submitted by {owner(attempt.owner) or 'somebody'}."
        yield entry(created, _CREATED, "Suspended", "Created", words)
    else:
        words = f"Submitted again: attempt {number} of {attempt.attempts}."
        yield entry(created, _CREATED, "Suspended", "Restarted", words)
    released = annotations.get(RELEASED_AT) or attempt.state.released
    if released:
        yield entry(
            released, _RELEASED, "Pending", "Released", "The cluster was asked to start it."
        )
    for at, why in _held_up(attempt, pods, events):
        yield Transition(_second(at), _HELD, "Pending", number, why)
    placed = [_scheduled(pod, "True") for pod in pods if pod["metadata"]["name"] in _names(attempt)]
    if len(placed) >= attempt.nodes and all(placed):
        nodes = sorted({status.node for status in attempt.ranks if status.node})
        words = f"It got its place on {', '.join(nodes[:4])}{' …' if len(nodes) > 4 else ''}."
        yield entry(max(filter(None, placed)), _PLACED, "Starting", "Scheduled", words)
    started = [status.started for status in attempt.ranks if status.started]
    if len(started) >= attempt.nodes:
        words = f"All {attempt.nodes} nodes run." if attempt.nodes > 1 else "It runs."
        yield entry(max(started), _RUNNING, "Running", "Started", words)
    elif started and (attempt.state.failing_since or attempt.state.outcome):
        # Pods that are ended with the job leave nothing behind.
        words = f"{len(started)} of {attempt.nodes} nodes are known to have run."
        yield entry(max(started), _RUNNING, "Running", "Started", words)
    elif attempt.stopped and attempt.started:
        # Its pods are gone with the stop, which has left this word of them.
        yield entry(attempt.started, _RUNNING, "Running", "Started", "It runs.")
    if attempt.stopped:
        why = stopped_by(attempt.owner)
        yield Transition(_second(annotations[STOPPED_AT]), _STOPPED, "Stopping", number, why)
    yield from _ended(attempt, phase)


def _ended(attempt: JobAttempt, phase: Phase) -> Iterator[Transition]:
    name, why = phase
    state, number = attempt.state, attempt.number
    if state.outcome != "Succeeded" and state.failing_since and not attempt.stopped:
        begun = _second(state.failing_since)
        yield Transition(begun, _FAILING, "Stopping", number, attempt.why_failed())
    if name in ("Succeeded", "Failed", "Stopped") and why is not None:
        at = state.finished or state.failing_since or attempt.annotations.get(STOPPED_AT)
        message = why.message or "It ended without an error."
        why = Explanation(why.reason, message)
        yield Transition(_second(at), _ENDED, name, number, why)


def _held_up(
    attempt: JobAttempt, pods: Sequence[Object], events: Sequence[Object]
) -> Iterator[tuple[str, Explanation]]:
    """What the attempt had to wait for, each reason once, from when it was first said."""
    told: dict[str, tuple[str, Explanation]] = {}
    its_pods = [pod for pod in pods if pod["metadata"]["name"] in _names(attempt)]
    said = [*warned(its_pods, events), *_refusals(attempt, events), *_unplaced(attempt, its_pods)]
    for at, why in sorted(said, key=lambda item: item[0]):
        told.setdefault(why.message, (at, why))
    yield from told.values()


def _unplaced(attempt: JobAttempt, pods: Sequence[Object]) -> Iterator[tuple[str, Explanation]]:
    reasons = {status.name: status.why for status in attempt.ranks if status.phase == "Pending"}
    for pod in pods:
        waits_for, at = reasons.get(pod["metadata"]["name"]), _scheduled(pod, "False")
        if waits_for is not None and at is not None:
            yield at, waits_for


def _refusals(attempt: JobAttempt, events: Sequence[Object]) -> Iterator[tuple[str, Explanation]]:
    for event in events:
        why = refused(attempt.owner, [event])
        if why is not None:
            yield first_seen(event), why


def _names(attempt: JobAttempt) -> set[str]:
    return {status.name for status in attempt.ranks}


def _scheduled(pod: Object, status: str) -> str | None:
    """Since when ``pod`` has a node ("True"), or finds none ("False")."""
    for condition in pod.get("status", {}).get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == status:
            return condition.get("lastTransitionTime") or None
    return None


def _second(at: str | None) -> str:
    """A time to the second: some of Kubernetes' have fractions, which sort before whole ones."""
    return f"{at[:19]}Z" if at else ""
