"""The image store: what is loaded is there for every process, whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import tarfile
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime.image_store import ImageError, ImageStore, StoredImage
from tests.registry.packing import (
    LAYER,
    MANIFEST,
    Layout,
    configuration,
    digest,
    docker_archive,
    member,
    tar,
)

BASE = tar(("etc/", b""), ("etc/a", b"a"), ("etc/b", b"b"), ("old/", b""), ("old/x", b"x"))


class Machine:
    """A store, the state folders of the containers that use it, and archives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: list[Path] = []
        self.store = ImageStore(folder / "images", lambda: self.runs)

    def load(self, name: str, *layers: bytes, **config: object) -> StoredImage:
        archive = docker_archive(self.folder / "image.tar", [name], *layers, **config)
        (image,) = self.store.load(archive)
        return image

    def layers(self) -> set[str]:
        return {folder.name for folder in (self.folder / "images" / "layers").iterdir()}

    def unpacked(self, layer: bytes) -> Path:
        self.load("demo", layer)
        return self.folder / "images" / "layers" / digest(layer)[7:]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_image_is_found_by_its_names_and_digests(machine: Machine) -> None:
    made = Layout()
    descriptor = made.image(BASE, Env=["A=b"])
    (image,) = machine.store.load(made.name("demo:1", descriptor).archive(machine.folder / "i"))
    other = ImageStore(machine.folder / "images", list)
    repository = "docker.io/library/demo"
    for name in ("demo:1", f"{repository}:1", image.id, f"demo@{descriptor['digest']}"):
        found = other.find(name)
        assert found is not None, name
        assert (found.names, found.config) == ((f"{repository}:1",), {"Env": ["A=b"]})
        assert found.size == sum(len(made.blobs[d]) for d in made.blobs) - descriptor["size"]
    assert [other.find(name) for name in ("demo", "demo:2", f"x@{image.id}")] == [None] * 3


def test_layers_are_shared_and_go_with_their_last_image(machine: Machine) -> None:
    top = tar(("top", b""))
    machine.load("one", BASE)
    machine.load("two", BASE, top)
    both = {digest(layer)[7:] for layer in (BASE, top)}
    assert machine.layers() == both
    machine.store.unload("one")
    assert machine.layers() == both
    machine.store.unload("two")
    assert machine.layers() == set()
    with pytest.raises(ImageError, match="there is no image 'two'"):
        machine.store.unload("two")


def test_layers_stay_while_a_container_uses_them(machine: Machine) -> None:
    image = machine.load("one", BASE)
    run = machine.folder / "run"
    run.mkdir()
    (run / "spec.json").write_text(f'{{"layers": ["{machine.store.folders(image)[0]}"]}}')
    machine.runs.append(run)
    machine.store.unload("one")
    assert machine.layers() == {digest(BASE)[7:]}
    machine.runs.clear()
    machine.load("two", tar(("x", b"")))
    assert machine.layers() == {digest(tar(("x", b"")))[7:]}


def test_a_name_goes_to_the_image_loaded_last(machine: Machine) -> None:
    machine.load("demo", BASE)
    second = machine.load("demo", tar(("x", b"")))
    assert machine.store.images() == [second]
    assert len(machine.layers()) == 1
    alias = machine.load("alias", tar(("x", b"")))
    (image,) = machine.store.images()
    assert image.names == ("docker.io/library/demo:latest", *alias.names)
    machine.store.unload("demo")
    assert machine.store.images() == [alias]


def test_another_name_can_be_given(machine: Machine) -> None:
    archive = docker_archive(machine.folder / "image.tar", [], BASE)
    with pytest.raises(ImageError, match="--name NAME:TAG"):
        machine.store.load(archive)
    with pytest.raises(ImageError, match="must be lowercase"):
        machine.store.load(archive, "Demo")
    machine.store.load(archive, "demo:2")
    assert machine.store.find("demo:2") is not None


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (tar(("../escaped", b"x")), "'../escaped' leads out of the layer"),
        (tar(("a/../../escaped", b"x")), "leads out of the layer"),
        (tar(member("l", tarfile.LNKTYPE, linkname="../escaped")), "leads out of the layer"),
        (BASE[:1024], "unexpected end of data"),
        (b"x" * 600, "cannot be unpacked"),
    ],
)
def test_a_layer_that_is_none_leaves_nothing(machine: Machine, layer: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        machine.load("demo", tar(("x", b"")), layer)
    assert machine.layers() == set()
    assert machine.store.images() == []
    assert not (machine.folder / "images" / "escaped").exists()


def test_a_layer_with_other_content_than_said_leaves_nothing(machine: Machine) -> None:
    archive = docker_archive(machine.folder / "image.tar", ["demo"], BASE)
    data = archive.read_bytes()
    archive.write_bytes(data.replace(b"a" + bytes(511), b"c" + bytes(511), 1))
    with pytest.raises(ImageError, match=r"damaged between byte \d+ and byte \d+: this layer"):
        machine.store.load(archive)
    assert machine.layers() == set()


def test_links_do_not_lead_out_of_a_layer(machine: Machine) -> None:
    outside = machine.folder / "outside"
    outside.mkdir()
    layer = tar(
        member("absolute", tarfile.SYMTYPE, linkname=str(outside)),
        member("above", tarfile.SYMTYPE, linkname="../" * 9 + str(outside)[1:]),
        *(("absolute/file", b"x"), ("above/other", b"x")),
    )
    inside = machine.unpacked(layer) / str(outside)[1:]
    assert list(outside.iterdir()) == []
    assert {path.name for path in inside.iterdir()} == {"file", "other"}


def test_files_are_as_the_layer_says(machine: Machine) -> None:
    folder = machine.unpacked(
        tar(
            member("bin/", tarfile.DIRTYPE, mode=0o750, mtime=1234567890),
            (member("bin/su", mode=0o4755, mtime=1234567890.5), b"program"),
            member("bin/same", tarfile.LNKTYPE, linkname="bin/su"),
            member("link", tarfile.SYMTYPE, linkname="/bin/su", mtime=1234567891),
            member("locked", tarfile.DIRTYPE, mode=0o555),
            (member("locked/file", pax_headers={"SCHILY.xattr.user.note": "n"}), b""),
            member("pipe", tarfile.FIFOTYPE, mode=0o622),
            ("parent/not/given", b""),
            ("replaced", b"1"),
            ("replaced", b"22"),
        )
    )
    program = (folder / "bin" / "su").stat()
    assert (stat.S_IMODE(program.st_mode), program.st_mtime) == (0o4755, 1234567890.5)
    assert (folder / "bin" / "same").stat().st_ino == program.st_ino
    assert (stat.S_IMODE((folder / "bin").stat().st_mode)) == 0o750
    assert (folder / "bin").stat().st_mtime == 1234567890
    assert os.readlink(folder / "link") == "/bin/su"
    assert (folder / "link").lstat().st_mtime == 1234567891
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)
    assert stat.S_IMODE((folder / "parent" / "not").stat().st_mode) == 0o755
    assert os.getxattr(folder / "locked" / "file", "user.note") == b"n"
    assert (folder / "replaced").read_bytes() == b"22"
    machine.store.unload("demo")
    assert machine.layers() == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user may not")
