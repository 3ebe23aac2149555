"""Calls of ``get_ipython()`` that people write, to find out whether their code is in a notebook."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import NamedTuple


class Question(NamedTuple):
    """A call of ``get_ipython()``; ``attribute`` is what is asked of it without looking first."""

    node: ast.Call
    attribute: str | None


def is_call(node: ast.AST) -> bool:
    """Whether ``node`` is ``get_ipython()``."""
    match node:
        case ast.Call(func=ast.Name(id="get_ipython"), args=[], keywords=[]):
            return True
    return False


def questions(tree: ast.AST, known: Collection[int]) -> Iterator[Question]:
    """The calls in ``tree`` but for those whose ``id()`` is ``known``.

    Those in the body of a ``try`` are left: whoever catches NameError expects a script, where the
    name does not exist.
    """
    waiting = [(tree, False)]
    while waiting:
        node, guarded = waiting.pop()
        children = list(ast.iter_child_nodes(node))
        match node:
            case ast.Try():
                children = [*node.handlers, *node.orelse, *node.finalbody]
            case ast.If(test=test) | ast.IfExp(test=test) | ast.BoolOp(values=[test, *_]):
                guarded = guarded or any(map(is_call, ast.walk(test)))
            case ast.Attribute(value=ast.Call() as call, attr=name) if is_call(call):
                children = []
                if id(call) not in known:
                    yield Question(call, None if guarded or name == "__class__" else name)
            case ast.Call() if is_call(node) and id(node) not in known:
                yield Question(node, None)
        waiting += [(child, guarded) for child in children]
