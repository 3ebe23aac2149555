"""Files that cells write, and Python files that ``%run`` executes."""

from __future__ import annotations

import atexit
import contextlib
import glob
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .cells import Cell
from .speech import say


class Files:
    """The notebook's own copies of the files that its cells write (``%%writefile``).

    They lie in a private folder that is searched first by ``import``, so that another job, or a
    later edit in the working folder, does not change what this one runs. The working folder gets
    the file too, unless it has another one of that name.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._versions: dict[str, list[str]] = {}

    def expect(self, cells: Sequence[Cell]) -> None:
        """These cells will be run, by every rank at its own pace."""
        for cell in cells:
            if cell.writes is not None:
                self._versions.setdefault(cell.writes, []).append(cell.source)

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
        self._write_to_working_folder(name, text)

    def find(self, name: str) -> str:
        """Where the file ``name`` is: where a module would be looked for, else as named."""
        # A spawned process has the folder from its parent, as the first to import from.
        found = (os.path.join(folder, name) for folder in sys.path)
        return next(filter(os.path.isfile, found), name)

    def _write_to_working_folder(self, name: str, text: str) -> None:
        path, versions = Path(name), self._versions.get(name, [text])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            there = None
            with contextlib.suppress(FileNotFoundError):
                there = path.read_text(encoding="utf-8", errors="replace")
            if there in versions[versions.index(text) :]:
                return  # Another rank is ahead.
            if there is not None and there not in versions:
                say(
                    f"{path} in the working folder differs from the notebook's and is left as it "
                    "is: import and %run take the notebook's, open() the working folder's"
                )
                return
            # At once: no other rank reads half of it.
            part = path.with_name(f".{path.name}.{os.getpid()}")
            part.write_text(text, encoding="utf-8")
            os.replace(part, path)
        except OSError as error:
            say(f"{path} was not written to the working folder: {error.strerror}")

    def _remove(self, owner: int) -> None:
        # A forked child inherits this call, but not the right to delete what its parent uses.
        if self._folder is not None and os.getpid() == owner:
            shutil.rmtree(self._folder, ignore_errors=True)


FILES = Files()


def run_file(namespace: dict[str, Any], name: str, *arguments: str, options: str = "") -> None:
    """Stand in for ``%run``: execute a Python file and take its names over into ``namespace``.

    ``options`` are letters of IPython's: ``i`` runs it in the namespace itself, ``n`` not as
    ``__main__``, ``e`` ignores whatever code it exits with.
    """
    path = FILES.find(name)
    code = compile(Path(path).read_bytes(), path, "exec", dont_inherit=True)
    main = sys.modules["__main__"]
    module = ModuleType(Path(name).stem if "n" in options else "__main__")
    module.__file__ = path
    names = namespace if "i" in options else vars(module)
    before = sys.argv, sys.path[:]
    sys.argv = [name, *(found for argument in arguments for found in _matches(argument))]
    sys.path.insert(0, str(Path(path).parent.absolute()))
    if names is not namespace:
        sys.modules["__main__"] = module
    try:
        exec(code, names)
    except SystemExit as end:
        # Programs end by sys.exit(main()); the notebook goes on.
        if end.code not in (None, 0) and "e" not in options:
            raise
    finally:
        sys.argv, sys.path[:] = before
        sys.modules["__main__"] = main
    namespace.update((key, value) for key, value in names.items() if not key.startswith("__"))


def _matches(argument: str) -> list[str]:
    """The files that a pattern stands for, else ``argument``, as ``%run`` itself does it."""
    argument = os.path.expanduser(argument)
    return sorted(glob.glob(argument)) or [argument]
