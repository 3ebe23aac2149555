"""Which statements may be executed once more elsewhere, and mean the same there."""

from __future__ import annotations

import ast

from jupyter_trainhub.notebook.name_flow import evaluated
from jupyter_trainhub.notebook.names import dotted_name

# fmt: off
# Calls that look at nothing and change nothing, or look at where they run, as is meant in a job.
_PURE = frozenset({
    "Path", "PurePath", "device", "partial", "namedtuple", "NamedTuple", "TypedDict", "TypeVar",
    "ParamSpec", "NewType", "SimpleNamespace", "Namespace", "getLogger", "timedelta", "Decimal",
    "Fraction", "is_available", "device_count", "getenv",
    "abs", "bool", "bytes", "complex", "dict", "float", "frozenset", "int", "len", "list", "max",
    "min", "range", "round", "set", "sorted", "str", "sum", "tuple", "zip",
})
_PURE_PATHS = ("os.path.", "os.environ.get", "re.compile", "math.")
# fmt: on
_IMPURE = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


def is_definition(node: ast.stmt) -> bool:
    """Whether a statement only imports, defines functions or classes, or sets constants.

    A constant is what is computed of literals, names and calls without effects.
    """
    match node:
        case (
            ast.Import()
            | ast.ImportFrom()
            | ast.FunctionDef()
            | ast.AsyncFunctionDef()
            | ast.ClassDef()
            | ast.Pass()
            | ast.Raise()
        ):
            return True
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(value=value):
            return is_repeatable(value)
        case ast.AugAssign(value=value) | ast.AnnAssign(value=ast.expr() as value):
            return is_repeatable(value)
        case ast.AnnAssign():
            return True
        case ast.If(test=test, body=body, orelse=orelse):
            return is_repeatable(test) and all(map(is_definition, [*body, *orelse]))
        case ast.Try():
            handled = [part for handler in node.handlers for part in handler.body]
            parts = [*node.body, *handled, *node.orelse, *node.finalbody]
            return all(map(is_definition, parts))
    return type(node).__name__ == "TypeAlias"  # a statement since Python 3.12


def is_repeatable(value: ast.expr) -> bool:
    """Whether an expression has no effects and always the same value."""
    return all(
        not isinstance(part, _IMPURE) and not (isinstance(part, ast.Call) and not _is_pure(part))
        for part in evaluated(value)
    )


def _is_pure(call: ast.Call) -> bool:
    name = dotted_name(call.func)
    if name:
        return name.rpartition(".")[2] in _PURE or name.startswith(_PURE_PATHS)
    # A method of a text that is written there.
    return isinstance(call.func, ast.Attribute) and isinstance(
        call.func.value, (ast.Constant, ast.JoinedStr)
    )
