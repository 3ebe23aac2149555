"""Whole jobs started again after a failure, as often as their users asked for.

A new attempt is made of what the cluster holds of the last one, so that anybody who watches can do
it: a Jupyter server, ``trainhub restart-jobs``, whoever waits for the job. The attempt's name is
what only one of them gets.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import AlreadyExists, Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.jobs.attempts import Attempts
from jupyter_trainhub.hub.jobs.restart_clock import RestartClock
from jupyter_trainhub.kube.resources import Resource
from jupyter_trainhub.manifests.labels import (
    RELEASED_AT,
    RESTART,
    STOPPED_AT,
    Object,
    attempt,
    selector,
)

if TYPE_CHECKING:
    from jupyter_trainhub.hub.jobs.manager import Jobs

# Seconds between the end of an attempt and the next: after the first, and at most.
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 300.0
# Seconds after which an attempt whose objects are not all there is nobody's work any more.
FORSAKEN = 60


@dataclass(frozen=True)
class Outcome:
    """What became of one job in a :meth:`Restarts.sweep`; ``failure`` is why nothing did."""

    name: str
    message: str
    failure: TrainHubError | None = None


class _Unwanted(Conflict):
    """Nobody wants another attempt any more."""


class Restarts:
    """The attempts of one namespace's jobs."""

    def __init__(self, jobs: Jobs, user: str) -> None:
        self._jobs = jobs
        self._user = user

    def clock(self, *, everybody: bool = True) -> RestartClock:
        """Something that starts jobs again in time, of those whose views it is told.

        With ``everybody`` also those of other users.
        """

        def when(view: Object) -> float | None:
            return due(view) if everybody or view["owner"] == self._user else None

        return RestartClock(when, self.step)

    def sweep(self) -> Iterator[Outcome]:
        """Start again what is due now, each job as it is done."""
        for view in self._jobs.list():
            moment = due(view)
            if moment is None or (view["restart"] == "waiting" and moment > time.time()):
                continue
            try:
                message = self.step(view["name"])
            except TrainHubError as error:
                yield Outcome(view["name"], str(error), error)
            else:
                if message is not None:
                    yield Outcome(view["name"], message)

    def namespaces(self) -> list[str]:
        """The namespaces with jobs. Raises Forbidden."""
        found: set[str] = set()
        for resource in self._jobs.owners.resources():
            found |= self._namespaces_of(resource)
        return sorted(found)

    def step(self, name: str) -> str | None:
        """Make the next attempt at the job ``name`` where that is due; what was done.

        Raises what the cluster refuses.
        """
        try:
            attempts = self._jobs.owners.of(name)
        except NotFound:
            return None
        if _half_made(attempts.newest):
            if _age(attempts.newest) < FORSAKEN:
                return None
            # Whoever began it is gone. Of its children some may be there, and go with it.
            self._jobs.owners.delete(attempts.newest)
            attempts = Attempts(attempts.earlier)
            if not attempts.owners:
                return None
        view = self._jobs.views.of(attempts)
        moment = due(view)
        if moment is None or moment > time.time():
            return None
        return self._next(attempts, view)

    def _next(self, attempts: Attempts, view: Object) -> str | None:
        request = self._jobs.requests.next(attempts, self._jobs.owners.all())
        framework = attempts.framework
        try:
            self._jobs.creation.create(
                framework, framework.objects(request), lambda: self._check(attempts.newest)
            )
        except (AlreadyExists, _Unwanted):
            # Somebody else has made it, or the job was stopped or deleted at this moment.
            return None
        return f"attempt {request.attempt} of {view['attempts']}"

    def _check(self, failed: Object) -> None:
        """Raise _Unwanted where no attempt may follow the one that has ``failed``.

        The next one is created already: whoever stops or deletes the job later sees it.
        """
        try:
            owner = self._jobs.owners.get(failed)
        except NotFound:
            raise _Unwanted("the job was deleted") from None
        if not _wants_more(owner):
            raise _Unwanted("the job was stopped")

    def _namespaces_of(self, resource: Resource) -> set[str]:
        found: set[str] = set()
        following: str | None = None
        while True:
            page = self._jobs.client.list_page(
                resource, label_selector=selector("job"), following=following, namespace=""
            )
            found |= {str(item["metadata"]["namespace"]) for item in page["items"] or ()}
            following = page["metadata"].get("continue")
            if not following:
                return found


def due(view: Object) -> float | None:
    """When something has to be done for a job, in seconds of the epoch; None for nothing."""
    if view["restart"] == "waiting":
        failures: int = view["attempt"]
        # Ten times twice as long is longer than the longest, and no number is too large then.
        pause = min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)
        return _epoch(view["finished"]) + pause
    if view["phase"] == "Suspended" and view["attempt"] > 1:
        return time.time() + FORSAKEN
    return None


def _wants_more(owner: Object) -> bool:
    annotations = owner["metadata"].get("annotations", {})
    return STOPPED_AT not in annotations and annotations.get(RESTART) != "off"


def _half_made(owner: Object) -> bool:
    return (
        attempt(owner) > 1
        and RELEASED_AT not in owner["metadata"].get("annotations", {})
        and _wants_more(owner)
    )


def _age(owner: Object) -> float:
    return time.time() - _epoch(owner["metadata"]["creationTimestamp"])


def _epoch(moment: str | None) -> float:
    """Seconds of an RFC 3339 time; now for none."""
    if moment is None:
        return time.time()
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
