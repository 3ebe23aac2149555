"""Which modules beside a notebook its code imports, directly or by others of them.

As in Jupyter, modules are looked for in the notebook's folder and nowhere else; what is not there
has to be in the image.
"""

from __future__ import annotations

import ast
import posixpath
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path

from jupyter_trainhub.notebook.folder import Folder, Unshippable
from jupyter_trainhub.notebook.imports import Import, imports
from jupyter_trainhub.notebook.names import Code
from jupyter_trainhub.notebook.remark import Remark
from jupyter_trainhub.notebook.source import parse

# What every job has: see `inpod`.
_GIVEN = frozenset({"jupyter_trainhub", "trainhub_notebook", "__main__"})


@dataclass(frozen=True)
class Importer:
    """Code that imports: its ``cell``, None where it has none, and its own file and package.

    ``file`` is empty for a cell; ``package`` are the parts of the package it belongs to.
    """

    cell: int | None
    file: str = ""
    package: tuple[str, ...] = ()


@dataclass
class Found:
    """What the imports lead to.

    ``modules`` are the files that get imported, ``packages`` the folders of packages, both with the
    cells that need them; ``absent`` are modules that neither the folder nor Python has, with the
    first cell that needs each; ``trees`` are the code of all modules that get imported.
    """

    modules: dict[str, set[int]] = field(default_factory=dict)
    packages: dict[str, set[int]] = field(default_factory=dict)
    absent: dict[str, int | None] = field(default_factory=dict)
    trees: dict[str, ast.Module] = field(default_factory=dict)
    warnings: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)


