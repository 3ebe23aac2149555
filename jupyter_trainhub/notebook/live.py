"""Whether a kernel still has what a cell once defined."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import Any


def is_other(node: ast.stmt, live: Any) -> bool:
    """Whether what ``node`` defines is certainly not what the kernel has."""
    if isinstance(node, ast.FunctionDef) and isinstance(live, FunctionType):
        if node.decorator_list:
            return False
        module = compile(ast.Module([node], []), "<cell>", "exec", dont_inherit=True)
        codes = [item for item in module.co_consts if isinstance(item, CodeType)]
        same = [code for code in codes if code.co_name == node.name]
        return bool(same) and _content(same[-1]) != _content(live.__code__)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        try:
            value = ast.literal_eval(node.value)
            return type(value) is not type(live) or bool(value != live)
        except (ValueError, TypeError, RecursionError, MemoryError):
            return False
    return False


def _content(code: CodeType) -> tuple[Any, ...]:
    constants = [_content(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants
