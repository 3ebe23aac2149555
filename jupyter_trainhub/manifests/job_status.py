"""The view of a job: its attempts and their pods as people and programs see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jupyter_trainhub.manifests.claims import ROLES, claim_name
from jupyter_trainhub.manifests.history import history
from jupyter_trainhub.manifests.job_attempt import JobAttempt
from jupyter_trainhub.manifests.job_phase import job_phase
from jupyter_trainhub.manifests.labels import (
    FROM_RUN,
    PINNED,
    RESTART,
    RUN,
    STOPPED_AT,
    Object,
    owner,
    user_name,
)
from jupyter_trainhub.manifests.pod_status import PodStatus
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.workload_status import Phase, told
from jupyter_trainhub.specs.quantity import parse_quantity

# Kubernetes keeps sizes as 64-bit integers.
_LARGEST = 2**63

# Phases of a job that does not change any more, unless another attempt follows: see :func:`over`.
ENDED = ("Succeeded", "Failed", "Stopped")

# Fields of the spec that the view repeats, for lists; of another type they were written by hand.
_OF_SPEC: Mapping[str, type] = {
    "category": str,
    "project": str,
    "priority": int,
    "description": str,
    "virtual_cluster": str,
    "skus": int,
    "ssh": bool,
    "estimated_time": int,
    "time_limit": int,
}


def job_view(
    job: Object,
    pods: Iterable[Object],
    *,
    earlier: Iterable[Object] = (),
    events: Sequence[Object] = (),
    largest: Amounts | None = None,
    now: datetime | None = None,
) -> Object:
    """The view of a job: ``job`` is the owner of its newest attempt, ``earlier`` those before it.

    ``pods`` are those of all attempts. ``error`` is the first exception that a rank reported, with
    the cell of the notebook. ``progress`` and ``log_folders`` are empty here: they stand in its
    log. ``now`` is this moment where it is left out.
    """
    pods = list(pods)
    newest = JobAttempt.of(job, pods, events=events, largest=largest)
    phase = job_phase(newest, events, now)
    before = [JobAttempt.of(item, pods, events=events) for item in earlier]
    past = [(attempt, job_phase(attempt, events, now)) for attempt in before]
    metadata, spec, culprit = job["metadata"], newest.spec, newest.culprit
    annotations = newest.annotations
    return {
        "kind": "job",
        "name": user_name(job),
        "phase": phase[0],
        **told(phase[1]),
        "framework": _typed(spec, "framework", str) or newest.framework.name,
        "backend": newest.framework.backend,
        "nodes": newest.nodes,
        **{field: _typed(spec, field, type_) for field, type_ in _OF_SPEC.items()},
        "pinned": annotations.get(PINNED) == "true",
        "run": annotations.get(RUN),
        "from_run": annotations.get(FROM_RUN),
        "attempt": newest.number,
        "attempts": newest.attempts,
        "restart": _restart(newest, phase[0]),
        "created": _created([*before, newest]),
        "started": newest.started,
        "finished": _finished(newest, phase[0]),
        "owner": owner(job),
        "spec": spec,
        "uid": metadata.get("uid"),
        "volumes": _volumes(newest),
        "history": history([*past, (newest, phase)], pods, events),
        "pods": [status.view() for status in newest.ranks],
        "earlier": [_attempt_view(attempt, its_phase) for attempt, its_phase in past],
        "error": _error(culprit) if culprit else None,
        "progress": None,
        "log_folders": [],
        "log_runs": [],
    }


def _error(culprit: PodStatus) -> Object | None:
    where = {"node": culprit.node, "pod": culprit.name}
    return None if culprit.error is None else culprit.error | where


def over(view: Object) -> bool:
    """Whether nothing happens to the job of ``view`` any more, another attempt neither."""
    return view["phase"] in ENDED and view["restart"] != "waiting"


def _attempt_view(attempt: JobAttempt, phase: Phase) -> Object:
    words = told(phase[1])
    return {
        "attempt": attempt.number,
        "phase": phase[0],
        "reason": words["reason"],
        "message": words["message"],
        "started": attempt.started,
        "finished": _finished(attempt, phase[0]),
        "pods": [status.view() for status in attempt.ranks],
    }


def _restart(attempt: JobAttempt, phase: str) -> str | None:
    if attempt.annotations.get(RESTART) == "off":
        return "off"
    return "waiting" if phase == "Failed" and attempt.may_restart else None


def _created(attempts: Iterable[JobAttempt]) -> str | None:
    times = (attempt.owner["metadata"].get("creationTimestamp") for attempt in attempts)
    return min((time for time in times if time), default=None)


def _finished(attempt: JobAttempt, phase: str) -> str | None:
    if phase not in ENDED:
        return None
    if attempt.stopped and attempt.state.outcome != "Succeeded":
        return attempt.annotations[STOPPED_AT]
    return attempt.state.finished or attempt.state.failing_since


def _volumes(attempt: JobAttempt) -> list[Object]:
    """The job's own volumes; ``size`` in bytes, as it was asked for."""
    job, run = user_name(attempt.owner), attempt.annotations.get(RUN, "")
    found = []
    for role in ROLES:
        volume = attempt.spec.get(f"{role}_volume")
        if isinstance(volume, dict):
            claim = _typed(volume, "claim", str) or claim_name(job, run, role)
            path = _typed(volume, "path", str)
            size = _size(volume.get("size"))
            found.append({"role": role, "path": path, "claim": claim, "size": size})
    return found


def _typed(spec: Object, field: str, type_: type) -> Any:
    found = spec.get(field)
    return found if isinstance(found, type_) else None


def _size(quantity: object) -> int:
    """Its bytes, 0 for what is no size of a volume."""
    try:
        amount = parse_quantity(str(quantity))
    except ValueError:
        return 0
    return int(amount) if 0 <= amount < _LARGEST else 0
