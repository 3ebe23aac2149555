"""What in a notebook's code will not do, or may not do what its author means, in a job."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from jupyter_trainhub.notebook import paths, ranks
from jupyter_trainhub.notebook.magics import AUTOMAGIC
from jupyter_trainhub.notebook.names import Code, bound_names, calls, dotted_name, executed
from jupyter_trainhub.notebook.remark import Remark

_KEYBOARD = frozenset({"input", "breakpoint", "getpass.getpass", "getpass", "pdb.set_trace"})
# What a kernel remembers of the cells before: https://ipython.readthedocs.io/en/stable/interactive/
_REMEMBERED = re.compile(r"In|Out|_{1,3}|_i{1,3}|_[io]?h|_dh|_i?\d+")


def errors(code: Sequence[Code]) -> Iterator[Remark]:
    """Why the code cannot run as a job."""
    for cell, call, name in _keyboard_calls(code):
        if any(call is node for _, tree in code for node in _unconditional(tree)):
            yield Remark.at(
                cell,
                call.lineno,
                f"{name}() waits for a keyboard, and a job has none. "
                "Use a cell tagged 'parameters' or an environment variable, "
                "or tag the cell trainhub-skip.",
                "input",
            )
    yield from _of_the_kernel(code)
    yield from _submits_itself(code)


def warnings(
    code: Sequence[Code],
    *,
    world_size: int,
    visible: Sequence[str] | None,
    modules: Iterable[ast.Module] = (),
    processes_per_node: int | None = None,
) -> Iterator[Remark]:
    """What may not do what is meant with ``world_size`` processes.

    ``visible`` are the folders that the pods see, None when that is not known; ``modules`` is code
    outside of the cells, such as the files that the notebook writes. On each node there are
    ``processes_per_node``, all of them when that is not known.
    """
    for cell, call, name in _keyboard_calls(code):
        if not any(call is node for _, tree in code for node in _unconditional(tree)):
            yield Remark.at(
                cell,
                call.lineno,
                f"{name}() would wait for a keyboard, and a job has none: it fails if it is "
                "called. Make sure that it is not.",
                "input",
            )
    if world_size > 1:
        yield from ranks.warnings(code, modules, world_size, processes_per_node or world_size)
    yield from _starts_processes(code)
    for cell, tree in code:
        if visible is not None:
            yield from paths.unseen(cell, tree, visible)


def _keyboard_calls(code: Sequence[Code]) -> Iterator[tuple[int | None, ast.Call, str]]:
    bound = {name for _, tree in code for name in bound_names(tree)}
    for cell, tree in code:
        for call in calls(tree):
            name = dotted_name(call.func)
            if name in _KEYBOARD and (name not in bound or name == "getpass"):
                yield cell, call, name


def _unconditional(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs as far as anything does: not in a function, a branch or a ``try``."""
    for statement in tree.body:
        if not isinstance(statement, (ast.If, ast.Try, ast.While, ast.Match)):
            yield from executed(statement)


def _of_the_kernel(code: Sequence[Code]) -> Iterator[Remark]:
    """Names that only a kernel gives a meaning."""
    bound = {name for _, tree in code for name in bound_names(tree)}
    if "*" in bound or "gettext" in bound:
        return
    for cell, tree in code:
        for node in executed(tree):
            match node:
                case ast.Expr(value=ast.Name(id=name)) if name in AUTOMAGIC - bound:
                    yield Remark.at(
                        cell,
                        node.lineno,
                        f"{name} is a command of IPython without its %. Write %{name}, or tag the "
                        "cell trainhub-skip.",
                        "magic",
                    )
                case ast.Name(id=name, ctx=ast.Load()) if (
                    _REMEMBERED.fullmatch(name) and name not in bound
                ):
                    yield Remark.at(
                        cell,
                        node.lineno,
                        f"{name} is what a notebook remembers of its cells, and a job does not. "
                        "Give the value a name, or tag the cell trainhub-skip.",
                        "kernel-name",
                    )


def _submits_itself(code: Sequence[Code]) -> Iterator[Remark]:
    submitters: set[str] = set()
    for _, tree in code:
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    submitters |= {
                        f"{alias.asname or alias.name}.submit"
                        for alias in names
                        if alias.name == "jupyter_trainhub"
                    }
                case ast.ImportFrom(module="jupyter_trainhub", names=names):
                    submitters |= {
                        alias.asname or alias.name for alias in names if alias.name == "submit"
                    }
    for cell, tree in code:
        for call in calls(tree):
            if dotted_name(call.func) in submitters:
                yield Remark.at(
                    cell,
                    call.lineno,
                    "the job would submit a job in its turn. Tag the cell trainhub-skip.",
                    "submits-itself",
                )


def _starts_processes(code: Sequence[Code]) -> Iterator[Remark]:
    told = False
    for cell, call in ((cell, call) for cell, tree in code for call in calls(tree)):
        name = dotted_name(call.func)
        last = name.rpartition(".")[2]
        given = {
            node.value
            for node in (*call.args, *(word.value for word in call.keywords))
            if isinstance(node, ast.Constant)
        }
        if name in ("mp.spawn", "multiprocessing.spawn", "torch.multiprocessing.spawn") or (
            last in ("notebook_launcher", "start_processes")
        ):
            yield Remark.at(
                cell,
                call.lineno,
                f"{name} starts processes, but the job starts one for each rank already. "
                "Call the function itself, once.",
                "spawn",
            )
        elif last in ("set_start_method", "get_context", "DataLoader") and (
            given & {"spawn", "forkserver"} and not told
        ):
            told = True
            yield Remark.at(
                cell,
                call.lineno,
                "a process that is spawned repeats only imports, definitions and constants of the "
                "notebook. Pass it everything else as arguments.",
                "spawn",
            )
