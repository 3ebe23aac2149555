"""What code imports, as its syntax tree tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_FORGIVING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True)
class Import:
    """One import: ``from <level dots><module> import <names>``, or ``import <module>``.

    ``optional`` says that the code goes on without it, as in ``try: ... except ImportError``.
    """

    module: str
    names: tuple[str, ...] = ()
    level: int = 0
    line: int = 0
    optional: bool = False

    @property
    def top(self) -> str:
        """The module or package that is found by its name alone."""
        return self.module.partition(".")[0]


def imports(tree: ast.AST) -> list[Import]:
    """All imports of ``tree`` by their lines, in functions and by ``import_module("name")`` too.

    Those for type checkers alone are none.
    """
    found: list[Import] = []
    # Not by recursion: an expression may be nested more deeply than Python calls may.
    waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
    while waiting:
        node, optional = waiting.pop()
        found += _imports(node, optional)
        children = ast.iter_child_nodes(node)
        match node:
            case ast.Try(handlers=handlers):
                optional = optional or any(map(_forgives, handlers))
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                children = iter(node.orelse)
        waiting += [(child, optional) for child in children]
    return sorted(found, key=lambda one: one.line)


def _imports(node: ast.AST, optional: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=aliases):
            for alias in aliases:
                yield Import(alias.name, (), 0, node.lineno, optional)
        case ast.ImportFrom(module=module, names=aliases, level=level):
            names = tuple(alias.name for alias in aliases)
            yield Import(module or "", names, level, node.lineno, optional)
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
            if _imports_by_name(function) and name and not name.startswith("."):
                yield Import(name, (), 0, node.lineno, optional)


def _imports_by_name(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"):
            return True
        case ast.Attribute(value=ast.Name(id="runpy"), attr="run_module"):
            return True
    return False


def _forgives(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case None:
            return True
        case ast.Tuple(elts=types):
            return any(isinstance(kind, ast.Name) and kind.id in _FORGIVING for kind in types)
        case ast.Name(id=name):
            return name in _FORGIVING
    return False
