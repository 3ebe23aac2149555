"""Images from archives and into them, on a real docker-registry."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import AlreadyExists, Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.machine import Machine
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.registry.archive import open_archive
from jupyter_trainhub.specs.transfer import ExportSpec, LoadSpec
from tests.hub.fakes import FakeCluster, node
from tests.hub.site import ended, layer, put_image, repository, site
from tests.registry.packing import Layout, docker_archive

_NUMBERS = itertools.count()


@pytest.fixture
def prefix(registry: str) -> str:
    """A place of the test's own in the shared registry."""
    return f"{registry}/archives-{next(_NUMBERS)}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder that Jupyter shows."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def hub(prefix: str, tmp_path: Path) -> Hub:
    return site(prefix, snapshot_folder=str(tmp_path / "spool"))


def load(hub: Hub, root: Path, path: str, **fields: Any) -> View:
    """The transfer of an archive, when it has ended."""
    return ended(hub, hub.archives.load(LoadSpec.parse({"path": path, **fields}), [root]))


def export(hub: Hub, root: Path, image: str, path: str, **fields: Any) -> View:
    """The transfer into an archive, when it has ended."""
    spec = ExportSpec.parse({"image": image, "path": path, **fields})
    return ended(hub, hub.archives.export(spec, [root]))


def repositories(hub: Hub) -> list[str]:
    """The names of all images of the site."""
    return sorted(image["name"] for image in hub.catalogue.list()["items"])


def test_an_archive_of_docker_save_gets_its_own_name(hub: Hub, root: Path, prefix: str) -> None:
    docker_archive(root / "tools.tar", ["team/tools:1"], layer(), layer("b", "more"), Cmd=["sh"])

    done = load(hub, root, "tools.tar")

    assert (done["phase"], done["message"]) == ("Succeeded", None)
    assert done["result"]["image"] == done["image"] == f"{prefix}/team/tools:1"
    assert done["result"]["digest"].startswith("sha256:")
    assert done["progress"]["bytes"] == done["progress"]["total_bytes"] > 0
    assert repositories(hub) == [f"{prefix}/team/tools:1"]


@pytest.mark.parametrize("form", ["archive", "folder"])
def test_an_oci_layout_keeps_its_digest(hub: Hub, root: Path, prefix: str, form: str) -> None:
    layout = Layout()
    image = layout.image(layer())
    getattr(layout.name("", image), form)(root / "image")

    done = load(hub, root, str(root / "image"), image=f"{prefix}/mine:2")

    assert done["result"]["digest"] == image["digest"]
    assert repositories(hub) == [f"{prefix}/mine:2"]


def test_a_truncated_archive_is_refused_with_the_byte_and_leaves_nothing(
    hub: Hub, root: Path
) -> None:
    whole = docker_archive(root / "a.tar", ["a:1"], layer("big", "x" * 100_000)).read_bytes()
    (root / "a.tar").write_bytes(whole[:60_000])

    done = load(hub, root, "a.tar")

    assert done["phase"] == "Failed"
    assert "byte 60000" in done["message"]
    assert done["remedy"]
    assert repositories(hub) == []


def test_a_damaged_layer_is_refused_and_leaves_nothing(
    hub: Hub, root: Path, prefix: str, registry: str
) -> None:
    whole = docker_archive(root / "a.tar", ["a:1"], layer(), layer("big", "x" * 100_000))
    data = bytearray(whole.read_bytes())
    data[80_000] ^= 1
    whole.write_bytes(data)

    done = load(hub, root, "a.tar")

    assert done["phase"] == "Failed"
    assert "is damaged between byte" in done["message"]
    assert repositories(hub) == []
    with open_archive(docker_archive(root / "b.tar", ["a:1"], layer()), root) as (image,):
        there = repository(registry, f"{prefix.partition('/')[2]}/a")
        assert not there.has_blob(image.configuration()["rootfs"]["diff_ids"][0])


