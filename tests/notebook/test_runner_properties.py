"""Random notebooks: no code is dropped or reordered, and lines keep their numbers."""

from __future__ import annotations

import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from jupyter_trainhub.inpod.run_notebook.cells import Cell
from jupyter_trainhub.inpod.run_notebook.replay import replay
from jupyter_trainhub.inpod.run_notebook.running import run_cells
from jupyter_trainhub.notebook.bundle import cell_file, plan_notebook
from jupyter_trainhub.notebook.translation import translate


class Statement(NamedTuple):
    """Code with ``{k}`` for its number, and the lines on which that is traced, from 0, in order."""

    text: str
    traced: tuple[int, ...]


STATEMENTS = [
    Statement("trace({k})", (0,)),
    Statement("trace({k}); trace({k});", (0, 0)),
    Statement("if True:\n    trace({k})\nelse:\n    trace(-1)", (1,)),
    Statement("for _ in range(2):\n\ttrace({k})\n\n\ttrace({k})", (1, 3, 1, 3)),
    Statement("@decorated\ndef f{k}(x='%time'):\n    # !ls\n    trace({k})\nf{k}()", (3,)),
    Statement("trace(\n    {k}  # ?\n)", (0,)),
    Statement("s = '''\n%time trace({k})\n!ls\n>>> trace({k})\n'''\ntrace({k})", (5,)),
    Statement("n = 7 \\\n    % 4 + \\\n    2\ntrace({k})", (3,)),
    Statement("n = (7\n% 4)\ntrace({k})", (2,)),
    Statement("class C{k}:\n    '''100%!'''\n    trace({k})", (2,)),
    Statement("try:\n    trace({k})\n    1 / 0\nexcept ZeroDivisionError:\n    trace({k})", (1, 4)),
    Statement("(lambda: trace({k}))()", (0,)),
    Statement("trace(int(f'{{{k}:d}}' '%%' [:-2]))", (0,)),
    Statement("await atrace({k})", (0,)),
    Statement("async with context:\n    trace({k})", (1,)),
    Statement("async for _ in numbers():\n    trace({k})", (1, 1)),
    Statement("# comment ! % ?\n\ntrace({k})", (2,)),
    Statement("from __future__ import annotations\ndef g(x: no{k}): ...\ntrace({k})", (2,)),
    Statement("größe = 'ü\u2028\f'\ntrace({k})", (1,)),
    Statement("%time trace({k})", (0,)),
    Statement("v = %time trace({k})", (0,)),
    Statement("if True:\n    %time trace({k})\n    !ls {{k}}\ntrace({k})", (1, 3)),
    Statement("%matplotlib inline\ntrace({k})", (1,)),
    Statement("%config a = \\\n    b \\\n    c\ntrace({k})", (3,)),
    Statement("!echo 'x' \\\n  y\ntrace({k})", (2,)),
    Statement("trace?\ntrace({k})\n?trace", (1,)),
    Statement("%env TRAINHUB_TRACED={k}\ntrace({k})", (1,)),
    Statement("get_ipython().run_line_magic('config', 'a')\ntrace({k})", (1,)),
    Statement("x = 1 if get_ipython() else 2\ntrace({k} if x == 2 else -1)", (1,)),
]
TAGS = [(), (), (), ("parameters",), ("trainhub-skip",), ("trainhub",), ("imports",)]
FIRST_LINES = ["", "", "", "\n\n", "%%time\n", "%%capture\n", "\n%%time\n%%capture --no-stderr\n"]
ENDS = ["\n", "\n", "\r\n"]


class Made(NamedTuple):
    """A cell, the numbers and lines that it traces, and its tags."""

    source: str
    traced: list[tuple[int, int]]
    tags: tuple[str, ...]


@st.composite
def notebooks(draw: st.DrawFn) -> list[Made]:
    """Cells of the statements above."""
    cells, number = [], 0
    for _ in range(draw(st.integers(1, 5))):
        source = draw(st.sampled_from(FIRST_LINES))
        traced = []
        for statement in draw(st.lists(st.sampled_from(STATEMENTS), max_size=5)):
            number += 1
            line = source.count("\n") + 1
            traced += [(number, line + offset) for offset in statement.traced]
            source += statement.text.format(k=number) + "\n"
        source = source.replace("\n", draw(st.sampled_from(ENDS)))
        cells.append(Made(source, traced, draw(st.sampled_from(TAGS))))
    return cells


