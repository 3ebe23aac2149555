"""What has changed in this container since it started, as the layer of an image.

``rootfs_diff.py names FOLDER`` writes down all names of the root file system, in FOLDER/names.gz.
start.sh runs it when the container starts, after it has made FOLDER/started.

``rootfs_diff.py measure`` and ``rootfs_diff.py tar`` read options from standard input, one line of
JSON: {"state": FOLDER, "exclude": [glob], "include": [glob], "secret_paths": [glob],
"secrets": "report" | "exclude" | "include", "volumes": [mount point]}, all optional. The first
prints a JSON document, the second a tar stream with whiteouts (OCI image specification, "Image
Layer Filesystem Changeset"). Both tell on standard error how far they are, a JSON object a line;
the last one of ``tar`` has the key ``done``. The end of standard input ends them: a container
engine does not tell a program in any other way that nobody waits for it any more.

In a glob ``*`` and ``?`` stay within a name, ``**`` stands for any folders, and one without a
leading slash may lie anywhere. It stands for what it names with all below.

Changed is what has a ctime of the start or later: an overlay makes a new inode for whatever is
written or chmod'ed, and unlike the mtime the ctime cannot be set back by touch, tar or pip. What
the list of names lacks is new, whatever its ctime, and what only the list has was deleted.

Needs Python 3.6 and nothing beside it.
"""

import errno
import gzip
import heapq
import json
import os
import re
import resource
import signal
import stat
import sys
import threading
import time
import zlib
from typing import Any, Iterator, NamedTuple  # noqa: UP035 - Python 3.6

MIB = 1 << 20
BLOCK = 512  # of tar files
TELL_SECONDS = 0.5
# A file up to this size is read whole, and once more when it changed meanwhile.
WHOLE, TRIES = 4 * MIB, 3
# Holes of fewer bytes in all, or in more pieces, are stored as zeros, which compress to nothing.
LEAST_HOLES, MOST_PIECES = MIB, 5000
# Paths of one kind that are told.
MOST_PATHS = 1000
# Bytes of a list of names, which stay well below the limit of the volume that it is written to.
MOST_NAMES = 96 * MIB
# The deepest folder looked into: each level takes an open file.
DEEPEST = 2500

NO_NAMES = frozenset()  # type: ignore[var-annotated]


