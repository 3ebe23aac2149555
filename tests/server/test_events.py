"""Changes are pushed on Jupyter's event bus."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.server.calls import SOON, Fetch
from tests.server.fakes import FakeHub, FakeTrainHub

SCHEMA = "https://schema.jupyter.org/trainhub/object/v1"


async def events(socket: Any, count: int) -> list[dict[str, Any]]:
    """The next events of ours."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        event = json.loads(await asyncio.wait_for(socket.read_message(), SOON))
        if event["schema_id"] == SCHEMA:
            found.append({key: event.get(key) for key in ("kind", "name", "action", "object")})
    return found


async def test_a_change_in_the_cluster_reaches_the_browser(
    jp_fetch: Fetch, jp_ws_fetch: Callable[..., Awaitable[Any]], extension: FakeTrainHub
) -> None:
    await jp_fetch("trainhub", "api", "instances")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    live = extension.fake.lives[0]
    view = {"kind": "job", "name": "run", "phase": "Running"}
    # From a thread, as live state does it.
    await asyncio.to_thread(live.on_change, "job", "run", "changed", view)
    assert await events(socket, 1) == [
        {"kind": "job", "name": "run", "action": "changed", "object": view}
    ]
    await asyncio.to_thread(live.on_change, "job", "run", "deleted", None)
    assert (await events(socket, 1))[0]["action"] == "deleted"
    socket.close()


async def test_what_a_job_tells_of_its_progress_reaches_the_browser(
    jp_fetch: Fetch, jp_ws_fetch: Callable[..., Awaitable[Any]], extension: FakeTrainHub
) -> None:
    await jp_fetch("trainhub", "api", "jobs")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    live, progress = extension.fake.lives[0], extension.fake.hub.progress
    progress.known["run"] = {"fraction": 0.5}
    view = {"kind": "job", "name": "run", "phase": "Running"}
    await asyncio.to_thread(live.on_change, "job", "run", "changed", view)
    (event,) = await events(socket, 1)
    assert event["object"] == {**view, "progress": {"fraction": 0.5}}
    # It moves while nothing happens to its pods.
    await asyncio.to_thread(progress.on_change, {**view, "progress": {"fraction": 0.6}})
    (event,) = await events(socket, 1)
    assert (event["action"], event["object"]["progress"]) == ("changed", {"fraction": 0.6})
    await asyncio.to_thread(live.on_change, "job", "run", "deleted", None)
    assert progress.known == {}
    socket.close()


async def test_of_a_burst_only_the_latest_state_is_told(
    jp_fetch: Fetch, jp_ws_fetch: Callable[..., Awaitable[Any]], extension: FakeTrainHub
) -> None:
    await jp_fetch("trainhub", "api", "jobs")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    publish = extension.service.events.publish
    for number in range(100):
        publish("job", "run", "changed", {"number": number})
    publish("job", "other", "changed", {})
    told = await events(socket, 2)
    assert [event["name"] for event in told] == ["run", "other"]
    assert told[0]["object"] == {"number": 99}
    socket.close()


async def test_nothing_is_watched_before_somebody_asks_and_all_ends_with_the_server(
    jp_fetch: Fetch, extension: FakeTrainHub, hub: FakeHub
) -> None:
    assert extension.fake.lives == []
    await jp_fetch("trainhub", "api", "jobs")
    assert [live.running for live in extension.fake.lives] == [True]
    await extension.stop_extension()
    assert [live.running for live in extension.fake.lives] == [False]
