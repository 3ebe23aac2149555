"""What others wrote is shown on a terminal, and not obeyed by it."""

from __future__ import annotations

import pytest

from jupyter_trainhub.hub.descriptions import text
from jupyter_trainhub.hub.printable import printable
from jupyter_trainhub.hub.tables import Table


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2J", "^[]0;title^G^[[2J"),
        ("a\rb\x7f", "a^Mb^?"),
        ("\x9b31m\u202eevil", "<009B>31m<202E>evil"),
        ("Größe 训练 ✓\tx\ny", "Größe 训练 ✓\tx\ny"),
    ],
)
def test_control_characters(written: str, shown: str) -> None:
    assert printable(written) == shown


def test_a_cell_is_one_line_and_columns_stay_aligned() -> None:
    table = Table(("NAME", "MESSAGE"), [("a\n\x1b[31mfake   row", "x"), ("b", "y")]).text()
    assert table.splitlines() == [
        "NAME                 MESSAGE",
        "a ^[[31mfake   row   x",
        "b                    y",
    ]
    assert "\x1b" not in text([("WHY", "\x1b[31m")])
