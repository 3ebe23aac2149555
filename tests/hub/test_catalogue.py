"""The catalogue of images, on a real docker-registry."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.errors import AlreadyExists, Conflict, Forbidden, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.catalogue import listing
from jupyter_trainhub.kube.resources import JOBS, STATEFUL_SETS
from jupyter_trainhub.manifests.labels import labels
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from tests.distribution import Distribution
from tests.hub.fakes import FakeCluster, Object
from tests.hub.site import (
    htpasswd,
    layer,
    put_image,
    put_secret,
    repository,
    saved_labels,
    site,
)

_NUMBERS = itertools.count()


@pytest.fixture
def prefix(registry: str) -> str:
    """A place of the test's own in the shared registry."""
    return f"{registry}/catalogue-{next(_NUMBERS)}"


@pytest.fixture
def hub(prefix: str, cluster: FakeCluster) -> Hub:
    return site(prefix, cluster)


@pytest.fixture
def dev(prefix: str) -> Repository:
    """The repository of ada's instance dev."""
    host, _, path = prefix.partition("/")
    return repository(host, f"{path}/ada/dev")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Distribution]:
    """A registry that wants ada's password."""
    server = Distribution(tmp_path / "locked", htpasswd(tmp_path)).start()
    yield server
    server.stop()


def workload(kind: str, name: str, image: str, **status: object) -> Object:
    """An instance or a job with an image."""
    containers = {"spec": {"containers": [{"name": "main", "image": image}]}}
    metadata = {"name": f"{kind}-{name}", "labels": labels(kind, name, "ada")}
    return {"metadata": metadata, "spec": {"template": containers}, "status": status}


def save(dev: Repository, tag: str, content: str = "hello", **fields: str) -> str:
    """Push what a saved instance looks like; its digest."""
    top = layer("new", content)
    return put_image(dev, tag, layer(), top, Labels=saved_labels(top, **fields))


def test_a_saved_image_is_listed_with_what_it_says_of_itself(hub: Hub, dev: Repository) -> None:
    digest = save(dev, "v1", note="with torch")

    found = hub.catalogue.list()

    assert found["registry"]["message"] is None
    (image,) = found["items"]
    assert image["name"] == f"{dev.name}:v1"
    assert image["source"] == "saved"
    assert (image["digest"], image["deletable"], image["message"]) == (digest, True, None)
    assert (image["owner"], image["instance"], image["note"]) == ("ada", "dev", "with torch")
    assert image["base"] == "example.com/base:1"
    assert image["base_digest"].startswith("sha256:")
    assert image["created"] == "2026-01-02T03:04:05Z"
    assert 0 < image["layer_size"] < image["size"]


def test_what_was_built_upon_a_saved_image_is_not_taken_for_one(hub: Hub, dev: Repository) -> None:
    put_image(dev, "v1", layer(), layer("more", "more"), Labels=saved_labels(layer()))

    (image,) = hub.catalogue.list()["items"]

    assert (image["source"], image["instance"], image["layer_size"]) == ("other", None, None)
    with pytest.raises(Conflict) as refused:
        hub.catalogue.changes(image["name"])
    assert refused.value.reason == "NotSaved"


@pytest.mark.parametrize(
    ("search", "found"),
    [("", 2), ("torch", 1), ("TORCH ada", 1), ("torch bob", 0), ("example.com/base", 2)],
)
def test_search_finds_every_word_in_what_people_know(
    hub: Hub, dev: Repository, search: str, found: int
) -> None:
    save(dev, "v1", note="with torch")
    save(dev, "v2", content="other", owner="bob")

    assert len(hub.catalogue.list(search)["items"]) == found


def test_official_images_come_first_and_stay_when_they_cannot_be_read(
    prefix: str, dev: Repository
) -> None:
    save(dev, "base")
    save(dev, "v1", content="other")
    here, away = f"{dev.name}:base", "127.0.0.1:9/gone:1"
    hub = site(
        prefix,
        images=[
            {"name": away, "title": "Gone"},
            {"name": here, "title": "Base", "description": "B"},
        ],
    )

    gone, base, other = hub.catalogue.list()["items"]

    assert (gone["name"], gone["title"], gone["digest"]) == (away, "Gone", None)
    assert "127.0.0.1:9" in gone["message"]
    assert (base["name"], base["source"], base["description"]) == (here, "official", "B")
    assert (base["deletable"], base["message"]) == (False, None)
    assert other["name"] == f"{dev.name}:v1"


