"""Uploads arrive whole, whatever happens on the way, or leave nothing behind."""

from __future__ import annotations

import hashlib
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from jupyter_trainhub.registry.client import Endpoint, Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.source import BytesSource, StreamSource
from tests.distribution import Distribution
from tests.registry.conftest import SOON
from tests.registry.gate import Act, Answer, CutAnswer, CutRequest, Gate, Request
from tests.registry.packing import digest

MIB = 1 << 20
DATA = random.Random(1).randbytes(5 * MIB + 333)


@dataclass
class Watched(BytesSource):
    """A source that knows from where it was read."""

    data: bytes
    offsets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.data)

    def read(self, offset: int, size: int) -> bytes:
        self.offsets.append(offset)
        return super().read(offset, size)


def content(repository: Repository, digest: str, size: int) -> bytes:
    return b"".join(repository.blob(digest, size).stored())


@pytest.mark.parametrize("size", [0, 1, 2, MIB, MIB + 1, len(DATA)])
def test_blobs_of_every_size(
    repository: Repository, small_chunks: tuple[int, ...], size: int
) -> None:
    told: list[int] = []
    data = DATA[:size]
    digest = repository.upload(BytesSource(data), progress=lambda _, done, __: told.append(done))
    assert content(repository, digest, size) == data
    assert told == [*range(MIB, size, MIB), size] if size else told == []


CUTS = [
    # What the registry has of a cut chunk it cannot tell: docker-registry begins anew.
    ("PATCH", CutRequest(1000), 2),
    ("PATCH", CutRequest(0), 1),
    ("PATCH", CutAnswer(-1), 2),
    ("PATCH", Answer(503, {"Retry-After": "0"}), 1),
    ("PATCH", Answer(416), 1),
    ("PATCH", Answer(404, body=b'{"errors": [{"code": "BLOB_UPLOAD_UNKNOWN"}]}'), 2),
]
ONCE = [("POST", Answer(502), 2), ("PUT", Answer(504), 1), ("PUT", CutAnswer(-1), 1)]


@pytest.mark.parametrize(
    ("method", "act", "begun", "after"),
    [*((*cut, after) for cut in CUTS for after in (0, 2)), *((*one, 0) for one in ONCE)],
    ids=str,
)
def test_interruptions_are_overcome(
    door: Gate,
    through: Repository,
    small_chunks: tuple[int, ...],
    method: str,
    act: Act,
    begun: int,
    after: int,
) -> None:
    passed = iter(range(100))
    door.rules.append(
        lambda request: act if request.method == method and next(passed) == after else None
    )
    digest = through.upload(BytesSource(DATA))
    assert content(through, digest, len(DATA)) == DATA
    assert door.count("POST") == begun


def test_only_what_is_missing_is_sent_again(
    door: Gate, through: Repository, small_chunks: tuple[int, ...]
) -> None:
    # This registry keeps what it got of a chunk, and says so.
    stored = bytearray()

    def registry(request: Request) -> Act | None:
        headers = {"Location": "/v2/x/blobs/uploads/1?s=1", "Range": f"0-{len(stored) - 1}"}
        if request.method == "POST":
            return Answer(202, headers)
        if request.method == "PATCH":
            assert request.headers["Content-Range"].startswith(f"{len(stored)}-")
            half = len(door.seen) == 4
            stored.extend(request.body[: 1000 if half else len(request.body)])
            return (
                CutRequest(0) if half else Answer(202, {**headers, "Range": f"0-{len(stored) - 1}"})
            )
        if request.method == "PUT":
            assert request.path == f"/v2/x/blobs/uploads/1?s=1&digest={quoted}"
        return Answer({"GET": 204, "PUT": 201}.get(request.method, 404), headers)

    source = Watched(DATA)
    quoted = source.digest().replace(":", "%3A")
    door.rules.append(registry)
    door.upstream = "127.0.0.1:1"
    through.upload(source)
    assert bytes(stored) == DATA
    assert source.offsets == sorted(source.offsets)


def test_a_proxy_that_takes_no_large_requests(
    door: Gate, through: Repository, small_chunks: tuple[int, ...]
) -> None:
    limit = small_chunks[1]
    door.rules.append(lambda request: Answer(413) if len(request.body) > limit else None)
    digest = through.upload(BytesSource(DATA))
    assert content(through, digest, len(DATA)) == DATA
    assert door.count("POST") == 1
    limit = 1000
    with pytest.raises(RegistryError, match="refuses requests of this size") as caught:
        through.upload(BytesSource(DATA))
    assert "client_max_body_size" in caught.value.remedy
    assert door.seen[-1].method == "DELETE"


