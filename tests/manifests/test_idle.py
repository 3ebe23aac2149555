from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.manifests.activity import (
    ACTIVITY,
    KEEP_UNTIL,
    Reading,
    Signal,
    time_text,
)
from jupyter_trainhub.manifests.idle import REASON, Policy, idle_view, judge, view_of
from jupyter_trainhub.manifests.instance_status import instance_view
from jupyter_trainhub.manifests.labels import OWNER, STOPPED_AT, STOPPED_REASON

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
HOUR = Policy(timeout=3600, timeout_gpu=1800, warning=600, extension_limit=7200)


def at(minutes: float) -> datetime:
    """That many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def quiet(minutes: float, name: str = "cpu") -> Signal:
    """A signal that was last seen active then."""
    return Signal(name, "idle", at(minutes), "0.4 % CPU")


BUSY = Signal("kernels", "active", at(0), "a kernel is busy")
BLIND = Signal("cpu", "unknown", None, "the container cannot be asked")
NONE = Signal("gpu", "none")


@pytest.mark.parametrize(
    ("now", "signals", "more", "state", "since", "stops_at", "warned"),
    [
        # Everything idle: the clock runs from the last activity of any signal.
        (30, [quiet(0)], {}, "idle", 0, 60, False),
        (30, [quiet(0), quiet(10, "kernels")], {}, "idle", 10, 70, False),
        (30, [quiet(0), NONE], {}, "idle", 0, 60, False),
        # What has gone was used until it went.
        (30, [quiet(0), Signal("kernels", "none", at(12))], {}, "idle", 12, 72, False),
        # A pause is no idleness yet.
        (4, [quiet(0)], {}, "active", 0, None, False),
        (5, [quiet(0)], {}, "idle", 0, 60, False),
        # One signal is enough, and what is not known counts as one.
        (300, [quiet(0), BUSY], {}, "active", None, None, False),
        (300, [quiet(0), BLIND], {}, "unknown", None, None, False),
        (300, [quiet(0), BLIND, BUSY], {}, "active", None, None, False),
        (300, [], {}, "unknown", None, None, False),
        # Never before the pod was started.
        (30, [quiet(-600)], {"started": at(0)}, "idle", 0, 60, False),
        (2, [quiet(-600)], {"started": at(0)}, "active", 0, None, False),
        # Only signals that never were anything: since the start, else since now.
        (30, [NONE], {"started": at(0)}, "idle", 0, 60, False),
        (30, [NONE], {}, "active", 30, None, False),
        # The warning comes ten minutes before, and has its whole time whenever it comes.
        (49, [quiet(0)], {}, "idle", 0, 60, False),
        (50, [quiet(0)], {}, "idle", 0, 60, True),
        (55, [quiet(0)], {"warned": at(50)}, "idle", 0, 60, True),
        (55, [quiet(0)], {}, "idle", 0, 65, True),
        (1440, [quiet(0)], {}, "idle", 0, 1450, True),
        (1440, [quiet(0)], {"warned": at(1435)}, "idle", 0, 1445, True),
        # A warning of an earlier stop, or from the future, is none.
        (1440, [quiet(1000)], {"warned": at(50)}, "idle", 1000, 1450, True),
        (55, [quiet(0)], {"warned": at(90)}, "idle", 0, 65, True),
        # Kept longer: from the user's moment on, warned before that.
        (55, [quiet(0)], {"keep_until": at(120)}, "idle", 0, 120, False),
        (55, [quiet(0)], {"keep_until": at(120), "warned": at(50)}, "idle", 0, 120, False),
        (111, [quiet(0)], {"keep_until": at(120), "warned": at(110)}, "idle", 0, 120, True),
        (55, [quiet(0)], {"keep_until": at(58), "warned": at(50)}, "idle", 0, 60, True),
        (55, [quiet(0)], {"keep_until": at(-60), "warned": at(50)}, "idle", 0, 60, True),
        # GPUs have their own time.
        (15, [quiet(0)], {"holds_gpu": True}, "idle", 0, 30, False),
        # Nobody stops what belongs to them, but idle GPUs are pointed out all the same.
        (300, [quiet(0)], {"exempt": True}, "off", 0, None, False),
        (300, [quiet(0)], {"exempt": True, "holds_gpu": True}, "idle", 0, None, False),
        (300, [quiet(0)], {"policy": Policy()}, "off", 0, None, False),
        (29, [quiet(0)], {"policy": Policy(), "holds_gpu": True}, "active", 0, None, False),
        (30, [quiet(0)], {"policy": Policy(), "holds_gpu": True}, "idle", 0, None, False),
        (300, [BUSY], {"policy": Policy(), "holds_gpu": True}, "active", None, None, False),
        # The clock was set back after the signal was seen.
        (0, [quiet(90)], {}, "active", 0, None, False),
        # A warning longer than the timeout is as long as it can be.
        (1, [quiet(0)], {"policy": Policy(timeout=120, warning=600)}, "idle", 0, 3, True),
    ],
)
def test_what_signals_mean(
    now: float,
    signals: list[Signal],
    more: dict[str, Any],
    state: str,
    since: float | None,
    stops_at: float | None,
    warned: bool,
) -> None:
    arguments: dict[str, Any] = {"keep_until": None, "started": None, "policy": HOUR, **more}
    view = idle_view(signals, now=at(now), **arguments)
    assert (view["state"], view["warned"]) == (state, warned)
    assert view["since"] == (None if since is None else time_text(at(since)))
    assert view["stops_at"] == (None if stops_at is None else time_text(at(stops_at)))


@pytest.mark.parametrize(
    ("now", "warned", "stop"),
    [
        (59, 50, False),
        (60, 50, True),
        # Found late: it is warned of now, and stopped ten minutes later.
        (1440, None, False),
        (1449, 1440, False),
        (1450, 1440, True),
        # The clock jumps a day ahead between two looks: whoever was warned has been.
        (1440, 55, True),
        # The warning belonged to another time, as when the clock was set back.
        (60, 70, False),
    ],
)
def test_it_is_stopped_only_after_a_whole_warning(
    now: float, warned: float | None, stop: bool
) -> None:
    told = None if warned is None else at(warned)
    assert judge([quiet(0)], HOUR, at(now), None, None, warned=told).stop is stop


@pytest.mark.parametrize("signals", [[quiet(0), BLIND], [quiet(0), BUSY], []])
def test_only_what_is_known_to_be_idle_is_stopped(signals: list[Signal]) -> None:
    judged = judge(signals, HOUR, at(600), None, None, warned=at(500))
    assert not judged.stop
    assert judged.warned is None


@pytest.mark.parametrize(
    ("signals", "now", "words"),
    [
        ([quiet(0)], 30, "Nothing has run in it since 12:00 UTC: 0.4 % CPU; it stops at 13:00 UTC"),
        ([BUSY], 30, "It is in use: a kernel is busy."),
        ([BLIND], 30, "so it counts as used: the container cannot be asked."),
        ([quiet(0)], 3, "It was last used at 12:00 UTC."),
        ([quiet(0)], 60 * 24, "since 12:00 UTC on 22 November"),
    ],
)
def test_it_is_said_in_words(signals: list[Signal], now: float, words: str) -> None:
    assert words in idle_view(signals, HOUR, at(now), None, None)["message"]


def workload(**annotations: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": "host",
        "resources": {"limits": {"cpu": "1", "memory": "1"}},
    }
    return {
        "metadata": {"name": "dev-x", "labels": {OWNER: "ada"}, "annotations": annotations},
        "spec": {"replicas": 1, "template": {"spec": {"containers": [container]}}},
    }


POD = {
    "metadata": {"name": "dev-x-0"},
    "spec": {},
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {"name": "main", "ready": True, "state": {"running": {"startedAt": time_text(at(0))}}}
        ],
    },
}


def test_the_view_stands_still_until_the_annotations_change() -> None:
    reading = Reading(at(55), (quiet(0),), at(50)).annotation()
    found = workload(**{ACTIVITY: reading})
    view = view_of(found, [POD], HOUR, at(56))
    assert view is not None
    assert view["stops_at"] == time_text(at(60))
    assert view_of(found, [POD], HOUR, at(700)) == view
    kept = workload(**{ACTIVITY: reading, KEEP_UNTIL: str(time_text(at(176)))})
    extended = instance_view(kept, [POD], policy=HOUR, now=at(56))["idle"]
    assert (extended["stops_at"], extended["warned"]) == (time_text(at(176)), False)


@pytest.mark.parametrize(
    ("policy", "pods"),
    [(Policy(), [POD]), (HOUR, []), (Policy(timeout=60, exempt=frozenset({"ada"})), [POD])],
)
def test_where_nothing_is_stopped_nothing_is_told(
    policy: Policy, pods: list[dict[str, Any]]
) -> None:
    assert view_of(workload(), pods, policy, at(1)) is None


def test_a_running_instance_that_nobody_has_looked_at_is_not_known() -> None:
    view = view_of(workload(), [POD], HOUR, at(1))
    assert view is not None
    assert (view["state"], view["signals"]) == ("unknown", [])


def test_a_stopped_instance_says_why() -> None:
    found = workload(
        **{
            ACTIVITY: Reading(at(60), (quiet(0),)).annotation(),
            STOPPED_AT: str(time_text(at(60))),
            STOPPED_REASON: REASON,
        }
    )
    found["spec"]["replicas"] = 0
    found["metadata"]["generation"] = 3
    view = instance_view(found, [], policy=HOUR)
    assert (view["phase"], view["reason"], view["idle"]) == ("Stopped", "Idle", None)
    message = "It was stopped at 13:00 UTC on 22 November after 60 minutes without activity."
    assert view["message"] == message
