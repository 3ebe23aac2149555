"""What travels with a notebook or script: what it imports, and files that it names or includes."""

from __future__ import annotations

import ast
import glob
from collections.abc import Collection, Iterable, Mapping, Sequence

from pathspec import GitIgnoreSpec

from jupyter_trainhub.notebook.beside import (
    Absent,
    Beside,
    LeftOut,
    Origin,
    Shipment,
    ShippedFile,
)
from jupyter_trainhub.notebook.distributions import distribution
from jupyter_trainhub.notebook.folder import MOST_FILES, Folder, Unshippable
from jupyter_trainhub.notebook.modules import Modules
from jupyter_trainhub.notebook.named_files import Named, named_files
from jupyter_trainhub.notebook.names import Code
from jupyter_trainhub.notebook.remark import Remark

# Bytes: a file that is only named in code travels without a word up to this size.
SMALL = 1 << 20


def shipment(
    code: Sequence[Code],
    beside: Beside,
    *,
    written: Mapping[str, bytes],
    run: Iterable[tuple[int | None, str]] = (),
    read: Iterable[tuple[int | None, str]] = (),
) -> Shipment:
    """What travels with ``code``, which executes the files ``run`` (cell, path) too.

    ``read`` are files that its installation reads; ``written`` are those that cells write, which go
    before those of the folder.
    """
    packer = _Packer(Folder(beside.folder, beside.max_bytes), beside, written)
    packer.pack_modules(code, run)
    packer.pack_named(code)
    for cell, file in read:
        packer.pack_read(file, cell)
    for pattern in beside.include:
        packer.pack_included(pattern)
    return packer.shipment


