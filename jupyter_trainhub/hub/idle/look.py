"""One look at a running instance: what goes on in it, what follows, and writing that down."""

from __future__ import annotations

from dataclasses import dataclass, replace

from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.hub.idle.activity import Activity
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import STATEFUL_SETS
from jupyter_trainhub.manifests.activity import (
    ACTIVITY,
    Reading,
    carried,
    heartbeats,
    reading_of,
    time_text,
    with_heartbeats,
)
from jupyter_trainhub.manifests.idle import (
    REASON,
    STOPPER,
    Judgement,
    Policy,
    judge_reading,
    started_at,
    view_of,
)
from jupyter_trainhub.manifests.labels import STOPPED_AT, STOPPED_BY, STOPPED_REASON, Object

# Seconds after which a reading is written again though it says the same: it tells other servers
# that somebody looks, and proves to the next who looks that nothing happened in between.
REWRITE_SECONDS = 150


@dataclass(frozen=True)
class Look:
    """What was seen of an instance, and the objects as they were read before."""

    stateful_set: Object
    pods: list[Object]
    reading: Reading
    judgement: Judgement


def look(
    activity: Activity, policy: Policy, stateful_set: Object, pods: list[Object]
) -> Look | None:
    """Look into the instance's container, for a second or more; None when none runs."""
    pod = next((pod for pod in pods if started_at([pod], moment())), None)
    if pod is None:
        return None
    fresh = activity.signals(stateful_set, pod)
    now, annotations = moment(), stateful_set["metadata"].get("annotations") or {}
    started = started_at([pod], now) or now
    before = reading_of(annotations, now, started, beats=False)
    signals = carried(with_heartbeats(fresh, heartbeats(annotations, now), now), before, now)
    reading = Reading(now, signals, before.warned if before is not None else None)
    judgement = judge_reading(stateful_set, reading, policy, started, now)
    return Look(stateful_set, pods, replace(reading, warned=judgement.warned), judgement)


def record(client: KubeClient, policy: Policy, seen: Look, *, stop: bool) -> None:
    """Write down what is news, and with ``stop`` stop the instance.

    Raises Conflict when anybody wrote since the instance was read: an extension, a heartbeat or
    another server's stop in between wins.
    """
    if not stop and not _is_news(policy, seen):
        return
    metadata = seen.stateful_set["metadata"]
    annotations = {ACTIVITY: seen.reading.annotation()}
    body: Object = {
        "metadata": {
            "resourceVersion": metadata.get("resourceVersion"),
            "annotations": annotations,
        }
    }
    if stop:
        annotations |= {
            STOPPED_BY: STOPPER,
            STOPPED_AT: str(time_text(seen.reading.at)),
            STOPPED_REASON: REASON,
        }
        body["spec"] = {"replicas": 0}
    client.patch(STATEFUL_SETS, metadata["name"], body)


def _is_news(policy: Policy, seen: Look) -> bool:
    now = seen.reading.at
    annotations = seen.stateful_set["metadata"].get("annotations") or {}
    known = view_of(seen.stateful_set, seen.pods, policy, now)
    before = reading_of(annotations, now, None, beats=False)
    if known is None or before is None:
        return True
    old = (now - before.at).total_seconds() >= REWRITE_SECONDS
    return old or _gist(known) != _gist(seen.judgement.view)


def _gist(view: Object) -> list[object]:
    states = [(signal["name"], signal["state"]) for signal in view["signals"]]
    return [view["state"], view["since"], view["stops_at"], view["warned"], states]
