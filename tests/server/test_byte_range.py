"""Which bytes a Range asks for."""

from __future__ import annotations

import pytest

from jupyter_trainhub.server.byte_range import Unsatisfiable, byte_range

TAG, MODIFIED = '"1-2-a"', "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "condition", "expected"),
    [
        (None, None, None),
        ("bytes=0-3", None, (0, 4)),
        ("bytes=3-", None, (3, 10)),
        ("bytes=-3", None, (7, 10)),
        ("bytes=-30", None, (0, 10)),
        ("bytes=8-99", None, (8, 10)),
        ("BYTES=1-1", None, (1, 2)),
        # What RFC 9110 lets a server take for no range.
        ("bytes=0-1,4-5", None, None),
        ("bytes=5-2", None, None),
        ("lines=0-1", None, None),
        ("bytes=-", None, None),
        ("bytes=0-3", TAG, (0, 4)),
        ("bytes=0-3", MODIFIED, (0, 4)),
        ("bytes=0-3", '"other"', None),
        ("bytes=0-3", f"W/{TAG}", None),
    ],
)
def test_a_range(
    header: str | None, condition: str | None, expected: tuple[int, int] | None
) -> None:
    assert byte_range(header, condition, 10, TAG, MODIFIED) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0)])
def test_a_range_behind_the_end(header: str, size: int) -> None:
    with pytest.raises(Unsatisfiable):
        byte_range(header, None, size, TAG, MODIFIED)
