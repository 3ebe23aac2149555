"""Lists whose state the history no longer holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.apimachinery.resources import CONFIGMAPS
from jupyter_trainhub.embedded.apimachinery.status import ApiError
from jupyter_trainhub.embedded.apiserver import lists
from jupyter_trainhub.embedded.apiserver.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three config maps."""
    opened = Store(tmp_path / "store.sqlite")
    for name in "abc":
        metadata = {"namespace": "n", "name": name}
        opened.create(CONFIGMAPS, {"metadata": metadata})
    yield opened
    opened.close()


def names(store: Store, **query: str) -> tuple[list[str], dict[str, str]]:
    items, metadata = lists.page(store, CONFIGMAPS, "n", query)
    return [o["metadata"]["name"] for o in items], metadata


def test_pages_go_on_at_the_newest_state_when_theirs_is_gone(store: Store, tmp_path: Path) -> None:
    first, metadata = names(store, limit="1")
    assert first == ["a"]
    version = metadata["resourceVersion"]
    store.delete(CONFIGMAPS, "n", "b")
    # A cluster that starts anew knows nothing of what was before.
    again = Store(tmp_path / "store.sqlite")
    with pytest.raises(ApiError) as caught:
        names(again, limit="1", **{"continue": metadata["continue"]})
    status = caught.value.status()
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"].startswith("The provided continue parameter is too old to display a ")
    assert names(again, **{"continue": status["metadata"]["continue"]})[0] == ["c"]
    with pytest.raises(ApiError, match="too old resource version") as caught:
        names(again, resourceVersion=version, resourceVersionMatch="Exact")
    assert caught.value.message == "The resourceVersion for the provided list is too old."
    again.close()


def test_what_has_not_come_yet_cannot_be_listed(store: Store) -> None:
    with pytest.raises(ApiError) as caught:
        names(store, resourceVersion="99")
    assert (caught.value.code, caught.value.reason) == (504, "Timeout")
    assert caught.value.message == "Timeout: Too large resource version: 99, current: 4"
