from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from jupyter_trainhub.manifests.activity import (
    ACTIVITY,
    KEEP_UNTIL,
    USED,
    Reading,
    Signal,
    carried,
    heartbeats,
    keep_until,
    reading_of,
    time_text,
    with_heartbeats,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
BUSY = Signal("kernels", "active", NOON, "a kernel is busy")


def at(minutes: float) -> datetime:
    """That many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def quiet(minutes: float) -> Signal:
    """CPU that was last seen active then."""
    return Signal("cpu", "idle", at(minutes), "0.4 % CPU")


def test_a_reading_comes_back_from_its_annotation() -> None:
    reading = Reading(at(5), (quiet(0), BUSY), at(3))
    assert reading_of({ACTIVITY: reading.annotation()}, at(6), at(0), beats=False) == reading
    assert reading_of({ACTIVITY: reading.annotation()}, at(6), at(5.5)) is None, "an older pod's"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"text"',
        "{}",
        "[" * 100_000,
        '{"at": 5, "signals": []}',
        '{"at": "2026-11-22T12:00:00", "signals": []}',
        '{"at": "2026-11-22T12:00:00Z", "signals": 7}',
        '{"at": "2999-01-01T00:00:00Z", "signals": []}',
        '{"at": "2026-11-22T12:00:00Z", "signals": [{"name": "cpu", "state": []}]}',
    ],
)
def test_a_malformed_reading_is_none(text: str) -> None:
    assert reading_of({ACTIVITY: text, KEEP_UNTIL: text}, at(1), None) is None
    assert keep_until({KEEP_UNTIL: text}, at(1), 60) is None
    assert heartbeats({USED + "ssh": text}, at(1)) == {}


def test_what_cannot_be_in_a_reading_is_left_out() -> None:
    signals = [
        {"name": "cpu", "state": "asleep", "at": "2999-01-01T00:00:00Z", "detail": "\x1b[31mred"},
        {"name": "mood", "state": "idle"},
        {"name": "gpu", "state": "idle", "at": ["x"], "detail": 7},
        "text",
    ]
    text = json.dumps({"at": time_text(at(0)), "warned": "9999-12-31T23:59:59-14:00",
                       "signals": signals})  # fmt: skip
    reading = reading_of({ACTIVITY: text}, at(1), None, beats=False)
    assert reading is not None
    assert reading.signals == (Signal("cpu", "unknown", None, "[31mred"), Signal("gpu", "idle"))
    assert reading.warned is None


def test_nobody_is_kept_longer_than_the_site_allows() -> None:
    far = {KEEP_UNTIL: "9999-12-31T23:59:59Z"}
    assert keep_until(far, at(0), 7200) == at(120)


def test_a_heartbeat_is_activity_for_a_minute_or_so() -> None:
    signals = [Signal("ssh", "idle", at(-9), "SSH connections are silent"), quiet(0)]
    soon = {s.name: s for s in with_heartbeats(signals, {"ssh": at(0)}, at(1))}
    assert (soon["ssh"].state, soon["ssh"].at) == ("active", at(0))
    later = {s.name: s for s in with_heartbeats(signals, {"ssh": at(0)}, at(2))}
    assert (later["ssh"].state, later["ssh"].at) == ("idle", at(0))
    blind = with_heartbeats([Signal("terminals", "unknown")], {"terminals": at(0)}, at(9))
    assert next(s for s in blind if s.name == "terminals").state == "unknown"


IDLE = Signal("cpu", "idle", None, "0 % CPU")


@pytest.mark.parametrize(
    ("fresh", "before", "looked", "seen"),
    [
        (IDLE, quiet(0), 9, 0),
        (IDLE, quiet(0), -30, 10),
        (IDLE, Signal("cpu", "active", at(0)), 9, 10),
        (IDLE, Signal("cpu", "unknown", at(0)), 9, 10),
        (IDLE, None, 9, 10),
        (Signal("cpu", "active"), quiet(0), 9, 10),
        (Signal("cpu", "unknown"), quiet(0), 9, 0),
        (Signal("cpu", "none"), quiet(0), 9, 0),
        (quiet(5), quiet(0), -30, 5),
    ],
)
def test_idleness_counts_from_where_somebody_has_looked_since(
    fresh: Signal, before: Signal | None, looked: float, seen: float
) -> None:
    reading = Reading(at(looked), (before,) if before else ())
    assert carried([fresh], reading, at(10))[0].at == at(seen)
