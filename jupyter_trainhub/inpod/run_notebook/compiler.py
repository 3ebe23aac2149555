"""Code objects of cells."""

from __future__ import annotations
import __future__

import ast
from collections.abc import Iterator
from types import CodeType

_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


class Compiler:
    """Compiles cells as IPython does: each statement for itself, so that ``from __future__`` may
    stand anywhere, and holds for all later statements and cells."""

    def __init__(self) -> None:
        self._flags = 0

    def compile(self, statement: ast.stmt, file: str) -> CodeType:
        """The code of one statement."""
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        module = ast.Module(body=[statement], type_ignores=[])
        code: CodeType = compile(module, file, "exec", flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURES
        return code

    def statements(self, source: str | ast.Module, file: str) -> Iterator[CodeType]:
        """The code of a cell's statements, each compiled when those before it have run."""
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
        tree: ast.Module = compile(source, file, "exec", flags, dont_inherit=True)
        for statement in tree.body:
            yield self.compile(statement, file)
