"""The store keeps, orders and remembers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery.resources import CONFIGMAPS
from jupyter_trainhub.embedded.apimachinery.status import ApiError
from jupyter_trainhub.embedded.apiserver import store as store_module
from jupyter_trainhub.embedded.apiserver.store import Change, Store, StoreUnusable


def config(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "n"},
        "data": data,
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def test_each_write_takes_the_next_version(store: Store) -> None:
    first = store.create(CONFIGMAPS, config("a"))
    second = store.create(CONFIGMAPS, config("b"))
    changed = store.update(CONFIGMAPS, {**first, "data": {"k": "v"}})
    versions = [int(o["metadata"]["resourceVersion"]) for o in (first, second, changed)]
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


def test_an_update_that_changes_nothing_is_no_write(store: Store) -> None:
    first = store.create(CONFIGMAPS, config("a"))
    again = store.update(CONFIGMAPS, config("a"))
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_an_update_of_an_older_state_conflicts(store: Store) -> None:
    first = store.create(CONFIGMAPS, config("a"))
    store.update(CONFIGMAPS, {**first, "data": {"k": "1"}})
    with pytest.raises(ApiError) as caught:
        store.update(CONFIGMAPS, {**first, "data": {"k": "2"}})
    assert caught.value.reason == "Conflict"


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    first = Store(path)
    first.create(CONFIGMAPS, config("a", k="v"))
    gone = first.create(CONFIGMAPS, config("b"))
    first.delete(CONFIGMAPS, "n", "b")
    # Not closed: as if the process had been killed.
    second = Store(path)
    assert [o["metadata"]["name"] for o in second.list(CONFIGMAPS)] == ["a"]
    assert second.get(CONFIGMAPS, "n", "a")["data"] == {"k": "v"}
    assert second.version > int(gone["metadata"]["resourceVersion"])
    first.close()
    second.close()


def test_changes_are_told_in_order_and_can_be_asked_for(store: Store) -> None:
    heard: list[Change] = []
    end = store.subscribe(heard.append)
    begin = store.version
    made = store.create(CONFIGMAPS, config("a"))
    store.update(CONFIGMAPS, {**made, "data": {"k": "v"}})
    store.delete(CONFIGMAPS, "n", "a")
    end()
    store.create(CONFIGMAPS, config("b"))
    assert [c.type for c in heard] == ["ADDED", "MODIFIED", "DELETED"]
    assert [c.type for c in store.since(begin + 1)] == ["MODIFIED", "DELETED", "ADDED"]


def test_a_version_before_the_history_has_expired(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store_module, "HISTORY", 3)
    small = Store(tmp_path / "small.sqlite")
    begin = small.version
    for n in range(5):
        small.create(CONFIGMAPS, config(f"c{n}"))
    with pytest.raises(ApiError) as caught:
        small.since(begin)
    assert (caught.value.code, caught.value.reason) == (410, "Expired")
    assert len(small.since(begin + 2)) == 3
    small.close()


def test_a_file_that_is_no_store_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreUnusable, match="left as it is"):
        Store(path)
    assert path.read_bytes() == b"something else entirely" * 100


def test_a_list_can_be_had_as_it_was(store: Store) -> None:
    for name in "ab":
        store.create(CONFIGMAPS, config(name))
    then = store.version
    store.delete(CONFIGMAPS, "n", "a")
    store.update(CONFIGMAPS, config("b", k="v"))
    store.create(CONFIGMAPS, config("c"))
    was = store.list(CONFIGMAPS, "n", then)
    assert [(o["metadata"]["name"], o["data"]) for o in was] == [("a", {}), ("b", {})]
    assert [o["metadata"]["name"] for o in store.list(CONFIGMAPS, "n")] == ["b", "c"]


def test_large_objects_are_read_and_told_of_like_any_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LARGE", 10)
    heard: list[Change] = []
    store.subscribe(heard.append)
    begin = store.version
    made = store.create(CONFIGMAPS, config("a", k="v"))
    assert store.get(CONFIGMAPS, "n", "a") == made == heard[0].object
    changed = store.update(CONFIGMAPS, {**made, "data": {}})
    assert [(c.object, c.previous) for c in store.since(begin)] == [(made, None), (changed, made)]
    assert store.list(CONFIGMAPS) == [changed]
