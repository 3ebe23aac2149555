"""What the cluster did for a job."""

from __future__ import annotations

import re
from collections.abc import Collection

from jupyter_trainhub.hub.events import event_view
from jupyter_trainhub.hub.jobs.attempts import Attempts
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import EVENTS
from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.labels import Object, Objects

# What is behind an owner's name in those of the pods, Jobs and JobSets that are made of it: a role,
# indexes, and five characters. An index has no zero before it, which tells them from the names of
# other jobs: of "x_1" it is "job-x-01".
_MADE_OF_IT = r"(-(master|worker|launcher|node))?(-(0|[1-9]\d*)){0,2}(-[a-z0-9]{5})?"
_KINDS = ("Pod", "Job", "JobSet", "Workload", "PodGroup")
# More than anybody reads.
MOST = 5000
# The characters of a time to the second.
_SECOND = 19


def events_of(client: KubeClient, attempts: Attempts, claims: Collection[str]) -> Objects:
    """The views of the last events about a job, its pods and its ``claims``, oldest first."""
    # An earlier job of the name may have left events, which are kept for an hour.
    created = str(attempts.owners[0]["metadata"].get("creationTimestamp"))
    found = [
        event
        for event in client.list(EVENTS)
        if _concerns(event.get("involvedObject", {}), attempts, claims)
        and str(event_time(event))[:_SECOND] >= created[:_SECOND]
    ]
    return [event_view(event) for event in sorted(found, key=event_time)[-MOST:]]


def _concerns(subject: Object, attempts: Attempts, claims: Collection[str]) -> bool:
    kind, name = subject.get("kind"), str(subject.get("name", ""))
    if kind == "PersistentVolumeClaim":
        return name in claims
    if any(owner["metadata"]["uid"] == subject.get("uid") for owner in attempts.owners):
        return True
    owners = "|".join(re.escape(owner["metadata"]["name"]) for owner in attempts.owners)
    return kind in _KINDS and re.fullmatch(f"({owners}){_MADE_OF_IT}", name) is not None