# --- what belongs to the root file system --------------------------------------------------------


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo (proc_pid_mountinfo(5))."""

    path: bytes
    root: bytes
    read_only: bool
    kind: bytes
    source: bytes
    options: bytes


def mounts(mountinfo: bytes) -> "list[Mount]":
    """The mounts in the order in which they were made."""
    found = []
    for line in mountinfo.splitlines():
        left, _, right = line.partition(b" - ")
        fields, more = left.split(b" "), right.split(b" ")
        read_only = b"ro" in fields[5].split(b",")
        found.append(
            Mount(_plain(fields[4]), fields[3], read_only, more[0], _plain(more[1]), more[-1])
        )
    return found


def _plain(escaped: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes((int(match.group(1), 8),)), escaped)


def foreign(found: "list[Mount]", volumes: "set[bytes]") -> "dict[bytes, Mount]":
    """The mounts that are not of the root file system, by their paths.

    Of it are / and overlays whose upper folder lies outside of what the container can see: the
    container's engine made them. ``volumes`` are never of it, however they are mounted.
    """
    others = {}
    for mount in found:
        if mount.path == b"/":
            continue
        upper = re.search(rb"(?:^|,)upperdir=([^,]*)", mount.options)
        own = mount.kind == b"overlay" and mount.root == b"/" and upper is not None
        if own and mount.path not in volumes and mount.path not in others:
            folder = _plain(upper.group(1)) if upper else b""
            # A path in /proc is of the process that mounted it, and says nothing to others.
            if folder.startswith(b"/proc/") or not os.path.isdir(folder):
                continue
        others[mount.path] = mount
    return others


def by_parent(paths: "dict[bytes, Mount]") -> "dict[bytes, set[bytes]]":
    """What the walk leaves out in each folder, with what TrainHub itself mounts there."""
    hidden = {b"": {b"trainhub", b"trainhub-start"}}
    for path in paths:
        folder, _, name = path.rpartition(b"/")
        hidden.setdefault(folder, set()).add(name)
    return hidden


def not_saved(others: "dict[bytes, Mount]") -> "list[dict[str, Any]]":
    """What is mounted and thus not saved, for people to read; not the insides of /proc and /sys."""
    found = []
    for path, mount in sorted(others.items()):
        top = b"/" + path.split(b"/")[1]
        if top in (b"/proc", b"/sys", b"/dev") and path not in (top, b"/dev/shm"):
            continue
        if top in (b"/proc", b"/sys", b"/trainhub", b"/trainhub-start") or path == b"/dev":
            kind = "system"
        elif not os.path.isdir(path) or b"/secrets/kubernetes.io/" in path:
            kind = "system"  # such as /etc/hosts, and the libraries of GPU drivers
        else:
            kind = "memory" if mount.kind == b"tmpfs" else "volume"
        remote = mount.kind.startswith((b"nfs", b"ceph", b"cifs", b"fuse", b"lustre"))
        title = shown(mount.source) if remote else ""
        found.append(
            {"path": shown(path), "kind": kind, "title": title, "read_only": mount.read_only}
        )
    return found


def shown(path: bytes) -> str:
    """A path as text; bytes that are none are escaped."""
    return path.decode("utf-8", "backslashreplace")


# --- when the container started, and what it held then -------------------------------------------


def uptime() -> float:
    """Seconds since the machine started; no change of the clock changes them."""
    with open("/proc/uptime") as file:
        return float(file.read().split()[0])


def started(state: str) -> "tuple[int, list[str]]":
    """The time, in ns, that divides the old from the new, and what is to be said about it.

    It is the ctime of the marker that start.sh made; without one, the start of process 1.
    """
    try:
        found = os.stat(os.path.join(state, "started"))
        with open(os.path.join(state, "started")) as file:
            then = float(file.read(64))
    except (OSError, ValueError):
        with open("/proc/1/stat", "rb") as stats:
            ticks = int(stats.read().rpartition(b")")[2].split()[19])
        running = time.clock_gettime(7) - ticks / os.sysconf("SC_CLK_TCK")  # CLOCK_BOOTTIME
        return int((time.time() - running) * 1e9), []
    # A clock that was set back since would make new files older than the marker.
    set_back = (found.st_ctime_ns / 1e9 - then) - (time.time() - uptime())
    if set_back < 1:
        return found.st_ctime_ns, []
    warning = f"The clock of the node was set back by {set_back:.0f} s since the start."
    return found.st_ctime_ns - int((set_back + 1) * 1e9), [warning]


class Names:
    """The list of names that was made at the start, read along with a walk in the same order.

    One record for each folder: its names, each with a NUL behind it, those of folders with a slash
    before that; a NUL ends it. The single name "/" stands for a folder that could not be read. The
    records of the folders in it follow, in the order of the names. The user can write to the file:
    nothing in it is taken for a path.
    """

    def __init__(self, state: str) -> None:
        self.known = False
        self.why = "there is no list of what it held when it started"
        self._buffer, self._at = b"", 0
        try:
            marker = os.stat(os.path.join(state, "started")).st_ctime_ns
            self._file = gzip.open(os.path.join(state, "names.gz"))
            # A list of an earlier container of the same pod belongs to another marker.
            self.known = json.loads(self._file.readline(MIB).decode()) == {"started": marker}
        except FileNotFoundError:
            if os.path.exists(os.path.join(state, "names.new")):
                self.why = "the list of what it held when it started is not ready yet"
        except (OSError, EOFError, ValueError, zlib.error):
            self.known = False

    def record(self) -> "list[bytes] | None":
        """The names of the next folder; None where they are not known."""
        while self.known:
            if self._buffer[self._at : self._at + 1] == b"\0":
                self._at += 1
                return []
            end = self._buffer.find(b"\0\0", self._at)
            if end >= 0:
                names = self._buffer[self._at : end].split(b"\0")
                self._at = end + 2
                return None if names == [b"/"] else names
            try:
                more = self._file.read(MIB)
            except (OSError, EOFError, zlib.error):
                more = b""
            self._buffer, self._at = self._buffer[self._at :] + more, 0
            if not more:
                self.known, self.why = False, "the list of what it held when it started is broken"
        return None

    def skip(self, folders: int = 1) -> None:
        """Pass over the records of so many folders and of all below them."""
        while folders > 0 and self.known:
            folders += sum(name.endswith(b"/") for name in self.record() or ()) - 1


def list_names(state: str) -> None:
    """Write the list of names, using only what nobody else wants of the machine."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.nice(19)
    hidden = by_parent(foreign(mounts(_mountinfo()), set()))
    marker = os.stat(os.path.join(state, "started")).st_ctime_ns
    new = os.path.join(state, "names.new")
    with open(new, "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as out:
            out.write(json.dumps({"started": marker}).encode() + b"\n")
            root = os.open("/", os.O_RDONLY)
            pending: list[bytes] = []
            for record in _records(root, b"", hidden):
                pending.append(record)
                if len(pending) == 1000:
                    out.write(b"".join(pending))
                    del pending[:]
                    if raw.tell() > MOST_NAMES:
                        raise OSError(errno.EFBIG, "too many names")
            out.write(b"".join(pending))
    # Whole or not at all.
    os.rename(new, os.path.join(state, "names.gz"))


def _records(fd: int, path: bytes, hidden: "dict[bytes, set[bytes]]") -> "Iterator[bytes]":
    """The records of an open folder and of those below; closes it."""
    stack = [(fd, path, _Listing(fd, hidden.get(path, NO_NAMES)))]
    yield stack[0][2].record()
    while stack:
        fd, path, listing = stack[-1]
        if not listing.folders:
            os.close(fd)
            stack.pop()
            continue
        name = listing.folders.pop()
        below = path + b"/" + name
        try:
            inner = _open_folder(name, fd)
        except OSError:
            yield b"/\0\0"
            continue
        stack.append((inner, below, _Listing(inner, hidden.get(below, NO_NAMES))))
        yield stack[-1][2].record()


class _Listing:
    """The names in an open folder; ``folders`` are those to go into, the last one first."""

    def __init__(self, fd: int, hidden: "Any") -> None:
        self.folders: list[bytes] = []
        try:
            self.names = [
                name + b"/" if entry.is_dir(follow_symlinks=False) else name
                for name, entry in scan(fd)
                if name not in hidden
            ]
        except OSError:
            self.names = [b"/"]
            return
        self.names.sort()
        self.folders = [name[:-1] for name in reversed(self.names) if name.endswith(b"/")]

    def record(self) -> bytes:
        return b"".join(name + b"\0" for name in self.names) + b"\0"


def _mountinfo() -> bytes:
    with open("/proc/self/mountinfo", "rb") as file:
        return file.read()


def _open_folder(name: bytes, parent: int) -> int:
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def scan(fd: int) -> "Iterator[tuple[bytes, os.DirEntry[Any]]]":
    """The entries of an open folder. Python 3.6 needs a path for it."""
    place = fd if sys.version_info >= (3, 7) else f"/proc/self/fd/{fd}"
    with os.scandir(place) as entries:
        for entry in entries:
            yield os.fsencode(entry.name), entry


# --- what is left out ----------------------------------------------------------------------------


class Globs:
    """Patterns of paths."""

    def __init__(self, patterns: "list[str]") -> None:
        self._by_name: dict[bytes, list[tuple[Any, str, bool]]] = {}
        self._others: list[tuple[Any, Any, str, bool]] = []
        for pattern in patterns:
            words = pattern.encode("utf-8", "surrogateescape").strip(b"/").split(b"/")
            inside = words[-1] == b"**"
            words = words[:-1] if inside else words
            if not pattern.startswith("/"):
                words.insert(0, b"**")
            regex = re.compile(b"".join(map(_regex, words)) + rb"\Z")
            last = words[-1] if words else b""
            if b"*" in last or b"?" in last:
                name = re.compile(_regex(last) + rb"\Z")
                self._others.append((name, regex, pattern, inside))
            else:
                self._by_name.setdefault(last, []).append((regex, pattern, inside))

    def find(self, path: bytes, name: bytes) -> "tuple[str, bool] | None":
        """The pattern that ``path`` is of, and whether only what lies in it is meant."""
        for regex, pattern, inside in self._by_name.get(name, ()):
            if regex.match(path):
                return pattern, inside
        for last, regex, pattern, inside in self._others:
            if last.match(b"/" + name) and regex.match(path):
                return pattern, inside
        return None

    def cover(self, path: bytes) -> bool:
        """Whether ``path``, or a folder that it lies in, is meant by a pattern."""
        itself = True
        while path:
            folder, _, name = path.rpartition(b"/")
            match = self.find(path, name)
            if match is not None and not (itself and match[1]):
                return True
            path, itself = folder, False
        return False


def _regex(word: bytes) -> bytes:
    if word == b"**":
        return rb"(?:/[^/]+)*"
    return b"/" + re.escape(word).replace(rb"\*", b"[^/]*").replace(rb"\?", b"[^/]")


SECRETS = [
    ((b"PRIVATE KEY",), "private key",
     rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|[\r\n]){1,4}"
     rb"[A-Za-z0-9+/:, .-]{16}"),
    ((b"AKIA", b"ASIA"), "AWS access key", rb"\bA[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b"),
    ((b"hf_",), "Hugging Face token", rb"\bhf_[A-Za-z0-9]{30,}\b"),
    ((b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), "GitHub token",
     rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ((b"github_pat_",), "GitHub token", rb"\bgithub_pat_[A-Za-z0-9_]{40,}"),
    ((b"glpat-",), "GitLab token", rb"\bglpat-[A-Za-z0-9_-]{20,}"),
    ((b"xox",), "Slack token", rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    # Also a prefix of CSS classes, which have no digits and capitals.
    ((b"sk-",), "API key",
     rb"\bsk-(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{32,}"),
]  # fmt: skip
# Packages bring keys for their tests, and are many; nobody keeps secrets in them.
PACKAGES = re.compile(rb"/(?:site-packages|dist-packages|node_modules|pkgs)/|\A/usr/(?:lib|share)/")
PUBLIC = re.compile(rb"\.pub\Z|\A(?:known_hosts(?:\.old)?|authorized_keys)\Z")


def secret_in(text: bytes) -> "tuple[str, int] | None":
    """What kind of secret a file's content holds, and on which line; None for binary files."""
    if b"\0" in text[:8192]:
        return None
    for words, kind, regex in SECRETS:
        if any(word in text for word in words):
            match = re.search(regex, text)
            if match:
                return kind, text.count(b"\n", 0, match.start()) + 1
    return None


# --- the walk ------------------------------------------------------------------------------------


class Place(NamedTuple):
    """What is known of all that lies in a folder."""

    new: bool = False
    left_out: "str | None" = None
    secret: bool = False


class Walk:
    """Finds what has changed, folder by folder, and tells a subclass of it."""

    def __init__(self, options: "dict[str, Any]") -> None:
        state = options.get("state") or "/trainhub-start"
        include = options.get("include") or []
        volumes = {os.fsencode(path) for path in options.get("volumes") or []}
        self.foreign = foreign(mounts(_mountinfo()), volumes)
        self.mark, self.warnings = started(state)
        self.names = Names(state)
        self.secrets = options.get("secrets") or "report"
        self.secret_paths = Globs(options.get("secret_paths") or [])
        self._exclude = Globs([p for p in options.get("exclude") or [] if p not in include])
        self._include = Globs(include) if include else None
        self._hidden = by_parent(self.foreign)
        self._told = time.monotonic()

        self.files = self.bytes = self.deleted = 0
        self.found_secrets: list[dict[str, Any]] = []
        self.unread: list[bytes] = []

    # What a subclass does with it. Paths are absolute, `name` is that in the open folder `parent`.
    looks_into_left_out = False

    def folder(self, fd: int, path: bytes, found: os.stat_result) -> None:
        """A folder that has changed itself; ``fd`` is -1 for one that cannot be opened."""

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        """Anything else that has changed."""

    def gone(self, path: bytes) -> None:
        """What was there at the start."""

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        """What has changed and a pattern leaves out."""

    def entered(self, path: bytes) -> None:
        """The walk goes into a folder."""

    def left(self, path: bytes) -> None:
        """The walk has seen all of a folder."""

    def run(self) -> None:
        """Walk over the whole root file system."""
        root = os.open("/", os.O_RDONLY)
        found = os.fstat(root)
        if found.st_ctime_ns >= self.mark:
            self.folder(root, b"", found)
        self._look(root, b"", Place(), True)
        if not self.names.known:
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
        hidden = self._hidden.get(path, NO_NAMES)
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
            self.unread.append(path)
            self.names.skip(sum(name.endswith(b"/") for name in old or ()))
            return
        present = sorted(folders + [name for name, _ in others])
        fresh: set[bytes] = set()
        if old is not None and old != present:
            # With its slash: what was a file and is a folder is new as well.
            fresh = set(present).difference(old)
            if place.left_out is None:
                here = {name.rstrip(b"/") for name in present}.union(hidden)
                for name in sorted({name.rstrip(b"/") for name in old} - here):
                    self._gone(path, name)
        self.entered(path)
        changed = []
        for name, entry in others:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # deleted meanwhile
            if place.new or found.st_ctime_ns >= self.mark or name in fresh:
                changed.append((name, found))
        for name, found in sorted(changed, key=lambda item: item[0]):
            self._entry(fd, name, path + b"/" + name, found, place)
        self.tell(path or b"/")
        before, now = {name for name in old or () if name.endswith(b"/")}, set(folders)
        for word in sorted(before | now):
            if word in now:
                inner = place._replace(new=place.new or word in fresh)
                self._go(fd, word[:-1], path + b"/" + word[:-1], inner, word in before)
            else:
                self.names.skip()
        self.left(path)

    def _go(self, parent: int, name: bytes, path: bytes, place: Place, listed: bool) -> None:
        """Look at a folder and all below it."""
        itself, inside = self._left_out(path, name, place)
        secret = place.secret or self.secret_paths.find(path, name) is not None
        try:
            if path.count(b"/") > DEEPEST:
                raise OSError(errno.ENAMETOOLONG, "too deep")
            fd = _open_folder(name, parent)
        except OSError as error:
            if listed:
                self.names.skip()
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                found = os.stat(name, dir_fd=parent, follow_symlinks=False)
                # A folder that is closed to this user, and has not changed, hides no change.
                if itself is None and (place.new or found.st_ctime_ns >= self.mark):
                    self.unread.append(path)
            return
        try:
            found = os.fstat(fd)
            if itself is None and (place.new or found.st_ctime_ns >= self.mark):
                self.folder(fd, path, found)
            if inside is None or self.looks_into_left_out or self._include is not None:
                self._look(fd, path, Place(place.new, inside, secret), listed)
            else:
                self.left_out(inside, path, found)
                if listed:
                    self.names.skip()
        finally:
            os.close(fd)

    def _entry(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, place: Place
    ) -> None:
        kind = stat.S_IFMT(found.st_mode)
        device = kind in (stat.S_IFCHR, stat.S_IFBLK)
        if kind == stat.S_IFSOCK or (device and (os.geteuid() != 0 or found.st_rdev == 0)):
            return
        pattern, _ = self._left_out(path, name, place)
        if name.startswith(b".wh."):
            pattern = ".wh.*"  # which would delete, in a layer
        if pattern is not None:
            self.left_out(pattern, path, found)
            return
        secret = place.secret or self.secret_paths.find(path, name) is not None
        secret = secret and not PUBLIC.search(name) and kind == stat.S_IFREG
        self.file(parent, name, path, found, secret and not self._is_included(path))

    def _gone(self, path: bytes, name: bytes) -> None:
        # Only what can be a name: the list may have been forged.
        if name and b"/" not in name and name not in (b".", b"..") and name[:4] != b".wh.":
            self.deleted += 1
            self.gone(path + b"/" + name)

    def _left_out(self, path: bytes, name: bytes, place: Place) -> "tuple[str | None, str | None]":
        """The pattern that leaves ``path`` itself out, and the one that leaves out what is in it"""
        itself = inside = place.left_out
        match = self._exclude.find(path, name)
        if match is not None:
            inside, itself = match[0], itself if match[1] else match[0]
        if inside is not None and self._is_included(path):
            return None, None
        return itself, inside

    def _is_included(self, path: bytes) -> bool:
        return self._include is not None and self._include.cover(path)


def is_searched(path: bytes, found: os.stat_result) -> bool:
    """Whether a file's content may hold secrets."""
    return 0 < found.st_size <= MIB and not PACKAGES.search(path)


def stored(found: os.stat_result) -> int:
    """Bytes of a file without its holes, if these are large."""
    size, used = found.st_size, found.st_blocks * 512
    return used if size > WHOLE and size - used >= LEAST_HOLES else size


def say(what: "dict[str, Any]") -> None:
    """Tell something on standard error."""
    os.write(2, json.dumps(what).encode() + b"\n")


# --- measure -------------------------------------------------------------------------------------

# The folders of a level that are shown, and files that are told by themselves.
CHILDREN, LARGE, MOST_LARGE = 12, 16 * MIB, 20
# Seconds of looking for secrets in what files hold.
SEARCH_SECONDS = 20.0


class Node:
    """A folder with what has changed in it, which includes that of its children."""

    def __init__(self, path: bytes) -> None:
        self.path, self.files, self.bytes = path, 0, 0
        self.children: list[Node] = []

    def add(self, child: "Node") -> None:
        """Count a folder in this one."""
        self.files += child.files
        self.bytes += child.bytes
        self.children.append(child)

    def trimmed(self) -> "Node":
        """What will be shown of it: three levels, and a folder of one folder is that folder."""
        if len(self.children) == 1 and self.children[0].files == self.files:
            return self.children[0]
        self.children = self._largest()
        for child in self.children:
            for inner in child.children:
                del inner.children[:]
        return self

    def view(self) -> "dict[str, Any]":
        """As JSON."""
        path = shown(self.path)
        return {
            "path": path, "files": self.files, "bytes": self.bytes, "children": self.views()
        }  # fmt: skip

    def views(self) -> "list[dict[str, Any]]":
        """The largest folders in it, and the rest as one without a path."""
        largest = self._largest()
        views = [child.view() for child in largest]
        files = self.files - sum(child.files for child in largest)
        if files and views:
            size = self.bytes - sum(child.bytes for child in largest)
            views.append({"path": None, "files": files, "bytes": size, "children": []})
        return views

    def _largest(self) -> "list[Node]":
        return heapq.nlargest(CHILDREN, self.children, key=lambda node: (node.bytes, node.files))


class Measurement(Walk):
    """Counts what :class:`Layer` would save."""

    looks_into_left_out = True

    def __init__(self, options: "dict[str, Any]") -> None:
        super().__init__(options)
        self._nodes = [Node(b"")]
        self._links: set[tuple[int, int]] = set()
        self._large: list[tuple[int, bytes]] = []
        self._excluded: dict[str, list[int]] = {}
        self._searched, self._unsearched = 0.0, 0

    def entered(self, path: bytes) -> None:
        if path:
            self._nodes.append(Node(path))

    def left(self, path: bytes) -> None:
        if path:
            node = self._nodes.pop()
            if node.files:
                self._nodes[-1].add(node.trimmed())

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        regular = stat.S_ISREG(found.st_mode)
        if regular and not os.access(name, os.R_OK, dir_fd=parent):
            self.unread.append(path)
            return
        size, inode = stored(found) if regular else 0, (found.st_dev, found.st_ino)
        if found.st_nlink > 1:
            size = 0 if inode in self._links else size
            self._links.add(inode)
        self.files += 1
        self.bytes += size
        self._nodes[-1].files += 1
        self._nodes[-1].bytes += size
        if size >= LARGE:
            self._large.append((size, path))
        if secret:
            self.note_secret(path, "credentials file")
        elif self.secrets != "include" and is_searched(path, found):
            self._search(parent, name, path)

    def _search(self, parent: int, name: bytes, path: bytes) -> None:
        began = time.monotonic()
        if self._searched > SEARCH_SECONDS:
            self._unsearched += 1
            return
        try:
            with os.fdopen(open_file(name, parent), "rb") as file:
                secret = secret_in(file.read(MIB))
        except OSError:
            return
        if secret is not None:
            self.note_secret(path, *secret)
        self._searched += time.monotonic() - began

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        sums = self._excluded.setdefault(pattern, [0, 0])
        sums[0] += 1
        sums[1] += stored(found) if stat.S_ISREG(found.st_mode) else 0

    def view(self) -> "dict[str, Any]":
        """The measurement as JSON."""
        if self._unsearched:
            self.warnings.append(f"{self._unsearched} files were not searched for secrets.")
        return {
            "files": self.files,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "deletions_known": self.names.known,
            "tree": self._nodes[0].views(),
            "not_saved": not_saved(self.foreign),
            "excluded": [
                {"pattern": pattern, "files": files, "bytes": size}
                for pattern, (files, size) in sorted(self._excluded.items())
            ],
            "secrets": self.found_secrets,
            "unreadable": {"files": len(self.unread), "paths": list(map(shown, self.unread[:20]))},
            "large": [
                {"path": shown(path), "bytes": size}
                for size, path in heapq.nlargest(MOST_LARGE, self._large)
            ],
            "warnings": self.warnings,
        }


# --- tar -----------------------------------------------------------------------------------------


class Layer(Walk):
    """Writes what has changed to standard output, as tar (pax, POSIX.1-2001)."""

    def __init__(self, options: "dict[str, Any]") -> None:
        super().__init__(options)
        self._links: dict[tuple[int, int], bytes] = {}
        self._buffer = bytearray()
        self._restless: list[bytes] = []
        self._excluded: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Pass on a piece of the stream; waits as long as nobody takes it."""
        self._buffer += data
        if len(self._buffer) >= MIB:
            self.flush()

    def flush(self) -> None:
        """Pass on what was held back so that pieces are not too small."""
        rest = memoryview(self._buffer)
        while rest:
            rest = rest[os.write(1, rest) :]
        self._buffer = bytearray()

    def end(self) -> "dict[str, Any]":
        """Write the end of the stream; what is to be said about it."""
        self.write(bytes(2 * BLOCK))
        self.flush()
        return {
            "files": self.files,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "deletions_known": self.names.known,
            "changed_while_read": list(map(shown, self._restless[:MOST_PATHS])),
            "unreadable": list(map(shown, self.unread[:MOST_PATHS])),
            "excluded": list(map(shown, self._excluded[:MOST_PATHS])),
            "secrets": self.found_secrets,
            "warnings": self.warnings,
        }

    def folder(self, fd: int, path: bytes, found: os.stat_result) -> None:
        self.write(header(path[1:] + b"/" if path else b"./", b"5", found, xattrs=xattrs_of(fd)))

    def gone(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        self.write(header(folder[1:] + b"/.wh." + name if folder else b".wh." + name, b"0"))

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        self._excluded.append(path)

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        inode, kind = (found.st_dev, found.st_ino), stat.S_IFMT(found.st_mode)
        if secret:
            self.note_secret(path, "credentials file")
            if self.secrets == "exclude":
                return
        if found.st_nlink > 1 and inode in self._links:
            self.write(header(path[1:], b"1", found, self._links[inode][1:]))
        elif kind == stat.S_IFREG:
            try:
                fd = open_file(name, parent)
            except FileNotFoundError:
                return
            except OSError:
                self.unread.append(path)
                return
            try:
                if not self._regular(fd, path):
                    return
            finally:
                os.close(fd)
        else:
            try:
                target = os.readlink(name, dir_fd=parent) if kind == stat.S_IFLNK else b""
                xattrs = xattrs_of(b"/proc/self/fd/%d/" % parent + name)
            except OSError:
                return  # deleted meanwhile
            self.write(header(path[1:], KINDS[kind], found, target, xattrs=xattrs))
        if found.st_nlink > 1:
            self._links.setdefault(inode, path)
        self.files += 1
        self.tell(path)

    def _regular(self, fd: int, path: bytes) -> bool:
        """Write an open file; whether that was done."""
        found = os.fstat(fd)
        if found.st_size > WHOLE:
            self._stream(fd, path, found)
            return True
        for _ in range(TRIES):
            before, found = found, os.fstat(fd)
            try:
                data = os.pread(fd, found.st_size + 1, 0)
            except OSError:
                self.unread.append(path)
                return False
            before, found = found, os.fstat(fd)
            if same(before, found) and len(data) == found.st_size:
                break
        else:
            self._restless.append(path)
        if self.secrets != "include" and is_searched(path, found):
            secret = secret_in(data)
            if secret is not None:
                self.note_secret(path, *secret)
                if self.secrets == "exclude":
                    return False
        self.write(header(path[1:], b"0", found, size=len(data), xattrs=xattrs_of(fd)))
        self.write(data + padding(len(data)))
        self.bytes += len(data)
        return True

    def _stream(self, fd: int, path: bytes, found: os.stat_result) -> None:
        """Write a large file, of exactly the size that it had, whatever happens to it."""
        size, lacks = found.st_size, False
        parts, table, sparse = [(0, size)], b"", []  # type: Any, bytes, Any
        if stored(found) < size:
            parts = pieces(fd, size)
        if len(parts) > 1 or parts[0] != (0, size):
            # GNU's format 1.0: the places and sizes of the parts stand before them.
            numbers = [len(parts)] + [number for part in parts for number in part]
            table = b"".join(b"%d\n" % number for number in numbers)
            table += padding(len(table))
            sparse = [
                (b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.name", path[1:]), (b"GNU.sparse.realsize", b"%d" % size),
            ]  # fmt: skip
        length = len(table) + sum(part[1] for part in parts)
        xattrs = xattrs_of(fd)
        self.write(header(path[1:], b"0", found, size=length, xattrs=xattrs, more=sparse) + table)
        for start, left in parts:
            while left:
                try:
                    data = os.pread(fd, min(left, MIB), start)
                except OSError:
                    data = b""
                lacks = lacks or not data
                data = data or bytes(min(left, MIB))
                self.write(data)
                start, left = start + len(data), left - len(data)
                self.bytes += len(data)
                self.tell(path)
        self.write(padding(length))
        if lacks or not same(found, os.fstat(fd)):
            self._restless.append(path)


KINDS = {stat.S_IFLNK: b"2", stat.S_IFCHR: b"3", stat.S_IFBLK: b"4", stat.S_IFIFO: b"6"}


def same(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nobody has written to a file in between."""
    return (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def padding(size: int) -> bytes:
    """What fills the last block."""
    return bytes(-size % BLOCK)


def pieces(fd: int, size: int) -> "list[tuple[int, int]]":
    """Where a file has no holes, as offset and length; all of it if it has too many."""
    found: list[tuple[int, int]] = []
    end = 0
    while end < size:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        except OSError:
            break  # a hole up to the end
        if start >= size:
            break
        found.append((start, end - start))
        if len(found) > MOST_PIECES:
            return [(0, size)]
    # The end of the file must be named, if a hole comes before it.
    return found if found and sum(found[-1]) == size else [*found, (size, 0)]


def open_file(name: bytes, parent: int) -> int:
    """Open a file to read, whatever it has become meanwhile."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)


def xattrs_of(place: "Any") -> "list[tuple[bytes, bytes]]":
    """The attributes that an image can keep: capabilities, access control lists, the user's."""
    found = []
    try:
        for name in os.listxattr(place, follow_symlinks=isinstance(place, int)):
            if name.startswith(XATTRS) and not name.startswith("user.overlay."):
                content = os.getxattr(place, name, follow_symlinks=isinstance(place, int))
                found.append((b"SCHILY.xattr." + os.fsencode(name), content))
    except OSError:
        pass  # a file system without them
    return found


XATTRS = ("user.", "security.capability", "system.posix_acl_")


def header(
    name: bytes,
    kind: bytes,
    found: "os.stat_result | None" = None,
    target: bytes = b"",
    size: int = 0,
    xattrs: "Any" = (),
    more: "Any" = (),
) -> bytes:
    """The header of an entry: a block, and before it what does not fit into one (pax)."""
    records = list(more) + list(xattrs)
    mode, uid, gid, seconds, device = 0, 0, 0, 0, 0
    if found is not None:
        mode, uid, gid = stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid
        # Whole seconds, as in all layers.
        seconds = found.st_mtime_ns // 10**9
        device = found.st_rdev if kind in (b"3", b"4") else 0
    prefix = b""
    if len(name) > 100:
        cut = name.rfind(b"/", 0, 156)
        if 0 < cut and 0 < len(name) - cut - 1 <= 100:
            prefix, name = name[:cut], name[cut + 1 :]
        else:
            records.append((b"path", name))
    if len(target) > 100:
        records.append((b"linkpath", target))
    numbers = []
    for key, number, most in (
        (b"uid", uid, 8**7), (b"gid", gid, 8**7), (b"size", size, 8**11), (b"mtime", seconds, 8**11)
    ):  # fmt: skip
        fits = 0 <= number < most
        numbers.append(number if fits else 0)
        if not fits:
            records.append((key, b"%d" % number))
    pax = b"".join(record(key, value) for key, value in records)
    before = b""
    if pax:
        before = block(b"PaxHeaders/" + name[-80:], b"x", 0o644, [0, 0, len(pax), 0], b"", b"", 0)
        before += pax + padding(len(pax))
    return before + block(name, kind, mode, numbers, target, prefix, device)


def block(
    name: bytes,
    kind: bytes,
    mode: int,
    numbers: "list[int]",
    target: bytes,
    prefix: bytes,
    device: int,
) -> bytes:
    """A block of ustar."""
    fields = [name[:100].ljust(100, b"\0"), b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, *numbers)]
    after = [kind, target[:100].ljust(100, b"\0"), b"ustar\x0000", bytes(64)]
    after += [b"%07o\0%07o\0" % (os.major(device), os.minor(device))]
    after += [prefix.ljust(155, b"\0"), bytes(12)]
    first, last = b"".join(fields), b"".join(after)
    return first + b"%06o\0 " % (sum(first) + sum(last) + 8 * 32) + last


def record(key: bytes, value: bytes) -> bytes:
    """A record of a pax header, which begins with its own length."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while length != len(rest) + len(b"%d" % length):
        length = len(rest) + len(b"%d" % length)
    return b"%d" % length + rest


# --- the program ---------------------------------------------------------------------------------


def end_with_input() -> None:
    """Wait for the end of standard input, and end the program at once."""
    while os.read(0, 1):
        pass
    os._exit(1)


def main(mode: str, *arguments: str) -> None:
    """Run; see the top of this file."""
    # A closed pipe ends the program as well.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Each folder on the way down is an open file and two calls.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setrecursionlimit(3 * DEEPEST)
    if mode == "names":
        list_names(arguments[0])
        return
    options = json.loads(sys.stdin.buffer.readline().decode())
    threading.Thread(target=end_with_input, daemon=True).start()
    os.nice(10)
    if mode == "measure":
        measurement = Measurement(options)
        measurement.run()
        json.dump(measurement.view(), sys.stdout)
        sys.stdout.flush()
    else:
        layer = Layer(options)
        layer.run()
        say({"done": layer.end()})


if __name__ == "__main__":
    main(*sys.argv[1:])