def test_owners_and_devices_are_kept(machine: Machine) -> None:
    folder = machine.unpacked(
        tar(
            (member("file", uid=1000, gid=2000, mode=0o600), b""),
            member("disk", tarfile.BLKTYPE, devmajor=250, devminor=7, mode=0o660),
        )
    )
    file, disk = (folder / "file").stat(), (folder / "disk").stat()
    assert (file.st_uid, file.st_gid) == (1000, 2000)
    assert (stat.S_ISBLK(disk.st_mode), disk.st_rdev) == (True, os.makedev(250, 7))


def test_an_image_of_nothing_has_layers_of_nothing(machine: Machine) -> None:
    assert list(machine.unpacked(tar()).iterdir()) == []


def push(store: ImageStore, repository: str, tag: str, config: object, *layers: bytes) -> str:
    """Put an image to the store as a registry's client does; its digest."""
    document = json.dumps(config).encode()
    made = [
        {"mediaType": f"{LAYER}", "digest": store.content.put(layer), "size": len(layer)}
        for layer in layers
    ]
    described = {"mediaType": "x", "digest": store.content.put(document), "size": len(document)}
    body = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": made}
    return store.manifests.put(repository, tag, json.dumps(body).encode(), MANIFEST)


def test_what_was_pushed_is_unpacked_when_it_is_wanted(machine: Machine) -> None:
    store, config = machine.store, json.loads(configuration([BASE]))
    push(store, "registry.trainhub.internal/ada/x", "1", config, BASE)
    image = store.find("registry.trainhub.internal/ada/x:1")
    assert image is not None
    assert not store.is_unpacked(image)
    store.unpack(image)
    assert store.is_unpacked(image)
    assert (Path(store.folders(image)[0]) / "etc" / "a").read_bytes() == b"a"


def test_an_image_whose_tag_was_given_to_another_stays_by_its_digest(machine: Machine) -> None:
    store, repository = machine.store, "registry.trainhub.internal/ada/x"
    first = push(store, repository, "1", json.loads(configuration([BASE], User="a")), BASE)
    second = push(store, repository, "1", json.loads(configuration([BASE], User="b")), BASE)
    names = [image.names for image in store.images()]
    assert sorted(names) == [(f"{repository}:1",), (f"{repository}@{first}",)]
    store.unload(f"{repository}@{first}")
    (left,) = store.images()
    assert left.digests == (f"{repository}@{second}",)
    assert (machine.folder / "images" / "blobs" / "sha256" / digest(BASE)[7:]).exists()


@pytest.mark.parametrize(
    "config",
    [
        {},
        [],
        {"config": ["x"]},
        {"config": {"Env": [1]}},
        {"config": {"User": 0}},
        {"config": {"Labels": "x"}},
        {"rootfs": {"diff_ids": ["../../x"]}},
        {"rootfs": {"diff_ids": "x"}},
        {"rootfs": []},
    ],
)
def test_what_was_pushed_and_is_no_image_disturbs_nobody(machine: Machine, config: object) -> None:
    whole = json.loads(configuration([BASE]))
    given = {**whole, **config} if isinstance(config, dict) and config else config
    push(machine.store, "registry.trainhub.internal/x", "1", given, BASE)
    image = machine.load("demo", tar(("x", b"")))
    assert machine.store.images() == [image]
    assert machine.store.find("registry.trainhub.internal/x:1") is None
    machine.store.sweep()


def test_the_machine_itself_is_an_image_that_stays(machine: Machine) -> None:
    machine.store.keep_host()
    (host,) = machine.store.images()
    assert (host.machine, host.layers) == (True, ())
    with pytest.raises(ImageError, match="is the machine itself"):
        machine.store.unload(host.names[0])
    again = ImageStore(machine.folder / "other", list)
    again.keep_host()
    assert again.images() == [host]