class _Packer:
    def __init__(self, folder: Folder, beside: Beside, written: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._beside = beside
        self._written = written
        self._modules = Modules(folder, written)
        self._count = self._bytes = 0
        self.shipment = Shipment()

    def pack_modules(self, code: Sequence[Code], run: Iterable[tuple[int | None, str]]) -> None:
        self._modules.follow(code)
        for cell, file in run:
            self._modules.run(file, cell)
        found, shipment = self._modules.found, self.shipment
        shipment.warnings += found.warnings
        shipment.errors += found.errors
        shipment.absent += [
            Absent(module, cell, distribution(module))
            for module, cell in sorted(found.absent.items())
        ]
        for file, cells in sorted(found.modules.items()):
            self._pack(file, "module", cells, needed=True)
        for top, cells in sorted(found.packages.items()):
            self._pack_folder(top, "module", cells)

    def pack_named(self, code: Sequence[Code]) -> None:
        scope = [tree for _, tree in code]
        for cell, tree in code:
            for named in named_files(tree, "", scope):
                self._pack_named(named, cell)
        for file, tree in self._modules.found.trees.items():
            for named in named_files(tree, file, [tree]):
                self._pack_named(named, None)

    def pack_read(self, file: str, cell: int | None) -> None:
        if self._folder.is_file(file):
            self._pack(file, "data", () if cell is None else {cell}, needed=True)

    def pack_included(self, pattern: str) -> None:
        names = self._matching(pattern)
        if not names:
            text = f"nothing beside it is called {pattern!r}. Correct it in the further files."
            self.shipment.errors.append(Remark(None, text))
        for name in names:
            if self._folder.is_folder(name):
                self._pack_folder(name, "data", (), asked=True)
            else:
                self._pack(name, "data", (), needed=True)

    def _matching(self, pattern: str) -> list[str]:
        if "**" not in pattern:
            found = glob.glob(pattern, root_dir=self._folder.root)
            return sorted(name.rstrip("/") for name in found)
        # glob would follow links wherever they lead.
        rules = GitIgnoreSpec.from_lines([f"/{pattern}"])
        entries = self._folder.walk("", asked=True)
        return [one.name for one in entries if one.left_out is None and rules.match_file(one.name)]

    def _pack_named(self, named: Named, cell: int | None) -> None:
        name = named.path
        if name in self._written or name in self.shipment.files or not self._folder.is_file(name):
            return
        if not (named.anchored or self._beside.starts_there):
            self._leave(name, "read where the job starts, as it is then", self._folder.size(name))
            return
        size = self._folder.size(name)
        if size > SMALL:
            self._leave(name, "too large to travel unasked", size)
            if named.read:
                text = (
                    f"{name} ({_mib(size)}) does not travel with the job. Add it to the further "
                    "files, or read it from a mounted folder."
                )
                self.shipment.warnings.append(Remark.at(cell, named.line, text))
            return
        self._pack(name, "data", () if cell is None else {cell})
        if name in self.shipment.files and self._folder.ignored(name) == "git":
            text = f"{name} is ignored by git, and travels with the job because the code names it."
            self.shipment.warnings.append(Remark.at(cell, named.line, text))

    def _pack_folder(
        self, top: str, origin: Origin, cells: Collection[int], *, asked: bool = False
    ) -> None:
        """Pack a folder; what git ignores of it only where it is ``asked`` for."""
        for entry in self._folder.walk(top, asked=asked):
            if self._count > MOST_FILES:
                return
            if entry.left_out is None:
                self._pack(entry.name, origin, cells)
                continue
            self._leave(entry.name, str(entry.left_out), entry.size)
            if entry.left_out.kind == "link":
                self._tell(entry.name, entry.left_out, min(cells, default=None), origin)

    def _pack(
        self, name: str, origin: Origin, cells: Collection[int], *, needed: bool = False
    ) -> None:
        if name in self._written or name in self.shipment.files:
            return
        self._count += 1
        if self._count > MOST_FILES:
            if self._count == MOST_FILES + 1:
                text = (
                    f"more than {MOST_FILES} files would travel with the job. Leave some out by "
                    "a .trainhubignore, or mount the folder."
                )
                self.shipment.errors.append(Remark(None, text))
            return
        try:
            # Once they are too many, only their sizes are of interest.
            enough = self._bytes > self._beside.max_bytes
            content = b"" if enough else self._folder.read(name)
        except Unshippable as why:
            self._leave(name, str(why), why.size)
            if needed or why.kind in ("changing", "large"):
                self._tell(name, why, min(cells, default=None), origin)
            return
        size = self._folder.size(name) if enough else len(content)
        self._bytes += size
        self.shipment.left_out.pop(name, None)
        self.shipment.files[name] = ShippedFile(name, size, content, origin, tuple(sorted(cells)))

    def _tell(self, name: str, why: Unshippable, cell: int | None, origin: Origin) -> None:
        if origin == "module" and why.kind in ("secret", "trainhub"):
            return  # said with the import
        remedy = {
            "secret": "Give it another name, or keep it in a mounted folder.",
            "trainhub": "Remove it there, or from the further files.",
            "changing": "Submit again when it is written.",
            "large": "Leave it out by a .trainhubignore, or read it from a mounted folder.",
            "link": "Copy what it leads to into the folder, or put it into the image.",
        }.get(why.kind, "Make it readable, or leave it out by a .trainhubignore.")
        remark = Remark(cell, f"{name} does not travel with the job: {why}. {remedy}")
        # A link may lead somewhere in the pods, too.
        told = self.shipment.warnings if why.kind == "link" else self.shipment.errors
        told.append(remark)

    def _leave(self, name: str, reason: str, size: int) -> None:
        if name not in self.shipment.files:
            self.shipment.left_out.setdefault(name, LeftOut(name, size, reason))


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"


def too_large(files: Iterable[ShippedFile], max_bytes: int) -> Remark | None:
    """What to say where ``files`` have more than ``max_bytes`` together; None where they do not."""
    listed = sorted(files, key=lambda file: -file.size)
    size = sum(file.size for file in listed)
    if size <= max_bytes:
        return None
    largest = ", ".join(f"{file.name} ({_mib(file.size)})" for file in listed[:3])
    return Remark(
        None,
        f"the files that travel with it have {_mib(size)}, at most {_mib(max_bytes)} can; the "
        f"largest are {largest}. Leave some out by a .trainhubignore, or mount the folder.",
    )


def executed_files(code: Sequence[Code]) -> list[tuple[int | None, str]]:
    """The files that ``%run`` executes, with their cells; see ``magics``."""
    return [
        (cell, path) for cell, tree in code for node in ast.walk(tree) for path in _executed(node)
    ]


def _executed(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(
            func=ast.Attribute(attr="run_file"), args=[_, ast.Constant(value=str(path)), *_]
        ):
            return [path]
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="runpy"), attr="run_path"),
            args=[ast.Constant(value=str(path)), *_],
        ):
            return [path]
    return []
