"""Routes of images."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.calls import Fetch, Refused, call
from tests.server.fakes import FakeHub

Call = Callable[..., Awaitable[Any]]

# As pods name it: with a port, slashes and a tag.
NAME = "registry.example.com:5000/team/ada/dev:v1"


@pytest.fixture(autouse=True)
def image(hub: FakeHub) -> None:
    hub.catalogue.add(NAME, note="with torch")


@pytest.fixture
def ask(jp_fetch: Fetch) -> Call:
    """Calls a route with query arguments."""

    async def ask(method: str, *path: str, **query: str) -> Any:
        return await call(jp_fetch, method, *path, params=query)

    return ask


async def test_images_are_listed_and_searched(ask: Call) -> None:
    assert [item["name"] for item in (await ask("GET", "images"))["items"]] == [NAME]
    assert (await ask("GET", "images", search="bob"))["items"] == []


async def test_an_image_is_deleted_by_its_name(ask: Call, hub: FakeHub) -> None:
    hub.catalogue.used.add(NAME)
    with pytest.raises(Refused) as refused:
        await ask("DELETE", "images", name=NAME)
    assert (refused.value.status, refused.value.body["reason"]) == (409, "ImageInUse")

    assert await ask("DELETE", "images", name=NAME, force="true") is None
    assert hub.catalogue.views == {}
    for query in ({"name": NAME}, {}):
        with pytest.raises(Refused) as refused:
            await ask("DELETE", "images", **query)
        assert refused.value.status == (404 if query else 400)


@pytest.mark.parametrize(
    ("body", "name", "overwritten"),
    [
        ({"tag": "v2"}, "v2", False),
        (
            {"new_name": "registry.example.com/x:1", "overwrite": True},
            "registry.example.com/x:1",
            True,
        ),
    ],
)
async def test_an_image_gets_another_name(
    api: Call, body: dict[str, Any], name: str, overwritten: bool
) -> None:
    view = await api("POST", "images", "tag", body={"name": NAME, **body})
    assert (view["name"], view["overwritten"]) == (name, overwritten)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": NAME}, "new_name"),
        ({"name": NAME, "tag": 1}, "tag"),
        ({"name": NAME, "tag": "v2", "overwrite": "yes"}, "overwrite"),
    ],
)
async def test_a_name_that_is_none_is_refused(api: Call, body: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "images", "tag", body=body)
    assert (refused.value.status, refused.value.body["details"]["field"]) == (422, field)


async def test_what_an_image_changed_and_how_to_do_it_again(ask: Call) -> None:
    assert await ask("GET", "images", "changes", name=NAME) == {"files": 1}
    assert "Dockerfile" in await ask("GET", "images", "recipe", name=NAME)
    with pytest.raises(Refused) as refused:
        await ask("GET", "images", "recipe", name="absent")
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("act", "spec"),
    [
        ("load", {"path": "archives/a.tar"}),
        ("export", {"image": NAME, "path": "a.tar", "format": "oci"}),
        ("copy", {"source": "docker.io/library/busybox:1", "image": NAME, "source_secret": "hub"}),
    ],
)
async def test_transfers_begin(api: Call, jp_root_dir: Path, act: str, spec: Any) -> None:
    view = await api("POST", "images", act, body=spec)

    assert (view["type"], view["phase"]) == (act, "Pending")
    assert spec.items() <= view["asked"].items()
    assert view["roots"] == ([] if act == "copy" else [str(jp_root_dir)])


@pytest.mark.parametrize(
    ("act", "spec", "field"),
    [
        ("load", {}, "path"),
        ("export", {"image": NAME, "path": "a.tar", "format": "zip"}, "format"),
        ("copy", {"source": "a", "image": "b", "password": "x"}, "password"),
        ("copy", {"source": "a", "image": "b", "secret": "../x"}, "secret"),
    ],
)
async def test_a_spec_that_is_none_is_refused(
    api: Call, act: str, spec: dict[str, str], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await api("POST", "images", act, body=spec)
    assert (refused.value.status, refused.value.body["details"]["field"]) == (422, field)


async def test_forms_offer_images_of_the_registry_once_there_is_a_cluster(api: Call) -> None:
    offered = (await api("GET", "schemas"))["instance"]["properties"]["image"]
    assert "examples" not in offered
    await api("GET", "instances")

    offered = (await api("GET", "schemas"))["job"]["properties"]["image"]

    assert offered["examples"] == [NAME]
    assert offered["choices"] == [{"const": NAME, "title": NAME, "description": "with torch"}]
