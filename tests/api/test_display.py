from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.api.instance import Instance
from jupyter_trainhub.api.job import Job
from jupyter_trainhub.cli import output
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.tables import Table, age
from jupyter_trainhub.widgets.still import job_html, table_html

ROW = {"cpus": 1.0, "memory": 2**30, "gpus": 0, "node": None, "created": None, "ready": False}


def test_texts_are_escaped() -> None:
    assert "<script>" not in table_html(Table(("A",), [("<script>",)]))
    pod = {"rank": 0, "phase": "Failed", "node": None, "exit_code": 1, "message": "<script>"}
    view = {"name": "a", "phase": "Failed", "progress": None, "pods": [pod]}
    told = dict.fromkeys(("message", "remedy"), "<script>")
    assert "<script>" not in job_html({**view, **told})


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("It needs 1000 CPUs", "It needs 1000 CPUs. Ask for less."),
        ("Is it there?", "Is it there? Ask for less."),
        (None, ""),
    ],
)
def test_the_same_sentences_everywhere(
    message: str | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    view = {"name": "a", "phase": "Failed", "message": message, "remedy": "Ask for less."}
    job: Any = {**view, "progress": None, "pods": [], "attempts": 1, "volumes": [], "history": []}
    instance: Any = {**view, **ROW, "restart_needed": False, "folders": []}
    assert why(view) == told
    output.describe("jobs", job)
    output.describe("instances", instance)
    assert capsys.readouterr().out == (f"\nWHY   {told}\n" * 2 if told else "")
    for shown in (repr(Job("a", job)), repr(Instance("a", instance))):
        assert shown.endswith(f" Failed: {told}>" if told else " Failed>")
    assert told in Job("a", job)._repr_html_()
    assert told in Instance("a", instance)._repr_html_()


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
