"""What is said of a TensorBoard that has ended."""

from __future__ import annotations

import pytest

from jupyter_trainhub.hub.tensorboards import state
from jupyter_trainhub.hub.tensorboards.local.ending import ending, telling_line


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("", ""),
        ("no luck\n", "no luck"),
        ("Traceback:\n  File x\nValueError: bad\n\n", "ValueError: bad"),
        ("ValueError: bad\n    ^^^\n", "ValueError: bad"),
    ],
)
def test_finds_the_line_that_tells(log: str, line: str) -> None:
    assert telling_line(log) == line


def test_says_why_one_ended() -> None:
    said = state.parse_state(
        {"pid": 1, "ended": "memory", "message": "Too much.", "remedy": "Less."}
    )
    assert ending("Failed", "", said, "") == ("Too much.", "Less.")
    assert "said nothing" in ending("Failed", "", None, "").message
    assert ending("Running", "", None, "").message == ""
