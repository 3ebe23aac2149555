"""What a container has changed, from the folders in which its node keeps it.

These are the overlay's upper folder and, where the image was saved from an instance before, the
topmost folder below it, with what that had changed. Both together are one layer above the original
base: names in the upper one win, and marks of either delete. Nothing is mounted or copied.

Marks (kernel documentation, "Overlay Filesystem"): a character device 0:0 deletes a name, and the
attribute `opaque` of a folder all that lies below it in lower ones.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from jupyter_trainhub.inpod.rootfs_diff.entry import as_text, xattrs
from jupyter_trainhub.inpod.rootfs_diff.layer import Layer
from jupyter_trainhub.inpod.rootfs_diff.measurement import Measurement
from jupyter_trainhub.inpod.rootfs_diff.mounts import Mount
from jupyter_trainhub.inpod.rootfs_diff.opening import open_folder, scan
from jupyter_trainhub.inpod.rootfs_diff.walk import Place
from jupyter_trainhub.inpod.rootfs_diff.written import Written, is_whiteout

from . import ids
from .container import Container
from .failures import Unsupported

_XATTR = "SCHILY.xattr."  # how pax headers name extended attributes


class Union(Written):
    """The walk over the changes of a container; `layers` are open folders, the topmost first.

    `below` are those of the original base, if they are known.
    """

    def __init__(
        self,
        options: dict[str, Any],
        container: Container,
        layers: list[int],
        below: list[int] | None,
    ) -> None:
        self._container = container
        self._layers, self._below = layers, below
        super().__init__(options)

    def prepare(self, options: dict[str, Any]) -> dict[bytes, Mount]:
        """See :class:`Written`: the folders themselves say what is new and what is deleted."""
        return self._container.mounts

    def deletions_known(self) -> bool:
        """See :class:`Written`."""
        return True

    def run(self) -> None:
        """Walk over all that has changed."""
        self.folder(self._layers[0], b"", os.fstat(self._layers[0]))
        self._merge(self._layers, b"", Place(new=True), replaces=False)

    def _merge(self, layers: list[int], path: bytes, place: Place, *, replaces: bool) -> None:
        """Look at a folder that lies in these layers; `replaces`: a file of one of them."""
        last = next((at for at, fd in enumerate(layers, 1) if self._is_opaque(fd)), 0)
        if place.left_out is None and (last or replaces) and self._in_base(path):
            self.emptied(path)
        self.enter(path)
        hidden = self._hidden.get(path, set())
        files: dict[bytes, tuple[int, os.stat_result]] = {}
        folders: dict[bytes, list[int]] = {}
        ended: set[bytes] = set()
        for fd in layers[:last] if last else layers:
            for name, entry in scan(fd):
                if name in hidden or name in files or name in ended:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.setdefault(name, []).append(fd)
                elif name in folders:
                    ended.add(name)
                else:
                    with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                        files[name] = fd, entry.stat(follow_symlinks=False)
        for name, (fd, found) in sorted(files.items()):
            self._file(fd, name, path + b"/" + name, found, place)
        self.tell(path or b"/")
        for name, parents in sorted(folders.items()):
            self._folder(parents, name, path + b"/" + name, place, replaces=name in ended)
        self.leave(path)

    def _file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, place: Place
    ) -> None:
        if not is_whiteout(found):
            self._entry(parent, name, path, found, place)
        elif self._which_leave_out(path, name, place)[0] is None and self._in_base(path):
            self.deleted += 1
            self.gone(path)

    def _folder(
        self, parents: list[int], name: bytes, path: bytes, place: Place, *, replaces: bool
    ) -> None:
        itself, inside = self._which_leave_out(path, name, place)
        with contextlib.ExitStack() as opened:
            layers = []
            for parent in parents:
                try:
                    layers.append(open_folder(name, parent, path))
                except (FileNotFoundError, NotADirectoryError):
                    return  # deleted meanwhile, or replaced
                opened.callback(os.close, layers[-1])
            found = os.fstat(layers[0])
            if itself is None:
                self.folder(layers[0], path, found)
            if inside is None or self._include is not None:
                secret = place.secret or self._secret_paths.find(path, name) is not None
                self._merge(layers, path, Place(True, inside, secret), replaces=replaces)
            else:
                self.left_out(inside, path, found)

    def _is_opaque(self, fd: int) -> bool:
        try:
            return os.getxattr(fd, f"{self._container.root.marks}opaque") == b"y"
        except OSError:
            return False

    def _in_base(self, path: bytes) -> bool:
        """Whether a mark of deletion has an effect, as far as that is known."""
        if self._below is None:
            return True
        for layer in self._below:
            with contextlib.suppress(OSError):
                os.stat(path[1:] or b".", dir_fd=layer, follow_symlinks=False)
                return True
        return False


class UnionMeasurement(Union, Measurement):
    """Counts what :class:`UnionLayer` would write."""


class UnionLayer(Union, Layer):
    """Passes the changes to `sink`, as a layer's tar file. Raises Unsupported on the way."""

    def __init__(self, *arguments: Any, sink: Callable[[bytes], None]) -> None:
        super().__init__(*arguments)
        self._sink = sink

    def header(
        self,
        path: bytes,
        kind: bytes,
        found: os.stat_result | None = None,
        target: bytes = b"",
        size: int = 0,
        pax: dict[str, str] | None = None,
    ) -> bytes:
        """See :class:`Layer`: owners are numbered as in the container."""
        users, groups = self._container.users, self._container.groups
        if found is not None and not self._container.same_owners:
            owner = (users.inside(found.st_uid), groups.inside(found.st_gid))
            found = os.stat_result(
                (*found[:4], *owner, *found[6:]),
                {"st_mtime_ns": found.st_mtime_ns, "st_rdev": found.st_rdev},
            )
        return super().header(path, kind, found, target, size, pax)

    def attributes(self, place: int | bytes) -> dict[str, str]:
        """See :class:`Layer`: as they are in the container."""
        marks = self._container.root.marks
        with contextlib.suppress(OSError):  # a file system without them
            names = os.listxattr(place, follow_symlinks=isinstance(place, int))
            if not {f"{marks}metacopy", f"{marks}redirect"}.isdisjoint(names):
                raise Unsupported(
                    "its overlay moves or changes files without copying them (metacopy, redirect)"
                )
        found = xattrs(place)
        users, groups = self._container.users, self._container.groups
        if not self._container.same_owners:
            for key, text in found.items():
                value, name = text.encode("utf-8", "surrogateescape"), key.removeprefix(_XATTR)
                if name == "security.capability":
                    found[key] = as_text(ids.capability(value, users))
                elif name.startswith("system.posix_acl_"):
                    found[key] = as_text(ids.access_list(value, users, groups))
        return found

    def _flush(self) -> None:
        self._sink(bytes(self._buffer))
        self._buffer = bytearray()
