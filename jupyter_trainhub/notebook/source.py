"""Python source as a notebook may hold it: ``await`` may stand outside of functions."""

from __future__ import annotations

import ast
import warnings


def parse(source: str) -> ast.Module:
    """The syntax tree of ``source``. Raises SyntaxError."""
    tree = _compile(source, ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    return tree


def check(source: str) -> None:
    """Raise SyntaxError for what only the compiler sees, such as ``return`` outside a function.

    Each statement is looked at for itself, as IPython and ``inpod/run_notebook`` compile it:
    ``from __future__`` may stand after a magic.
    """
    for statement in parse(source).body:
        _compile(ast.Module([statement], []), 0)


def is_idle(tree: ast.Module) -> bool:
    """Whether the code does nothing: comments, ``pass`` and plain texts only."""
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in tree.body
    )


def _compile(source: str | ast.Module, flags: int) -> object:
    with warnings.catch_warnings():
        # Doubtful escapes are for the author's own kernel to point out.
        warnings.simplefilter("ignore")
        try:
            return compile(
                source, "<cell>", "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
            )
        except (ValueError, RecursionError, MemoryError) as error:
            # NUL characters, and code nested beyond what the compiler can take.
            raise SyntaxError(str(error) or "nested too deeply") from error
