"""Archives are pushed whole, or nothing of them; what is pushed is what other tools read."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from jupyter_trainhub.registry.archive import open_archive
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.layer import Compression
from jupyter_trainhub.registry.pushing import push
from tests.distribution import Distribution
from tests.registry.gate import CutRequest, Gate
from tests.registry.packing import Layout, digest, docker_archive, tar
from tests.registry.programs import skopeo

LAYERS = tar(("etc/", b""), ("etc/a", random.Random(3).randbytes(50_000))), tar(("etc/b", b"2"))


def layout() -> Layout:
    made = Layout()
    return made.name("demo:1", made.image(*LAYERS, Env=["A=b"]))


def of_docker(path: Path) -> Path:
    return docker_archive(path, ["demo:1"], *LAYERS, LAYERS[0], Env=["A=b"])


def of_oci(path: Path) -> Path:
    return layout().archive(path)


def pushed(archive: Path, repository: Repository, compression: Compression = "zstd") -> str:
    with open_archive(archive, archive.parent) as (image,):
        return push(image, repository, "v1", compression=compression)


def test_an_oci_archive_keeps_its_bytes(repository: Repository, tmp_path: Path) -> None:
    made = layout()
    assert pushed(made.archive(tmp_path / "a.tar"), repository) == made.manifests[0]["digest"]
    assert repository.manifest("v1").bytes == made.blobs[made.manifests[0]["digest"]]
    for name, data in made.blobs.items():
        if name != made.manifests[0]["digest"]:
            assert repository.blob(name, len(data)).document() == data


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_what_docker_saved_is_compressed(
    repository: Repository, tmp_path: Path, compression: Compression
) -> None:
    told: dict[str, tuple[int, int]] = {}
    with open_archive(of_docker(tmp_path / "a.tar"), tmp_path) as (image,):
        push(
            image,
            repository,
            "v1",
            compression=compression,
            progress=lambda what, *done: told.update({what: done}),
        )
        config = image.config.document()
    document = repository.manifest("v1").document
    assert repository.blob(document["config"]["digest"], len(config)).document() == config
    unpack: Callable[[bytes], bytes] = {
        "zstd": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
        "gzip": gzip.decompress,
    }[compression]
    expected = [*LAYERS, LAYERS[0]]
    for layer, content in zip(document["layers"], expected, strict=True):
        assert layer["mediaType"].endswith(f"tar+{compression}")
        assert unpack(repository.blob(layer["digest"], layer["size"]).document()) == content
    assert told == {digest(layer): (len(layer), len(layer)) for layer in LAYERS}


@pytest.mark.parametrize("make", [of_docker, of_oci])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_broken_archive_leaves_nothing(
    door: Gate, through: Repository, tmp_path: Path, make: Callable[[Path], Path], damage: str
) -> None:
    archive = make(tmp_path / "a.tar")
    data = archive.read_bytes()
    at = data.index(LAYERS[0][2000:2100]) if make is of_docker else len(data) // 3
    archive.write_bytes(data[:at] if damage == "cut" else data[:at] + b"?" * 9 + data[at + 9 :])
    with pytest.raises((RegistryError, BrokenImage), match=r"byte [1-9]"):
        pushed(archive, through)
    assert not [request for request in door.seen if request.method != "HEAD"]


def attempt(archive: Path, repository: Repository) -> tuple[str, str]:
    """The digest of what was pushed, or why nothing was."""
    try:
        return pushed(archive, repository), ""
    except (RegistryError, BrokenImage) as error:
        return "", str(error)


@pytest.mark.parametrize("make", [of_docker, of_oci])
@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_no_damage_wherever_it_is_gets_into_the_registry(
    distribution: Distribution,
    repository: Repository,
    tmp_path: Path,
    make: Callable[[Path], Path],
    damage: str,
) -> None:
    archive = make(tmp_path / "a.tar")
    data, whole = archive.read_bytes(), make(tmp_path / "whole.tar")
    chance = random.Random(len(data))
    for _ in range(25):
        at = chance.randrange(len(data.rstrip(b"\0")))
        changed = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        archive.write_bytes(data[:at] if damage == "cut" else changed)
        before = [*distribution.folder.rglob("*")]
        made, why = attempt(archive, repository)
        if made:  # in what means nothing, such as the space behind a member
            assert (damage, made) == ("changed", pushed(whole, repository))
            repository.delete(made)
        else:
            assert re.search(r"byte \d|no blob|no file", why)
            assert [*distribution.folder.rglob("*")] == before
    assert list(repository.tags()) == []


def test_an_archive_that_is_changed_while_it_is_sent(
    door: Gate, through: Repository, tmp_path: Path
) -> None:
    archive = of_oci(tmp_path / "a.tar")
    begin = archive.read_bytes().index(gzip.compress(LAYERS[0])[20:200])

    def change(what: str, done: int, size: int) -> None:
        with archive.open("r+b") as file:
            file.seek(begin)
            file.write(b"?" * 9)

    with (
        open_archive(archive, tmp_path) as (image,),
        pytest.raises(RegistryError, match="is damaged between byte") as caught,
    ):
        push(image, through, "v1", verifying=change)
    assert caught.value.reason == "Broken"
    assert list(through.tags()) == []
    assert door.count("DELETE", "/uploads/") == 1


def test_an_interrupted_push_compresses_anew(
    door: Gate, through: Repository, tmp_path: Path, small_chunks: tuple[int, ...]
) -> None:
    layer = tar(("a", random.Random(4).randbytes(3 << 20)))
    archive = docker_archive(tmp_path / "a.tar", ["demo:1"], layer)
    passed = iter(range(100))
    door.rules.append(
        lambda request: CutRequest(99) if request.method == "PATCH" and next(passed) == 1 else None
    )
    pushed(archive, through)
    found = through.manifest("v1").document["layers"][0]
    packed = b"".join(through.blob(found["digest"], found["size"]).content())
    assert packed == layer
    assert door.count("POST", "/uploads/") == 3


def test_cancellation(through: Repository, door: Gate, tmp_path: Path) -> None:
    with (
        open_archive(of_docker(tmp_path / "a.tar"), tmp_path) as (image,),
        pytest.raises(RegistryError) as caught,
    ):
        push(image, through, "v1", cancelled=lambda: door.count("POST") > 0)
    assert caught.value.reason == "Cancelled"
    assert list(through.tags()) == []
    assert door.count("DELETE", "/uploads/") == 1


@pytest.mark.parametrize("compression", ["zstd", "gzip"])
def test_skopeo_reads_what_was_pushed(
    repository: Repository, tmp_path: Path, compression: Compression
) -> None:
    pushed(of_docker(tmp_path / "a.tar"), repository, compression)
    out = tmp_path / "out"
    image = f"docker://{repository.name}:v1"
    skopeo("copy", "--src-tls-verify=false", image, f"oci:{out}:v1")
    index = json.loads((out / "index.json").read_text())
    assert index["manifests"][0]["digest"] == repository.manifest("v1").digest
