"""Images are copied byte for byte, blob by blob, and go on where a copy was broken off."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.registry.client import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Endpoint,
    Repository,
)
from jupyter_trainhub.registry.copying import copy
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.source import BytesSource
from tests.distribution import Distribution
from tests.registry import packing
from tests.registry.conftest import SOON
from tests.registry.gate import Answer, CutAnswer, Gate

KINDS = {
    OCI_MANIFEST: ("application/vnd.oci.image.config.v1+json", f"{packing.LAYER}+gzip"),
    DOCKER_MANIFEST: (
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ),
}
PLATFORMS = [("linux", "amd64"), ("linux", "arm64"), ("unknown", "unknown")]


def put_image(
    repository: Repository, kind: str = OCI_MANIFEST, *contents: bytes, tag: str = "", **more: Any
) -> dict[str, Any]:
    """Push an image with a layer for each content; its manifest's descriptor."""

    def blob(data: bytes, media_type: str) -> dict[str, Any]:
        digest = repository.upload(BytesSource(data))
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    layers = [packing.tar((content.decode(), content)) for content in contents]
    document = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": blob(packing.configuration(layers, Env=["A=b"]), KINDS[kind][0]),
        "layers": [
            *(blob(gzip.compress(layer, mtime=0), KINDS[kind][1]) for layer in layers),
            *more.pop("layers", []),
        ],
        **more,
    }
    # Indented, as docker writes it: no other program would write the same bytes.
    data = json.dumps(document, indent=3).encode()
    digest = repository.put_manifest(tag or packing.digest(data), data, kind)
    return {"mediaType": kind, "digest": digest, "size": len(data)}


def put_index(repository: Repository, tag: str, kind: str = OCI_INDEX) -> str:
    """Push images for two platforms, and an attestation, as `docker buildx` does."""
    image = DOCKER_MANIFEST if kind == DOCKER_LIST else OCI_MANIFEST
    entries = []
    for number, (system, architecture) in enumerate(PLATFORMS):
        descriptor = put_image(repository, image, b"shared", b"own %d" % number)
        platform = {"os": system, "architecture": architecture}
        entries.append({**descriptor, "platform": platform})
    data = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": entries}).encode()
    return repository.put_manifest(tag, data, kind)


class Told:
    """What a copy says of its progress."""

    def __init__(self) -> None:
        self.first: dict[str, tuple[int, int]] = {}
        self.last: dict[str, tuple[int, int]] = {}

    def __call__(self, what: str, done: int, size: int) -> None:
        self.first.setdefault(what, (done, size))
        assert done >= self.last.get(what, (0, 0))[0]
        self.last[what] = (done, size)


@pytest.fixture
def target(start: Callable[..., Distribution], repository: Repository) -> Repository:
    """A repository of another registry."""
    server = start()
    return Repository(server.host, f"copies/{repository.path}", Endpoint(server.url, retries=SOON))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_arrives_as_it_is(repository: Repository, target: Repository, kind: str) -> None:
    descriptor = put_image(repository, kind, b"one", b"two", tag="v1")
    told = Told()
    assert copy(repository, "v1", target, "w1", progress=told) == descriptor["digest"]
    assert target.manifest("w1") == repository.manifest("v1")
    sizes = [size for _, size in told.last.values()]
    assert [*told.first.values()] == [(0, size) for size in sizes]
    assert [*told.last.values()] == [(size, size) for size in sizes]
    assert len(sizes) == 3
    for blob in target.manifest("w1").document["layers"]:
        assert target.blob(blob["digest"], blob["size"]).document()


@pytest.mark.parametrize("kind", [OCI_INDEX, DOCKER_LIST])
def test_an_index_with_all_platforms(repository: Repository, target: Repository, kind: str) -> None:
    digest = put_index(repository, "v1", kind)
    assert copy(repository, "v1", target, "v1") == digest
    assert target.manifest("v1") == repository.manifest("v1")
    for entry in target.manifest("v1").document["manifests"]:
        found = target.manifest(entry["digest"])
        assert found == repository.manifest(entry["digest"])
        assert all(target.has_blob(layer["digest"]) for layer in found.document["layers"])


def test_one_platform_of_an_index(repository: Repository, target: Repository) -> None:
    put_index(repository, "v1")
    entry = repository.manifest("v1").document["manifests"][1]
    assert copy(repository, "v1", target, "v1", platforms=("linux", "arm64")) == entry["digest"]
    assert target.manifest("v1").media_type == OCI_MANIFEST
    with pytest.raises(RegistryError, match=r"linux/riscv64; there is linux/amd64, linux/arm64"):
        copy(repository, "v1", target, "v2", platforms=("linux", "riscv64"))
    assert list(target.tags()) == ["v1"]


def test_layers_that_are_no_registrys_to_give(start: Callable[..., Distribution]) -> None:
    servers = [
        start(validation={"manifests": {"urls": {"allow": ["^https://example.com/"]}}}),
        start(validation={"manifests": {"urls": {"allow": ["^https://example.com/"]}}}),
        start(),
    ]
    source, target, strict = (
        Repository(server.host, "a", Endpoint(server.url)) for server in servers
    )
    foreign = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": f"sha256:{'1' * 64}",
        "size": 5,
        "urls": ["https://example.com/layer"],
    }
    put_image(source, DOCKER_MANIFEST, b"one", tag="v1", layers=[foreign])
    copy(source, "v1", target, "v1")
    assert target.manifest("v1") == source.manifest("v1")
    with pytest.raises(RegistryError, match="blob unknown to registry"):
        copy(source, "v1", strict, "v1")
    assert list(strict.tags()) == []