class Modules:
    """Follows imports from cells into the folder; ``written`` are files that cells write."""

    def __init__(self, folder: Folder, written: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._written = written
        self.found = Found()
        self._seen: set[tuple[str, int | None]] = set()
        self._told: set[str] = set()

    def follow(self, code: Sequence[Code]) -> None:
        """Note what ``code`` imports, and what that imports."""
        for cell, tree in code:
            self._follow(tree, Importer(cell))

    def run(self, file: str, cell: int | None) -> None:
        """Note that a cell executes ``file``, as by ``%run``, and what that imports."""
        if file not in self._written and self._folder.is_file(file):
            self._take(file, Importer(cell))
        self._follow_file(file, Importer(cell, file))

    def _follow(self, tree: ast.Module, by: Importer) -> None:
        for one in imports(tree):
            base = self._base(one, by)
            if base is not None:
                self._import(one, base, by)

    def _base(self, one: Import, by: Importer) -> tuple[str, ...] | None:
        """The package that the import starts from, as parts; None where it leads nowhere."""
        if one.level == 0:
            return ()
        if len(by.package) >= one.level:
            return by.package[: len(by.package) - one.level + 1]
        if not one.optional and not by.file:
            self.found.errors.append(
                Remark.at(
                    by.cell,
                    one.line,
                    "a notebook is no package, so that relative imports fail in it. "
                    f"Write from {one.module or '...'} import, without dots before it.",
                )
            )
        return None

    def _import(self, one: Import, base: tuple[str, ...], by: Importer) -> None:
        if one.level == 0 and (one.top in sys.builtin_module_names or one.top in _GIVEN):
            return
        parts = (*base, *filter(None, one.module.split(".")))
        files = self._files(parts)
        for name in one.names:
            # `from package import name`: a module of it, or something in it.
            files += [file for file in self._files((*parts, name)) if file not in files]
        if files:
            if one.level == 0:
                self._tell_shadow(one.top, files[0], by)
            for file in files:
                self._take(file, by)
                self._follow_file(file, Importer(by.cell, file, _package(file)))
        elif one.level == 0 and not one.optional and one.top not in sys.stdlib_module_names:
            self.found.absent.setdefault(one.top, by.cell)

    def _files(self, parts: Sequence[str]) -> list[str]:
        """The files that importing the module ``parts`` executes, as far as it is there."""
        files: list[str] = []
        at = ""
        for part in parts:
            at = posixpath.join(at, part)
            package = f"{at}/__init__.py"
            module = next(filter(self._there, _module_files(at)), None)
            if self._there(package):
                files.append(package)
            elif module is not None:
                return [*files, module]
            elif not self._folder.is_folder(at) and not self._written_below(at):
                break
        return files

    def _there(self, file: str) -> bool:
        return file in self._written or self._folder.is_file(file)

    def _written_below(self, at: str) -> bool:
        return any(name.startswith(f"{at}/") for name in self._written)

    def _take(self, file: str, by: Importer) -> None:
        """Note that ``file`` travels, with all of its package."""
        cells = set() if by.cell is None else {by.cell}
        top = self._top_package(file)
        if top is not None:
            self.found.packages.setdefault(top, set()).update(cells)
        if file not in self._written:
            self.found.modules.setdefault(file, set()).update(cells)
        ignored = self._folder.ignored(file)
        if ignored in ("trainhub", "secret") and file not in self._written:
            self._refuse(file, by, ignored)
        elif ignored == "git" and file not in self._told:
            self._told.add(file)
            text = f"{file} is ignored by git, and travels with the job because it is imported."
            self.found.warnings.append(Remark(by.cell, text))

    def _refuse(self, file: str, by: Importer, ignored: str) -> None:
        if file in self._told:
            return
        self._told.add(file)
        why, remedy = "its name is that of a secret", "Give it another name."
        if ignored == "trainhub":
            why, remedy = ".trainhubignore leaves it out", "Remove it there, or the import."
        text = f"{file} is imported, but does not travel with the job: {why}. {remedy}"
        self.found.errors.append(Remark(by.cell, text))

    def _top_package(self, file: str) -> str | None:
        """The outermost regular package that ``file`` lies in; None for a single module."""
        parts = file.split("/")[:-1]
        tops = ("/".join(parts[:length]) for length in range(1, len(parts) + 1))
        return next((top for top in tops if self._folder.is_file(f"{top}/__init__.py")), None)

    def _follow_file(self, file: str, by: Importer) -> None:
        if (file, by.cell) in self._seen or not file.endswith(".py"):
            return
        self._seen.add((file, by.cell))
        tree = self.found.trees.get(file) or self._tree(file, by)
        if tree is not None:
            self.found.trees[file] = tree
            self._follow(tree, by)

    def _tree(self, file: str, by: Importer) -> ast.Module | None:
        if file not in self._written and not self._folder.is_file(file):
            return None
        try:
            content = self._written.get(file)
            return parse((content or self._folder.read(file)).decode("utf-8-sig"))
        except Unshippable:
            # Said where the files are put together.
            return None
        except UnicodeDecodeError:
            text = f"{file} is not UTF-8 text. Save it as UTF-8."
        except SyntaxError as error:
            text = f"{file}, line {error.lineno}: syntax error: {error.msg}. Correct it."
        self.found.warnings.append(Remark(by.cell, text))
        return None

    def _tell_shadow(self, top: str, file: str, by: Importer) -> None:
        if top in self._told:
            return
        self._told.add(top)
        if top in sys.stdlib_module_names:
            whose = "Python's own module"
        elif self._installed(top):
            whose = "the installed package"
        else:
            return
        text = f"{file} hides {whose} {top!r} in the job. Rename it if that is not meant."
        self.found.warnings.append(Remark(by.cell, text))

    def _installed(self, top: str) -> bool:
        root = self._folder.root
        places = [path for path in sys.path if path and not Path(path).is_relative_to(root)]
        spec = PathFinder.find_spec(top, places)
        return spec is not None and spec.origin is not None


def _module_files(at: str) -> list[str]:
    return [*(f"{at}{suffix}" for suffix in EXTENSION_SUFFIXES), f"{at}.py"]


def _package(file: str) -> tuple[str, ...]:
    """The package to which a module belongs, as the parts of its name."""
    return tuple(file.split("/")[:-1])