def test_a_site_without_a_registry_lists_its_official_images(cluster: FakeCluster) -> None:
    hub = site("", cluster, images=[{"name": "host"}])

    assert hub.catalogue.list()["registry"] is None
    assert [image["message"] for image in hub.catalogue.list()["items"]] == [None]
    with pytest.raises(Conflict) as refused:
        hub.registries.default_image("dev")
    assert refused.value.reason == "NoRegistry"


def test_a_registry_that_is_away_is_told_of(cluster: FakeCluster) -> None:
    found = site("127.0.0.1:9/team", cluster).catalogue.list()

    assert found["items"] == []
    assert found["registry"]["name"] == "127.0.0.1:9/team"
    assert "127.0.0.1:9" in found["registry"]["message"]
    assert found["registry"]["remedy"]


def test_a_wrong_password_is_told_of_and_never_repeated(locked: Distribution) -> None:
    cluster = FakeCluster()
    put_secret(cluster, "registry", locked.host, "not the password")
    hub = site(locked.host, cluster, registry_secret="registry")

    told = hub.catalogue.list()["registry"]

    assert "password" in told["message"]
    assert "not the password" not in str(told)
    with pytest.raises(Forbidden) as refused:
        hub.catalogue.get(f"{locked.host}/ada/dev:v1")
    assert refused.value.reason == "RegistryUnauthorized"


def test_a_secret_opens_the_registry(locked: Distribution) -> None:
    cluster = FakeCluster()
    put_secret(cluster, "registry", locked.host)
    save(repository(locked.host, "ada/dev", "secret"), "v1")
    hub = site(locked.host, cluster, registry_secret="registry")

    (image,) = hub.catalogue.list()["items"]
    assert image["name"] == f"{locked.host}/ada/dev:v1"
    hub.catalogue.delete(image["name"])
    assert hub.catalogue.list()["items"] == []


