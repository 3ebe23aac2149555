"""Python source as a notebook may hold it: ``await`` may stand outside of functions."""

from __future__ import annotations

import ast
import contextlib
import threading
import warnings
from collections.abc import Callable

# The filters of warnings are those of all threads.
_COMPILING = threading.Lock()
_TRIES = 5


def parse(source: str) -> ast.Module:
    """The syntax tree of ``source``. Raises SyntaxError."""
    tree = _compile(source, ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    return tree


def parse_script(source: str, name: str) -> ast.Module:
    """The syntax tree of the script ``name``, in which ``await`` stands in functions only.

    Raises what ``ast.parse`` raises.
    """
    tree = _tried_again(lambda: ast.parse(source, name))
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
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with _COMPILING, warnings.catch_warnings():
        # Doubtful escapes are for the author's own kernel to point out.
        warnings.simplefilter("ignore")
        try:
            return _tried_again(lambda: compile(source, "<cell>", "exec", flags, dont_inherit=True))
        except (ValueError, RecursionError, MemoryError) as error:
            # NUL characters, and code nested beyond what the compiler can take.
            raise SyntaxError(str(error) or "nested too deeply") from error


def _tried_again(make: Callable[[], object]) -> object:
    # Python 3.11 counts the depth of the trees that all threads make together, and fails where two
    # do so at once: https://github.com/python/cpython/issues/106905
    for _ in range(_TRIES):
        with contextlib.suppress(SystemError):
            return make()
    return make()
