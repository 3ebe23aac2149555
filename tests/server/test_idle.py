"""Idle instances as the server's routes and its watch treat them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.server import idle_watch
from jupyter_trainhub.server.idle_watch import IdleWatch
from tests.server.calls import SOON, Refused
from tests.server.fakes import FakeHub, FakeTrainHub

Call = Callable[..., Awaitable[Any]]


async def test_an_instance_is_asked_and_kept(api: Call, hub: FakeHub) -> None:
    hub.instances.add("dev")
    assert (await api("GET", "instances", "dev", "idle"))["state"] == "active"
    kept = await api("POST", "instances", "dev", "idle", body={"seconds": 60})
    assert (kept["name"], kept["kept"]) == ("dev", 60)


@pytest.mark.parametrize(
    ("method", "name", "body", "status", "field"),
    [
        ("GET", "gone", None, 404, "name"),
        ("POST", "gone", {"seconds": 60}, 404, "name"),
        ("POST", "dev", {"seconds": "an hour"}, 422, "seconds"),
        ("POST", "dev", {"minutes": 60}, 422, "minutes"),
        ("POST", "dev", "[", 422, "body"),
        ("POST", "dev", "[" * 100_000, 422, "body"),
    ],
)
async def test_refusals(
    api: Call, hub: FakeHub, method: str, name: str, body: Any, status: int, field: str
) -> None:
    hub.instances.add("dev")
    with pytest.raises(Refused) as refused:
        await api(method, "instances", name, "idle", body=body)
    assert refused.value.status == status
    assert refused.value.body["details"]["field"] == field


async def test_somebody_at_work_is_noted(api: Call, hub: FakeHub, extension: FakeTrainHub) -> None:
    extension.service.note_activity("dev", "ssh")
    await api("GET", "instances")
    extension.service.note_activity("dev", "ssh")
    noted = await asyncio.to_thread(hub.idle.activity.noted.get, timeout=SOON)
    assert noted == ("dev", "ssh")
    assert hub.idle.activity.noted.empty()


async def test_nothing_is_watched_where_nothing_is_to_be_stopped(
    api: Call, extension: FakeTrainHub
) -> None:
    await api("GET", "instances")
    live = extension.fake.lives[0]
    live.on_change("instance", "dev", "changed", {"name": "dev", "idle": None})
    await asyncio.sleep(0)
    assert extension.service._idle_watch is None
    # An instance with GPUs, or one that may be stopped.
    live.on_change("instance", "dev", "changed", {"name": "dev", "idle": {"state": "unknown"}})
    await asyncio.sleep(0)
    assert extension.service._idle_watch is not None


async def test_looking_starts_no_cluster(extension: FakeTrainHub) -> None:
    extension.fake.must_start = True
    with pytest.raises(ClusterUnavailable):
        await extension.service._sweep(False)
    assert extension.fake.connected == 0


async def test_a_server_that_ends_asks_no_further_containers(
    extension: FakeTrainHub, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, asked = extension.service, threading.Event()
    looks = 0

    def sweep(user: str | None, *, older: float) -> Iterator[None]:
        nonlocal looks
        for _ in range(100):
            looks += 1
            asked.set()
            while not service._stopping:
                time.sleep(0.01)
            yield

    monkeypatch.setattr(hub.idle, "sweep", sweep)
    sweeping = asyncio.ensure_future(service._sweep(False))
    await asyncio.to_thread(asked.wait, SOON)
    await service.stop()
    await asyncio.wait_for(sweeping, SOON)
    assert looks == 1


async def test_a_watch_outlives_what_goes_wrong() -> None:
    looks = 0
    enough = asyncio.Event()

    async def sweep(everybody: bool) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ClusterUnavailable("it is away")
        if looks == 2:
            raise ValueError("a defect")
        enough.set()

    watch = IdleWatch(sweep, 0.01)
    await asyncio.wait_for(enough.wait(), SOON)
    await watch.stop()
    before = looks
    await asyncio.sleep(0.05)
    assert looks == before


class TestWithAPolicy:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
        monkeypatch.setattr(idle_watch.IdleWatch.__init__, "__defaults__", (0.01,))
        jp_server_config["TrainHubConfig"]["idle_timeout"] = 3600
        return jp_server_config

    async def test_the_server_looks_though_nobody_opens_trainhub(self, hub: FakeHub) -> None:
        users = [await asyncio.to_thread(hub.idle.sweeps.get, timeout=SOON) for _ in range(6)]
        assert users == ["ada", "ada", "ada", "ada", None, "ada"]
