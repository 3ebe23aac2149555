"""Kubernetes' Events about an instance or a job: what the cluster did, and what it could not do."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_trainhub.errors import Forbidden
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import EVENTS
from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.labels import Object

# The events that say why something waits, how far it is, and who took a pod away; field selectors
# know no "or".
TELLING = (
    "type=Warning",
    "reason=Pulling",
    "reason=Pulled",
    "reason=TaintManagerEviction",
    "reason=Preempted",
)

# Kubernetes' pod names: "<job>-<index>-<5 characters>" and "<statefulset>-<index>".
_POD_SUFFIX = r"-\d+(-[a-z0-9]{5})?"


def telling(client: KubeClient) -> list[Object]:
    """The events of the namespace that explain; none where they may not be read."""
    try:
        return [
            event for selector in TELLING for event in client.list(EVENTS, field_selector=selector)
        ]
    except Forbidden:
        return []


def events_of(client: KubeClient, workload: Object) -> list[Object]:
    """The views of all events about a StatefulSet or Job and its pods, oldest first."""
    metadata = workload["metadata"]
    found = about(client.list(EVENTS), metadata["name"], metadata["uid"])
    return [event_view(event) for event in sorted(found, key=event_time)]


def about(events: Iterable[Object], name: str, uid: str) -> list[Object]:
    """Those of ``events`` that concern the object ``uid`` or a pod that it made."""
    pod = re.compile(re.escape(name) + _POD_SUFFIX)
    chosen = []
    for event in events:
        subject = event.get("involvedObject", {})
        is_pod = subject.get("kind") == "Pod" and pod.fullmatch(subject.get("name", ""))
        if is_pod or subject.get("uid") == uid:
            chosen.append(event)
    return chosen


def event_view(event: Object) -> Object:
    """The contract's view of an event; ``object`` is ``Kind/name``."""
    subject = event.get("involvedObject", {})
    return {
        "time": event_time(event),
        "type": event.get("type", "Normal"),
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
        "object": f"{subject.get('kind', '')}/{subject.get('name', '')}",
    }
