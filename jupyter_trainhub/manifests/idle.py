"""Whether an instance is idle, since when, and when it is stopped for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jupyter_trainhub.manifests.activity import (
    Reading,
    Signal,
    keep_until,
    parse_time,
    reading_of,
    time_text,
)
from jupyter_trainhub.manifests.idle_words import idle_message
from jupyter_trainhub.manifests.labels import Object, owner
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.requests import devices

# The value of the annotation ``stopped-reason``.
REASON = "Idle"
STOPPER = "TrainHub (idle)"

# Seconds without activity before an instance is called idle: a pause is no idleness. Where nothing
# is stopped, GPUs are pointed out after a longer one.
PAUSE = 300
PAUSE_WITHOUT_STOP = 1800


@dataclass(frozen=True)
class Policy:
    """What the site has set. All in seconds; a timeout of 0 stops nothing."""

    timeout: int = 0
    timeout_gpu: int = 0
    warning: int = 600
    extension: int = 3600
    extension_limit: int = 86400
    exempt: frozenset[str] = frozenset()

    @property
    def stops(self) -> bool:
        """Whether any instance is ever stopped."""
        return bool(self.timeout or self.timeout_gpu)

    @property
    def one_extension(self) -> int:
        """Seconds for which one click keeps an instance."""
        return min(self.extension, self.extension_limit)

    def timeout_of(self, holds_gpu: bool, exempt: bool = False) -> int:
        """Seconds without activity after which such an instance is stopped; 0: never."""
        if exempt:
            return 0
        return self.timeout_gpu if holds_gpu else self.timeout

    def concerns(self, stateful_set: Object) -> bool:
        """Whether the instance's activity matters: it may be stopped, or holds GPUs."""
        held = holds_gpu(stateful_set)
        return held or self.timeout_of(held, owner(stateful_set) in self.exempt) > 0


NO_POLICY = Policy()


@dataclass(frozen=True)
class Judgement:
    """``view`` is REST's Idle; ``warned`` is to be remembered; ``stop`` says to stop it now."""

    view: Object
    warned: datetime | None
    stop: bool


def idle_view(
    signals: Sequence[Signal],
    policy: Policy,
    now: datetime,
    keep_until: datetime | None,
    started: datetime | None,
    holds_gpu: bool = False,
    exempt: bool = False,
    warned: datetime | None = None,
) -> Object:
    """The view of :func:`judge`."""
    return judge(signals, policy, now, keep_until, started, holds_gpu, exempt, warned).view


def judge(
    signals: Sequence[Signal],
    policy: Policy,
    now: datetime,
    keep_until: datetime | None,
    started: datetime | None,
    holds_gpu: bool = False,
    exempt: bool = False,
    warned: datetime | None = None,
) -> Judgement:
    """What ``signals`` mean at ``now`` for an instance whose pod has run since ``started``.

    ``warned`` is when its user was warned before. It is stopped only where that warning belongs to
    this stop and has stood for its whole time; one not given yet is given now. Whatever is not
    known counts as activity.
    """
    timeout = policy.timeout_of(holds_gpu, exempt)
    warning = min(policy.warning, timeout)
    seen = [signal.at for signal in signals if signal.at is not None]
    since = min(max([*seen, *([started] if started else [])], default=now), now)
    unknown = [signal for signal in signals if signal.state == "unknown"]
    active = [signal for signal in signals if signal.state == "active"]
    pause = min(PAUSE, timeout - warning) if timeout else PAUSE_WITHOUT_STOP
    quiet = not active and not unknown and bool(signals)
    idle = quiet and now - since >= timedelta(seconds=pause)
    extended = keep_until if keep_until is not None and keep_until > now else None

    stops_at, stop = None, False
    if quiet and timeout:
        ideal = max(since + timedelta(seconds=timeout), extended or since)
        warn_at = ideal - timedelta(seconds=warning)
        if warned is None or not warn_at <= warned <= now:
            warned = now if now >= warn_at else None
        stops_at = max(ideal, warned + timedelta(seconds=warning)) if warned else ideal
        # A warning that is given at this very moment has been seen by nobody.
        stop = warned is not None and (warned < now or not warning) and now >= stops_at
    else:
        warned = None

    if not timeout and not holds_gpu:
        state = "off"
    elif active or (quiet and not idle):
        state = "active"
    else:
        state = "idle" if idle else "unknown"
    told = {
        "timeout": timeout,
        "warning": warning,
        "extension": policy.one_extension,
    }
    view = {
        "policy": told if timeout else None,
        "state": state,
        "since": time_text(since) if quiet else None,
        "stops_at": time_text(stops_at) if state == "idle" else None,
        "warned": warned is not None,
        "extended_until": time_text(extended),
        "message": idle_message(state, signals, since, stops_at, now, exempt and policy.stops),
        "signals": [signal.view() for signal in signals],
    }
    return Judgement(view, warned, stop)


def view_of(
    stateful_set: Object, pods: Sequence[Object], policy: Policy, now: datetime
) -> Object | None:
    """The Idle that the annotations of a running instance tell; None where nobody watches it.

    It is as things stood at the last reading, so it changes only when the annotations do.
    """
    started = started_at(pods, now) if stateful_set["spec"].get("replicas", 1) else None
    if started is None or not policy.concerns(stateful_set):
        return None
    annotations = stateful_set["metadata"].get("annotations") or {}
    reading = reading_of(annotations, now, started) or Reading(now, ())
    return judge_reading(stateful_set, reading, policy, started, now).view


def judge_reading(
    stateful_set: Object, reading: Reading, policy: Policy, started: datetime, now: datetime
) -> Judgement:
    """What ``reading`` means for the instance, by its annotations and what it holds.

    It is judged as of the reading; ``now`` bounds for how long the user may keep the instance.
    """
    annotations = stateful_set["metadata"].get("annotations") or {}
    return judge(
        reading.signals,
        policy,
        reading.at,
        keep_until(annotations, now, policy.extension_limit),
        started,
        holds_gpu(stateful_set),
        owner(stateful_set) in policy.exempt,
        reading.warned,
    )


def holds_gpu(stateful_set: Object) -> bool:
    """Whether its pod has GPUs."""
    containers = stateful_set["spec"].get("template", {}).get("spec", {}).get("containers", [])
    return any(devices(container.get("resources") or {}) for container in containers)


def started_at(pods: Sequence[Object], now: datetime) -> datetime | None:
    """When the program of the running pod was last started; None when none runs."""
    for pod in pods:
        if pod["metadata"].get("deletionTimestamp"):
            continue
        for status in pod.get("status", {}).get("containerStatuses") or []:
            running = (status.get("state") or {}).get("running")
            if status.get("name") == CONTAINER and running is not None:
                return parse_time(running.get("startedAt"), now) or now
    return None
