"""Two layers made one, so that an image that is saved again and again stays a base and a layer.

Effects are those that engines give to layers (OCI image specification, "Image Layer Filesystem
Changeset"): marks of deletion act on what lies below their own layer, whatever their place in it;
entries act one after the other; folders that are missing on a path are made; and symbolic links on
the way to an entry are followed, as far as the two layers tell of them.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator

from . import tar_header, whiteout
from .blob import BrokenImage
from .layered_tree import Deleted, File, Folder, Found, LayeredTree, Outside
from .tar import TarReader
from .whiteout import Whiteout

Layer = Callable[[], Iterator[bytes]]
"""Opens the tar file of a layer from its beginning."""


def merge(lower: Layer, upper: Layer) -> Iterator[bytes]:
    """The tar file of ONE layer that has the effect of `lower` and then `upper`, on any image.

    Parents come before what is in them, and marks of deletion before what they could hide. Entries
    are copied as they are stored. Both layers are read twice; names and the headers of folders are
    kept in memory.

    Raises:
        BrokenImage: a layer is damaged, or has a hard link to what is not there. That may also be
            a file that only the image below has, which one of the layers replaces; layers that are
            taken from a file system have all names of a file that changed.
    """
    layers = (_named(lower, "the lower layer"), _named(upper, "the upper layer"))
    tree = LayeredTree()
    for number, layer in enumerate(layers):
        tree.apply(number, layer())
    names: tuple[dict[int, list[str]], ...] = ({}, {})
    for found in tree.walk():
        if isinstance(found.node, File):
            names[found.node.layer].setdefault(found.node.index, []).append(found.path)
        yield from _beginning(tree, found)
    for number, layer in enumerate(layers):
        yield from _files(layer(), names[number])
    yield tar_header.END


def _named(layer: Layer, place: str) -> Callable[[], TarReader]:
    return lambda: TarReader(layer(), place)


def _beginning(tree: LayeredTree, found: Found) -> Iterator[bytes]:
    """What needs no content: folders, marks, and hard links to files of the image below."""
    node = found.node
    if isinstance(node, Folder):
        yield _folder(found, node)
        if node.opaque and not found.hidden:
            yield tar_header.new_entry(whiteout.path_of(Whiteout(found.path, True)))
    elif isinstance(node, Deleted):
        yield tar_header.new_entry(whiteout.path_of(Whiteout(found.path, False)))
    elif isinstance(node, Outside):
        if not tree.leaves(node.target):
            raise BrokenImage(
                f"{found.path!r} is a hard link to {node.target!r} of the image below, which a "
                "layer replaces: one layer cannot do that"
            )
        yield tar_header.linked(node.entry, found.path, node.target)


def _folder(found: Found, folder: Folder) -> bytes:
    if header := folder.header():
        return header
    if folder.made or found.hidden:  # as engines make folders that no entry describes
        return tar_header.new_entry(found.path, tarfile.DIRTYPE, 0o755)
    return b""


def _files(layer: TarReader, names: dict[int, list[str]]) -> Iterator[bytes]:
    for index, (entry, content) in enumerate(layer):
        if index not in names:
            continue
        paths = names[index]
        first = entry.path if entry.path in paths else paths[0]
        yield entry.header if first == entry.path else tar_header.renamed(entry, first)
        yield from content
        yield entry.padding
        for path in paths:
            if path != first:
                yield tar_header.linked(entry, path, first)
