"""Runs the cells of a notebook as a program: ``python run_notebook.py``.

``cells.json`` beside this file holds what runs::

    {"notebook": "train.ipynb",
     "cells": [{"index": 2, "id": "a1b2", "file": "train.ipynb#cell-3-a1b2", "source": "..."},
               {"index": 3, "id": "c3d4", "file": "...", "source": "...", "writes": "model.py"}]}

A cell with ``writes`` is not executed: its source is the content of that file. All other cells
run in order in ``__main__``, so that what they define can be pickled, and under file names of
their own, so that tracebacks and ``inspect.getsource`` show their lines.

A process that ``multiprocessing`` spawns imports this file as ``__mp_main__``. It then repeats only
imports, definitions and assignments of constants: enough to unpickle what it is given, without
starting the training once more.

Standard library only, Python 3.8 or later, because it runs in whatever image the user chose.
"""

from __future__ import annotations
import __future__

import ast
import asyncio
import atexit
import builtins
import contextlib
import importlib.util
import io
import json
import linecache
import os
import runpy
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

_MODULE = "trainhub_notebook"
# What Python itself puts into the namespace of a program.
_MODULE_NAMES = frozenset({*vars(ModuleType("")), "__builtins__", "__cached__", "__file__"})
_FUTURES = 0
for _name in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _name).compiler_flag


@dataclass(frozen=True)
class Cell:
    """One cell that runs; ``index`` is its position in the notebook, None for one added."""

    index: int | None
    id: str
    file: str
    source: str
    writes: str | None


@dataclass(frozen=True)
class Program:
    """What ``cells.json`` holds."""

    notebook: str
    cells: list[Cell]


def read_program(path: Path) -> Program:
    """The program in the file ``path``, made at submission."""
    document = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        Cell(cell["index"], cell["id"], cell["file"], cell["source"], cell.get("writes"))
        for cell in document["cells"]
    ]
    return Program(document["notebook"], cells)


def show_source(cells: Sequence[Cell]) -> None:
    """Make tracebacks, ``inspect`` and debuggers find the lines of the cells."""
    for cell in cells:
        # No modification time: linecache then never looks for such a file on the disk.
        lines = cell.source.splitlines(keepends=True)
        linecache.cache[cell.file] = (len(cell.source), None, lines, cell.file)


class Compiler:
    """Compiles cells as IPython does: a ``from __future__`` import holds for all later cells."""

    def __init__(self) -> None:
        self._flags = 0

    def compile(self, tree: ast.Module | str, file: str) -> CodeType:
        """The code of one cell or of a part of one."""
        flags = self._flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(tree, file, "exec", flags, dont_inherit=True)
        self._flags |= code.co_flags & _FUTURES
        return code


