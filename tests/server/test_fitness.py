"""The routes of the fitness check."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict
from tests.server.calls import Fetch, Refused, call, refusal
from tests.server.fakes import FakeTrainHub


class FakeFitness:
    """A check that ends when it is told to."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.failure: Conflict | None = None
        self.waits = False
        self.cancelled = threading.Event()

    def check(self, *, cancelled: Callable[[], bool], **target: Any) -> dict[str, Any]:
        self.asked = target
        while self.waits:
            if cancelled():
                self.cancelled.set()
                raise Conflict("cancelled")
            time.sleep(0.01)
        if self.failure is not None:
            raise self.failure
        return {"target": next(iter(target.values())), "ok": {}, "items": [], "dockerfile": ""}


@pytest.fixture
def checks(extension: FakeTrainHub) -> FakeFitness:
    fake = FakeFitness()
    extension.fake.hub.fitness = fake  # type: ignore[attr-defined]
    return fake


async def test_an_image_and_an_instance(jp_fetch: Fetch, checks: FakeFitness) -> None:
    name = "example.com:5000/team/x:1"
    response = await jp_fetch("trainhub", "api", "images", "fitness", params={"name": name})
    assert checks.asked == {"image": name}
    assert response.code == 200
    found = await call(jp_fetch, "GET", "instances", "lab", "fitness")
    assert checks.asked == {"instance": "lab"}
    assert found["target"] == "lab"


async def test_a_refusal_is_told(jp_fetch: Fetch, checks: FakeFitness) -> None:
    checks.failure = Conflict("there is no such image", reason="ErrImagePull", field="name")
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "GET", "images", "fitness")
    assert refused.value.status == 409
    assert refused.value.body["reason"] == "ErrImagePull"


async def test_a_page_of_another_server_starts_no_pod(
    http_server_client: Any, jp_fetch: Fetch, checks: FakeFitness
) -> None:
    cookies = {"Sec-Fetch-Site": "cross-site", "Authorization": ""}
    response = await refusal(
        jp_fetch("trainhub", "api", "images", "fitness", headers=cookies, params={"name": "x"})
    )
    assert response.code == 403
    assert checks.asked == {}


async def test_the_check_ends_with_who_asked(jp_fetch: Fetch, checks: FakeFitness) -> None:
    checks.waits = True
    with pytest.raises(Exception, match=r"Timeout|599"):
        await jp_fetch("trainhub", "api", "images", "fitness", request_timeout=0.3)
    assert await asyncio.to_thread(checks.cancelled.wait, 5)
