"""Unpacking a layer of an image as overlayfs wants it, and deleting what containers wrote."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import posixpath
import shutil
import stat
import sys
import tarfile

from . import linux, users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Marks in the tar files of layers (OCI image specification, "Whiteouts").
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"

_XATTR = "SCHILY.xattr."  # how pax headers name extended attributes
_OWN_ATTRIBUTES = ("trusted.", "user.overlay.")  # those by which overlayfs itself is led


class LayerError(Exception):
    """The tar file cannot be a layer."""


def unpack(folder: str, *, machine: bool = False) -> int:
    """Unpack the tar file of standard input into an empty folder; the code to exit with.

    `machine`: the layer is to lie over the machine's own files. An ordinary user's containers have
    no other users then, and so the layer has none; its folders are as the machine's where the tar
    file does not say how they are.

    A failure is told on standard error as JSON: `errno`, 0 where the tar file is at fault, and
    `message`.
    """
    maps: tuple[users.Map, users.Map] | None = None
    try:
        privileged = linux.is_privileged()
        if not privileged:
            maps = users.maps(subordinate=not machine)
            users.enter(maps)
        below = os.open("/", os.O_PATH | os.O_CLOEXEC) if machine else None
        # From here on a path cannot lead out of the folder, whatever links lie on it; and nothing
        # may be imported any more, since that would be the layer's.
        sys.meta_path.clear()
        os.chroot(folder)
        os.chdir("/")
        os.umask(0o022)
        with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as tar:
            _Layer(tar, maps=maps, below=below).unpack()
        while sys.stdin.buffer.read(1 << 16):
            pass  # what pads the last block
        return 0
    except (tarfile.TarError, LayerError, EOFError) as error:
        failure = {"errno": 0, "message": str(error)}
    except linux.SetUpError as error:
        failure = {"errno": error.code, "message": str(error)}
    except OSError as error:
        failure = {"errno": error.errno or errno.EIO, "message": error.strerror or str(error)}
    print(json.dumps(failure), file=sys.stderr)
    return 1


def delete(folder: str) -> int:
    """Delete a folder with the rights that containers have over it; the code to exit with."""
    if not linux.is_privileged():
        users.enter(users.maps(subordinate=True))
    remove_tree(folder)
    return 0


def remove_tree(folder: str) -> None:
    """Delete a folder, whatever modes those in it have; it may be gone already.

    Folder by folder, since containers can make deeper trees than a path or a recursion may be. The
    work folder of overlayfs has mode 0, and a container may make others like it.
    """
    if not os.path.lexists(folder):
        return
    os.chmod(folder, 0o700)
    here = os.open(folder, os.O_RDONLY)
    inner = [_delete_files(here)]
    while inner:
        if inner[-1]:
            os.chmod(inner[-1][-1], 0o700, dir_fd=here)
            here = _go(inner[-1][-1], here)
            inner.append(_delete_files(here))
            continue
        inner.pop()
        if inner:
            here = _go("..", here)
            os.rmdir(inner[-1].pop(), dir_fd=here)
    os.close(here)
    os.rmdir(folder)


def _delete_files(folder: int) -> list[str]:
    """Delete what is no folder in an open one; the names of those that it holds."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=folder)
    return folders


def _go(name: str, here: int) -> int:
    """Open another folder instead of this one."""
    there = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=here)
    os.close(here)
    return there


