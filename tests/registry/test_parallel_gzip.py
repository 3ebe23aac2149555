"""gzip by several threads, read by the program that everybody has."""

from __future__ import annotations

import random
import subprocess

import pytest

from jupyter_trainhub.registry.parallel_gzip import ParallelGzip

WORDS = b" ".join(b"%d" % number for number in range(400_000))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "data",
    [b"", b"x", bytes(512 << 10), bytes(3 << 20), random.Random(1).randbytes(600 << 10), WORDS],
    ids=["nothing", "a byte", "one block", "zeros", "noise", "words"],
)
def test_it_is_what_gzip_reads(data: bytes, threads: int) -> None:
    made = set()
    for size in (100_000, 1 << 20, len(data) + 1):
        packing = ParallelGzip(4, threads)
        pieces = [packing.compress(data[at : at + size]) for at in range(0, len(data), size)]
        made.add(b"".join([*pieces, packing.flush()]))
    # The same bytes, in whatever pieces they came.
    (packed,) = made
    assert subprocess.run(["gzip", "-dc"], input=packed, capture_output=True).stdout == data


def test_a_block_refers_to_the_one_before_it() -> None:
    noise = random.Random(1).randbytes(30 << 10)
    packing = ParallelGzip(4, 2)
    packed = packing.compress(noise * 100) + packing.flush()
    assert len(packed) < 2 * len(noise)
