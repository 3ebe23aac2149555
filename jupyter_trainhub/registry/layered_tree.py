"""What layers do to a tree of which only they are known, not the image below."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from . import tar_header, whiteout
from .blob import BrokenImage
from .tar import Entry, TarReader

_MOST_LINKS = 40  # that are followed on one path, as Linux does


class File:
    """A file, or what else is no folder, with all its names; `index` counts a layer's entries."""

    __slots__ = ("index", "layer", "link")

    def __init__(self, layer: int, index: int, link: str) -> None:
        self.layer, self.index, self.link = layer, index, link


class Outside:
    """A file of the image below, to which a layer makes hard links."""

    __slots__ = ("_header", "target")

    def __init__(self, target: str, header: bytes) -> None:
        self.target, self._header = target, header

    @property
    def entry(self) -> Entry:
        """A hard link to it, as a layer has it."""
        return next(iter(TarReader([zlib.decompress(self._header)])))[0]


class Folder:
    """A folder. `opaque`: nothing that is in it below is left.

    `made`: it is new although no layer describes it, since something else was there.
    """

    __slots__ = ("_header", "children", "made", "opaque")

    def __init__(self, *, made: bool = False, opaque: bool = False) -> None:
        self.children: dict[str, Node] = {}
        self.made, self.opaque = made, opaque
        self._header = b""

    def describe(self, header: bytes) -> None:
        """Give it the compressed headers of its entry."""
        self.made, self._header = False, header

    def header(self) -> bytes:
        """Its entry, empty where no layer describes it."""
        return zlib.decompress(self._header) if self._header else b""


class Deleted:
    """What was there below is gone."""

    __slots__ = ()


Node = File | Outside | Folder | Deleted


class Found(NamedTuple):
    """Where and what a part of the tree is. `hidden`: nothing of the image below is there."""

    path: str
    node: Node
    hidden: bool


class _Place(NamedTuple):
    folder: Folder
    name: str
    path: str
    hidden: bool


class _Step(NamedTuple):
    number: int
    kind: bytes
    path: str
    link: str
    header: bytes  # compressed, of folders and hard links, since a layer may have many


class LayeredTree:
    """The tree after some layers. Names are kept, and headers of folders; no content."""

    def __init__(self) -> None:
        self._root = Folder()
        self._outside: dict[str, Outside] = {}

    def apply(self, layer: int, entries: TarReader) -> None:
        """Put a layer on top, which is known as `layer`.

        Raises:
            BrokenImage: it is damaged, or has a hard link to what is not there.
        """
        steps = []
        for index, (entry, _) in enumerate(entries):
            # Marks act on the layers below only, and so before all entries.
            if mark := whiteout.read(entry.path):
                self._hide(mark)
            elif not whiteout.is_bookkeeping(entry.path):
                steps.append(_step(index, entry))
        for step in steps:
            self._put(layer, step)

    def walk(self) -> Iterator[Found]:
        """All that layers tell of, folders before what is in them."""
        waiting = [Found("", self._root, False)]
        while waiting:
            found = waiting.pop()
            yield found
            if isinstance(folder := found.node, Folder):
                start = found.path and f"{found.path}/"
                hidden = found.hidden or folder.opaque
                for name in sorted(folder.children, reverse=True):
                    waiting.append(Found(start + name, folder.children[name], hidden))

    def leaves(self, path: str) -> bool:
        """Whether what is at a path of the image below is still there, as it was."""
        folder, hidden = self._root, False
        for name in path.split("/"):
            hidden = hidden or folder.opaque
            node = folder.children.get(name)
            if not isinstance(node, Folder):
                return node is None and not hidden
            folder = node
        return False

    def _hide(self, mark: whiteout.Whiteout) -> None:
        if mark.opaque:
            folder = self._place(f"{mark.path}/.").folder
            folder.children.clear()
            folder.opaque = True
            return
        place = self._place(mark.path)
        if place.hidden:
            place.folder.children.pop(place.name, None)
        else:
            place.folder.children[place.name] = Deleted()

    def _put(self, layer: int, step: _Step) -> None:
        if not step.path:
            if step.header:
                self._root.describe(step.header)
            return
        place = self._place(step.path)
        others = place.folder.children
        if step.kind == tarfile.LNKTYPE:
            others[place.name] = self._linked(step)
        elif step.kind != tarfile.DIRTYPE:
            link = step.link if step.kind == tarfile.SYMTYPE else ""
            others[place.name] = File(layer, step.number, link)
        else:
            folder = others.get(place.name)
            if not isinstance(folder, Folder):
                folder = others[place.name] = Folder(opaque=folder is not None)
            folder.describe(_moved(step.header, place.path, step.path))

    def _linked(self, step: _Step) -> File | Outside:
        place = self._place(step.link)
        node = place.folder.children.get(place.name)
        if isinstance(node, File | Outside):
            return node
        if node is None and not place.hidden:
            new = Outside(place.path, step.header)
            return self._outside.setdefault(place.path, new)
        raise BrokenImage(f"{step.path!r} is a hard link to {step.link!r}, which is no file")

    def _place(self, path: str) -> _Place:
        """Where an entry of this path goes; folders that are missing on the way are made."""
        *first, name = path.split("/")
        names: list[str] = []
        folders = [self._root]
        waiting, links = first[::-1], 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                del names[-1:]
                del folders[len(names) + 1 :]
                continue
            if part in ("", "."):
                continue
            node = folders[-1].children.get(part)
            if isinstance(node, File) and node.link:
                links += 1
                if links > _MOST_LINKS:
                    raise BrokenImage(f"symbolic links on the way to {path!r} lead nowhere")
                if node.link.startswith("/"):
                    names, folders = [], [self._root]
                waiting += node.link.split("/")[::-1]
                continue
            if not isinstance(node, Folder):
                replaces = node is not None
                node = Folder(made=replaces, opaque=replaces)
                folders[-1].children[part] = node
            names.append(part)
            folders.append(node)
        hidden = any(folder.opaque for folder in folders)
        return _Place(folders[-1], name, "/".join((*names, name)), hidden)


def _step(index: int, entry: Entry) -> _Step:
    kept = entry.kind in (tarfile.DIRTYPE, tarfile.LNKTYPE)
    header = zlib.compress(entry.header, 1) if kept else b""
    return _Step(index, entry.kind, entry.path, entry.link, header)


def _moved(header: bytes, path: str, own: str) -> bytes:
    """The header of a folder that lies elsewhere than its entry says, behind a link."""
    if path == own:
        return header
    entry = next(iter(TarReader([zlib.decompress(header)])))[0]
    return zlib.compress(tar_header.renamed(entry, path), 1)
