"""Saved archives are read by skopeo, buildah and ourselves; and are whole, or are not there."""

from __future__ import annotations

import errno
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.registry.archive import open_archive
from jupyter_trainhub.registry.client import DOCKER_MANIFEST, OCI_MANIFEST, Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.pushing import push
from jupyter_trainhub.registry.saving import Format, save
from tests.registry.gate import Answer, Gate
from tests.registry.packing import docker_archive, tar
from tests.registry.programs import buildah, skopeo
from tests.registry.test_copying import put_image, put_index

LAYERS = tar(("etc/", b""), ("etc/a", b"1" * 50_000)), tar(("etc/b", b"2"))


@pytest.mark.parametrize("format", ["oci", "docker"])
@pytest.mark.parametrize("kind", [OCI_MANIFEST, DOCKER_MANIFEST, "zstd"])
def test_other_programs_read_it(
    repository: Repository, tmp_path: Path, format: Format, kind: str
) -> None:
    if kind == "zstd":
        archive = docker_archive(tmp_path / "in.tar", ["demo:1"], *LAYERS)
        with open_archive(archive, tmp_path) as (image,):
            push(image, repository, "v1")
    else:
        put_image(repository, kind, b"one", b"two", tag="v1")
    found = repository.manifest("v1")
    path = tmp_path / "out.tar"
    told: dict[str, tuple[int, int]] = {}
    digest = save(
        repository, "v1", path, format=format, progress=lambda what, *n: told.update({what: n})
    )
    assert digest == found.digest
    assert len(told) == 3
    assert all(done == size for done, size in told.values())
    name = f"{format}-archive:{path}"
    shown = json.loads(skopeo("inspect", "--config", "--raw", name))
    config = repository.blob(found.document["config"]["digest"], found.document["config"]["size"])
    assert shown == json.loads(config.document())
    skopeo("copy", name, f"dir:{tmp_path / 'dir'}")
    pulled = buildah(tmp_path, "pull", "--quiet", name).strip()
    assert pulled == found.document["config"]["digest"].removeprefix("sha256:")
    with open_archive(path, tmp_path) as (image,):
        assert image.digest == found.digest
        assert image.names == (f"{repository.name}:v1",)
        again = Repository(repository.domain, f"{repository.path}/again", repository.endpoint)
        assert push(image, again, "v1") == found.digest
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_docker_load_finds_its_names(repository: Repository, tmp_path: Path) -> None:
    put_image(repository, DOCKER_MANIFEST, b"one", tag="v1")
    save(repository, "v1", tmp_path / "out.tar")
    with tarfile.open(tmp_path / "out.tar") as tar:
        members = set(tar.getnames())
        file = tar.extractfile("manifest.json")
        assert file is not None
        (entry,) = json.load(file)
    assert entry["RepoTags"] == [f"{repository.name}:v1"]
    assert {entry["Config"], *entry["Layers"]} < members


def test_one_platform_of_an_index_is_saved(repository: Repository, tmp_path: Path) -> None:
    put_index(repository, "v1")
    entry = repository.manifest("v1").document["manifests"][1]
    file = io.BytesIO()
    assert save(repository, "v1", file, platform=("linux", "arm64")) == entry["digest"]
    assert save(repository, entry["digest"], tmp_path / "a.tar") == entry["digest"]


class _Full(io.BytesIO):
    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 5000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_leaves_no_file(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_image(repository, OCI_MANIFEST, b"one", tag="v1")
    (tmp_path / "out.tar").write_bytes(b"before")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RegistryError, match=f"the file system of {tmp_path} is full") as caught:
        save(repository, "v1", tmp_path / "out.tar")
    assert caught.value.reason == "Full"
    assert [path.name for path in tmp_path.iterdir()] == ["out.tar"]
    assert (tmp_path / "out.tar").read_bytes() == b"before"
    with pytest.raises(RegistryError, match="is full"):
        save(repository, "v1", _Full())


def test_a_source_that_breaks_leaves_no_file(
    door: Gate, through: Repository, tmp_path: Path
) -> None:
    put_image(through, OCI_MANIFEST, b"one", tag="v1")
    layer = through.manifest("v1").document["layers"][0]
    door.once("GET", layer["digest"], Answer(200, {}, b"?" * layer["size"]))
    with pytest.raises(RegistryError) as caught:
        save(through, "v1", tmp_path / "out.tar")
    assert caught.value.reason == "Broken"
    with pytest.raises(RegistryError) as caught:
        save(through, "v1", tmp_path / "out.tar", cancelled=lambda: True)
    assert caught.value.reason == "Cancelled"
    assert [*tmp_path.iterdir()] == []