class Context:
    """An asynchronous context."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass


async def numbers() -> Any:
    """Two numbers."""
    yield 1
    yield 2


def tracing(seen: list[tuple[str, int, int]]) -> dict[str, Any]:
    """A namespace in which code notes in ``seen`` where it runs."""

    def note(number: int, depth: int) -> None:
        frame = sys._getframe(depth)
        seen.append((frame.f_code.co_filename, number, frame.f_lineno))

    async def atrace(number: int) -> None:
        note(number, 2)

    return {
        "__name__": "__main__",
        "trace": lambda number: note(number, 2),
        "atrace": atrace,
        "decorated": lambda function: function,
        "context": Context(),
        "numbers": numbers,
    }


@settings(max_examples=100, deadline=None, derandomize=True)
@given(made=notebooks())
def test_all_code_runs_in_order_and_on_its_line(made: list[Made]) -> None:
    selective = any("trainhub" in cell.tags for cell in made)
    notebook = {
        "nbformat": 4,
        "cells": [
            {"cell_type": "code", "source": cell.source, "metadata": {"tags": list(cell.tags)}}
            for cell in made
        ],
    }
    plan = plan_notebook(notebook, name="n.ipynb")
    assert [str(error) for error in plan.errors if error.cell is not None] == []
    expected = [
        (f"n.ipynb#cell-{index + 1}-{index + 1}", number, line)
        for index, cell in enumerate(made)
        for number, line in cell.traced
        if "trainhub-skip" not in cell.tags and not (selective and cell.tags == ())
    ]
    seen: list[tuple[str, int, int]] = []
    cells = [
        Cell(cell.index, cell.id, cell_file(plan, cell), cell.source, None, False)
        for cell in plan.running
    ]
    with mock.patch.dict(os.environ):
        run_cells(cells, tracing(seen))
    assert seen == expected


PIECES = [
    "%", "%%", "!", "!!", "?", "\\", "\n", "\r\n", "\f", "\u2028", "\ufeff", " ", "    ", "\t", "#",
    "'", '"""', "(", ")", "[", "]", "{", "}", "=", ":", ";", ",", ".", "x", "ls", "time", "run",
    "writefile a.py", "def f", "class C", "if x", "else", "await ", "lambda", "return", "import os",
    "get_ipython()", ".magic('x')", "f'{x}'", "1", ">>> ", "...", "In [1]: ", "env A=", "é", "\0",
]  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
def test_no_text_is_too_odd(pieces: list[str]) -> None:
    cell = "".join(pieces)
    found = translate(cell)
    if found.errors or found.writes is not None:
        return
    lines = io.StringIO(cell, newline=None).read()
    assert found.source.rstrip("\n").count("\n") <= lines.count("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = TransformerManager().transform_cell(lines)  # type: ignore[no-untyped-call]
    if plain.strip() == lines.strip() and "get_ipython" not in lines:
        assert found.source.strip() == lines.strip()


# With `boom()` for what must not run once more.
SETTING = [
    "a = 1", "b = 'x'", "a = a + 1", "a += 2", "a = boom()", "a += boom()", "b = [a, 2]", "c = [1]",
    "c.append(a)", "c.append(boom())", "c[0] = 5", "c[0] = boom()", "c = c + [a]", "del a",
    "d = {'x': a}", "d['y'] = a", "d.update(z=boom())", "d.update(z=3)", "a, b = 1, 2",
    "a, b = boom(), 2", "a, *b = [1, 2]", "if a == 1:\n    b = 3\nelse:\n    b = 4",
    "if boom():\n    b = 5", "if __name__ == '__main__':\n    boom()",
    "for a in range(3):\n    boom()", "for i in range(2):\n    c.append(i)",
    "[c.append(i) for i in range(2)]", "bool(a := 9) if boom() else None",
    "while a < 3:\n    a += 1", "with Cfg(1) as b:\n    a = 6",
    "try:\n    import no_such_module\nexcept ImportError:\n    a = None",
    "try:\n    a = boom()\nexcept ValueError:\n    a = 0", "cfg = Cfg(3)", "cfg.v = 4",
    "cfg.v = boom()", "cfg.w = [a]", "e = cfg.v", "e = f'{a}-{b}'", "e = len(c) + max(c)",
    "e = [i * 2 for i in c]", "e = sorted(c)[0]", "e = (lambda x: x + 1)", "def a():\n    boom()",
    "def f(x=a):\n    return x", "def f(x=boom()):\n    return x", "a: int = 3", "a: int = boom()",
    "import math", "e = math.pi", "e = math.floor(a)", "from os.path import join\ne = join('p')",
    "import os\ne = os.environ.get('NO_SUCH_VARIABLE', a)", "boom(a, c)", "global a\na = 8",
    "len = boom", "e = len", "import functools\ne = functools.partial(max, 1)()",
    "class K:\n    x = 1", "e = K.x", "K.x = 5", "K.x = boom()", "Cfg = boom", "a = b = []",
]  # fmt: skip
BEGIN = (
    "import dataclasses\n@dataclasses.dataclass\nclass Cfg:\n    v: object\n    w: object = None\n"
    "    def __enter__(self): return boom()\n    def __exit__(self, *_): pass\n"
)


def shown(value: Any) -> str:
    """``value`` as text, with what a function has from its definition."""
    defaults = getattr(value, "__defaults__", None)
    return re.sub("0x[0-9a-f]+|__main__|__mp_main__", "", f"{value!r} {defaults!r}")


def executable(lines: list[str], boom: Callable[..., Any]) -> Iterator[str]:
    """Those of ``lines`` that run one after the other without an exception."""
    trial: dict[str, Any] = {"__name__": "__main__", "boom": boom}
    exec(BEGIN, trial)
    for line in lines:
        try:
            exec(line, trial)
        except Exception:
            continue
        yield line


@settings(max_examples=200, deadline=None, derandomize=True)
@given(lines=st.lists(st.sampled_from(SETTING), max_size=14))
def test_a_spawned_process_repeats_no_work_and_knows_no_old_value(lines: list[str]) -> None:
    calls: list[tuple[Any, ...]] = []

    def boom(*arguments: Any) -> int:
        calls.append(arguments)
        return 7

    sources = [BEGIN, *executable(lines, boom)]
    full: dict[str, Any] = {"__name__": "__main__", "boom": boom}
    for source in sources:
        try:
            exec(source, full)
        except Exception:
            return  # What failed in the trial has left something behind that is not there now.
    cells = [Cell(i, str(i), f"c{i}", text, None, False) for i, text in enumerate(sources)]
    child: dict[str, Any] = {"__name__": "__mp_main__", "boom": boom}
    calls.clear()
    with mock.patch("sys.stderr", io.StringIO()):
        replay(cells, child)
    defaults = sum("def f(x=boom())" in source for source in sources)
    assert len(calls) <= defaults
    for name in set(child) - {"__name__", "__builtins__", "__annotations__"}:
        assert shown(child[name]) == shown(full.get(name)), name
