"""Which Python a notebook's code needs at least."""

from __future__ import annotations

import pytest

from jupyter_trainhub.notebook.newest_syntax import Syntax, newest_syntax
from jupyter_trainhub.notebook.plan import plan_notebook
from jupyter_trainhub.notebook.source import parse


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("x = [i for i in y]\nasync def f(): await g()", None),
        ("if (n := 3): pass", "3.8"),
        ("def f(x, /): pass", "3.8"),
        ("match x:\n  case 1: pass", "3.10"),
        ("try: f()\nexcept* OSError: pass", "3.11"),
    ],
)
def test_since_when_there_is_what(source: str, python: str | None) -> None:
    found = newest_syntax([(0, parse(source))])
    assert (found and found.python) == python


def test_the_newest_counts_and_its_first_place() -> None:
    cells = ["a = 1", "a\nmatch a:\n  case 1: (b := 2)", "match a:\n  case 2: pass"]
    code = [(index, parse(source)) for index, source in enumerate(cells)]
    assert newest_syntax(code) == Syntax("3.10", "match", cell=1, line=2)


def test_the_plan_tells_it() -> None:
    document = {
        "nbformat": 4,
        "cells": [{"cell_type": "code", "source": "match 1:\n  case 1: pass", "metadata": {}}],
    }
    plan = plan_notebook(document, name="x.ipynb")
    assert plan.to_dict()["syntax"] == {
        "python": "3.10",
        "construct": "match",
        "cell": 0,
        "line": 1,
    }
