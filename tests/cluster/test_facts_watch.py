"""Watches, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cluster.api import Object
from tests.cluster.lab import Lab, config_map

pytestmark = pytest.mark.cluster

Real = dict[str, Any]
SELECTOR = {"labelSelector": "w=1"}


def watch(lab: Lab, seconds: int, enough: int = 0, **query: Any) -> list[Object]:
    """The events of that many seconds, or the first so many."""
    events: list[Object] = []
    asked = {**SELECTOR, "watch": "1", "timeoutSeconds": seconds, **query}
    for line in lab.api.lines(lab.path("configmaps"), **asked):
        events.append(json.loads(line))
        if len(events) == enough:
            break
    return events


def changes(events: list[Object]) -> list[list[str]]:
    return [[e["type"], e["object"]["metadata"]["name"]] for e in events if e["type"] != "BOOKMARK"]


@dataclass
class Watched:
    """What was seen while things changed, and what watches see that begin after it."""

    live: list[Object]
    replayed: list[Object]
    from_the_end: list[Object]
    without_version: list[Object]
    with_initial_events: list[Object]


@pytest.fixture(scope="module")
def watched(lab: Lab) -> Watched:
    """Objects come into the selector, change and leave it."""
    version = lab.get("configmaps", **SELECTOR).body["metadata"]["resourceVersion"]
    with ThreadPoolExecutor() as pool:
        live = pool.submit(watch, lab, 30, 4, resourceVersion=version)
        lab.create("configmaps", config_map("w1", {"w": "1"}))
        lab.patch("configmaps", "w1", {"data": {"a": "b"}})
        lab.create("configmaps", config_map("w2", {"w": "2"}))
        lab.patch("configmaps", "w2", {"metadata": {"labels": {"w": "1"}}})
        lab.patch("configmaps", "w2", {"metadata": {"labels": {"w": "2"}}})
        events = live.result(60)
        last = events[-1]["object"]["metadata"]["resourceVersion"]
        initial = {"sendInitialEvents": "true", "allowWatchBookmarks": "true",
                   "resourceVersionMatch": "NotOlderThan"}  # fmt: skip
        queries: tuple[dict[str, Any], ...] = (
            {"resourceVersion": version},
            {"resourceVersion": last},
            {},
            initial,
        )
        later: list[Future[list[Object]]] = [
            pool.submit(watch, lab, 1, **query) for query in queries
        ]
        return Watched(events, *(future.result(60) for future in later))


def test_an_object_that_leaves_the_selector_is_deleted_to_it(watched: Watched, real: Real) -> None:
    assert changes(watched.live) == real["watch: selector moves"]


def test_a_watch_replays_from_an_older_version(watched: Watched, real: Real) -> None:
    assert changes(watched.replayed) == real["watch: replays from an older version"]


def test_a_watch_from_the_end_sees_nothing(watched: Watched, real: Real) -> None:
    assert changes(watched.from_the_end) == real["watch: nothing new"]


def test_a_watch_without_a_version_begins_with_what_is_there(watched: Watched, real: Real) -> None:
    found = changes(watched.without_version)
    assert found == real["watch: without version starts with state"]


def test_a_bookmark_ends_the_initial_events(watched: Watched, real: Real) -> None:
    events = watched.with_initial_events
    marks = [e["object"]["metadata"] for e in events if e["type"] == "BOOKMARK"]
    end = marks[0]["annotations"].get("k8s.io/initial-events-end")
    found = [[kind for kind, _ in changes(events)], end]
    assert found == real["watch: initial events end with a bookmark"]
