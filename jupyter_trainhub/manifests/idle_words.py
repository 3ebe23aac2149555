"""What is said of idle instances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from jupyter_trainhub.manifests.activity import Signal, parse_time, reading_of
from jupyter_trainhub.manifests.labels import STOPPED_AT, Object


def stopped_message(stateful_set: Object) -> str:
    """Why and when an idle instance was stopped, in words."""
    annotations = stateful_set["metadata"].get("annotations") or {}
    stopped = parse_time(annotations.get(STOPPED_AT), None)
    if stopped is None:
        return "It was stopped after some time without activity."
    reading = reading_of(annotations, stopped, None)
    seen = [signal.at for signal in reading.signals if signal.at] if reading else []
    minutes = round((stopped - max(seen)).total_seconds() / 60) if seen else 0
    spell = f"{minutes} minutes" if minutes > 1 else "some time"
    return f"It was stopped at {stopped:%H:%M UTC on %-d %B} after {spell} without activity."


def clock(moment: datetime, now: datetime) -> str:
    """A time for people: the hour, and the day where it is another one, in UTC."""
    moment = moment.astimezone(timezone.utc)
    same_day = moment.date() == now.astimezone(timezone.utc).date()
    return moment.strftime("%H:%M UTC" if same_day else "%H:%M UTC on %-d %B")


def idle_message(
    state: str,
    signals: Sequence[Signal],
    since: datetime,
    stops_at: datetime | None,
    now: datetime,
    exempt: bool,
) -> str:
    """The view's message: what keeps the instance in use, or since when nothing does."""
    if not signals:
        return "Whether it is in use has not been looked at yet."
    if state == "off":
        whose = "Its owner's instances" if exempt else "Idle instances"
        return f"{whose} are not stopped here."
    told = {
        kind: ", ".join(s.detail for s in signals if s.state == kind and s.detail)
        for kind in ("active", "unknown", "idle")
    }
    if state == "unknown":
        return f"Whether it is in use is not known, so it counts as used: {told['unknown']}."
    if state == "active":
        if any(signal.state == "active" for signal in signals):
            return f"It is in use: {told['active']}."
        return f"It was last used at {clock(since, now)}."
    why = f"Nothing has run in it since {clock(since, now)}: {told['idle'] or 'no activity'}"
    if stops_at is None:
        return f"{why}; its GPUs could serve others."
    return f"{why}; it stops at {clock(stops_at, now)} unless you extend."
