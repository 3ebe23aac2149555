"""A layer in a file: read while it is written, complete or not there."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import random
import resource
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import zstandard

from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.layer import Compression, Spool, layer_descriptor

COMPRESSIONS: list[Compression] = ["zstd", "gzip"]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pieces(seed: int, number: int = 60) -> Iterator[bytes]:
    chosen = random.Random(seed)
    for _ in range(number):
        yield chosen.randbytes(chosen.randrange(60_000)) + bytes(chosen.randrange(60_000))


def write(spool: Spool, data: Iterable[bytes]) -> Spool:
    for piece in data:
        spool.write(piece)
    spool.finish()
    return spool


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_layer_is_read_by_many_while_it_grows(compression: Compression, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "layer", compression)
    found: list[bytes] = []

    def follow(size: int) -> None:
        data = b""
        while piece := spool.read(len(data), size):
            data += piece
        found.append(data)

    readers = [threading.Thread(target=follow, args=(size,)) for size in (1 << 16, 977)]
    for reader in readers:
        reader.start()
    for piece in pieces(1):
        spool.write(piece)
    assert spool.digest() == ""
    spool.finish()
    for reader in readers:
        reader.join(10)
    plain, packed = b"".join(pieces(1)), (tmp_path / "layer").read_bytes()
    assert found == [packed, packed]
    assert spool.read(len(packed), 10) == b""
    assert spool.read(5, 7) == packed[5:12]  # again from anywhere, as a server that restarts asks
    if compression == "gzip":
        assert gzip.decompress(packed) == plain
    else:
        assert zstandard.ZstdDecompressor().stream_reader(packed).read() == plain
    assert (spool.digest(), spool.diff_id) == (digest(packed), digest(plain))
    assert (spool.size, spool.unpacked) == (len(packed), len(plain))
    assert b"".join(spool.content()) == plain
    assert layer_descriptor(spool) == {
        "mediaType": f"application/vnd.oci.image.layer.v1.tar+{compression}",
        "digest": digest(packed),
        "size": len(packed),
    }
    spool.remove()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="Bad file descriptor"):
        spool.read(0, 1)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_same_layer_has_the_same_digest(compression: Compression, tmp_path: Path) -> None:
    digests = set()
    for name in ("one", "two"):
        digests.add(write(Spool(tmp_path / name, compression), pieces(2)).digest())
    assert len(digests) == 1


def test_a_complete_layer_is_opened_again_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    spool = Spool(path)
    spool.write(b"x" * 1000)
    with pytest.raises(BrokenImage, match="no complete layer"):
        Spool.reopen(path)
    spool.finish()
    spool.close()
    again = Spool.reopen(path)
    assert layer_descriptor(again) == layer_descriptor(spool)
    assert (again.diff_id, again.unpacked) == (spool.diff_id, 1000)
    assert again.read(0, 1 << 20) == path.read_bytes()
    assert b"".join(again.content()) == b"x" * 1000
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(BrokenImage, match="is damaged"):
        Spool.reopen(path)
    # One that is begun anew at the same place is none until it is complete.
    Spool(path).close()
    with pytest.raises(BrokenImage, match="no complete layer"):
        Spool.reopen(path)
    with pytest.raises(BrokenImage, match="no complete layer"):
        Spool.reopen(tmp_path / "nothing")


def test_content_that_changed_on_disk_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "layer"
    write(Spool(path, "gzip"), [random.Random(3).randbytes(100_000)])
    with path.open("r+b") as file:
        file.seek(50_000)
        file.write(b"\0\0\0\0")
    with pytest.raises(BrokenImage, match="damaged"):
        list(Spool.reopen(path).content())


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_full_disk_is_told_with_the_file(compression: Compression, tmp_path: Path) -> None:
    path = tmp_path / "layer"
    spool = Spool(path, compression)
    failures: list[Exception] = []

    def follow() -> None:
        position = 0
        try:
            while piece := spool.read(position, 1 << 16):
                position += len(piece)
        except OSError as error:
            failures.append(error)

    reader = threading.Thread(target=follow)
    reader.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(OSError, match=str(path)) as raised:
            write(spool, pieces(4, 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert raised.value.errno == errno.EFBIG
    reader.join(10)
    assert [getattr(error, "errno", None) for error in failures] == [errno.EFBIG]
    assert not path.exists()  # its space is free again


def test_a_failure_reaches_who_waits(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "layer")
    timer = threading.Timer(0.05, spool.fail, [ConnectionError("cut")])
    timer.start()
    with pytest.raises(ConnectionError, match="cut"):
        spool.read(0, 10)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_nothing_but_zeros_is_unpacked_in_small_pieces(
    compression: Compression, tmp_path: Path
) -> None:
    spool = write(Spool(tmp_path / "layer", compression), (bytes(1 << 20) for _ in range(128)))
    sizes = [len(piece) for piece in spool.content()]
    assert sum(sizes) == 128 << 20
    assert max(sizes) <= 33 << 20  # what 1 KiB can stand for, with zstd