class _Layer:
    def __init__(
        self, tar: tarfile.TarFile, *, maps: tuple[users.Map, users.Map] | None, below: int | None
    ) -> None:
        self._tar = tar
        # All is taken as it is: the root directory changed, so no path is dangerous.
        tar.extraction_filter = lambda member, path: member
        self._maps = maps
        self._privileged = maps is None
        self._namespace = "trusted" if self._privileged else "user"
        self._below = below
        self._folders: list[tuple[str, float]] = []

    def unpack(self) -> None:
        for member in self._tar:
            path = _path(member.name)
            folder, name = posixpath.split(path)
            self._make_parents(os.path.realpath(folder))  # a link may lead to a lower layer
            if name == _OPAQUE:
                self._set_opaque(folder)
            elif name.startswith(_WHITEOUT + _WHITEOUT):
                continue  # bookkeeping of aufs
            elif name.startswith(_WHITEOUT):
                self._white_out(posixpath.join(folder, name.removeprefix(_WHITEOUT)))
            else:
                self._extract(member, path)
        for path, modified in reversed(self._folders):
            os.utime(path, (modified, modified))

    def _make_parents(self, folder: str) -> None:
        if not os.path.isdir(folder):
            self._make_parents(posixpath.dirname(folder))
            covered = self._clear(folder, keep_folder=True)
            os.mkdir(folder, 0o755)
            if covered:
                self._set_opaque(folder)
            elif self._below is not None:
                self._be_as_below(folder)

    def _be_as_below(self, folder: str) -> None:
        with contextlib.suppress(OSError):
            status = os.stat(folder.lstrip("/"), dir_fd=self._below)
            if not stat.S_ISDIR(status.st_mode):
                return
            os.chmod(folder, stat.S_IMODE(status.st_mode))
            if self._privileged:
                os.chown(folder, status.st_uid, status.st_gid)

    def _set_opaque(self, folder: str) -> None:
        os.setxattr(folder, f"{self._namespace}.overlay.opaque", b"y")

    def _white_out(self, path: str) -> None:
        if not os.path.lexists(path):
            # A device that anybody may make since Linux 5.8.
            os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
        elif os.path.isdir(path) and not os.path.islink(path):
            self._set_opaque(path)

    def _extract(self, member: tarfile.TarInfo, path: str) -> None:
        covered = self._clear(path, keep_folder=member.isdir())
        if member.islnk():
            os.link(_path(member.linkname), path, follow_symlinks=False)
            return
        # tarfile takes the slash at the end away, and the root folder has no other name.
        member.name = "/." if path == "/" else path
        if not self._privileged and (member.ischr() or member.isblk()):
            return  # the kernel lets no ordinary user make devices
        if self._maps is not None:
            # An id that is not there would keep tarfile from setting the mode and the time as well.
            member.uid, member.gid = (
                number if number < sum(count for _, _, count in ids) else 0
                for number, ids in zip((member.uid, member.gid), self._maps, strict=True)
            )
        if path == "/":
            # Of this one tarfile makes an empty path.
            self._tar.chown(member, path, numeric_owner=True)
            self._tar.chmod(member, path)
        else:
            self._tar.extract(member, "/", numeric_owner=True)
        if member.issym():  # whose time tarfile leaves as it is
            os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)
        self._set_attributes(member, path)
        if member.isdir():
            self._folders.append((path, member.mtime))
            if covered:
                self._set_opaque(path)

    def _clear(self, path: str, *, keep_folder: bool) -> bool:
        """Make room for an entry of the layer at `path`; whether a whiteout of it was there."""
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return False
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(path)
        elif not keep_folder:
            shutil.rmtree(path)
        return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0

    def _set_attributes(self, member: tarfile.TarInfo, path: str) -> None:
        headers: dict[str, Any] = dict(member.pax_headers)
        for header, value in headers.items():
            name = header.removeprefix(_XATTR)
            if name == header or name.startswith(_OWN_ATTRIBUTES):
                continue
            content = value.encode("utf-8", "surrogateescape")
            try:
                os.setxattr(path, name, content, follow_symlinks=False)
            except OSError as error:
                if self._privileged and error.errno not in (errno.ENOTSUP, errno.EPERM):
                    raise


def _path(name: str) -> str:
    path = posixpath.normpath(name)
    if path == ".." or path.startswith("../"):
        raise LayerError(f"{name!r} leads out of the layer")
    return posixpath.normpath(f"/{path}").replace("//", "/", 1)