class Files:
    """The notebook's own copies of the files that its cells write (``%%writefile``).

    They lie in a private folder that is searched first by ``import``, so that another job, or a
    later edit in the working folder, does not change what this one runs. The working folder gets
    the file too where it has none of that name.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None

    def write(self, name: str, text: str) -> None:
        """Write the file ``name``, a relative path that submission has checked."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="trainhub-files-"))
            atexit.register(self._remove, os.getpid())
            sys.path.insert(0, str(self._folder))
        copy = self._folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        self._write_to_working_folder(Path(name), text)

    def find(self, name: str) -> str:
        """Where the file ``name`` is: the notebook's own copy, else as named."""
        copy = None if self._folder is None else self._folder / name
        return str(copy) if copy is not None and copy.is_file() else name

    def _write_to_working_folder(self, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
                file.write(text)
                return
            # Another rank may be writing the same text at this moment.
            if not text.startswith(path.read_text(encoding="utf-8", errors="replace")):
                say(
                    f"{path} in the working folder differs from the notebook's and is left as it "
                    "is: import and %run take the notebook's, open() the working folder's"
                )
        except OSError as error:
            say(f"{path} was not written to the working folder: {error.strerror}")

    def _remove(self, owner: int) -> None:
        # A forked child inherits this call, but not the right to delete what its parent uses.
        if self._folder is not None and os.getpid() == owner:
            shutil.rmtree(self._folder, ignore_errors=True)


def say(text: str) -> None:
    """Write one line of the runner's own into the pod's log."""
    print(f"[trainhub] {text}", file=sys.stderr, flush=True)


def display(*objects: Any, **_options: Any) -> None:
    """Stand in for IPython's ``display``: a log shows text only."""
    for item in objects:
        print(item if isinstance(item, str) else repr(item))


FILES = Files()


def run_file(namespace: dict[str, Any], name: str, *arguments: str) -> None:
    """Stand in for ``%run``: execute a Python file and take its names over into ``namespace``."""
    before = sys.argv
    sys.argv = [name, *arguments]
    try:
        names = runpy.run_path(FILES.find(name), run_name="__main__")
    finally:
        sys.argv = before
    namespace.update((key, value) for key, value in names.items() if not key.startswith("__"))


def run_cells(cells: Sequence[Cell], namespace: dict[str, Any]) -> None:
    """Run all cells in ``namespace``, one event loop serving every top-level ``await``."""
    compiler = Compiler()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        for cell in cells:
            if cell.writes is not None:
                FILES.write(cell.writes, cell.source)
                continue
            result = eval(compiler.compile(cell.source, cell.file), namespace)
            if asyncio.iscoroutine(result):
                loop.run_until_complete(result)
    finally:
        loop.close()


def is_constant(node: ast.expr, constants: set[str]) -> bool:
    """Whether ``node`` is built of literals, operators and names of ``constants`` alone."""
    if isinstance(node, ast.Name):
        return node.id in constants
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(is_constant(element, constants) for element in node.elts)
    if isinstance(node, ast.Dict):
        keys = [key for key in node.keys if key is not None]
        return len(keys) == len(node.keys) and all(
            is_constant(part, constants) for part in (*keys, *node.values)
        )
    if isinstance(node, ast.UnaryOp):
        return is_constant(node.operand, constants)
    if isinstance(node, ast.BinOp):
        return is_constant(node.left, constants) and is_constant(node.right, constants)
    return isinstance(node, ast.Constant)


def repeatable(statements: Sequence[ast.stmt], constants: set[str]) -> Iterator[ast.stmt]:
    """The statements that a spawned process repeats; ``constants`` grows with what they set."""
    for statement in statements:
        if isinstance(
            statement,
            (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
        ):
            yield statement
        elif isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            if len(names) == len(statement.targets) and is_constant(statement.value, constants):
                constants.update(names)
                yield statement
            else:
                constants.difference_update(names)
        elif isinstance(statement, ast.AnnAssign):
            if statement.value is not None and isinstance(statement.target, ast.Name):
                if is_constant(statement.value, constants):
                    constants.add(statement.target.id)
                    yield statement
                else:
                    constants.discard(statement.target.id)
        elif isinstance(statement, ast.Try):
            # `try: import x` / `except ImportError: x = None`
            parts = [*statement.body, *statement.orelse, *statement.finalbody]
            for handler in statement.handlers:
                parts += handler.body
            parts = [part for part in parts if not isinstance(part, ast.Pass)]
            if len(list(repeatable(parts, constants))) == len(parts):
                yield statement


def replay(cells: Sequence[Cell], namespace: dict[str, Any]) -> None:
    """Give a spawned process what the cells import and define, and run nothing else of them."""
    compiler = Compiler()
    constants: set[str] = set()
    for cell in cells:
        if cell.writes is not None:
            continue
        for statement in repeatable(ast.parse(cell.source).body, constants):
            part = ast.Module(body=[statement], type_ignores=[])
            try:
                exec(compiler.compile(part, cell.file), namespace)
            except NameError as error:
                # A default, decorator or base that needs a value which is not repeated here.
                say(
                    f"{cell.file} line {statement.lineno} is not known in process {os.getpid()}, "
                    f"which multiprocessing spawned: {error}"
                )


@dataclass(frozen=True)
class Failure:
    """An exception that ended the run, seen from the notebook."""

    error: BaseException
    trace: TracebackType | None
    cell: Cell | None
    lineno: int | None
    line: str | None

    def text(self) -> str:
        """The traceback as the notebook's author expects it, from the first cell on."""
        return "".join(traceback.format_exception(type(self.error), self.error, self.trace))


def locate(error: BaseException, cells: Sequence[Cell]) -> Failure:
    """Where in the notebook ``error`` arose: the innermost line that belongs to a cell."""
    by_file = {cell.file: cell for cell in cells}
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename not in by_file:
        trace = trace.tb_next
    lines = [
        (by_file[frame.filename], frame.lineno, frame.line)
        for frame in traceback.extract_tb(trace)
        if frame.filename in by_file
    ]
    if isinstance(error, SyntaxError) and error.filename in by_file:
        # The error of the compiler itself: there is no frame yet.
        lines.append((by_file[error.filename], error.lineno, (error.text or "").strip()))
    cell, lineno, line = lines[-1] if lines else (None, None, None)
    return Failure(error, trace, cell, lineno, line)


def describe(failure: Failure, rank: int) -> dict[str, Any]:
    """``failure`` as JSON; ``cell`` is the position among all cells of the notebook, from 0."""
    return {
        "cell": failure.cell.index if failure.cell else None,
        "cell_id": failure.cell.id if failure.cell else None,
        "lineno": failure.lineno,
        "line": failure.line,
        "etype": type(failure.error).__name__,
        "message": str(failure.error),
        "rank": rank,
        "traceback": failure.text(),
        "time": time.time(),
    }


def record(failure: Failure, env: Mapping[str, str]) -> None:
    """Leave ``failure`` where torchrun and the launcher look for it."""
    rank = int(env.get("RANK") or env.get("TRAINHUB_NODE_RANK") or 0)
    document = describe(failure, rank)
    # The shape that torch.distributed.elastic.multiprocessing.errors.ErrorHandler writes.
    for_torchrun = {
        "message": {
            "message": f"{document['etype']}: {document['message']}",
            "extraInfo": {
                "py_callstack": document["traceback"],
                "timestamp": str(int(document["time"])),
            },
        }
    }
    for path, content in (
        (env.get("TORCHELASTIC_ERROR_FILE"), for_torchrun),
        (_in_folder(env.get("TRAINHUB_ERROR_DIR"), f"rank-{rank}.json"), document),
    ):
        if path:
            try:
                Path(path).write_text(json.dumps(content), encoding="utf-8")
            except OSError as problem:
                say(f"the error could not be written to {path}: {problem.strerror}")


def _in_folder(folder: str | None, name: str) -> str | None:
    return os.path.join(folder, name) if folder else None


def prepare() -> None:
    """Make the process look like a notebook's kernel as far as a log allows."""
    # A kernel searches its working folder for modules, a script its own folder.
    if sys.path[:1] == [str(Path(__file__).parent)]:
        del sys.path[0]
    sys.path.insert(0, "")
    builtins.display = display  # type: ignore[attr-defined]
    # Unbuffered, print() would write in pieces, which the ranks of a node would mix on one line.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)
    # A notebook's kernel names a back end that needs Jupyter.
    if os.environ.get("MPLBACKEND", "module:").startswith("module:"):
        os.environ["MPLBACKEND"] = "Agg"


def run(program: Program, namespace: dict[str, Any]) -> NoReturn:
    """Run the notebook and end the process with its exit code."""
    prepare()
    sys.argv = [program.notebook]
    try:
        run_cells(program.cells, namespace)
    except SystemExit as end:
        if end.code not in (None, 0):
            record(locate(end, program.cells), os.environ)
            raise
    except BaseException as error:
        failure = locate(error, program.cells)
        sys.stdout.flush()
        print(failure.text(), end="", file=sys.stderr, flush=True)
        record(failure, os.environ)
        sys.exit(1)
    leave()


def leave() -> NoReturn:
    """End a program that has succeeded as the interpreter would, but for taking itself apart.

    Threads are waited for and exit functions run. What follows in the interpreter destroys what
    the cells left, and PyTorch sometimes aborts there ("terminate called without an active
    exception", seen on busy machines with gloo), which would make a failure of a finished training
    and leave the other nodes waiting for this one.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


def enter(namespace: dict[str, Any]) -> None:
    """Take over ``__main__``, or its stand-in in a spawned process; ``namespace`` is its names."""
    program = read_program(Path(__file__).with_name("cells.json"))
    show_source(program.cells)
    for name in set(namespace) - _MODULE_NAMES:
        del namespace[name]
    namespace["__doc__"] = None
    if namespace["__name__"] == "__main__":
        run(program, namespace)
    replay(program.cells, namespace)


if __name__ in ("__main__", "__mp_main__"):
    # The cells own this namespace: the program's functions move to a module of their own.
    _spec = importlib.util.spec_from_file_location(_MODULE, __file__)
    if _spec is None or _spec.loader is None:
        raise ImportError(f"{__file__} cannot be loaded as a module")
    sys.modules[_MODULE] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_MODULE])
    sys.modules[_MODULE].enter(globals())
