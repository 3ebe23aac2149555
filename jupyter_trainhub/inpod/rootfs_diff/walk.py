"""The walk over the root file system, which finds what has changed."""

import errno
import json
import os
import stat
import time
from typing import Any, NamedTuple

from .globs import Globs
from .mounts import Mount, by_folder, foreign, mountinfo
from .opening import open_folder, scan, shown
from .secrets import PUBLIC
from .start import Names, started

TELL_SECONDS = 0.5
# Paths of one kind that are told.
MOST_PATHS = 1000


def say(what: "dict[str, Any]") -> None:
    """Tell something on standard error."""
    os.write(2, json.dumps(what).encode() + b"\n")


class Place(NamedTuple):
    """What is known of all that lies in a folder: it is new, a pattern leaves it out, is secret."""

    new: bool = False
    left_out: "str | None" = None
    secret: bool = False


class Walk:
    """Finds what has changed, folder by folder, and tells a subclass of it.

    Paths are absolute, that of / is empty; ``name`` is a name in the open folder ``parent``.
    """

    # Whether it needs to know what there is in folders that are left out.
    counts_left_out = False

    def __init__(self, options: "dict[str, Any]") -> None:
        include = options.get("include") or []
        self.warnings: list[str] = []
        self.foreign = self.prepare(options)
        self.secrets = options.get("secrets") or "report"
        self._secret_paths = Globs(options.get("secret_paths") or [])
        self._exclude = Globs([p for p in options.get("exclude") or [] if p not in include])
        self._include = Globs(include) if include else None
        self._hidden = by_folder(self.foreign)
        self._told = time.monotonic()
        self.files = self.bytes = self.deleted = 0
        self.found_secrets: list[dict[str, Any]] = []
        self.unreadable: list[bytes] = []

    def prepare(self, options: "dict[str, Any]") -> "dict[bytes, Mount]":
        """Find out what the container held at its start; the mounts that are not of its root."""
        state = options.get("state") or "/trainhub-start"
        self.mark, self.warnings = started(state)
        self.names = Names(state)
        return foreign(mountinfo(), options.get("volumes") or [])

    def deletions_known(self) -> bool:
        """Whether all that was deleted is told of."""
        return self.names.known

    def folder(self, fd: int, path: bytes, found: os.stat_result) -> None:
        """Called for a folder that has changed itself, before what lies in it."""

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        """Called for anything else that has changed; ``secret``: by its path."""

    def gone(self, path: bytes) -> None:
        """Called for what was there at the start."""

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        """Called for what has changed and is left out, or for a whole folder."""

    def enter(self, path: bytes) -> None:
        """Called before what lies in a folder is told of."""

    def leave(self, path: bytes) -> None:
        """Called when all of a folder has been seen."""

    def run(self) -> None:
        """Walk over the whole root file system."""
        root = open_folder(b"/", None, b"")
        found = os.fstat(root)
        if found.st_ctime_ns >= self.mark:
            self.folder(root, b"", found)
        self._look(root, b"", Place(), True)
        if not self.deletions_known():
            self.warnings.append(f"What was deleted is not known: {self.names.why}.")

    def note_secret(self, path: bytes, kind: str, line: "int | None" = None) -> None:
        """Remember that a file holds a secret."""
        if self.secrets != "include" and len(self.found_secrets) < MOST_PATHS:
            self.found_secrets.append({"path": shown(path), "kind": kind, "line": line})

    def tell(self, path: bytes) -> None:
        """Say how far it is, if that has not been said for a while."""
        if time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            say({"files": self.files, "bytes": self.bytes, "path": shown(path)})

    def _look(self, fd: int, path: bytes, place: Place, listed: bool) -> None:
        """Look at what lies in an open folder; ``listed``: the list of names has a record of it."""
        old = self.names.record() if listed else None
        hidden = self._hidden.get(path, set())
        folders, others = [], []
        try:
            for name, entry in scan(fd):
                if name in hidden:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name + b"/")
                else:
                    others.append((name, entry))
        except OSError:
            self.unreadable.append(path)
            self.names.pass_over(sum(name.endswith(b"/") for name in old or ()))
            return
        present = sorted(folders + [name for name, _ in others])
        fresh: set[bytes] = set()
        if old is not None and old != present:
            # With its slash: what was a file and is a folder is new as well.
            fresh = set(present).difference(old)
            if place.left_out is None:
                here = {name.rstrip(b"/") for name in present} | hidden
                self._tell_gone(path, {name.rstrip(b"/") for name in old} - here)
        self.enter(path)
        changed = []
        for name, entry in others:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # deleted meanwhile
            if place.new or found.st_ctime_ns >= self.mark or name in fresh:
                changed.append((name, found))
        for name, found in sorted(changed):
            self._entry(fd, name, path + b"/" + name, found, place)
        self.tell(path or b"/")
        before, now = {name for name in old or () if name.endswith(b"/")}, set(folders)
        for word in sorted(before | now):
            if word in now:
                new, name = place.new or word in fresh, word[:-1]
                self._go(fd, name, path + b"/" + name, place._replace(new=new), word in before)
            else:
                self.names.pass_over()
        self.leave(path)

    def _go(self, parent: int, name: bytes, path: bytes, place: Place, listed: bool) -> None:
        """Look at a folder and all below it."""
        itself, inside = self._which_leave_out(path, name, place)
        try:
            fd = open_folder(name, parent, path)
        except OSError as error:
            if listed:
                self.names.pass_over()
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                found = os.stat(name, dir_fd=parent, follow_symlinks=False)
                # One that is closed to this user and has not changed hides no change.
                if itself is None and (place.new or found.st_ctime_ns >= self.mark):
                    self.unreadable.append(path)
            return
        try:
            found = os.fstat(fd)
            if itself is None and (place.new or found.st_ctime_ns >= self.mark):
                self.folder(fd, path, found)
            if inside is None or self.counts_left_out or self._include is not None:
                secret = place.secret or self._secret_paths.find(path, name) is not None
                self._look(fd, path, Place(place.new, inside, secret), listed)
            else:
                self.left_out(inside, path, found)
                if listed:
                    self.names.pass_over()
        finally:
            os.close(fd)

    def _entry(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, place: Place
    ) -> None:
        kind = stat.S_IFMT(found.st_mode)
        device = kind in (stat.S_IFCHR, stat.S_IFBLK)
        if kind == stat.S_IFSOCK or (device and (os.geteuid() != 0 or found.st_rdev == 0)):
            return
        # A name that in a layer would delete something cannot be kept.
        pattern = ".wh.*" if name.startswith(b".wh.") else None
        pattern = pattern or self._which_leave_out(path, name, place)[0]
        if pattern is not None:
            self.left_out(pattern, path, found)
            return
        secret = place.secret or self._secret_paths.find(path, name) is not None
        secret = secret and kind == stat.S_IFREG and not PUBLIC.search(name)
        self.file(parent, name, path, found, secret and not self._is_included(path))

    def _tell_gone(self, path: bytes, names: "set[bytes]") -> None:
        for name in sorted(names):
            # Only what can be a name: the list may have been forged.
            if name not in (b"", b".", b"..") and b"/" not in name and name[:4] != b".wh.":
                self.deleted += 1
                self.gone(path + b"/" + name)

    def _which_leave_out(
        self, path: bytes, name: bytes, place: Place
    ) -> "tuple[str | None, str | None]":
        """The patterns that leave out ``path`` itself, and what lies in it."""
        itself = inside = place.left_out
        match = self._exclude.find(path, name)
        if match is not None:
            inside, itself = match[0], itself if match[1] else match[0]
        return (None, None) if inside and self._is_included(path) else (itself, inside)

    def _is_included(self, path: bytes) -> bool:
        return self._include is not None and self._include.cover(path)