def test_what_is_there_is_not_sent_again(
    door: Gate, through: Repository, repository: Repository, target: Repository
) -> None:
    put_image(repository, OCI_MANIFEST, b"one", b"two", tag="v1")
    put_image(repository, OCI_MANIFEST, b"one", b"three", tag="v2")
    copy(through, "v1", target, "v1")
    fetched = door.count("GET", "/blobs/")
    copy(through, "v2", target, "v2")
    assert door.count("GET", "/blobs/") == fetched + 2
    copy(through, "v2", target, "v3")
    assert door.count("GET", "/blobs/") == fetched + 2
    told = Told()
    copy(through, "v1", target, "v1", progress=told)
    assert all(done == size for done, size in told.first.values())


def test_within_a_registry_blobs_are_mounted(door: Gate, through: Repository) -> None:
    put_image(through, OCI_MANIFEST, b"one", tag="v1")
    other = Repository(through.domain, f"{through.path}/other", through.endpoint)
    copy(through, "v1", other, "v1")
    assert other.manifest("v1") == through.manifest("v1")
    assert door.count("GET", "/blobs/sha256:") == 0


def test_a_copy_that_breaks_off_goes_on(
    door: Gate, through: Repository, target: Repository
) -> None:
    put_image(through, OCI_MANIFEST, *(b"layer %d" % number for number in range(6)), tag="v1")
    fetched: Counter[str] = Counter()

    def refuse(request: Any) -> Answer | None:
        if request.method != "GET" or "/blobs/" not in request.path:
            return None
        fetched[request.path] += 1
        return Answer(403) if len(fetched) > 4 else None

    door.rules.append(refuse)
    with pytest.raises(RegistryError) as caught:
        copy(through, "v1", target, "v1")
    assert caught.value.reason == "Forbidden"
    assert list(target.tags()) == []
    there = {layer["digest"] for layer in through.manifest("v1").document["layers"]}
    there = {digest for digest in there if target.has_blob(digest)}
    assert there
    door.rules.clear()
    door.seen.clear()
    copy(through, "v1", target, "v1")
    assert target.manifest("v1") == through.manifest("v1")
    assert not [one for one in door.seen if one.path.rpartition("/")[2] in there]


def test_a_source_that_lies_leaves_no_tag(
    door: Gate, through: Repository, target: Repository
) -> None:
    put_image(through, OCI_MANIFEST, b"one", tag="v1")
    layer = through.manifest("v1").document["layers"][0]
    door.once("GET", layer["digest"], Answer(200, {}, b"?" * layer["size"]))
    with pytest.raises(RegistryError, match="is damaged between byte 0") as caught:
        copy(through, "v1", target, "v1")
    assert caught.value.reason == "Broken"
    assert list(target.tags()) == []
    assert not target.has_blob(layer["digest"])


def test_cuts_on_the_way(door: Gate, through: Repository, target: Repository) -> None:
    put_image(through, OCI_MANIFEST, b"one", b"two", tag="v1")
    door.once("GET", "/blobs/", CutAnswer(10), CutAnswer(-1), Answer(503))
    copy(through, "v1", target, "v1")
    assert target.manifest("v1") == through.manifest("v1")


def test_a_cancelled_copy_leaves_no_tag(repository: Repository, target: Repository) -> None:
    put_image(repository, OCI_MANIFEST, b"one", b"two", tag="v1")
    told = Told()
    with pytest.raises(RegistryError) as caught:
        copy(repository, "v1", target, "v1", progress=told, cancelled=lambda: bool(told.last))
    assert caught.value.reason == "Cancelled"
    assert list(target.tags()) == []


def test_two_copies_at_once(repository: Repository, target: Repository) -> None:
    put_index(repository, "v1")
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(copy, repository, "v1", target, f"w{n}") for n in range(2)]
        assert len({one.result() for one in done}) == 1
    assert sorted(target.tags()) == ["w0", "w1"]


def test_the_command(repository: Repository, target: Repository, tmp_path: Path) -> None:
    descriptor = put_image(repository, OCI_MANIFEST, b"one", tag="v1")
    (tmp_path / "config.json").write_text('{"auths": {}}')

    def run(tag: str) -> tuple[int, list[dict[str, Any]]]:
        command = [sys.executable, "-m", "jupyter_trainhub.registry", "copy"]
        names = [f"{repository.name}:{tag}", f"{target.name}:w1"]
        options = ["--from-config", str(tmp_path / "config.json")]
        urls = ["--from-url", repository.endpoint.url, "--to-url", target.endpoint.url]
        done = subprocess.run([*command, *names, *options, *urls], capture_output=True, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    status, lines = run("v1")
    assert status == 0
    assert lines[-1]["digest"] == descriptor["digest"]
    assert {"what", "done", "size"} == lines[0].keys()
    assert target.manifest("w1") == repository.manifest("v1")
    status, lines = run("v2")
    assert status == 1
    assert lines[-1]["error"]["reason"] == "NotFound"
