"""A small model of what layers do to the tree of an image, read with Python's own `tarfile`.

A tree is nested dictionaries: `Folder` holds names, and a `File` that has several is one object.
Layers are applied as containerd does: entry by entry, and opaque marks spare what their own layer
brought.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(eq=False)
class File:
    """`kind` is a type of `tarfile`, `content` its bytes or the text of a symbolic link."""

    kind: bytes
    content: bytes
    mode: int = 0o644


@dataclass(eq=False)
class Folder:
    """Names and what they are."""

    mode: int = 0o755
    children: dict[str, File | Folder] = field(default_factory=dict)


def place(root: Folder, path: str) -> tuple[Folder, str]:
    """The folder and the name in it that an entry of a layer means; folders are made."""
    *parts, name = path.split("/")
    trail = [root]
    waiting = parts[::-1]
    while waiting:
        part = waiting.pop()
        if part == "..":
            del trail[1:][-1:]
            trail = trail[:-1] or [root]
        if part in ("", ".", ".."):
            continue
        node = trail[-1].children.get(part)
        if isinstance(node, File) and node.kind == tarfile.SYMTYPE:
            text = node.content.decode()
            trail = [root] if text.startswith("/") else trail
            waiting += text.split("/")[::-1]
            continue
        if not isinstance(node, Folder):
            node = trail[-1].children[part] = Folder()
        trail.append(node)
    return trail[-1], name


def apply(root: Folder, layer: bytes) -> None:
    """Apply a layer to a tree, in place."""
    unpacked: set[int] = set()
    kept = []  # so that no identity is used twice
    with tarfile.open(fileobj=io.BytesIO(layer), mode="r:") as tar:
        for member in tar:
            path = posixpath.normpath(member.name)
            if path == ".":
                root.mode = member.mode
                continue
            folder, name = place(root, path)
            if name == ".wh..wh..opq":
                _clear(folder, unpacked)
                continue
            if name.startswith(".wh."):
                folder.children.pop(name.removeprefix(".wh."), None)
                continue
            node: File | Folder
            if member.isdir():
                old = folder.children.get(name)
                node = old if isinstance(old, Folder) else Folder()
                node.mode = member.mode
            elif member.islnk():
                above, first = place(root, posixpath.normpath(member.linkname))
                node = above.children[first]
                assert isinstance(node, File), member.linkname
            else:
                content = tar.extractfile(member) if member.isreg() else None
                data = content.read() if content else member.linkname.encode()
                node = File(member.type, data, member.mode)
            folder.children[name] = node
            unpacked.add(id(node))
            kept.append(node)


def _clear(folder: Folder, unpacked: set[int]) -> bool:
    for name, node in list(folder.children.items()):
        inner = isinstance(node, Folder) and _clear(node, unpacked)
        if id(node) not in unpacked and not inner:
            del folder.children[name]
    return bool(folder.children)


def paths(root: Folder, start: str = "") -> Iterator[tuple[str, File | Folder]]:
    """All but the root, folders before what is in them."""
    for name, node in sorted(root.children.items()):
        yield start + name, node
        if isinstance(node, Folder):
            yield from paths(node, f"{start}{name}/")


def seen(root: Folder) -> dict[str, object]:
    """What can be seen of a tree: content, mode, and which names are of one file."""
    first: dict[int, str] = {}
    found: dict[str, object] = {"": root.mode}
    for path, node in paths(root):
        if isinstance(node, Folder):
            found[path] = ("folder", node.mode)
        else:
            name = first.setdefault(id(node), path)
            found[path] = (node.kind, node.content, node.mode, name)
    return found
