"""Saving instances as images, and transfers of images, as the server's routes treat them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict
from tests.server.calls import SOON, Fetch, Refused
from tests.server.fakes import FakeHub, FakeTrainHub
from tests.server.test_events import events

Call = Callable[..., Awaitable[Any]]


async def test_an_instance_is_measured_and_saved(api: Call, hub: FakeHub) -> None:
    hub.instances.add("dev")
    wanted = {"exclude": ["/data"], "include": ["/tmp"]}
    found = await api("POST", "instances", "dev", "snapshot", "measurement", body=wanted)
    assert found == {"instance": "dev", "asked": {**wanted, "engine": "auto"}}
    spec = {"image": "r.example.com/a:1", "secrets": "exclude", "exclude": ["/data"]}
    transfer = await api("POST", "instances", "dev", "snapshot", body=spec)
    assert transfer["name"] == "snapshot-dev"
    assert spec.items() <= transfer["spec"].items()
    assert [view["name"] for view in (await api("GET", "transfers"))["items"]] == ["snapshot-dev"]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        (("gone", "snapshot"), {}, 404, "name"),
        (("gone", "snapshot", "measurement"), {}, 404, "name"),
        (("dev", "snapshot"), {"image": "a b"}, 422, "image"),
        (("dev", "snapshot"), {"secrets": "publish"}, 422, "secrets"),
        (("dev", "snapshot"), {"exclude": [""]}, 422, "exclude.0"),
        (("dev", "snapshot"), {"exclude": "/data"}, 422, "exclude"),
        (("dev", "snapshot"), {"what": 1}, 422, "what"),
        (("dev", "snapshot", "measurement"), {"secrets": "ask"}, 422, "secrets"),
        (("dev", "snapshot"), "[", 422, "body"),
    ],
)
async def test_refusals(
    api: Call, hub: FakeHub, path: tuple[str, ...], body: Any, status: int, field: str
) -> None:
    hub.instances.add("dev")
    with pytest.raises(Refused) as refused:
        await api("POST", "instances", *path, body=body)
    assert refused.value.status == status
    assert refused.value.body["details"]["field"] == field


async def test_secrets_are_asked_about(api: Call, hub: FakeHub) -> None:
    hub.instances.add("dev")
    found = [{"path": "/root/.netrc", "kind": "password file", "line": None}]
    hub.snapshots.failure = Conflict("keys", reason="SecretsFound", details={"secrets": found})
    with pytest.raises(Refused) as refused:
        await api("POST", "instances", "dev", "snapshot")
    assert (refused.value.status, refused.value.body["reason"]) == (409, "SecretsFound")
    assert refused.value.body["details"]["secrets"] == found


async def test_who_does_not_wait_for_a_measurement_ends_it(
    api: Call, hub: FakeHub, jp_fetch: Fetch
) -> None:
    hub.instances.add("dev")
    hub.snapshots.slow = True
    asked = jp_fetch(
        *("trainhub", "api", "instances", "dev", "snapshot", "measurement"),
        method="POST",
        body="{}",
        request_timeout=0.3,
    )
    with pytest.raises(Exception, match="Timeout"):
        await asked
    assert await asyncio.to_thread(hub.snapshots.given_up.wait, SOON)


async def test_a_transfer_is_cancelled_tried_again_and_forgotten(api: Call, hub: FakeHub) -> None:
    hub.transfers.add("t1", phase="Failed")
    assert (await api("GET", "transfers", "t1"))["phase"] == "Failed"
    for state, phase in (("running", "Pending"), ("cancelled", "Cancelled")):
        view = await api("PATCH", "transfers", "t1", body={"state": state})
        assert view["phase"] == phase
    with pytest.raises(Refused) as refused:
        await api("PATCH", "transfers", "t1", body={"state": "stopped"})
    assert refused.value.status == 422
    await api("DELETE", "transfers", "t1")
    with pytest.raises(Refused) as refused:
        await api("GET", "transfers", "t1")
    assert refused.value.status == 404


async def test_changes_are_pushed_and_all_ends_with_the_server(
    api: Call,
    jp_ws_fetch: Callable[..., Awaitable[Any]],
    hub: FakeHub,
    extension: FakeTrainHub,
) -> None:
    await api("GET", "transfers")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    view = {"kind": "transfer", "id": "t1", "phase": "Running"}
    await asyncio.to_thread(hub.on_transfer, "t1", view)
    assert await events(socket, 1) == [
        {"kind": "transfer", "name": "t1", "action": "changed", "object": view}
    ]
    await asyncio.to_thread(hub.on_transfer, "t1", None)
    assert (await events(socket, 1))[0]["action"] == "deleted"
    socket.close()
    await extension.service.stop()
    assert hub.closed
