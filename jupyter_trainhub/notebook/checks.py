"""What in a notebook's code will not do, or may not do what its author means, in a job."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from jupyter_trainhub.notebook.remark import Remark

# A cell's position in the notebook, None for code that was added, and its syntax tree.
Code = tuple[int | None, ast.Module]

_KEYBOARD = frozenset({"input", "breakpoint", "getpass.getpass", "getpass", "pdb.set_trace"})
# Whoever calls one of these has a process group: PyTorch itself, and libraries on top of it.
# fmt: off
_GROUP_MAKERS = frozenset({
    "init_process_group", "init_device_mesh", "Accelerator", "PartialState", "Trainer", "Fabric",
    "init_distributed", "initialize", "hvd",
})
# Folders that every Linux image has.
_SYSTEM_FOLDERS = frozenset({
    "bin", "boot", "dev", "etc", "lib", "lib64", "opt", "proc", "run", "sbin", "sys", "tmp",
    "trainhub", "usr", "var",
})
# fmt: on
_DEVICE = re.compile(r"cuda:\d+")
_PATH = re.compile(r"(/[\w.@+=-]+)+/?")


def errors(code: Sequence[Code]) -> Iterator[Remark]:
    """Why the code cannot run as a job."""
    bound = {name for _, tree in code for name in bound_names(tree)}
    for cell, tree in code:
        for call in _calls(tree):
            name = dotted_name(call.func)
            if name in _KEYBOARD and (name not in bound or name == "getpass"):
                yield Remark(
                    cell,
                    f"line {call.lineno}: {name}() waits for a keyboard, and a job has none. "
                    "Use a cell tagged 'parameters' or an environment variable, "
                    "or tag the cell trainhub-skip.",
                )
    yield from _submits_itself(code)


def warnings(
    code: Sequence[Code],
    *,
    world_size: int,
    visible: Sequence[str] | None,
    modules: Iterable[ast.Module] = (),
) -> Iterator[Remark]:
    """What may not do what is meant with ``world_size`` processes.

    ``visible`` are the folders that the pods see, None when that is not known; ``modules`` is code
    outside of the cells, such as the files that the notebook writes.
    """
    if world_size > 1:
        trees = [*(tree for _, tree in code), *modules]
        if code and not any(_makes_group(tree) for tree in trees):
            yield Remark(
                None,
                f"{world_size} processes will run, but no cell calls init_process_group: each "
                "would train alone. Call torch.distributed.init_process_group, or ask for one "
                "process.",
            )
        for cell, tree in code:
            yield from _fixed_devices(cell, tree)
    for cell, tree in code:
        yield from _starts_processes(cell, tree)
        if visible is not None:
            yield from _unseen_paths(cell, tree, visible)


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Every name that the code itself gives a meaning."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield name
            case ast.alias(name=name, asname=asname):
                yield asname or name.split(".")[0]


def dotted_name(node: ast.expr) -> str:
    """``a.b.c`` for an expression of that form, an empty text for any other."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            owner = dotted_name(value)
            return f"{owner}.{name}" if owner else ""
    return ""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


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
        for call in _calls(tree):
            if dotted_name(call.func) in submitters:
                yield Remark(
                    cell,
                    f"line {call.lineno}: the job would submit a job in its turn. "
                    "Tag the cell trainhub-skip.",
                )


def _makes_group(tree: ast.AST) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in _GROUP_MAKERS)
        or (isinstance(node, ast.Attribute) and node.attr in _GROUP_MAKERS)
        or (isinstance(node, ast.alias) and node.name.split(".")[-1] in _GROUP_MAKERS)
        for node in ast.walk(tree)
    )


def _fixed_devices(cell: int | None, tree: ast.AST) -> Iterator[Remark]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if _DEVICE.fullmatch(text):
                found = repr(text)
            case ast.Call(
                func=ast.Attribute(attr="cuda" | "set_device" as method),
                args=[ast.Constant(value=int(number))],
            ):
                found = f"{method}({number})"
            case _:
                continue
        yield Remark(
            cell,
            f"line {node.lineno}: {found} is the same GPU for all processes of a node. "
            'Use int(os.environ["LOCAL_RANK"]) as its number.',
        )


def _starts_processes(cell: int | None, tree: ast.AST) -> Iterator[Remark]:
    for call in _calls(tree):
        name = dotted_name(call.func)
        last = name.rpartition(".")[2]
        if name in ("mp.spawn", "multiprocessing.spawn", "torch.multiprocessing.spawn") or (
            last in ("notebook_launcher", "start_processes")
        ):
            yield Remark(
                cell,
                f"line {call.lineno}: {name} starts processes, but the job starts one for each "
                "rank already. Call the function itself, once.",
            )
        elif last == "set_start_method":
            yield Remark(
                cell,
                f"line {call.lineno}: a process that is spawned repeats only imports, definitions "
                "and constants of the notebook. Pass it everything else as arguments.",
            )


def _unseen_paths(cell: int | None, tree: ast.AST, visible: Sequence[str]) -> Iterator[Remark]:
    seen: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(path)) if _PATH.fullmatch(path):
                pass
            case _:
                continue
        is_system = path.split("/")[1] in _SYSTEM_FOLDERS
        if path in seen or is_system or any(_is_below(path, folder) for folder in visible):
            continue
        seen.add(path)
        yield Remark(
            cell,
            f"line {node.lineno}: {path} is in no folder that the job's pods see. "
            "Mount it, or use a path below the working folder.",
        )


def _is_below(path: str, folder: str) -> bool:
    folder = folder.rstrip("/")
    return path.rstrip("/") == folder or path.startswith(f"{folder}/")
