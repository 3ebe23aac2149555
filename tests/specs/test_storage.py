from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.config import MOUNT_KINDS, TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.mount import KINDS
from jupyter_trainhub.specs.storage import Storage

HOME = {"name": "home", "path": "/mnt/user/{username}", "claim": "home", "sub_path": "u/{username}"}
SHARE = {
    "name": "share-{group}",
    "title": "Share of {group}",
    "path": "/mnt/share/{group}",
    "nfs": {"server": "nas", "path": "/export/{group}"},
}


def one(data: dict[str, Any], user: str = "ada", groups: tuple[str, ...] = ()) -> Storage:
    (found,) = Storage.parse(data).for_user(user, groups)
    return found


@pytest.mark.parametrize(
    ("user", "folder"),
    [
        ("ada", "ada"),
        ("a@b.org", "a@b.org"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("../../etc", "..%2F..%2Fetc"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("a:b", "a%3Ab"),
        ("a\n", "a%0A"),
        ("%2F", "%252F"),
        ("{group}x", None),
        ("数", "数"),
    ],
)
def test_a_name_is_one_folder(user: str, folder: str | None) -> None:
    if folder is None:
        with pytest.raises(InvalidField):
            one(HOME, user)
        return
    found = one(HOME, user)
    assert (found.path, found.sub_path) == (f"/mnt/user/{folder}", f"u/{folder}")


def test_names_of_kubernetes_objects_are_escaped_as_kubespawner_does() -> None:
    storage = {"name": "home", "path": "/mnt/user", "claim": "home-{username}"}
    assert one(storage, "a@B.org").claim == "home-a-40-42-2eorg"
    csi = {"driver": "d", "secret": "s-{username}", "attributes": {"share": "/x/{username}"}}
    found = one({"name": "home", "path": "/mnt/user", "csi": csi}, "a_b").csi
    assert found is not None
    assert (found.secret, found.attributes) == ("s-a-5fb", {"share": "/x/a_b"})


def test_one_for_each_group() -> None:
    found = Storage.parse(SHARE).for_user("ada", ["nlp", "org/vision"])
    assert [item.name for item in found] == ["share-nlp", "share-org%2Fvision"]
    assert [item.title for item in found] == ["Share of nlp", "Share of org/vision"]
    assert found[1].nfs is not None
    assert found[1].nfs.path == "/export/org%2Fvision"
    assert Storage.parse(SHARE).for_user("ada", []) == []


@pytest.mark.parametrize(
    ("rule", "user", "groups", "count"),
    [
        ({}, "ada", [], 1),
        ({"users": ["ada"]}, "ada", [], 1),
        ({"users": ["ada"]}, "bob", ["ada"], 0),
        ({"groups": ["nlp"]}, "ada", [], 0),
        ({"groups": ["nlp"]}, "ada", ["nlp", "x"], 1),
        ({"groups": ["nlp"], "users": ["bob"]}, "bob", [], 1),
        ({**SHARE, "groups": ["nlp"]}, "ada", ["nlp", "x"], 1),
        ({**SHARE, "users": ["ada"]}, "ada", ["nlp", "x"], 2),
        ({}, "", [], 0),
    ],
)
def test_whom_it_is_offered_to(
    rule: dict[str, Any], user: str, groups: list[str], count: int
) -> None:
    data = rule if "name" in rule else {**HOME, **rule}
    assert len(Storage.parse(data).for_user(user, groups)) == count


@pytest.mark.parametrize(
    ("setting", "entry", "says"),
    [
        ("storages", {"path": "/mnt/x", "claim": "x"}, "storages.0.name"),
        ("storages", {**HOME, "path": "/proc"}, "storages.0.path: entry 'home'"),
        ("storages", {**HOME, "nfs": {"server": "s", "path": "/p"}}, "one source"),
        ("storages", {**HOME, "readonly": True}, "no field called 'readonly'"),
        ("storages", {**SHARE, "path": "/mnt/share"}, "storages.0.path"),
        ("storages", {**SHARE, "create": {"uid": 1, "gid": 1}}, "storages.0.create"),
        ("storages", {**HOME, "create": {"uid": 1, "gid": 1, "mode": 488}}, "create.mode"),
        ("storages", {**HOME, "create": {"uid": -1, "gid": 1}}, "create.uid"),
        ("images", {"title": "PyTorch"}, "images.0.name"),
        ("presets", {"name": "big", "values": {"cpu": 4}}, "Did you mean 'cpus'"),
        ("presets", {"name": "big", "values": {"memory": "4"}}, "4 MiB"),
        ("gpu_models", {"name": "P100", "selector": {}}, "no field called 'selector'"),
        ("gpu_models", {"name": "P100", "node_selector": {"a": 1}}, "node_selector.a"),
    ],
)
def test_a_faulty_entry_of_the_configuration_is_named(
    setting: str, entry: dict[str, Any], says: str
) -> None:
    with pytest.raises(Exception, match=setting) as caught:
        TrainHubConfig(**{setting: [entry]})
    assert says in str(caught.value)


def test_a_name_is_given_once() -> None:
    with pytest.raises(Exception, match=r"storages\.1\.name"):
        TrainHubConfig(storages=[HOME, HOME])


def test_every_source_of_a_mount_can_be_allowed() -> None:
    assert MOUNT_KINDS == KINDS
