"""What a container writes arrives in its log: whole, in order, in the CRI format."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sys
from itertools import islice
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.kubelet.container_logs import read
from jupyter_trainhub.embedded.runtime.shim import log
from jupyter_trainhub.embedded.runtime.shim.log import LogStream
from tests.embedded.sandbox.containers import Containers, wait_for

LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) [FP] ")


def test_both_streams_are_told_apart(containers: Containers) -> None:
    running = containers.start("/bin/sh", "-c", "echo one; echo two >&2; echo; echo ' three '")
    containers.end(running)
    lines = containers.log(running)
    assert all(LINE.match(line) for line in lines)
    assert [line.split(b" ", 1)[1] for line in lines if b"stdout" in line] == [
        b"stdout F one",
        b"stdout F ",
        b"stdout F  three ",
    ]
    assert [line.split(b" ", 1)[1] for line in lines if b"stderr" in line] == [b"stderr F two"]


def test_a_line_of_one_mebibyte_is_parted(containers: Containers) -> None:
    script = "import sys; sys.stdout.write('x' * (1 << 20) + '\\nend')"
    running = containers.start(sys.executable, "-c", script)
    containers.end(running)
    parts = [line.split(b" ", 3)[2:] for line in containers.log(running)]
    assert [tag for tag, _ in parts] == [b"P"] * 63 + [b"F", b"F"]
    assert {len(text) for _, text in parts[:-1]} == {16 << 10}
    assert parts[-1] == [b"F", b"end"]


def test_bytes_that_are_no_text_are_kept(containers: Containers) -> None:
    script = "import os; os.write(1, bytes(range(256)) + b'\\r\\n')"
    running = containers.start(sys.executable, "-c", script)
    containers.end(running)
    texts = [line.split(b" ", 3)[3] for line in containers.log(running)]
    assert b"\n".join(texts) == bytes(range(256)) + b"\r"


def test_nothing_is_lost_at_the_end(containers: Containers) -> None:
    running = containers.start("/bin/sh", "-c", "seq 200000; seq 9 >&2")
    assert containers.end(running).code == 0
    log = containers.log(running)
    assert [int(line.split()[3]) for line in log if b"stdout" in line] == [*range(1, 200001)]
    assert [int(line.split()[3]) for line in log if b"stderr" in line] == [*range(1, 10)]


def test_a_writer_outside_does_not_hold_the_end_back(containers: Containers) -> None:
    running = containers.start_shell("echo ready; read line < /etc/hostname; sleep 600")
    init = running.members()[0]
    leaked = os.open(f"/proc/{init}/fd/1", os.O_WRONLY)
    try:
        running.kill()
        assert containers.end(running).code == 137
    finally:
        os.close(leaked)


def test_a_full_disk_does_not_stop_the_container(containers: Containers) -> None:
    running = containers.start("/bin/sh", "-c", "seq 100000; exit 4", log_path=Path("/dev/full"))
    assert containers.end(running).code == 4
    assert "output is lost" in (running.directory / "shim.log").read_text()


def test_full_files_are_put_aside_and_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MAX_SIZE", 1000)
    path = tmp_path / "0.log"
    file, lines = log.LogFile(str(path)), [b"%04d" % number for number in range(2000)]
    left = iter(lines)

    def write_some() -> bool:
        batch = [*islice(left, 50)]
        file.write(b"".join(line + b"\n" for line in batch))
        return bool(batch)

    async def follow() -> list[bytes]:
        with path.open("rb") as start:
            return [line async for some in read(start, write_some) for line in some]

    assert asyncio.run(follow()) == lines
    assert len([*tmp_path.iterdir()]) == log.MAX_FILES


def test_the_last_words_are_kept(containers: Containers) -> None:
    running = containers.start("/bin/sh", "-c", "printf bye > /dev/termination-log")
    containers.end(running)
    assert (running.directory / "termination-log").read_text() == "bye"


def test_standard_output_can_be_opened_anew(containers: Containers) -> None:
    running = containers.start_shell("echo again > /dev/stdout", uid=1234)
    wait_for(lambda: not running.alive(), "the end")
    assert containers.text(running) == "again\n"


def test_however_the_bytes_come_the_lines_are_the_same() -> None:
    data = b"a\n" + b"b" * 16384 + b"\n" + b"c" * 16385 + b"\n\n" + b"d" * 50000
    whole = LogStream("stdout")
    expected = whole.feed(data, 0) + whole.close(0)
    chance = random.Random(7)
    for _ in range(50):
        stream = LogStream("stdout")
        cuts = sorted(chance.randrange(len(data)) for _ in range(20))
        pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert b"".join(stream.feed(piece, 0) for piece in pieces) + stream.close(0) == expected
