"""Custom kinds come back with the store that holds their definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_trainhub.embedded.apimachinery import resources, schema
from jupyter_trainhub.embedded.apimachinery.resources import CUSTOMRESOURCEDEFINITIONS
from jupyter_trainhub.embedded.apiserver.customresources import Definitions
from jupyter_trainhub.embedded.apiserver.store import Store


def definition(default: int) -> dict[str, Any]:
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    size = {"type": "integer", "default": default}
    body = {"type": "object", "properties": {"size": size}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": body}}
    return {
        "metadata": {"name": "things.example.org", "uid": "1", "generation": default},
        "spec": {"group": "example.org", "scope": "Cluster", "names": names, "versions": [version]},
        "status": {
            "acceptedNames": names,
            "conditions": [{"type": "Established", "status": "True"}],
        },
    }


def test_kinds_are_served_as_long_as_their_definitions_are_there(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    first = Store(path)
    first.create(CUSTOMRESOURCEDEFINITIONS, definition(1))
    # Not closed: as if the process had been killed.
    store = Store(path)
    Definitions(store)
    things = resources.find("example.org", "v1", "things")
    assert things
    assert things in resources.STORED
    assert schema.of_kind("example.org/v1", "Thing") is not None
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}}
    assert store.create(things, thing)["size"] == 1

    store.update(CUSTOMRESOURCEDEFINITIONS, definition(2))
    things = resources.find("example.org", "v1", "things")
    assert things
    assert store.get(things, "", "a")["size"] == 2

    store.delete(CUSTOMRESOURCEDEFINITIONS, "", "things.example.org")
    assert resources.find("example.org", "v1", "things") is None
    assert schema.of_kind("example.org/v1", "Thing") is None
    first.close()
    store.close()
