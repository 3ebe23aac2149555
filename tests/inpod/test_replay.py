"""What a spawned process repeats of the cells."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.run_notebook.selection import Selection
from tests.inpod.conftest import Ship, run

KNOWN = """\
import os, re, torch, requests, numpy as np
from collections import namedtuple
from dataclasses import dataclass
@dataclass
class Config: lr: float = 1
class Model:
    def __init__(self): train()
def train(): ...
def jit(f): ...
N, NAMES, TEXT = 3, ["a"], "x y"
live = train()
"""


def taken(statement: str) -> bool:
    """Whether ``statement`` is repeated after the code above."""
    selection = Selection()
    for before in ast.parse(KNOWN).body:
        selection.lost(before)
    return selection.lost(ast.parse(statement).body[0]) is None


@pytest.mark.parametrize(
    "statement",
    [
        "M = -N * 2 + len(NAMES)",
        "a, b = N, [N for _ in range(N) if _ > 1]",
        "INDEX = {name: i for i, name in enumerate(NAMES)}",
        "WORDS = f'{TEXT}!'.split()[0]",
        "f = lambda x, n=N: train(x)",
        "P = namedtuple('P', 'a b')",
        "Config.__doc__ = 'text'",
        "CONFIG = Config(lr=N)",
        "NAMES.append('b')",
        "N += 1",
        "ROOT = os.path.join(os.environ.get('HOME', '/'), TEXT)",
        "RE = re.compile('x')",
        "DEVICE = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
        "MEAN = np.array([0.5, 0.2])",
        "if N > 2:\n    import a\nelse:\n    a = None",
        "try:\n    import a\nexcept ImportError:\n    a = None",
        "with contextlib.suppress(ImportError):\n    import a",
        "train = jit(train)",
        "@jit\nclass K: ...",
        "x: int = N",
    ],
)
def test_imports_definitions_and_constants_are_repeated(statement: str) -> None:
    assert taken(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "train()",
        "x = train()",
        "x = Model()",
        "x = live",
        "x = requests.get('https://example.org')",
        "x = torch.load('model.pt')",
        "x = open(TEXT)",
        "x = [train() for _ in NAMES]",
        "NAMES.append(train())",
        "NAMES[0] = live",
        "N += live",
        "N = jit(N)",
        "for name in NAMES: pass",
        "if live:\n    import a",
        "if __name__ == '__main__':\n    train()",
        "with open(TEXT) as f:\n    x = 1",
        "print(x := 1)",
        "'text'",
        "x: int",
        "await train()",
    ],
)
def test_what_may_do_something_is_not_repeated(statement: str) -> None:
    assert not taken(statement)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("N = live", {"N"}),
        ("for N in live: NAMES.append(N)", {"N", "NAMES"}),
        ("NAMES[0] = live", {"NAMES"}),
        ("os.environ['A'] = live()", set()),
        ("x = [N for N in live]", {"x"}),
        ("if __name__ == '__main__':\n    N = live", set()),
        ("del N", {"N"}),
        ("print(N := live)", {"N"}),
    ],
)
def test_what_changes_is_not_known_any_more(statement: str, names: set[str]) -> None:
    selection = Selection()
    for before in ast.parse(KNOWN).body:
        selection.lost(before)
    lost = selection.lost(ast.parse(statement).body[0])
    assert lost is not None
    assert lost - {"os.environ"} == names


@pytest.mark.parametrize(
    ("method", "last"), [("fork", "early"), ("spawn", "early"), ("forkserver", "late")]
)
def test_workers_know_what_the_cells_define(ship: Ship, work: Path, method: str, last: str) -> None:
    done = run(
        ship(
            "%%writefile part.py\nclass Record:\n    n = 7\n\n\nif __name__ == '__main__':\n"
            "    print('part')\n",
            "%run part.py\nimport multiprocessing, sys\nfrom concurrent.futures import *",
            "from __future__ import annotations\nfrom collections import namedtuple\n"
            "from dataclasses import dataclass\nfrom enum import Enum",
            "@dataclass\nclass Config:\n    lr: float = 1.0\n    names: list[str] | None = None\n"
            "class Colour(Enum):\n    RED = 1\nPair = namedtuple('Pair', 'a b')\n"
            "CONFIG = Config(0.5)\nCONFIG.names = ['x']\nsquare = lambda x: x * x",
            "def work(pair):\n"
            "    return CONFIG, square(pair.a), pair.b, Record.n, which(), Colour.RED\n"
            "def which(): return 'early'",
            f"context = multiprocessing.get_context({method!r})\n"
            "with ProcessPoolExecutor(1, mp_context=context) as pool:\n"
            "    (found,) = pool.map(work, [Pair(3, Colour.RED)])\n"
            "assert found[0] == CONFIG and found[2] is Colour.RED\nprint(*found[1:5])",
            # A fork server repeats all cells at once; for others this one has not begun.
            "def which(): return 'late'",
        ),
        work,
    )
    assert done.stdout == f"part\n9 Colour.RED 7 {last}\n", done.stderr
