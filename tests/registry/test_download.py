"""Blobs come whole, and are what they should be, or are refused."""

from __future__ import annotations

import random

import pytest

from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.source import BytesSource
from tests.registry.gate import Act, Answer, CutAnswer, Gate

DATA = random.Random(2).randbytes(300_000)


@pytest.mark.parametrize(
    "acts",
    [
        [CutAnswer(0)],
        [CutAnswer(100_000), CutAnswer(50_000), CutAnswer(1)],
        [CutAnswer(-1), Answer(503)],
        # The second answer ignores the range that it is asked for.
        [CutAnswer(100_000), Answer(200, {}, DATA)],
    ],
    ids=str,
)
def test_a_cut_is_gone_on_from(door: Gate, through: Repository, acts: list[Act]) -> None:
    digest = through.upload(BytesSource(DATA))
    door.once("GET", "/blobs/sha256:", *acts)
    assert b"".join(through.blob(digest, len(DATA)).stored()) == DATA
    assert door.count("GET", "/blobs/sha256:") >= 2


def test_cuts_that_do_not_end(door: Gate, through: Repository) -> None:
    digest = through.upload(BytesSource(DATA))
    door.rules.append(lambda request: CutAnswer(0) if request.method == "GET" else None)
    with pytest.raises(RegistryError, match="broke off the connection") as caught:
        list(through.blob(digest, len(DATA)).stored())
    assert caught.value.reason == "Unavailable"


def test_bytes_from_elsewhere_are_refused(door: Gate, through: Repository) -> None:
    digest = through.upload(BytesSource(DATA))
    wrong = Answer(206, {"Content-Range": "bytes 0-9/300000"}, DATA[:10])
    door.once("GET", "/blobs/", CutAnswer(100_000), wrong)
    with pytest.raises(RegistryError, match="sends other bytes than were asked for"):
        list(through.blob(digest, len(DATA)).stored())


@pytest.mark.parametrize("body", [DATA[:-1] + b"?", DATA + b"more"])
def test_a_blob_that_is_another(door: Gate, through: Repository, body: bytes) -> None:
    digest = through.upload(BytesSource(DATA))
    door.once("GET", "/blobs/", Answer(200, {}, body))
    with pytest.raises(BrokenImage, match=f"{through.name}.*"):
        list(through.blob(digest, len(DATA)).stored())


def test_a_blob_that_is_not_there(repository: Repository) -> None:
    with pytest.raises(RegistryError) as caught:
        list(repository.blob(f"sha256:{'0' * 64}", 5).stored())
    assert caught.value.reason == "NotFound"
    with pytest.raises(RegistryError, match="no digest"):
        repository.blob("sha256:../../x", 5)
