"""When an instance was last used, signal by signal, as its annotations remember it.

Whoever may write the StatefulSet may write them, so nothing in them is believed that cannot be:
what is malformed or lies in the future counts as not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, cast

from jupyter_trainhub.manifests.labels import DOMAIN, Object

ACTIVITY = f"{DOMAIN}/activity"
KEEP_UNTIL = f"{DOMAIN}/keep-until"
# One annotation for each, so that two writers cannot undo each other's.
USED = f"{DOMAIN}/used-"

State = Literal["active", "idle", "unknown", "none"]

NAMES = ("kernels", "terminals", "lab", "ssh", "ide", "saving", "cpu", "gpu")
# Signals that somebody using the instance through TrainHub sends, about once a minute.
HEARTBEATS = ("terminals", "lab", "ssh", "ide", "saving")
# A person who goes on working is noted once a minute, and a little later by a slow cluster.
HEARTBEAT_SECONDS = 90
# How far the clocks of two machines may differ before a time is not believed.
CLOCK_SECONDS = 300
# Readings further apart say nothing of the use of CPU and GPU between them.
GAP_SECONDS = 900

_LONGEST_DETAIL = 200
_URGENCY: dict[State, int] = {"none": 0, "idle": 1, "unknown": 2, "active": 3}


@dataclass(frozen=True)
class Signal:
    """One sign of use; ``at`` is when it was last seen active, None where that is not known.

    ``none``: there is nothing of the kind. ``unknown``: it could not be read, and why is in
    ``detail``.
    """

    name: str
    state: State
    at: datetime | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        # It may come from inside a container, and is printed on terminals.
        printable = "".join(filter(str.isprintable, self.detail))[:_LONGEST_DETAIL]
        object.__setattr__(self, "detail", printable)

    def view(self) -> Object:
        """The signal as REST shows it."""
        return {
            "name": self.name,
            "state": self.state,
            "at": time_text(self.at),
            "detail": self.detail or None,
        }


@dataclass(frozen=True)
class Reading:
    """All signals at one moment, and since when the user has been warned of a stop."""

    at: datetime
    signals: tuple[Signal, ...]
    warned: datetime | None = None

    def annotation(self) -> str:
        """The reading as the annotation ``activity`` holds it."""
        return json.dumps(
            {
                "at": time_text(self.at),
                "warned": time_text(self.warned),
                "signals": [signal.view() for signal in self.signals],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )


def time_text(moment: datetime | None) -> str | None:
    """A time as Kubernetes writes it: RFC 3339, UTC, whole seconds."""
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: object, now: datetime | None) -> datetime | None:
    """A time from outside, to the second; None when it is none or lies in the future.

    A future time within :data:`CLOCK_SECONDS` is ``now`` on a clock that is a little fast. Without
    ``now`` any time is taken.
    """
    try:
        moment = datetime.fromisoformat(cast("str", text).replace("Z", "+00:00"))
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(timezone.utc).replace(microsecond=0)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None
    if now is None:
        return moment
    return min(moment, now) if moment - now <= timedelta(seconds=CLOCK_SECONDS) else None


def keep_until(annotations: Mapping[str, str], now: datetime, limit: float) -> datetime | None:
    """Until when the user keeps the instance; never more than ``limit`` seconds from ``now``."""
    try:
        until = datetime.fromisoformat(annotations.get(KEEP_UNTIL, "").replace("Z", "+00:00"))
        return min(until.astimezone(timezone.utc), now + timedelta(seconds=limit))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def reading_of(
    annotations: Mapping[str, str],
    now: datetime,
    started: datetime | None,
    *,
    beats: bool = True,
) -> Reading | None:
    """The last reading, with nothing from after ``now``.

    None when there is none of the pod that has run since ``started``. With ``beats`` heartbeats are
    added; one that is newer than the reading moves its time.
    """
    reading = _stored(annotations.get(ACTIVITY), now)
    if reading is None or (started is not None and reading.at < started):
        return None
    if not beats:
        return reading
    noted = heartbeats(annotations, now)
    at = max([reading.at, *noted.values()])
    return replace(reading, at=at, signals=with_heartbeats(reading.signals, noted, at))


def heartbeats(annotations: Mapping[str, str], now: datetime) -> dict[str, datetime]:
    """When each signal was last used through TrainHub."""
    times = {name: parse_time(annotations.get(USED + name), now) for name in HEARTBEATS}
    return {name: moment for name, moment in times.items() if moment is not None}


def with_heartbeats(
    signals: Iterable[Signal], beats: Mapping[str, datetime], now: datetime
) -> tuple[Signal, ...]:
    """``signals`` and what the heartbeats say at ``now``, in the order of :data:`NAMES`."""
    merged = {name: Signal(name, "none") for name in NAMES}
    for signal in signals:
        merged[signal.name] = signal
    for name, beat in beats.items():
        lately = (now - beat).total_seconds() <= HEARTBEAT_SECONDS
        detail = "somebody works in it" if lately else "nobody works in it"
        noted = Signal(name, "active" if lately else "idle", beat, detail)
        merged[name] = _both(merged[name], noted)
    return tuple(merged[name] for name in NAMES)


def carried(fresh: Iterable[Signal], before: Reading | None, now: datetime) -> tuple[Signal, ...]:
    """``fresh`` signals with the times that only the reading ``before`` knows.

    A signal that is idle now and was idle then has been so in between, if somebody looked often
    enough; one that was anything else has been idle since now.
    """
    known = {signal.name: signal for signal in before.signals} if before is not None else {}
    watched = before is not None and (now - before.at).total_seconds() <= GAP_SECONDS
    return tuple(_carried(signal, known.get(signal.name), now, watched) for signal in fresh)


def _carried(signal: Signal, before: Signal | None, now: datetime, watched: bool) -> Signal:
    if signal.state == "active":
        return replace(signal, at=signal.at or now)
    old = before.at if before is not None else None
    if signal.state == "idle" and signal.at is None:
        went_on = watched and before is not None and before.state == "idle" and old is not None
        return replace(signal, at=old if went_on else now)
    return replace(signal, at=max(filter(None, (signal.at, old)), default=None))


def _both(one: Signal, other: Signal) -> Signal:
    first, second = sorted((one, other), key=lambda signal: -_URGENCY[signal.state])
    return replace(first, at=max(filter(None, (first.at, second.at)), default=None))


def _stored(text: object, now: datetime) -> Reading | None:
    try:
        document = json.loads(cast("str", text))
        at = parse_time(document["at"], now)
        signals = tuple(filter(None, (_signal(item, now) for item in document["signals"])))
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
    if at is None:
        return None
    return Reading(at, signals, parse_time(document.get("warned"), now))


def _signal(item: Any, now: datetime) -> Signal | None:
    if not isinstance(item, dict) or item.get("name") not in NAMES:
        return None
    state, detail = item.get("state"), item.get("detail")
    return Signal(
        item["name"],
        cast("State", state) if state in _URGENCY else "unknown",
        parse_time(item.get("at"), now),
        detail if isinstance(detail, str) else "",
    )
