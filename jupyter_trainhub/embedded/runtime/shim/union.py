"""What the layers of an image have over the machine's own files."""

from __future__ import annotations

import contextlib
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = 1 << 30  # bytes copied at once
_OWN_ATTRIBUTES = ("trusted.overlay.", "user.overlay.")


class Union:
    """Unpacked layers, the lowest first, that lie over the machine."""

    def __init__(self, layers: list[str], *, privileged: bool) -> None:
        self._layers = layers[::-1]
        self._privileged = privileged
        self._opaque = f"{'trusted' if privileged else 'user'}.overlay.opaque"

    def at(self, path: str) -> tuple[list[str], bool]:
        """What layers have at `path`, the topmost first, and whether what lies below them shows.

        That is one file, or folders that make up one; nothing, and nothing below, where it was
        deleted.
        """
        found: list[str] = []
        names = [name for name in path.split("/") if name]
        for layer in self._layers:
            here, there, covers = layer, True, False
            for number, name in enumerate(names, 1):
                here = f"{here}/{name}"
                try:
                    status = os.lstat(here)
                except FileNotFoundError:
                    there = False
                    break
                if not stat.S_ISDIR(status.st_mode):
                    there = number == len(names) and not found and not _is_whiteout(status)
                    covers = True
                    break
                covers = covers or self._is_opaque(here)
            if there:
                found.append(here)
            if covers:
                return found, False
        return found, True

    def entries(self, folder: str) -> Iterator[tuple[str, list[str], bool]]:
        """Each path right below `folder` that layers have something to say of, with its `at`."""
        names: set[str] = set()
        for here in self.at(folder)[0]:
            names.update(os.listdir(here))
        for name in sorted(names):
            path = os.path.join(folder, name)
            yield (path, *self.at(path))

    def copy(self, source: str, target: str) -> None:
        """Copy what is no folder, or only the attributes of a folder to one that is there."""
        status = os.lstat(source)
        if stat.S_ISREG(status.st_mode):
            with open(source, "rb") as file, open(target, "xb") as copy:
                while os.sendfile(copy.fileno(), file.fileno(), None, _BLOCK):
                    pass
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(source), target)
        elif not stat.S_ISDIR(status.st_mode):
            os.mknod(target, status.st_mode, status.st_rdev)
        if self._privileged:
            os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
        if not stat.S_ISLNK(status.st_mode):
            os.chmod(target, stat.S_IMODE(status.st_mode))
        for name in os.listxattr(source, follow_symlinks=False):
            if not name.startswith(_OWN_ATTRIBUTES):
                with contextlib.suppress(OSError):  # a file system need not have them
                    value = os.getxattr(source, name, follow_symlinks=False)
                    os.setxattr(target, name, value, follow_symlinks=False)
        times = (status.st_atime_ns, status.st_mtime_ns)
        os.utime(target, ns=times, follow_symlinks=False)

    def _is_opaque(self, folder: str) -> bool:
        try:
            return os.getxattr(folder, self._opaque) == b"y"
        except OSError:
            return False


def is_folder(path: str) -> bool:
    """Whether there is a folder, and not a link to one."""
    return os.path.isdir(path) and not os.path.islink(path)


def white_out(path: str) -> None:
    """Have the upper folder of an overlay hide what lies at this place below it."""
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))


def _is_whiteout(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
