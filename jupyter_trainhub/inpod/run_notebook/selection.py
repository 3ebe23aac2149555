"""Which statements of a program only import, define, and set constants."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from .constants import Names, dotted

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)
# Scopes of their own: what they bind is not the program's.
_SCOPES = (*_DEFINITIONS, ast.Lambda)
# fmt: off
_RECORD_BASES = frozenset({
    "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "SimpleNamespace",
})
_MUTATORS = frozenset({
    "add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "reverse",
    "setdefault", "sort", "update",
})
# fmt: on
_QUIET_CONTEXTS = frozenset({"suppress", "catch_warnings"})


class Selection:
    """Reads a program's statements in order and says which of them a spawned process repeats."""

    def __init__(self) -> None:
        self._names = Names()

    def lost(self, statement: ast.stmt) -> set[str] | None:
        """None if ``statement`` is repeated, else the names whose values it may change."""
        return None if self._takes(statement) else self.forget(statement)

    def forget(self, statement: ast.stmt) -> set[str]:
        """The names that ``statement`` may change: from now on nothing is known of them."""
        fixed = self._names.imported | self._names.functions
        changed = set(_bound(statement)) | (set(_mutated(statement)) - fixed)
        self._names.forget(changed)
        return changed

    def _takes(self, statement: ast.stmt) -> bool:
        names = self._names
        if isinstance(statement, _IMPORTS):
            bound = {alias.asname or alias.name.split(".")[0] for alias in statement.names}
            names.values |= bound
            names.imported |= bound
            return True
        if isinstance(statement, _DEFINITIONS):
            names.forget([statement.name])
            names.values.add(statement.name)
            if not isinstance(statement, ast.ClassDef):
                names.functions.add(statement.name)
            elif _is_record(statement, names):
                names.records.add(statement.name)
            return True
        if type(statement).__name__ == "TypeAlias":  # Since Python 3.12.
            names.values.update(_bound(statement))
            return True
        if isinstance(statement, ast.Assign):
            return self._sets(statement.targets, statement.value)
        if isinstance(statement, ast.AnnAssign):
            return statement.value is not None and self._sets([statement.target], statement.value)
        if isinstance(statement, ast.AugAssign):
            return names.is_constant(statement.target) and names.is_constant(statement.value)
        if isinstance(statement, ast.Expr):
            return self._changes_constant(statement.value)
        if isinstance(statement, ast.If):
            return names.is_constant(statement.test) and self._takes_all(
                [*statement.body, *statement.orelse]
            )
        if isinstance(statement, ast.Try):
            # `try: import x` / `except ImportError: x = None`
            handled = [part for handler in statement.handlers for part in handler.body]
            parts = [*statement.body, *handled, *statement.orelse, *statement.finalbody]
            return self._takes_all(parts)
        if isinstance(statement, ast.With):
            calls = [item.context_expr for item in statement.items]
            return self._takes_all(statement.body) and all(
                isinstance(call, ast.Call)
                and dotted(call.func).rpartition(".")[2] in _QUIET_CONTEXTS
                for call in calls
            )
        return False

    def _takes_all(self, statements: Sequence[ast.stmt]) -> bool:
        # All are read, whatever comes of the first.
        taken = [isinstance(part, ast.Pass) or self.lost(part) is None for part in statements]
        return all(taken)

    def _sets(self, targets: Sequence[ast.expr], value: ast.expr) -> bool:
        names = self._names
        parts = list(targets)
        for target in parts:
            if isinstance(target, (ast.Tuple, ast.List)):
                parts += target.elts
        parts = [part for part in parts if not isinstance(part, (ast.Tuple, ast.List))]
        simple = [part.id for part in parts if isinstance(part, ast.Name)]
        others = [part for part in parts if not isinstance(part, ast.Name)]
        # `f = jit(f)` is a way to write a decorator.
        decorated = isinstance(value, ast.Call) and any(
            isinstance(part, ast.Name) and [part.id] == simple and part.id in names.functions
            for part in value.args
        )
        if not (decorated or names.is_constant(value)) or not all(map(names.is_constant, others)):
            return False
        names.forget(simple)
        names.values.update(simple)
        return True

    def _changes_constant(self, node: ast.expr) -> bool:
        """Whether ``node`` is ``NAMES.append("x")`` or the like, of a constant."""
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _MUTATORS
            and self._names.is_constant(node.func.value)
            and all(self._names.is_constant(part) for part in (*node.args, *node.keywords))
        )


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that ``node`` binds or deletes when it runs."""
    for part in _parts(node):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
        elif isinstance(part, ast.alias):
            yield part.asname or part.name.split(".")[0]
        elif isinstance(part, _DEFINITIONS):
            yield part.name


def _mutated(node: ast.AST) -> Iterator[str]:
    """The names of objects that ``node`` itself changes when it runs."""
    for part in _parts(node):
        if isinstance(part, (ast.Attribute, ast.Subscript)):
            called = isinstance(part, ast.Attribute) and part.attr in _MUTATORS
            if called or not isinstance(part.ctx, ast.Load):
                yield dotted(part.value)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and what is in it, as far as it runs with it in a spawned process."""
    if isinstance(node, ast.If) and "__name__" in map(dotted, ast.walk(node.test)):
        return
    yield node
    if isinstance(node, ast.comprehension):
        for part in (node.iter, *node.ifs):  # Its target is its own.
            yield from _parts(part)
    elif not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from _parts(child)


def _is_record(statement: ast.ClassDef, names: Names) -> bool:
    bases = {dotted(base).rpartition(".")[2] for base in statement.bases}
    decorators = {
        dotted(part.func if isinstance(part, ast.Call) else part).rpartition(".")[2]
        for part in statement.decorator_list
    }
    methods = {part.name for part in statement.body if isinstance(part, _DEFINITIONS)}
    return (
        (bool(bases & _RECORD_BASES) or bool(decorators & {"dataclass", "define", "frozen"}))
        and bases <= _RECORD_BASES | names.records
        and not methods & {"__init__", "__new__", "__post_init__", "__attrs_post_init__"}
    )
