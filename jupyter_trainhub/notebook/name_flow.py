"""Which names a statement reads and binds: when it is executed, and later in its functions."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)
_COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")


class NameFlow(ast.NodeVisitor):
    """Goes through statements of a module in the order in which they are executed.

    ``reads`` are names that are needed before the statements bind them, ``binds`` those that they
    may bind, ``bound`` those that are bound at the end. The body of a loop counts as executed.
    """

    def __init__(self, bound: Iterable[str] = ()) -> None:
        self.bound = set(bound)
        self.reads: set[str] = set()
        self.binds: set[str] = set()

    def bind(self, name: str) -> None:
        """Note that ``name`` has a value from here on."""
        self.bound.add(name)
        self.binds.add(name)

    def _visit_all(self, *parts: ast.AST | Sequence[ast.AST] | None) -> None:
        for part in parts:
            for node in [part] if isinstance(part, ast.AST) else part or ():
                self.visit(node)

    def _branches(self, *branches: Sequence[ast.AST]) -> None:
        ends = []
        for branch in branches:
            inner = NameFlow(self.bound)
            inner._visit_all(branch)
            self.reads |= inner.reads
            self.binds |= inner.binds
            if not (branch and isinstance(branch[-1], _LEAVES)):
                ends.append(inner.bound)
        self.bound |= set.intersection(*ends) if ends else set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id)
        elif node.id not in self.bound:
            self.reads.add(node.id)
        if isinstance(node.ctx, ast.Del):
            self.bind(node.id)
            self.bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._visit_all(node.value, node.targets)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id not in self.bound:
            self.reads.add(node.target.id)
        self._visit_all(node.value, node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_all(node.annotation, node.value)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._visit_all(node.value, node.target)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._visit_all(node.iter, node.target, node.body, node.orelse)

    visit_AsyncFor = visit_For

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        self._visit_all([handler.type for handler in node.handlers if handler.type])
        handlers = [
            [*([ast.Name(handler.name, ast.Store())] if handler.name else []), *handler.body]
            for handler in node.handlers
        ]
        self._branches([*node.body, *node.orelse], *handlers)
        self._visit_all(node.finalbody)

    visit_TryStar = visit_Try

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._branches([], *([case] for case in node.cases))

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self.bind(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.bind(node.rest)

    def visit_alias(self, node: ast.alias) -> None:
        self.bind(node.asname or node.name.partition(".")[0])

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._visit_all(node.decorator_list)
        self._signature(node.args, node.returns)
        self.bind(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args, None)

    def _signature(self, arguments: ast.arguments, returns: ast.expr | None) -> None:
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
        self._visit_all([argument.annotation for argument in every if argument.annotation])
        self._visit_all(arguments.defaults, [value for value in arguments.kw_defaults if value])
        self._visit_all(returns)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.decorator_list, node.bases, node.keywords)
        inner = NameFlow(self.bound)
        inner._visit_all(node.body)
        self.reads |= inner.reads
        self.bind(node.name)

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node.generators, node.elt)

    visit_ListComp = visit_SetComp = visit_GeneratorExp = _visit_comprehension

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators, node.key, node.value)

    def _comprehension(self, loops: Sequence[ast.comprehension], *results: ast.expr) -> None:
        inner = NameFlow(self.bound)
        for loop in loops:
            inner._visit_all(loop.iter, loop.target, loop.ifs)
        inner._visit_all(*results)
        self.reads |= inner.reads


def evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """``node`` and all within it but what is executed later, in functions."""
    yield node
    if not isinstance(node, _FUNCTIONS):
        for child in ast.iter_child_nodes(node):
            yield from evaluated(child)


def changed(node: ast.stmt) -> Iterator[str]:
    """The variables of whose values a statement changes parts, as in ``config.rate = 1``."""
    for part in evaluated(node):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            root: ast.expr = part
            while isinstance(root, (ast.Attribute, ast.Subscript)):
                root = root.value
            if isinstance(root, ast.Name):
                yield root.id


def read_later(node: ast.stmt) -> frozenset[str]:
    """The names of its module that the functions in a statement read, whenever they are called."""
    if not any(isinstance(part, _FUNCTIONS) for part in ast.walk(node)):
        return frozenset()
    try:
        table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    except (SyntaxError, RecursionError):
        # What only the compiler refuses is for the cell's own run to say.
        return frozenset()
    return frozenset(_globals(table, inside=False))


def _globals(table: symtable.SymbolTable, *, inside: bool) -> Iterator[str]:
    if inside:
        for symbol in table.get_symbols():
            # What a function sets itself it does not need.
            if symbol.is_global() and symbol.is_referenced() and not symbol.is_assigned():
                yield symbol.get_name()
    for child in table.get_children():
        # What runs at once is read when the statement is.
        at_once = child.get_type() == "class" or child.get_name() in _COMPREHENSIONS
        yield from _globals(child, inside=inside or not at_once)