def test_a_registry_that_is_killed_and_comes_back(
    start: Callable[..., Distribution], small_chunks: tuple[int, ...]
) -> None:
    server = start()
    repository = Repository(server.host, "a", Endpoint(server.url, retries=(0.05,) * 5))
    killed: list[int] = []

    def progress(_: str, done: int, __: int) -> None:
        if done >= 2 * MIB and not killed:
            killed.append(done)
            server.kill()
            server.start()

    source = Watched(DATA)
    digest = repository.upload(source, progress=progress)
    assert killed
    assert content(repository, digest, len(DATA)) == DATA
    # It was killed between two chunks, and knows the upload still.
    assert source.offsets == sorted(source.offsets)


def test_a_registry_that_forgot_the_upload(
    start: Callable[..., Distribution], small_chunks: tuple[int, ...]
) -> None:
    server = start()
    repository = Repository(server.host, "a", Endpoint(server.url, retries=(0.05,) * 5))
    forgot: list[int] = []

    def progress(_: str, done: int, __: int) -> None:
        if done >= 2 * MIB and not forgot:
            forgot.append(done)
            server.kill()
            shutil.rmtree(server.folder / "data")
            server.start()

    digest = repository.upload(StreamSource(lambda: iter([DATA])), progress=progress)
    assert forgot
    assert content(repository, digest, len(DATA)) == DATA


def test_attempts_end(door: Gate, through: Repository, small_chunks: tuple[int, ...]) -> None:
    door.rules.append(lambda request: Answer(503) if request.method == "PATCH" else None)
    with pytest.raises(RegistryError, match="failed with status 503"):
        through.upload(BytesSource(DATA))
    assert door.count("PATCH") == len(SOON) + 1
    assert door.seen[-1].method == "DELETE"


def test_a_registry_without_space(door: Gate, through: Repository) -> None:
    # As docker-registry puts it.
    said = b'{"errors": [{"code": "UNKNOWN", "detail": "write /x: no space left on device"}]}'
    door.once("PATCH", "", Answer(500, body=said))
    with pytest.raises(RegistryError, match="the registry has no space left") as caught:
        through.upload(BytesSource(DATA))
    assert caught.value.reason == "Full"
    assert door.count("PATCH") == 1
    assert door.seen[-1].method == "DELETE"


def test_bytes_that_are_not_those_of_the_digest(door: Gate, through: Repository) -> None:
    class Wrong(BytesSource):
        def digest(self) -> str:
            return f"sha256:{hashlib.sha256(b'other').hexdigest()}"

    with pytest.raises(RegistryError, match="received other bytes than were sent") as caught:
        through.upload(Wrong(DATA))
    assert caught.value.reason == "Broken"
    assert not through.has_blob(Wrong(DATA).digest())


def test_cancellation_and_failing_sources_leave_no_upload(
    door: Gate, through: Repository, distribution: Distribution, small_chunks: tuple[int, ...]
) -> None:
    sent: list[int] = []
    with pytest.raises(RegistryError) as caught:
        through.upload(
            BytesSource(DATA),
            progress=lambda _, done, __: sent.append(done),
            cancelled=lambda: len(sent) == 2,
        )
    assert caught.value.reason == "Cancelled"
    assert len(sent) == 2

    def failing() -> object:
        yield DATA
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        through.upload(StreamSource(failing))  # type: ignore[arg-type]
    assert door.count("DELETE") == 2
    uploads = distribution.folder / "data/docker/registry/v2/repositories" / through.path
    assert not [*uploads.glob("_uploads/*/data")]
    assert not [*uploads.glob("_layers/sha256/*")]


def test_a_registry_behind_a_proxy_that_speaks_tls_for_it() -> None:
    from jupyter_trainhub.registry.transport import Transport

    transport = Transport(Endpoint("https://registry.example.com"))
    assert transport.absolute("http://registry.example.com/v2/x?a=b") == (
        "https://registry.example.com/v2/x?a=b"
    )
    assert transport.absolute("/v2/x") == "https://registry.example.com/v2/x"
    assert transport.absolute("x/tags/list") == "https://registry.example.com/v2/x/tags/list"
    assert transport.absolute("https://store.example.com/x") == "https://store.example.com/x"


def test_a_slow_line(door: Gate, through: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_trainhub.registry.transport._SEND", 0.3)
    door.pause = 0.02
    assert through.upload(BytesSource(DATA)) == digest(DATA)
    assert door.count("PATCH") == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda repository, wanted: repository.has_blob(digest(DATA), wanted),
        lambda repository, wanted: repository.mount(digest(DATA), "y", wanted),
        lambda repository, wanted: repository.upload(BytesSource(DATA), cancelled=wanted),
    ],
)
def test_cancelling_does_not_wait_for_a_registry_that_is_away(
    start: Callable[..., Distribution], act: Callable[[Repository, Callable[[], bool]], object]
) -> None:
    server = start()
    server.stop()
    away = Repository(server.host, "x", Endpoint(server.url, retries=(30.0,) * 5))
    with pytest.raises(RegistryError) as caught:
        act(away, lambda: True)
    assert caught.value.reason == "Cancelled"
