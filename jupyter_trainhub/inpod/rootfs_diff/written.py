"""The walk where the runtime shows what the container itself has written."""

import os
import stat
from typing import Any

from .mounts import Mount, uppers
from .opening import open_folder, scan
from .walk import Place, Walk


class Written(Walk):
    """Walks over what was written where that is shown, and over all else as :class:`Walk` does."""

    def prepare(self, options: "dict[str, Any]") -> "dict[bytes, Mount]":
        others = super().prepare(options)
        self._uppers = uppers(others)
        return others

    def deletions_known(self) -> bool:
        return bool(self._uppers) or self.names.known

    def emptied(self, path: bytes) -> None:
        """Called for a folder in which nothing is left of what it may have held at the start."""

    def run(self) -> None:
        """See :class:`Walk`."""
        for place in self._uppers:
            folder, _, name = place.rpartition(b"/")
            self._hidden.setdefault(folder, set()).add(name)
        if b"/" not in self._uppers:
            # A root that only holds overlays. Nothing can have been deleted of it.
            super().run()
        for place, upper in sorted(self._uppers.items()):
            above, here = open_folder(upper, None, upper), open_folder(place, None, place)
            try:
                self._look_above(above, here, place.rstrip(b"/"), Place())
            finally:
                os.close(above)
                os.close(here)

    def _look_above(self, above: int, here: int, path: bytes, place: Place) -> None:
        """Look at an open folder of an overlay; ``above``: the one in its upper folder."""
        pure = place.new or _is_pure(above, here)
        if place.left_out is None:
            self.folder(here, path, os.fstat(here))
            if pure and not place.new and path:
                self.emptied(path)
        self.enter(path)
        hidden, folders = self._hidden.get(path, set()), []
        for name, entry in sorted(scan(above)):
            if name in hidden:
                continue
            below = path + b"/" + name
            if entry.is_dir(follow_symlinks=False):
                folders.append((name, below))
                continue
            try:
                found = os.stat(name, dir_fd=here, follow_symlinks=False)
            except FileNotFoundError:
                if place.left_out is None and is_whiteout(entry.stat(follow_symlinks=False)):
                    self._tell_gone(path, {name})
                continue
            self._entry(here, name, below, found, place)
        self.tell(path or b"/")
        for name, below in folders:
            self._go_above(above, here, name, below, place._replace(new=pure))
        self.leave(path)

    def _go_above(self, above: int, here: int, name: bytes, path: bytes, place: Place) -> None:
        itself, inside = self._which_leave_out(path, name, place)
        opened: list[int] = []
        try:
            for parent in (above, here):
                opened.append(open_folder(name, parent, path))
            if itself is None and inside is not None:
                self.folder(opened[1], path, os.fstat(opened[1]))
            if inside is None or self.counts_left_out or self._include is not None:
                secret = place.secret or self._secret_paths.find(path, name) is not None
                self._look_above(opened[0], opened[1], path, Place(place.new, inside, secret))
            else:
                self.left_out(inside, path, os.fstat(opened[1]))
        except FileNotFoundError:
            pass  # deleted meanwhile
        except OSError:
            self.unreadable.append(path)
        finally:
            for fd in opened:
                os.close(fd)


def is_whiteout(found: os.stat_result) -> bool:
    """Whether it is the mark by which an overlay deletes a name."""
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == 0


def _is_pure(above: int, here: int) -> bool:
    """Whether nothing of the open folder ``here`` shows but what is in its upper folder ``above``.

    Overlays give a folder that shows others as well a link count of 1. Where the file system gives
    that to all, the whole of the folder has to be looked at.
    """
    if os.fstat(above).st_nlink > 1:
        return os.fstat(here).st_nlink > 1
    written = dict(scan(above))
    for name, entry in scan(here):
        if name not in written:
            return False
        if entry.is_dir(follow_symlinks=False):
            inner = [open_folder(name, parent, name) for parent in (above, here)]
            try:
                if not _is_pure(inner[0], inner[1]):
                    return False
            finally:
                for fd in inner:
                    os.close(fd)
    return True
