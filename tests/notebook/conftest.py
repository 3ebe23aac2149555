"""Notebooks for the tests, written as their code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Notebook = dict[str, Any]
MakeNotebook = Callable[..., Notebook]


@pytest.fixture
def notebook() -> MakeNotebook:
    """Makes a notebook of code cells: each argument is a source, or a source and its tags."""

    def make(*cells: str | tuple[str, ...]) -> Notebook:
        parts = [(cell,) if isinstance(cell, str) else cell for cell in cells]
        return {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"id{index}",
                    "source": source,
                    "metadata": {"tags": tags},
                    "outputs": [],
                    "execution_count": None,
                }
                for index, (source, *tags) in enumerate(parts)
            ],
        }

    return make
