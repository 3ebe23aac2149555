"""Lines on their way to a browser."""

from __future__ import annotations

import pytest

from jupyter_trainhub.widgets.outbox import Outbox, last_state


def test_lines_come_out_whole_and_numbered() -> None:
    outbox = Outbox(room=1000, kept=2)
    for chunk in ("[0] a\n[0] b", "c\n[1] ä".encode()[:-1], "ä".encode()[-1:], b"\n[0] last"):
        outbox.put(chunk.encode() if isinstance(chunk, str) else chunk)
    assert outbox.take(6) == (0, ["[0] a"])
    assert outbox.take(1000) == (1, ["[0] bc", "[1] ä"])
    assert outbox.take(1000) == (3, [])
    outbox.end()
    assert outbox.take(1000) == (3, ["[0] last"])
    assert (outbox.tail, outbox.total) == (["[1] ä", "[0] last"], 4)


def test_a_flood_leaves_the_latest_lines() -> None:
    outbox = Outbox(room=500, kept=3)
    for start in range(0, 100_000, 1000):
        outbox.put("".join(f"{number}\n" for number in range(start, start + 1000)).encode())
    first, lines = outbox.take(10_000)
    assert lines[-1] == "99999"
    assert first == 100_000 - len(lines)
    assert sum(map(len, lines)) + len(lines) <= 500
    assert outbox.tail == ["99997", "99998", "99999"]


def test_an_endless_line_is_cut() -> None:
    outbox = Outbox(room=100_000, kept=1)
    for _ in range(100):
        outbox.put(b"x" * 10_000)
    outbox.put(b"\n")
    _, (line,) = outbox.take(100_000)
    assert len(line) == 4000


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[0] 1%\r2%\r", "[0] 2%"),
        ("1%\r2%", "2%"),
        ("[x] 1\r[y] 2", "[y] 2"),
        ("plain", "plain"),
        ("\r", ""),
    ],
)
def test_what_is_written_over_is_shown_in_its_last_state(line: str, shown: str) -> None:
    assert last_state(line) == shown
