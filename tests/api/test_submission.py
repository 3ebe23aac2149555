"""What ``th.submit`` says before it submits."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from jupyter_trainhub.api import submission


@pytest.mark.parametrize(
    ("running", "unsaved"),
    [("th.submit()", False), ("th.submit()\n", False), ("th.submit(1)", True)],
)
def test_a_cell_that_was_not_saved_is_noticed(
    running: str, unsaved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.ipynb"
    cells = [{"cell_type": "code", "source": "th.submit()"}]
    file.write_text(json.dumps({"nbformat": 4, "cells": cells}))
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=["", running]))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert submission._is_unsaved(file) == unsaved
