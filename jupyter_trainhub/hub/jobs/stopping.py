"""Stopping a job, which ends its pods and keeps what is known of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.jobs.attempts import Attempts, Owners
from jupyter_trainhub.hub.jobs.creation import TRIES
from jupyter_trainhub.manifests.job_status import over
from jupyter_trainhub.manifests.labels import RESTART, STARTED_AT, STOPPED_AT, STOPPED_BY, Object


def stop(
    owners: Owners,
    name: str,
    user: str,
    look: Callable[[Attempts], Object],
    before: Callable[[Object], None],
) -> None:
    """Stop the job ``name`` for ``user``.

    ``look`` gives the view of its attempts; ``before(view)`` is called before its pods are told to
    end. A job that was stopped already stays as it is. Raises NotFound, and Conflict for one that
    has ended by itself.
    """
    told = False
    for _ in range(TRIES):
        attempts = owners.of(name)
        view = look(attempts)
        if attempts.stopped:
            return
        if over(view):
            raise Conflict(
                f"job {name!r} has ended already: {view['phase']}",
                reason="JobEnded",
                field="name",
                remedy="There is nothing to stop; delete it to remove it from the list.",
            )
        if not told:
            before(view)
            told = True
        # Of this very version: it may end, or be stopped by somebody else, at this moment.
        with contextlib.suppress(Conflict):
            _suspend(owners, attempts, user, view["started"])
            # An attempt may follow at this moment, and has to be stopped then.
            if owners.of(name).newest["metadata"]["uid"] == attempts.newest["metadata"]["uid"]:
                return
    raise Conflict(f"job {name!r} is being changed all the time", remedy="Stop it again.")


def _suspend(owners: Owners, attempts: Attempts, user: str, started: str | None) -> None:
    newest = attempts.newest
    marks = {STOPPED_BY: user, STOPPED_AT: now(), STARTED_AT: started, RESTART: "off"}
    body: Object = {
        "metadata": {
            "resourceVersion": newest["metadata"]["resourceVersion"],
            "annotations": marks,
        }
    }
    if attempts.framework.state(newest).outcome is None:
        body["spec"] = attempts.framework.suspension(suspended=True)
    owners.patch(newest, body)
