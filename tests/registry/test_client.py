"""Manifests, tags, lists and deletion, asked of a real registry; and what registries refuse."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable

import pytest

from jupyter_trainhub.registry.client import (
    OCI_MANIFEST,
    Descriptor,
    Endpoint,
    Repository,
    catalogue,
)
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.source import BytesSource
from tests.distribution import Distribution
from tests.registry.conftest import SOON
from tests.registry.gate import Act, Answer, CutAnswer, Gate

ABSENT = f"sha256:{'0' * 64}"


def empty_image(repository: Repository, note: str = "") -> bytes:
    """The manifest of an image without layers, whose configuration is in the registry."""
    config = json.dumps({"os": "linux", "note": note}).encode()
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": repository.upload(BytesSource(config)),
                "size": len(config),
            },
            "layers": [],
        }
    ).encode()


def test_a_manifest_goes_in_and_comes_back(repository: Repository) -> None:
    assert repository.resolve("v1") is None
    assert list(repository.tags()) == []
    document = empty_image(repository)
    digest = repository.put_manifest("v1", document, OCI_MANIFEST)
    assert digest == f"sha256:{hashlib.sha256(document).hexdigest()}"
    assert repository.resolve("v1") == Descriptor(digest, len(document), OCI_MANIFEST)
    for reference in ("v1", digest):
        found = repository.manifest(reference)
        assert (found.bytes, found.media_type, found.digest) == (document, OCI_MANIFEST, digest)
    repository.put_manifest("v2", document, OCI_MANIFEST)
    assert sorted(repository.tags()) == ["v1", "v2"]
    repository.delete(digest)
    assert repository.resolve("v1") is None
    assert list(repository.tags()) == []
    with pytest.raises(RegistryError) as caught:
        repository.delete(digest)
    assert caught.value.reason == "NotFound"


def test_lists_are_read_page_by_page(
    start: Callable[..., Distribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_trainhub.registry.listing.PAGE", 2)
    server = start()
    endpoint = Endpoint(server.url)
    for path in ("a/one", "a/two", "b", "c", "d"):
        Repository(server.host, path, endpoint).upload(BytesSource(b"x"))
    assert list(catalogue(endpoint)) == ["a/one", "a/two", "b", "c", "d"]
    assert list(catalogue(endpoint, "a/")) == ["a/one", "a/two"]


def test_a_registry_that_allows_no_deletion(start: Callable[..., Distribution]) -> None:
    server = start(storage={"inmemory": {}})
    repository = Repository(server.host, "a", Endpoint(server.url))
    digest = repository.put_manifest("v1", empty_image(repository), OCI_MANIFEST)
    with pytest.raises(RegistryError, match="does not allow deleting") as caught:
        repository.delete(digest)
    assert caught.value.reason == "Forbidden"
    assert "REGISTRY_STORAGE_DELETE_ENABLED" in caught.value.remedy


def test_a_manifest_whose_blobs_are_not_there_is_refused(repository: Repository) -> None:
    document = empty_image(repository).replace(b'"layers": []', b'"layers": [%s]' % json.dumps(
        {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": ABSENT, "size": 1}
    ).encode())  # fmt: skip
    with pytest.raises(RegistryError, match="blob unknown to registry"):
        repository.put_manifest("v1", document, OCI_MANIFEST)
    assert repository.resolve("v1") is None


def test_a_manifest_that_is_not_what_was_asked_for(door: Gate, through: Repository) -> None:
    digest = through.put_manifest("v1", empty_image(through), OCI_MANIFEST)
    for reference in (digest, "v1"):
        other = Answer(200, {"Docker-Content-Digest": digest}, b'{"schemaVersion": 2}')
        door.once("GET", "/manifests/", other)
        with pytest.raises(RegistryError, match=r"should be sha256:.* and is sha256:") as caught:
            through.manifest(reference)
        assert caught.value.reason == "Broken"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
        (b'{"schemaVersion": 1}', "schema 1"),
        (b"{}", "does not list its parts"),
        (b'{"config": {}, "layers": 3}', "does not list its parts"),
        (b'{"config": 3, "layers": []}', "a part without a digest"),
        (b'{"manifests": [{"digest": "../x", "size": 1}]}', "a part without a digest"),
        (b'{"manifests": [{"digest": "sha256:%064d", "size": "1"}]}' % 0, "a part without a size"),
        (b'{"manifests": [{"digest": "sha256:%064d", "size": -1}]}' % 0, "a part without a size"),
    ],
)
def test_a_manifest_that_is_none(door: Gate, through: Repository, body: bytes, words: str) -> None:
    door.once("GET", "/manifests/", Answer(200, {}, body))
    with pytest.raises(RegistryError, match=words):
        through.manifest("v1")


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer(404), "NotFound", "not found"),
        (Answer(403), "Forbidden", "does not allow this"),
        (Answer(429, {"Retry-After": "0"}), "Unavailable", "too many requests"),
        (Answer(503), "Unavailable", "failed with status 503"),
        (Answer(500, body=b"write: no space left on device"), "Full", "no space left"),
        (Answer(500, body=b'{"errors": [{"detail": {"Err":28}}]}'), "Full", "no space left"),
        (Answer(418), "Refused", "refused with status 418"),
    ],
)
def test_what_registries_say_is_told_in_words(
    door: Gate, through: Repository, answer: Answer, reason: str, words: str
) -> None:
    door.rules.append(lambda _: answer)
    with pytest.raises(RegistryError, match=words) as caught:
        through.manifest("v1")
    assert caught.value.reason == reason
    assert caught.value.remedy
    assert caught.value.message.startswith(f"{through.name}: ")


@pytest.mark.parametrize("act", [Answer(503, {"Retry-After": "0"}), CutAnswer(-1)], ids=str)
def test_a_registry_that_is_busy_is_asked_again(door: Gate, through: Repository, act: Act) -> None:
    through.put_manifest("v1", empty_image(through), OCI_MANIFEST)
    door.once("HEAD", "/manifests/", act)
    assert through.resolve("v1") is not None


@pytest.mark.parametrize(
    ("url", "reason", "words"),
    [
        ("http://127.0.0.1:1", "Unavailable", "refuses connections"),
        ("http://registry.invalid", "Unavailable", "there is no host"),
        ("https://{host}", "Refused", "answers by plain HTTP, and HTTPS was asked for"),
        ("ftp://example.com", "Refused", "no URL of a registry"),
        ("https://user:password@example.com", "Refused", "no URL of a registry"),
    ],
)
def test_registries_that_cannot_be_reached(
    distribution: Distribution, url: str, reason: str, words: str
) -> None:
    with pytest.raises(RegistryError, match=words) as caught:
        Repository("example.com", "a", Endpoint(url.format(host=distribution.host))).manifest("v1")
    assert caught.value.reason == reason
    assert caught.value.remedy


def test_a_registry_that_does_not_answer_in_time(distribution: Distribution) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(RegistryError, match="does not answer in time"):
            Repository("x", "a", Endpoint(url, timeout=0.2, retries=())).resolve("v1")


def test_a_mirror_is_told_whose_images_it_is_asked_for(door: Gate) -> None:
    endpoint = Endpoint(door.url, namespace="docker.io", retries=SOON)
    repository = Repository("docker.io", "library/busybox", endpoint)
    assert repository.resolve("latest") is None
    assert not repository.has_blob(ABSENT)
    assert {request.path.partition("?")[2] for request in door.seen} == {"ns=docker.io"}


def test_the_environments_proxy_is_used_for_what_is_not_here(
    door: Gate, distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://user:pass@{door.host}")
    door.rules.append(lambda _: Answer(404))
    far = Repository("registry.example.com", "a", Endpoint("http://registry.example.com"))
    assert far.resolve("v1") is None
    assert door.seen[0].path == "http://registry.example.com/v2/a/manifests/v1"
    assert "Proxy-Authorization" in {name.title() for name in door.seen[0].headers}
    near = Repository(distribution.host, "a", Endpoint(distribution.url, timeout=59))
    assert near.resolve("v1") is None
    assert len(door.seen) == 1
