"""What a cell needs of those that were executed before it: imports, functions, classes, constants.

Cells are taken as the kernel has executed them, not from the file: the latest definition of a name
before it is used is the one that counts. What has no definition that can be repeated elsewhere,
such as a trained model, is reported.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jupyter_trainhub.notebook.excerpt import excerpt
from jupyter_trainhub.notebook.live import is_other
from jupyter_trainhub.notebook.name_flow import NameFlow, changed, read_later
from jupyter_trainhub.notebook.repeatable import is_definition
from jupyter_trainhub.notebook.source import parse
from jupyter_trainhub.notebook.translation import translate

_PROVIDED = frozenset({*dir(builtins), "display"})


@dataclass(frozen=True)
class Executed:
    """The text of a cell that the kernel has executed as ``In[number]``."""

    number: int
    source: str


@dataclass(frozen=True)
class Missing:
    """A name whose value only the kernel has, and why it cannot be defined anew."""

    name: str
    why: str


@dataclass(frozen=True)
class Needed:
    """``cells`` hold what is needed of each, on the lines that it had, in the order of execution.

    ``names`` are what they define; ``undefined`` the names that the kernel does not know either.
    """

    cells: tuple[Executed, ...]
    names: tuple[str, ...]
    missing: tuple[Missing, ...]
    undefined: tuple[str, ...]


@dataclass(frozen=True)
class _Statement:
    """``reads`` are needed when it is executed, ``later`` when its functions are called.

    ``cell`` is None in the cell that is to run; ``unsure`` are bound on some ways only.
    """

    position: int
    cell: Executed | None
    node: ast.stmt
    binds: frozenset[str]
    unsure: frozenset[str]
    reads: frozenset[str]
    later: frozenset[str]

    @property
    def place(self) -> str:
        return f"In[{self.cell.number}]" if self.cell else "this cell"


def needed(
    cell: str,
    executed: Sequence[Executed],
    live: Mapping[str, Any],
    *,
    passed: Collection[str] = (),
    exports: Callable[[str], Collection[str]] = lambda module: (),
) -> Needed:
    """What ``cell``, in IPython's language, needs of the cells that were ``executed``, in order.

    ``live`` are the names that the kernel has, ``passed`` those whose values go along, and
    ``exports`` tells which names ``from module import *`` gives.
    """
    search = _Search(live, frozenset(passed), exports)
    for each in executed:
        search.add(each.source, each.number)
    return search.run(cell)


class _Search:
    def __init__(
        self,
        live: Mapping[str, Any],
        passed: frozenset[str],
        exports: Callable[[str], Collection[str]],
    ) -> None:
        self._live = live
        self._passed = passed
        self._exports = exports
        self._statements: list[_Statement] = []
        # The statements that bind each name, in order.
        self._binding: dict[str, list[_Statement]] = defaultdict(list)
        self._chosen: dict[int, _Statement] = {}
        # What is to be found: a name, the position before which, and whether it may be missing.
        self._todo: list[tuple[str, int, bool]] = []
        self._asked: set[tuple[str, int, bool]] = set()
        self._names: set[str] = set()
        self._missing: dict[str, Missing] = {}
        self._undefined: set[str] = set()
        # The first statement of the cell that is to run.
        self._own = 0

    def add(self, source: str, number: int | None) -> None:
        """Take in a cell, ``In[number]`` or the one that is to run."""
        translation = translate(source)
        try:
            tree = parse("" if translation.writes else translation.source)
        except SyntaxError:
            # It was not executed either; of the cell that is to run its plan says so.
            return
        cell = None if number is None else Executed(number, translation.source)
        for node in tree.body:
            flow = NameFlow()
            flow.visit(node)
            # What is changed is needed as it was before.
            parts = frozenset(changed(node))
            statement = _Statement(
                len(self._statements),
                cell,
                node,
                frozenset(flow.binds).union(parts, self._starred(node)) - {"*"},
                frozenset(flow.binds - flow.bound),
                parts | flow.reads,
                read_later(node),
            )
            if cell is not None and not all(map(self._is_known, statement.reads)):
                # Here the cell failed.
                return
            self._statements.append(statement)
            for name in statement.binds:
                self._binding[name].append(statement)

    def run(self, cell: str) -> Needed:
        """The answer for ``cell``."""
        self._own = len(self._statements)
        self.add(cell, None)
        end = len(self._statements)
        for statement in self._statements[self._own :]:
            self._follow(statement, end)
        while self._todo:
            self._resolve(*self._todo.pop())
        statements = [self._chosen[position] for position in sorted(self._chosen)]
        cells = {each.cell.number: each.cell for each in statements if each.cell}
        texts = [
            Executed(number, excerpt(cell.source, [s.node for s in statements if s.cell is cell]))
            for number, cell in cells.items()
        ]
        missing = tuple(self._missing[name] for name in sorted(self._missing))
        undefined = tuple(sorted(self._undefined))
        return Needed(tuple(texts), tuple(sorted(self._names)), missing, undefined)

    def _is_known(self, name: str) -> bool:
        return name in self._live or _is_provided(name) or bool(self._binding.get(name))

    def _follow(self, statement: _Statement, before: int) -> None:
        """Have found what ``statement`` needs, whose names are used at the position ``before``."""
        for name in statement.reads:
            self._ask(name, statement.position)
        for name in statement.later:
            self._ask(name, len(self._statements))
            if before < self._own:
                # It may have been called when this was executed, or not.
                self._ask(name, before, optional=True)

    def _ask(self, name: str, before: int, *, optional: bool = False) -> None:
        asked = (name, before, optional)
        if asked not in self._asked and name not in self._passed:
            self._asked.add(asked)
            self._todo.append(asked)

    def _resolve(self, name: str, before: int, optional: bool) -> None:
        now = before >= self._own
        found = self._latest(name, before, now)
        if found is not None and found.cell is None:
            return
        if found is None or (now and name not in self._live):
            if not optional and not _is_provided(name):
                if name in self._live:
                    self._miss(name, "no cell defines it")
                else:
                    self._undefined.add(name)
            return
        if not is_definition(found.node):
            if not optional:
                self._miss(name, f"{found.place} computes or changes it")
        elif now and is_other(found.node, self._live[name]):
            self._miss(name, f"it has changed since {found.place}")
        else:
            self._choose(name, found, before)

    def _latest(self, name: str, before: int, now: bool) -> _Statement | None:
        """The statement that gave ``name`` its value; ``now`` says that it is the kernel's."""
        earlier = [each for each in reversed(self._binding[name]) if each.position < before]
        value = self._live.get(name)
        if isinstance(value, ModuleType):
            # A setting of a library that cannot be repeated takes nothing from the library.
            imports = [each for each in earlier if is_definition(each.node)]
            earlier = imports or earlier
        for each in earlier if now else ():
            # A cell that failed may not have come so far.
            if each.cell is None or name not in self._live or not is_other(each.node, value):
                return each
        return earlier[0] if earlier else None

    def _choose(self, name: str, found: _Statement, before: int) -> None:
        self._names.add(name)
        chosen = [found]
        if isinstance(found.node, ast.Import):
            # `import a.b` adds to the `a` of another import.
            chosen += [s for s in self._binding[name] if isinstance(s.node, ast.Import)]
        for each in chosen:
            if each.position >= before or each.cell is None:
                continue
            if taken := each.binds & self._passed:
                self._miss(min(taken), f"{each.place} sets it together with {name}")
            if name in each.unsure:
                self._ask(name, each.position, optional=True)
            if each.position not in self._chosen or before < self._own:
                self._chosen[each.position] = each
                self._follow(each, before)

    def _miss(self, name: str, why: str) -> None:
        kind = type(self._live.get(name)).__name__
        self._missing[name] = Missing(name, f"a {kind}: {why}")

    def _starred(self, node: ast.stmt) -> Collection[str]:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return self._exports(f"{'.' * node.level}{node.module or ''}")
        return ()


def _is_provided(name: str) -> bool:
    return name in _PROVIDED or (name.startswith("__") and name.endswith("__"))
