"""The phase of a job, and why it is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone

from jupyter_trainhub.manifests.activity import parse_time
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.job_attempt import JobAttempt, of_rank
from jupyter_trainhub.manifests.labels import RELEASED_AT, Object
from jupyter_trainhub.manifests.pod_status import PodStatus
from jupyter_trainhub.manifests.workload_status import Phase, refused, stopped_by
from jupyter_trainhub.specs.quantity import describe_memory, parse_quantity

# Seconds that some ranks may run before the others, until that is said.
PATIENCE = 120
# Seconds in which an operator writes at least something about a job.
UNHEARD = 60


def job_phase(attempt: JobAttempt, events: Sequence[Object], now: datetime | None) -> Phase:
    """Suspended, Pending, Starting, Running, Succeeded, Failed, Stopping or Stopped.

    A job that reached its time limit is Stopped, with the reason TimeLimit: that is an end which
    its user has set, no failure. One that failed and is to be started again is Failed.
    """
    state = attempt.state
    if attempt.owner["metadata"].get("deletionTimestamp"):
        return "Stopping", Explanation("Deleting", "It is being deleted.")
    if state.outcome == "Succeeded":
        return "Succeeded", Explanation("Completed", "")
    if attempt.stopped:
        # Pods that are told to end often do so with an error, which is no failure of the job.
        live = any(status.phase not in ("Succeeded", "Failed") for status in attempt.ranks)
        ends = live and state.outcome is None and not attempt.given_up
        return ("Stopping" if ends else "Stopped"), stopped_by(attempt.owner)
    if state.outcome == "Failed" or attempt.given_up:
        return ("Stopped" if attempt.reached_time_limit else "Failed"), _ended_badly(attempt)
    if state.suspended:
        return "Suspended", Explanation(
            "Suspended", "The cluster has not been asked to start it yet."
        )
    if state.failing:
        why = attempt.why_failed()
        rest = "The other ranks are being ended."
        return "Stopping", replace(why, message=" ".join((_sentence(why), rest)))
    return _progressing(attempt, events, now)


def _ended_badly(attempt: JobAttempt) -> Explanation:
    why = attempt.why_failed()
    if not attempt.may_restart:
        return why
    failed = f"Attempt {attempt.number} of {attempt.attempts} failed: {_sentence(why)}"
    return replace(why, message=" ".join((failed, "The job is started again.")))


def _sentence(why: Explanation) -> str:
    """What was said, with a full stop: programs and launchers leave it out."""
    return why.message if why.message.endswith((".", "!", "?")) else f"{why.message}."


def _progressing(attempt: JobAttempt, events: Sequence[Object], now: datetime | None) -> Phase:
    nodes, ranks = attempt.nodes, attempt.ranks
    begun = [status for status in ranks if status.phase not in ("Pending", "Starting")]
    if len(begun) >= nodes:
        culprit = attempt.culprit
        if culprit is not None:
            return "Running", of_rank(culprit, nodes)
        silent = next(
            (status for status in ranks if status.why and status.phase == "Running"), None
        )
        return "Running", of_rank(silent, nodes) if silent else None
    for phase in ("Pending", "Starting"):
        held = next((status for status in ranks if status.phase == phase), None)
        if held is not None and held.why is not None:
            stuck = _half_started(attempt, begun, held, now)
            count = f" {len(begun)} of {nodes} nodes run." if nodes > 1 else ""
            return phase, stuck or replace(held.why, message=f"{held.why.message}{count}")
    missing = refused(attempt.owner, events) or _ignored(attempt, now)
    return "Pending", missing or Explanation("Creating", "Its pods are being created.")


def _ignored(attempt: JobAttempt, now: datetime | None) -> Explanation | None:
    """What is to be said when nothing in the cluster has ever looked at the job."""
    released = parse_time(attempt.annotations.get(RELEASED_AT), None)
    if attempt.owner.get("status") or released is None:
        return None
    if ((now or datetime.now(timezone.utc)) - released).total_seconds() < UNHEARD:
        return None
    kind = attempt.framework.kind
    return Explanation(
        "NoOperator",
        f"Nothing in the cluster has taken it up: the operator of objects of kind {kind} does not "
        "seem to run.",
        "Ask the admin to start it, or to prefer another backend "
        "(TrainHubConfig.framework_backends); then submit the job again.",
    )


def _half_started(
    attempt: JobAttempt, begun: Sequence[PodStatus], held: PodStatus, now: datetime | None
) -> Explanation | None:
    """What is to be said when some ranks have waited for the others for a long time."""
    present = now or datetime.now(timezone.utc)
    started = [parse_time(status.started, None) for status in begun]
    moments = [moment for moment in started if moment is not None]
    if not moments or (present - max(moments)).total_seconds() < PATIENCE:
        return None
    why = held.why or Explanation("Pending", "")
    return Explanation(
        "HalfStarted",
        f"{len(begun)} of {attempt.nodes} nodes run and hold {_held(attempt, len(begun))}, but can "
        f"do nothing without rank {held.rank}: {why.message}",
        f"{why.remedy or 'Wait.'} If others wait for what it holds, stop it.",
        why.details,
    )


def _held(attempt: JobAttempt, nodes: int) -> str:
    """What ``nodes`` pods of the job keep from others."""
    gpus = int(attempt.spec.get("gpus") or 0) * nodes
    if gpus:
        return f"{gpus} GPUs"
    cpus = float(attempt.spec.get("cpus") or 0) * nodes
    memory = float(parse_quantity(str(attempt.spec.get("memory") or "0"))) * nodes
    return f"{cpus:g} CPUs and {describe_memory(memory)} of memory"
