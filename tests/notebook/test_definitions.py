"""What a cell needs of those that were executed before it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_trainhub.notebook.definitions import Executed, Needed, needed


def kernel(*cells: str) -> dict[str, Any]:
    """The names of a kernel that has executed ``cells``; one that fails does so half-way."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        with contextlib.suppress(ArithmeticError):
            exec(cell.removeprefix("%%time\n"), names)
    return names


def find(cell: str, *cells: str, passed: tuple[str, ...] = ()) -> Needed:
    """What ``cell`` needs after ``cells``."""
    executed = [Executed(number, source) for number, source in enumerate(cells, 1)]
    names = kernel(*cells)
    return needed(cell, executed, names, passed=passed, exports=lambda module: ["sqrt", "pi"])


def texts(found: Needed) -> list[str]:
    """The statements that go along, and nothing missing."""
    assert not found.missing
    return [line for cell in found.cells for line in cell.source.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("cell", "cells", "expected"),
    [
        ("f(1)", ["import math, os", "def f(x): return math.sqrt(g(x))", "def g(x): return x"],
         ["import math, os", "def f(x): return math.sqrt(g(x))", "def g(x): return x"]),
        # The latest definition wins, unless its cell never got so far.
        ("f()", ["def f(): return 1", "def f(): return 2"], ["def f(): return 2"]),
        ("f()", ["def f(): return 1", "1 / 0\ndef f(): return 2"], ["def f(): return 1"]),
        # Decorators, defaults, bases and annotations are needed when they are read.
        ("f()", ["n = 1", "def d(f): return f", "@d\ndef f(x: int = n): pass", "n = 2"],
         ["n = 1", "def d(f): return f", "@d", "def f(x: int = n): pass"]),
        ("C().m()", ["class B: k = 1", "class C(B):\n    def m(self): return z", "z = 1"],
         ["class B: k = 1", "class C(B):", "    def m(self): return z", "z = 1"]),
        ("a", ["a, b = 1, 2; c = 3"], ["a, b = 1, 2"]),
        ("c", ["a, b = 1, 2; c = 3"], ["c = 3"]),
        ("x", ["x: int = 4", "x += 1"], ["x: int = 4", "x += 1"]),
        ("c.a", ["from types import SimpleNamespace", "c = SimpleNamespace(a=1)", "c.a = 2"],
         ["from types import SimpleNamespace", "c = SimpleNamespace(a=1)", "c.a = 2"]),
        ("np", ["try:\n    import nupmy as np\nexcept ImportError:\n    np = None"],
         ["try:", "    import nupmy as np", "except ImportError:", "    np = None"]),
        ("x", ["x = 0", "if False:\n    x = 1"], ["x = 0", "if False:", "    x = 1"]),
        ("os.path", ["import os.path", "import os"], ["import os.path", "import os"]),
        ("sqrt(2)", ["from math import *", "y = 1"], ["from math import *"]),
        ("%%time\nk", ["%%time\nk = 2 ** 3"], ["k = 2 ** 3"]),
        ("f()", ["def f():\n    global t\n    t = 1\n    return t", "f()"],
         ["def f():", "    global t", "    t = 1", "    return t"]),
        # Nothing but what the cell does not bind itself first.
        ("for x in range(2):\n    y = x\nprint(y)", ["x = object()", "y = object()"], []),
        ("import sys\nsys.x", ["import sys\nsys.y = object()"], []),
        ("[q for q in (1, 2)]", ["q = object()"], []),
        ("lambda q: q", ["q = object()"], []),
        ("print(undefined)", [], []),
    ],
)  # fmt: skip
def test_definitions_go_along(cell: str, cells: list[str], expected: list[str]) -> None:
    assert texts(find(cell, *cells)) == expected


@pytest.mark.parametrize(
    ("cell", "cells", "name", "why"),
    [
        ("m", ["m = open('/dev/null')"], "m", "In[1] computes"),
        ("x", ["x = [1]", "x.append(2)"], "x", "changed since In[1]"),
        ("d['a']", ["d = {'a': 1}", "for k in d: d[k] = k"], "d", "In[2] computes or changes"),
        ("t", ["def f():\n    global t\n    t = 1", "f()"], "t", "no cell defines it"),
        ("f()", ["def f(): return m", "m = open('/dev/null')"], "m", "In[2] computes"),
    ],
)
def test_what_only_the_kernel_has_is_named(
    cell: str, cells: list[str], name: str, why: str
) -> None:
    (missing,) = find(cell, *cells).missing
    assert missing.name == name
    assert why in missing.why
    assert not find(cell, *cells, passed=(name,)).missing


def test_lines_stay_where_they_were() -> None:
    (cell,) = find("f()", "# a comment\nx = open('/dev/null')\n\ndef f():\n    return 1\n").cells
    assert cell == Executed(1, "\n\n\ndef f():\n    return 1\n")


def test_a_cell_that_was_executed_often_is_no_deep_recursion() -> None:
    found = find("n", "n = 0", *["n += 1"] * 1500)
    assert len(texts(found)) == 1501


def test_what_nobody_knows_is_told_apart() -> None:
    assert find("print(q)\nq = 1").undefined == ("q",)
    assert find("q = 1\nprint(q)").undefined == ()


NAMES = st.sampled_from("abcde")
EXPRESSIONS = st.one_of(
    st.integers(0, 9).map(str),
    NAMES,
    st.tuples(NAMES, st.integers(1, 9)).map(lambda pair: f"{pair[0]} + {pair[1]}"),
)
STATEMENTS = st.one_of(
    st.tuples(NAMES, EXPRESSIONS).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    st.tuples(NAMES, EXPRESSIONS).map(lambda pair: f"def f_{pair[0]}(): return {pair[1]}"),
    st.tuples(NAMES, NAMES).map(lambda pair: f"{pair[0]} = f_{pair[1]}()"),
)
CELLS = st.lists(st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join), max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CELLS, st.lists(st.one_of(NAMES, NAMES.map(lambda n: f"f_{n}()")), min_size=1, max_size=3))
def test_a_cell_means_the_same_with_its_definitions(cells: list[str], read: list[str]) -> None:
    cell = f"result = ({', '.join(read)},)"
    ran = [Executed(number, source) for number, source in enumerate(cells, 1)]
    names: dict[str, Any] = {}
    for source in cells:
        with contextlib.suppress(NameError):
            exec(source, names)
    found = needed(cell, ran, names)
    # In the order of execution, and each line one that was executed.
    numbers = [each.number for each in found.cells]
    assert numbers == sorted(set(numbers))
    for each in found.cells:
        whole = cells[each.number - 1].splitlines()
        kept = enumerate(each.source.splitlines())
        assert all(not line or line == whole[at] for at, line in kept)
    local = dict(names)
    try:
        exec(cell, local)
    except (NameError, RecursionError):
        return
    if not found.missing:
        alone: dict[str, Any] = {}
        exec("\n".join([*(each.source for each in found.cells), cell]), alone)
        assert alone["result"] == local["result"]
