"""Names in Python code, as its syntax tree shows them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# A cell's position in the notebook, None for code that was added, and its syntax tree.
Code = tuple[int | None, ast.Module]


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name that the code itself gives a meaning."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.split(".")[0]


def dotted_name(node: ast.expr) -> str:
    """``a.b.c`` for an expression of that form, an empty text for any other."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            owner = dotted_name(value)
            return f"{owner}.{name}" if owner else ""
    return ""


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Every call in ``tree``."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what runs when it does, in the order of the text; bodies of functions do not."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            waiting += reversed(list(ast.iter_child_nodes(node)))


def words(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute, argument, imported name and subscript text in ``tree``."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.arg(arg=word):
                yield word
            case ast.keyword(arg=str(word)):
                yield word
            case ast.alias(name=name, asname=asname):
                yield from name.split(".")
                if asname:
                    yield asname
            case ast.Subscript(slice=ast.Constant(value=str(word))):
                yield word
            case ast.Call(args=[ast.Constant(value=str(word)), *_]):
                yield word
