"""Logs in records: cut in the middle where they are too long, and read again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.runs.log import open_log, saved_logs, write_log

RECORD = b"[trainhub] environment eJyrrgUAAXUA+Q== [trainhub]\n"


def chunks(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
@pytest.mark.parametrize("limit", [2, 10, 64, 999, 1000, 1001])
def test_beginning_and_end_are_kept(limit: int, size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4
    file = io.BytesIO()
    left_out = write_log(file, chunks(content[:1000], size), limit, tmp_path)
    half = limit // 2
    if limit >= 1000:
        assert (file.getvalue(), left_out) == (content[:1000], 0)
    else:
        assert left_out == 1000 - 2 * half
        written = file.getvalue()
        assert written.startswith(content[:half] + b"\n[trainhub] %d bytes" % left_out)
        assert written.endswith(b"left out here.\n" + content[1000 - half : 1000])


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "x-12345678")
    made.make()
    made.write("logs/attempt-1/rank-0.log", b"first\n")
    made.write("logs/attempt-2/rank-0.log", RECORD + b"one\ntwo\nlast")
    made.write("logs/attempt-2/rank-1.log", b"other\n")
    return made


def test_the_newest_attempt_is_read(folder: RunFolder) -> None:
    assert list(saved_logs(folder)) == [(1, 0), (2, 0), (2, 1)]
    assert b"".join(open_log(folder, None, None)) == (
        b"[0] " + RECORD + b"[0] one\n[0] two\n[0] last\n[1] other\n"
    )
    assert b"".join(open_log(folder, 0, None, records=False)) == b"one\ntwo\nlast"
    assert b"".join(open_log(folder, 0, 1)) == b"first\n"


@pytest.mark.parametrize(
    ("tail", "text"), [(0, b""), (1, b"last"), (2, b"two\nlast"), (99, RECORD + b"one\ntwo\nlast")]
)
def test_the_last_lines(folder: RunFolder, tail: int, text: bytes) -> None:
    assert b"".join(open_log(folder, 0, 2, tail)) == text
    assert b"".join(open_log(folder, 1, 2, 1)) == b"other\n"


def test_the_last_lines_of_a_long_log(folder: RunFolder) -> None:
    lines = [b"%d\n" % number for number in range(100_000)]
    folder.write("logs/attempt-2/rank-1.log", b"".join(lines))
    assert b"".join(open_log(folder, 1, 2, 30_000)) == b"".join(lines[-30_000:])


def test_what_the_pods_wrote_comes_first(folder: RunFolder) -> None:
    folder.write("attempt-1/node-0.log", b"of the pod\n")
    folder.write("attempt-1/rank-0.log", b"of one process\n")
    assert b"".join(open_log(folder, 0, 1)) == b"of the pod\n"


def test_a_log_that_is_not_there(folder: RunFolder) -> None:
    with pytest.raises(NotFound, match="rank 0, 1 of attempt 2"):
        open_log(folder, 7, None)


def test_a_line_without_end_does_not_fill_the_memory(folder: RunFolder) -> None:
    with (folder.path / "attempt-9").parent.joinpath("hole").open("wb") as file:
        file.truncate(256 << 20)
    (folder.path / "attempt-9").mkdir()
    (folder.path / "hole").rename(folder.path / "attempt-9/node-0.log")
    for rank, tail in ((0, None), (None, None), (0, 10)):
        log = open_log(folder, rank, 9, tail, records=False)
        assert max(len(chunk) for _, chunk in zip(range(200), log, strict=False)) < 1 << 20
        log.close()


def test_closing_ends_it(folder: RunFolder) -> None:
    log = open_log(folder, None, None)
    next(log)
    log.close()
    assert list(log) == []


def test_a_first_chunk_with_nothing_to_show_does_not_end_the_log(folder: RunFolder) -> None:
    folder.write("logs/attempt-3/rank-0.log", RECORD + b"x" * 200_000 + b"\nend\n")
    read = list(open_log(folder, 0, 3, records=False))
    assert all(read)
    assert b"".join(read) == b"x" * 200_000 + b"\nend\n"


@pytest.mark.parametrize(
    ("limit", "ended", "whole"), [(1000, True, True), (1000, False, False), (300, True, False)]
)
def test_a_log_is_whole_when_nothing_was_left_out(
    limit: int, ended: bool, whole: bool, folder: RunFolder
) -> None:
    with folder.replacing("logs/attempt-3/rank-0.log") as file:
        write_log(file, chunks(b"line\n" * 180, 64), limit, folder.path)
    assert open_log(folder, 0, 3, ended=ended).is_whole is whole
