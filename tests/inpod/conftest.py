"""Notebooks as the files that a pod gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.notebook.bundle import bundle, plan_notebook

Ship = Callable[..., Path]


@pytest.fixture
def ship(tmp_path: Path) -> Ship:
    """Puts the launcher and a notebook of these cells into a folder, and returns the folder."""

    def make(*cells: str) -> Path:
        folder = tmp_path / "trainhub"
        folder.mkdir()
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "cells": [
                {"cell_type": "code", "id": f"id{index}", "source": source, "metadata": {}}
                for index, source in enumerate(cells)
            ],
        }
        files = bundle(plan_notebook(notebook, name="train.ipynb")).files
        for name, content in {**files, "launch.py": program("launch.py")}.items():
            (folder / name).write_bytes(content)
        return folder

    return make
