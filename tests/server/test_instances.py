"""The routes that check, change and restart instances, and tell of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.server.calls import Fetch, Refused
from tests.server.fakes import FakeHub

Call = Callable[..., Awaitable[Any]]
SPEC = {"name": "dev", "cpus": 2}


@pytest.fixture
def dev(hub: FakeHub) -> Any:
    """An instance."""
    return hub.instances.add("dev", phase="Running", version="v1")


async def test_a_check_makes_nothing(api: Call, hub: FakeHub) -> None:
    checked = await api("POST", "instances", "check", body=SPEC)
    assert checked == {"verdict": "now", "edit": False, "asked": SPEC}
    assert hub.instances.views == {}


async def test_a_check_may_be_of_a_change(jp_fetch: Fetch, dev: Any) -> None:
    answer = await jp_fetch(
        "trainhub", "api", "instances", "check", method="POST", body=json.dumps(SPEC),
        params={"edit": "true"},
    )  # fmt: skip
    assert json.loads(answer.body)["edit"] is True


async def test_an_instance_may_be_called_check(api: Call, hub: FakeHub) -> None:
    hub.instances.add("check", phase="Running")
    assert (await api("GET", "instances", "check"))["name"] == "check"
    assert (await api("PATCH", "instances", "check", body={"state": "stopped"}))["name"] == "check"
    await api("DELETE", "instances", "check")
    assert hub.instances.views == {}


@pytest.mark.parametrize(
    ("change", "needed"), [({"version": "v1"}, True), ({"restart": True}, False)]
)
async def test_a_change(api: Call, dev: Any, change: Any, needed: bool) -> None:
    view = await api("PUT", "instances", "dev", body={"spec": SPEC, **change})
    assert (view["spec"]["cpus"], view["restart_needed"]) == (2, needed)


@pytest.mark.parametrize(
    ("name", "body", "status", "field"),
    [
        ("dev", {"spec": SPEC, "version": "v0"}, 409, "version"),
        ("dev", {"spec": SPEC, "version": 1}, 422, "version"),
        ("dev", {"spec": SPEC, "restart": "yes"}, 422, "restart"),
        ("dev", {"spec": {**SPEC, "gpus": -1}}, 422, "gpus"),
        ("dev", {}, 422, "spec"),
        ("none", {"spec": SPEC}, 404, "name"),
    ],
)
async def test_a_change_that_cannot_be(
    api: Call, dev: Any, name: str, body: Any, status: int, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await api("PUT", "instances", name, body=body)
    assert refused.value.status == status
    assert refused.value.body["details"]["field"] == field


async def test_a_restart(api: Call, dev: Any) -> None:
    view = await api("PATCH", "instances", "dev", body={"state": "restarted"})
    assert view["phase"] == "Starting"


async def test_events(api: Call, dev: Any) -> None:
    (event,) = (await api("GET", "instances", "dev", "events"))["items"]
    assert event["object"] == "StatefulSet/dev-dev"
    with pytest.raises(Refused) as refused:
        await api("GET", "instances", "none", "events")
    assert refused.value.status == 404