@pytest.mark.parametrize(
    ("entry", "tag"), [("a:1", "1"), ("docker.io/library/a:2", "2"), ("2", "2")]
)
def test_of_several_images_one_is_chosen(
    hub: Hub, root: Path, prefix: str, entry: str, tag: str
) -> None:
    layout = Layout()
    for number in "12":
        layout.name(f"docker.io/library/a:{number}", layout.image(layer(content=number)))
    layout.archive(root / "two.tar")

    with pytest.raises(Conflict, match="2 images") as which:
        load(hub, root, "two.tar", image=f"{prefix}/x:1")
    assert which.value.field == "entry"
    names = which.value.details["entries"]
    assert names == ["docker.io/library/a:1", "docker.io/library/a:2"]
    with pytest.raises(Conflict, match="no image 'b'"):
        load(hub, root, "two.tar", entry="b")
    # Of one that is compressed as a whole that is known when it is unpacked.
    (root / "two.tar.gz").write_bytes(gzip.compress((root / "two.tar").read_bytes()))
    assert "2 images: docker.io" in load(hub, root, "two.tar.gz")["message"]

    assert load(hub, root, "two.tar", entry=entry)["result"]["image"] == f"{prefix}/a:{tag}"


def test_a_name_that_is_taken_is_refused_at_once(hub: Hub, root: Path, prefix: str) -> None:
    docker_archive(root / "a.tar", ["a:1"], layer())
    docker_archive(root / "b.tar", ["a:1"], layer("b", "b"))
    load(hub, root, "a.tar")

    with pytest.raises(AlreadyExists) as refused:
        load(hub, root, "b.tar", image=f"{prefix}/a:1")
    assert refused.value.reason == "ImageExists"
    # Its own name is known only when it is read.
    assert "already" in load(hub, root, "b.tar")["message"]
    assert load(hub, root, "b.tar", overwrite=True)["phase"] == "Succeeded"


@pytest.mark.parametrize("format", ["docker", "oci"])
def test_an_exported_image_is_loaded_again(hub: Hub, root: Path, prefix: str, format: str) -> None:
    host, _, path = prefix.partition("/")
    digest = put_image(repository(host, f"{path}/a"), "1", layer(), layer("b", "b"))

    done = export(hub, root, f"{prefix}/a:1", "a.tar", format=format)

    assert done["phase"] == "Succeeded", done["message"]
    assert done["result"]["size"] == (root / "a.tar").stat().st_size
    with tarfile.open(root / "a.tar") as tar:
        assert ("manifest.json" in tar.getnames()) is (format == "docker")
    assert load(hub, root, "a.tar", image=f"{prefix}/b:1")["result"]["digest"] == digest


def test_a_file_is_replaced_only_when_asked_to(hub: Hub, root: Path, prefix: str) -> None:
    host, _, path = prefix.partition("/")
    put_image(repository(host, f"{path}/tools"), "v1", layer())
    (root / "taken.tar").write_text("mine")

    with pytest.raises(AlreadyExists) as refused:
        export(hub, root, f"{prefix}/tools:v1", "taken.tar")
    assert refused.value.reason == "FileExists"
    assert (root / "taken.tar").read_text() == "mine"
    with pytest.raises(NotFound):
        export(hub, root, f"{prefix}/tools:v1", "absent/a.tar")
    with pytest.raises(NotFound):
        export(hub, root, f"{prefix}/tools:v2", "a.tar")

    assert export(hub, root, f"{prefix}/tools:v1", "taken.tar", overwrite=True)["result"]
    # A folder gets a file with the name of the image.
    export(hub, root, f"{prefix}/tools:v1", ".")
    assert sorted(os.listdir(root)) == ["taken.tar", "tools-v1.tar"]


