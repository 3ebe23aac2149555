"""``__main__`` as the cells' own: a kernel's has no ``__file__``, and classes show their source."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Sequence
from types import FunctionType, ModuleType
from typing import Any

from .cells import Cell

# What Python itself puts into the namespace of a program.
_OWN_NAMES = frozenset({*vars(ModuleType("")), "__builtins__", "__cached__", "__file__"})


class Main(ModuleType):
    """A module whose file programs can ask for, as multiprocessing does, and its code cannot see.

    Cells often find out by ``__file__`` whether they are a script, and where it lies.
    """

    @property
    def __file__(self) -> str:  # type: ignore[override]
        return __file__


def clear(namespace: dict[str, Any]) -> None:
    """Leave only what Python itself puts there to the cells."""
    for name in set(namespace) - _OWN_NAMES:
        del namespace[name]
    namespace["__doc__"] = None
    if namespace["__name__"] == "__main__":
        sys.modules["__main__"].__class__ = Main
        del namespace["__file__"]


def show_classes(cells: Sequence[Cell]) -> None:
    """Let ``inspect`` find classes of the cells, which it looks for in the module's file."""
    known = inspect.getfile
    files = [cell.file for cell in cells]

    def getfile(object: Any) -> str:
        if inspect.isclass(object) and object.__module__ in ("__main__", "__mp_main__"):
            methods = (value for value in vars(object).values() if isinstance(value, FunctionType))
            for file in (method.__code__.co_filename for method in methods):
                if file in files:
                    return file
            outer = object.__qualname__.partition(".")[0]
            for cell in reversed(cells):
                if cell.writes is None and _defines(cell, outer):
                    return cell.file
        return known(object)

    inspect.getfile = getfile


def _defines(cell: Cell, name: str) -> bool:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree = compile(cell.source, cell.file, "exec", flags, dont_inherit=True)
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in ast.walk(tree))
