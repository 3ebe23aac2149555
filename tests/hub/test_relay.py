"""Images from one registry to another, both real."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import AlreadyExists, Forbidden, NotFound, TrainHubError
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.specs.transfer import CopySpec
from tests.distribution import Distribution
from tests.hub.fakes import FakeCluster
from tests.hub.site import ended, htpasswd, layer, put_image, put_secret, repository, site

_NUMBERS = itertools.count()


@pytest.fixture
def prefix(registry: str) -> str:
    """A place of the test's own in the shared registry."""
    return f"{registry}/relay-{next(_NUMBERS)}"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another registry, which wants ada's password."""
    folder: Path = tmp_path_factory.mktemp("outside")
    server = Distribution(folder, htpasswd(folder)).start()
    yield server.host
    server.stop()


@pytest.fixture
def hub(prefix: str, outside: str, cluster: FakeCluster) -> Hub:
    put_secret(cluster, "outside", outside)
    put_secret(cluster, "wrong", outside, "wrong")
    return site(prefix, cluster)


def copy(hub: Hub, **fields: Any) -> View:
    """The transfer, when it has ended."""
    return ended(hub, hub.relay.copy(CopySpec.parse(fields)))


def test_an_image_is_copied_in_with_the_password_of_a_secret(
    hub: Hub, prefix: str, outside: str
) -> None:
    digest = put_image(repository(outside, "team/tools", "secret"), "1", layer(), layer("b", "b"))
    source, image = f"{outside}/team/tools:1", f"{prefix}/tools:1"

    with pytest.raises(Forbidden):
        copy(hub, source=source, image=image)
    with pytest.raises(Forbidden) as refused:
        copy(hub, source=source, image=image, source_secret="wrong")
    assert refused.value.field == "source"
    with pytest.raises(NotFound, match="no Secret"):
        copy(hub, source=source, image=image, source_secret="absent")

    done = copy(hub, source=source, image=image, source_secret="outside")

    assert (done["phase"], done["message"]) == ("Succeeded", None)
    assert done["result"]["digest"] == digest
    assert done["progress"]["bytes"] == done["progress"]["total_bytes"] > 0
    assert hub.catalogue.get(image)["digest"] == digest
    # Once more is no harm: it is there.
    assert copy(hub, source=source, image=image, source_secret="outside")["result"]


def test_an_image_is_copied_out_with_the_password_of_a_secret(
    hub: Hub, prefix: str, outside: str
) -> None:
    host, _, path = prefix.partition("/")
    digest = put_image(repository(host, f"{path}/a"), "1", layer())

    done = copy(hub, source=f"{prefix}/a:1", image=f"{outside}/mine:1", secret="outside")

    assert done["result"]["digest"] == digest
    assert [*repository(outside, "mine", "secret").tags()] == ["1"]


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_taken(hub: Hub, prefix: str) -> None:
    host, _, path = prefix.partition("/")
    here = repository(host, f"{path}/a")
    put_image(here, "1", layer())
    second = put_image(here, "2", layer("b", "b"))

    with pytest.raises(AlreadyExists) as refused:
        copy(hub, source=f"{prefix}/a:2", image=f"{prefix}/a:1")
    assert refused.value.reason == "ImageExists"
    done = copy(hub, source=f"{prefix}/a:2", image=f"{prefix}/a:1", overwrite=True)
    assert done["result"]["digest"] == second


@pytest.mark.parametrize(
    ("source", "image", "field"),
    [
        ("a//b", "PREFIX/b:1", "source"),
        ("PREFIX/absent:1", "PREFIX/b:1", "source"),
        ("PREFIX/a:1", f"PREFIX/b@sha256:{'0' * 64}", "image"),
        ("127.0.0.1:9/a:1", "PREFIX/b:1", "source"),
    ],
)
def test_what_cannot_be_copied_is_told_at_once(
    hub: Hub, prefix: str, source: str, image: str, field: str
) -> None:
    host, _, path = prefix.partition("/")
    put_image(repository(host, f"{path}/a"), "1", layer())

    with pytest.raises(TrainHubError) as refused:
        copy(hub, source=source.replace("PREFIX", prefix), image=image.replace("PREFIX", prefix))
    assert refused.value.field == field
