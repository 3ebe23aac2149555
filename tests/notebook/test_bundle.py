"""The files that a job's pods get."""

from __future__ import annotations

import json

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook.bundle import LARGEST, bundle, plan_notebook
from tests.notebook.conftest import MakeNotebook


def test_holds_the_runner_and_the_cells_that_run(notebook: MakeNotebook) -> None:
    plan = plan_notebook(
        notebook("x = 1", ("y", "trainhub-skip"), "%%writefile a.py\nz = 3\n"), name="train.ipynb"
    )
    made = bundle(plan, "work/train.ipynb")
    assert made.argv == ["python", "/trainhub/run_notebook.py"]
    assert set(made.files) == {"run_notebook.py", "cells.json"}
    assert json.loads(made.files["cells.json"]) == {
        "notebook": "train.ipynb",
        "path": "work/train.ipynb",
        "cells": [
            {"index": 0, "id": "id0", "file": "train.ipynb#cell-1-id0", "source": "x = 1"},
            {
                "index": 2,
                "id": "id2",
                "file": "train.ipynb#cell-3-id2",
                "source": "z = 3\n",
                "writes": "a.py",
            },
        ],
    }


def test_the_digest_tells_contents_apart(notebook: MakeNotebook) -> None:
    def digest(source: str) -> str:
        return bundle(plan_notebook(notebook(source), name="train.ipynb")).digest

    assert digest("x = 1") == digest("x = 1") != digest("x = 2")


def test_a_plan_with_errors_names_every_cell(notebook: MakeNotebook) -> None:
    plan = plan_notebook(notebook("x = 1", "input()", "%%bash\nls"), name="train.ipynb")
    with pytest.raises(InvalidField) as caught:
        bundle(plan)
    assert caught.value.field == "notebook"
    assert [cause["message"][:15] for cause in caught.value.causes] == [
        "cell 2: line 1:",
        "cell 3: line 1:",
    ]


def test_a_notebook_too_large_for_a_config_map_is_refused(notebook: MakeNotebook) -> None:
    plan = plan_notebook(notebook(f"x = '{'a' * LARGEST}'"), name="train.ipynb")
    with pytest.raises(InvalidField, match="at most"):
        bundle(plan)
