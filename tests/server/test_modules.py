"""The route of what images can import."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import Conflict
from tests.server.calls import Fetch, Refused, call
from tests.server.fakes import FakeTrainHub


class FakeModules:
    """An image that is known once it was looked at."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.failure: Conflict | None = None

    def known(self, image: str) -> dict[str, Any]:
        return {"image": image, "state": "unknown", "modules": [], **self.found.get(image, {})}

    def look(self, image: str, cancelled: Any) -> dict[str, Any]:
        assert not cancelled()
        if self.failure is not None:
            raise self.failure
        self.found[image] = {"state": "known", "modules": ["torch"]}
        return self.known(image)


@pytest.fixture
def modules(extension: FakeTrainHub) -> FakeModules:
    fake = FakeModules()
    extension.fake.hub.modules = fake  # type: ignore[attr-defined]
    return fake


async def test_an_image_is_looked_into_when_that_is_asked_for(
    jp_fetch: Fetch, modules: FakeModules
) -> None:
    image = {"name": "example.com:5000/team/x:1"}
    first = await call(jp_fetch, "GET", "images", "modules", params=image)
    assert first == {"image": image["name"], "state": "unknown", "modules": []}
    looked = await call(jp_fetch, "POST", "images", "modules", params=image)
    assert looked["modules"] == ["torch"]
    assert await call(jp_fetch, "GET", "images", "modules", params=image) == looked


async def test_what_hinders_a_look_is_told(jp_fetch: Fetch, modules: FakeModules) -> None:
    modules.failure = Conflict("there is no such image", reason="ErrImagePull", field="name")
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "POST", "images", "modules")
    assert refused.value.body["reason"] == "ErrImagePull"
