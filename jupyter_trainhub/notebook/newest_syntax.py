"""Which Python code needs at least, as its syntax tells; images often have an older one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jupyter_trainhub.notebook.names import Code


@dataclass(frozen=True)
class Syntax:
    """A construct that Python knows since ``python``, such as ``3.10``, and its first place.

    ``line`` counts the lines of the ``cell`` from 1.
    """

    python: str
    construct: str
    cell: int | None
    line: int


def newest_syntax(code: Sequence[Code]) -> Syntax | None:
    """The construct of ``code`` that needs the newest Python; None where 3.7 knows them all."""
    found = [
        ((major, minor), Syntax(f"{major}.{minor}", construct, cell, line))
        for cell, tree in code
        for (major, minor), construct, line in _constructs(tree)
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def _constructs(tree: ast.Module) -> Iterator[tuple[tuple[int, int], str, int]]:
    """Since when there is what, by https://docs.python.org/3/whatsnew/."""
    for node in ast.walk(tree):
        match node:
            case ast.NamedExpr():
                yield (3, 8), ":=", node.lineno
            case ast.FunctionDef(args=ast.arguments(posonlyargs=[_, *_])):
                yield (3, 8), "def f(x, /)", node.lineno
            case ast.Match():
                yield (3, 10), "match", node.lineno
        # What the Python that reads this code may be too old for itself.
        kind, line = type(node).__name__, getattr(node, "lineno", 1)
        if kind == "TryStar":
            yield (3, 11), "except*", line
        elif kind == "TypeAlias":
            yield (3, 12), "type", line
        elif getattr(node, "type_params", None):
            yield (3, 12), "def f[T]", line
        elif kind == "TemplateStr":
            yield (3, 14), 't"…"', line