def test_where_the_registry_tells_no_list_what_the_cluster_knows_is_listed(
    hub: Hub, cluster: FakeCluster, dev: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Iterator[str]:
        raise RegistryError("no list", reason="Forbidden")

    monkeypatch.setattr(listing, "catalogue", refuse)
    save(dev, "v1")
    other = repository(dev.domain, dev.path.replace("ada/dev", "bob/tools"))
    save(other, "v2")
    cluster.put(STATEFUL_SETS, workload("instance", "dev", "busybox"))
    cluster.put(JOBS, workload("job", "train", f"{other.name}:v2"))

    names = {image["name"] for image in hub.catalogue.list()["items"]}

    assert names == {f"{dev.name}:v1", f"{other.name}:v2"}


def test_forms_offer_what_was_listed_of_late(hub: Hub, dev: Repository) -> None:
    save(dev, "v1")

    assert [image["tag"] for image in hub.catalogue.latest()] == ["v1"]


def test_one_image(hub: Hub, dev: Repository) -> None:
    digest = save(dev, "v1")

    assert hub.catalogue.get(f"{dev.name}:v1")["digest"] == digest
    assert hub.catalogue.get(f"{dev.name}@{digest}")["digest"] == digest
    with pytest.raises(NotFound):
        hub.catalogue.get(f"{dev.name}:v2")
    with pytest.raises(InvalidField):
        hub.catalogue.get("no//name")


def test_one_tag_of_several_is_deleted_and_the_others_keep_the_image(
    hub: Hub, dev: Repository
) -> None:
    digest = save(dev, "v1")
    hub.catalogue.tag(f"{dev.name}:v1", "v2")

    hub.catalogue.delete(f"{dev.name}:v1")

    assert [*dev.tags()] == ["v2"]
    assert hub.catalogue.get(f"{dev.name}:v2")["digest"] == digest
    hub.catalogue.delete(f"{dev.name}:v2")
    assert hub.catalogue.list()["items"] == []
    with pytest.raises(NotFound):
        hub.catalogue.delete(f"{dev.name}:v2")


def test_a_tag_that_the_registry_does_not_let_go_stays_what_it_was(tmp_path: Path) -> None:
    settings = {
        "storage": {
            "filesystem": {"rootdirectory": str(tmp_path / "data")},
            "delete": {"enabled": False},
        }
    }
    server = Distribution(tmp_path / "kept", settings).start()
    try:
        dev = repository(server.host, "ada/dev")
        digest = save(dev, "v1")
        hub = site(server.host)
        hub.catalogue.tag(f"{dev.name}:v1", "v2")
        for tag in ("v1", "v2"):
            with pytest.raises(Forbidden, match="delet"):
                hub.catalogue.delete(f"{dev.name}:{tag}")
            assert hub.catalogue.get(f"{dev.name}:{tag}")["digest"] == digest
    finally:
        server.stop()


def test_an_image_that_is_needed_is_deleted_only_by_force(
    hub: Hub, cluster: FakeCluster, dev: Repository
) -> None:
    digest = save(dev, "v1")
    cluster.put(STATEFUL_SETS, workload("instance", "dev", f"{dev.name}:v1"))
    cluster.put(JOBS, workload("job", "train", f"{dev.name}@{digest}"))
    ended = {"conditions": [{"type": "Complete", "status": "True"}]}
    cluster.put(JOBS, workload("job", "old", f"{dev.name}:v1", **ended))

    with pytest.raises(Conflict) as refused:
        hub.catalogue.delete(f"{dev.name}:v1")

    assert refused.value.reason == "ImageInUse"
    assert refused.value.details["users"] == ["instance dev", "job train"]
    hub.catalogue.delete(f"{dev.name}:v1", force=True)
    assert [*dev.tags()] == []


@pytest.mark.parametrize("name", ["docker.io/library/busybox:1", "OTHER/team/dev:v1", "v1"])
def test_only_what_lies_in_the_sites_registry_is_deleted(
    hub: Hub, registry: str, name: str
) -> None:
    with pytest.raises(InvalidField):
        hub.catalogue.delete(name.replace("OTHER", registry))


def test_a_name_is_taken_from_another_image_only_when_asked_to(hub: Hub, dev: Repository) -> None:
    first, second = save(dev, "v1"), save(dev, "v2", content="other")

    with pytest.raises(AlreadyExists) as refused:
        hub.catalogue.tag(f"{dev.name}:v1", "v2")
    assert refused.value.reason == "ImageExists"
    assert hub.catalogue.get(f"{dev.name}:v2")["digest"] == second

    assert hub.catalogue.tag(f"{dev.name}:v1", "v2", overwrite=True)["digest"] == first


def test_a_tag_in_another_repository_has_all_layers_there(hub: Hub, dev: Repository) -> None:
    digest = save(dev, "v1")
    other = dev.name.replace("ada/dev", "ada/tools")

    view = hub.catalogue.tag(f"{dev.name}:v1", f"{other}:stable")

    assert (view["name"], view["digest"]) == (f"{other}:stable", digest)
    hub.catalogue.delete(f"{dev.name}:v1")
    assert hub.catalogue.get(f"{other}:stable")["size"] == view["size"]


def test_the_second_list_asks_for_nothing_but_digests(
    hub: Hub, dev: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        save(dev, f"v{number}", content=str(number))
    before = hub.catalogue.list()

    def fail(*_: object) -> None:
        raise AssertionError("a manifest is read again")

    monkeypatch.setattr(Repository, "manifest", fail)
    assert hub.catalogue.list() == before


def test_what_a_saved_instance_changed_and_how_to_do_it_again(hub: Hub, dev: Repository) -> None:
    save(dev, "v1", content="hello")

    found = hub.catalogue.changes(f"{dev.name}:v1")

    assert (found["files"], found["bytes"]) == (1, 5)
    assert "FROM example.com/base@sha256:" in hub.catalogue.recipe(f"{dev.name}:v1")["Dockerfile"]


def test_pods_may_call_the_registry_otherwise_than_this_machine(registry: str) -> None:
    path = f"catalogue-{next(_NUMBERS)}"
    digest = save(repository(registry, f"{path}/ada/dev"), "v1")
    hub = site(f"registry.internal/{path}", registry_url=f"http://{registry}/")
    name = f"registry.internal/{path}/ada/dev:v1"

    assert [image["name"] for image in hub.catalogue.list()["items"]] == [name]
    assert hub.catalogue.tag(name, "v2")["digest"] == digest


def test_an_official_image_is_read_from_the_mirror_of_its_registry(registry: str) -> None:
    path = f"library/catalogue-{next(_NUMBERS)}"
    digest = put_image(repository(registry, path), "1", layer())
    name = f"docker.io/{path}:1"
    hub = site("", images=[{"name": name}], registry_mirrors={"docker.io": f"http://{registry}"})

    (image,) = hub.catalogue.list()["items"]

    assert (image["name"], image["digest"], image["message"]) == (name, digest, None)


def test_a_registry_that_hangs_holds_nobody_up(
    prefix: str, dev: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_OFFICIAL_PATIENCE", 0.1)
    save(dev, "v1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/slow:1"
        hub = site(prefix, images=[{"name": name}])
        began = time.monotonic()

        slow, saved = hub.catalogue.list()["items"]

        assert time.monotonic() - began < 3
    assert (slow["name"], slow["digest"]) == (name, None)
    assert "in time" in slow["message"]
    assert saved["name"] == f"{dev.name}:v1"
