from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from jupyter_trainhub.api.display import html, job_html
from jupyter_trainhub.hub.tables import Table, age


def test_texts_are_escaped() -> None:
    assert "<script>" not in html(Table(("A",), [("<script>",)]))
    pod = {"rank": 0, "phase": "Failed", "node": None, "exit_code": 1, "message": "<script>"}
    view = {"name": "a", "phase": "Failed", "message": "<script>", "pods": [pod]}
    assert "<script>" not in job_html(view)


def test_columns_are_aligned() -> None:
    text = Table(("NAME", "B"), [("a", "x"), ("longer", "")]).text()
    assert text == "NAME     B\na        x\nlonger"


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (119, "119s"), (300, "5m"), (7200, "2h"), (3 * 86400, "3d")]
)
def test_ages_are_kubectls(seconds: int, text: str) -> None:
    now = datetime(2026, 11, 22, 3, 0, 0, tzinfo=timezone.utc)
    since = (now - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert age(since, now) == text


def test_an_unknown_time_has_no_age() -> None:
    assert age(None) == ""
