"""What differs between two runs."""

from __future__ import annotations

import json
from typing import Any

from jupyter_trainhub.hub.runs.comparison import Facts, compare
from jupyter_trainhub.hub.runs.descriptions import describe_comparison


def facts(
    spec: dict[str, Any], cells: list[tuple[str, str]], packages: dict[str, str], **more: Any
) -> Facts:
    listed = [
        {"index": index, "id": id_, "source": text} for index, (id_, text) in enumerate(cells)
    ]
    code = {
        "cells.json": json.dumps({"notebook": "train.ipynb", "cells": listed}).encode(),
        "run_notebook.py": json.dumps(spec).encode(),
        **more.pop("files", {}),
    }
    view = {
        "spec": spec, "metrics_summary": more.pop("metrics", {}), "git": None, "phase": "Failed",
        "image_digest": None,
    }  # fmt: skip
    variables = {"TRAINHUB_JOB": spec["name"], "HOME": "/root"}
    environment = {"python": "3.11", "packages": packages, "variables": variables}
    return Facts(view, environment, code, **more)


A = facts(
    {"name": "a", "parameters": {"lr": 1, "epochs": 3}, "env": {"API_KEY": "one"}},
    [("one", "import torch"), ("two", "lr = 1\nprint(lr)"), ("three", "save()")],
    {"torch": "2.1", "numpy": "2.0"},
    metrics={"cpu": {"unit": "cores", "mean": 1.0, "max": 2.0}},
    files={"extra.py": b"x = 1\n"},
)
B = facts(
    {"name": "b", "parameters": {"lr": 1, "epochs": 5}, "env": {"API_KEY": "two"}},
    [("zero", "pass"), ("one", "import torch"), ("two", "lr = 2\nprint(lr)")],
    {"torch": "2.2", "pandas": "3.0"},
)


def test_specs_by_field() -> None:
    spec = {entry["field"]: entry for entry in compare(A, B)["spec"]}
    assert spec["parameters.epochs"] == {
        "field": "parameters.epochs", "a": 3, "b": 5, "differs": True,
    }  # fmt: skip
    assert not spec["parameters.lr"]["differs"]


def test_secrets_differ_without_being_shown() -> None:
    found = compare(A, B)
    assert next(entry for entry in found["spec"] if entry["field"] == "env.API_KEY") == {
        "field": "env.API_KEY", "a": "***", "b": "***", "differs": True,
    }  # fmt: skip


def test_packages_and_environment() -> None:
    found = compare(A, B)
    assert found["environment"] == []
    assert found["packages"] == [
        {"name": "numpy", "a": "2.0", "b": None},
        {"name": "pandas", "a": None, "b": "3.0"},
        {"name": "torch", "a": "2.1", "b": "2.2"},
    ]


def test_code_by_cell_and_file() -> None:
    pieces = [(piece["file"], piece["cell"], piece["change"]) for piece in compare(A, B)["code"]]
    assert sorted(pieces, key=str) == [
        ("extra.py", None, "removed"),
        ("train.ipynb", 0, "added"),
        ("train.ipynb", 2, "changed"),
        ("train.ipynb", 2, "removed"),
    ]
    diffs = "\n".join(piece["diff"] for piece in compare(A, B)["code"])
    assert "-lr = 1" in diffs
    assert "+lr = 2" in diffs
    assert "import torch" not in diffs
    assert "run_notebook" not in diffs


def test_metrics_side_by_side() -> None:
    used = {"unit": "cores", "mean": 1.0, "max": 2.0}
    assert compare(A, B)["metrics"] == [{"metric": "cpu", "unit": "cores", "a": used, "b": None}]


def test_a_run_does_not_differ_from_itself() -> None:
    found = compare(B, B)
    assert not any(entry["differs"] for entry in found["spec"])
    assert (found["environment"], found["packages"], found["code"], found["changes"]) == (
        [], [], [], "",
    )  # fmt: skip
    assert describe_comparison(found) == []


def test_in_words() -> None:
    lines = dict(describe_comparison(compare(A, B)))
    assert lines["parameters.epochs"] == "3 -> 5"
    assert lines["packages: pandas"] == "- -> 3.0"
    assert lines["cpu (mean)"] == "1.0 -> -"


def test_code_that_is_no_notebook() -> None:
    broken = Facts(B.view, {}, {"cells.json": b"[broken"})
    assert compare(broken, broken)["code"] == []