@pytest.mark.parametrize(
    "path",
    [
        "../secret.tar",
        "/etc/hostname",
        "link.tar",
        "folder/secret.tar",
        "{outside}/secret.tar",
        "a/../../secret.tar",
        "loop",
        "nul\0.tar",
    ],
)
def test_no_path_leads_out_of_the_allowed_folders(
    hub: Hub, root: Path, tmp_path: Path, prefix: str, path: str
) -> None:
    docker_archive(tmp_path / "secret.tar", ["a:1"], layer())
    (root / "link.tar").symlink_to(tmp_path / "secret.tar")
    (root / "folder").symlink_to(tmp_path)
    (root / "loop").symlink_to("loop")
    path = path.format(outside=tmp_path)

    with pytest.raises(InvalidField) as refused:
        load(hub, root, path)
    assert refused.value.field == "path"
    put_image(repository(*prefix.split("/", 1)), "1", layer())
    with pytest.raises(InvalidField) as refused:
        export(hub, root, f"{prefix}:1", path, overwrite=True)
    assert refused.value.field == "path"


def test_a_record_that_somebody_changed_opens_no_other_folder(
    hub: Hub, root: Path, tmp_path: Path
) -> None:
    docker_archive(tmp_path / "secret.tar", ["a:1"], layer())
    (root / "a.tar").write_text("no archive")
    failed = load(hub, root, "a.tar")
    record = hub.client.get(CONFIG_MAPS, f"transfer-{failed['id']}")
    changed = json.loads(record["data"]["transfer"])
    changed["spec"]["path"] = changed["source"] = str(tmp_path / "secret.tar")
    hub.client.patch(
        CONFIG_MAPS, record["metadata"]["name"], {"data": {"transfer": json.dumps(changed)}}
    )

    again = ended(hub, hub.transfers.resume(failed["id"]))

    assert (again["phase"], "outside the allowed" in again["message"]) == ("Failed", True)


def test_what_is_no_archive_is_told_so(hub: Hub, root: Path) -> None:
    (root / "notes.txt").write_text("hello")
    os.mkfifo(root / "pipe")

    assert "no archive" in load(hub, root, "notes.txt")["message"]
    for path in ("absent.tar", "pipe", "."):
        with pytest.raises(NotFound):
            load(hub, root, path)


def test_what_the_system_refuses_is_told(hub: Hub, root: Path, prefix: str) -> None:
    put_image(repository(*prefix.split("/", 1)), "1", layer())
    too_long = "x" * 300

    with pytest.raises(InvalidField, match="too long") as refused:
        load(hub, root, too_long)
    assert refused.value.field == "path"
    with pytest.raises(InvalidField, match="too long") as refused:
        export(hub, root, f"{prefix}:1", too_long)
    assert refused.value.field == "path"


def test_a_storage_that_this_machine_has_is_a_place_for_archives(
    prefix: str, tmp_path: Path
) -> None:
    for name in ("ada", "bob", "public"):
        (tmp_path / "nas" / name).mkdir(parents=True)
    docker_archive(tmp_path / "nas/ada/a.tar", ["a:1"], layer())
    docker_archive(tmp_path / "nas/bob/b.tar", ["b:1"], layer())
    nas = {"host_path": str(tmp_path / "nas")}
    storages = [
        {"name": "me", "path": "/mnt/user/me", "sub_path": "{username}", **nas},
        {"name": "all", "path": "/mnt/all", "sub_path": "public", "read_only": True, **nas},
    ]
    this = Machine.this()
    cluster = FakeCluster(node(info={"bootID": this.boot_id, "machineID": this.machine_id}))
    hub = site(prefix, cluster, storages=storages, snapshot_folder=str(tmp_path / "spool"))
    empty = tmp_path / "root"
    empty.mkdir()

    # As this machine calls it, and as the user knows it from an instance.
    assert load(hub, empty, str(tmp_path / "nas/ada/a.tar"))["phase"] == "Succeeded"
    assert load(hub, empty, "/mnt/user/me/a.tar", overwrite=True)["phase"] == "Succeeded"
    for path in (str(tmp_path / "nas/bob/b.tar"), "/mnt/user/me/../bob/b.tar"):
        with pytest.raises(TrainHubError):
            load(hub, empty, path)

    assert export(hub, empty, f"{prefix}/a:1", "/mnt/user/me/out.tar")["phase"] == "Succeeded"
    assert (tmp_path / "nas/ada/out.tar").is_file()
    with pytest.raises(InvalidField):
        export(hub, empty, f"{prefix}/a:1", "/mnt/all/out.tar")
