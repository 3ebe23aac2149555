"""What has changed in this container since it started, as the layer of an image.

``rootfs_diff.py names FOLDER`` writes down all names of the root file system, in FOLDER/names.gz.
start.sh runs it when the container starts, after it has made FOLDER/started.

``rootfs_diff.py measure`` and ``rootfs_diff.py tar`` read options from standard input, one line of
JSON: {"state": FOLDER, "exclude": [glob], "include": [glob], "secret_paths": [glob],
"secrets": "report" | "exclude" | "include", "volumes": [mount point], "count_left_out": bool}, all
optional. The first prints a JSON document, the second a tar stream with whiteouts (OCI image
specification, "Image Layer Filesystem Changeset"). Both tell on standard error how far they are, a
JSON object a line; the last one of ``tar`` has the key ``done``. The end of standard input ends
them: container engines tell a program in no other way that nobody waits for it any more.

In a glob ``*`` and ``?`` stay within a name, ``**`` stands for any folders, and one without a slash
at its beginning may lie anywhere. It stands for what it names with all below.

Changed is what has a ctime of the start or later: an overlay makes a new inode of whatever is
written to or gets other modes, and unlike the mtime the ctime cannot be set back by touch, tar or
pip. What the list of names lacks is new, whatever its ctime, and what only the list has is deleted.

Needs Python 3.6 and nothing else; its annotations are strings for that version.
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
import tarfile
import threading
import time
import zlib
from typing import Any, Iterator, NamedTuple  # noqa: UP035

MIB = 1 << 20
TELL_SECONDS = 0.5
# Paths of one kind that are told.
MOST_PATHS = 1000
# Bytes of a list of names, which stay well below the limit of the volume that it is written to.
MOST_NAMES = 96 * MIB
# Levels of folders that are looked into: each takes an open file.
DEEPEST = 2500


def shown(path: bytes) -> str:
    """A path as text; bytes that are none are escaped."""
    return path.decode("utf-8", "backslashreplace")


def say(what: "dict[str, Any]") -> None:
    """Tell something on standard error."""
    os.write(2, json.dumps(what).encode() + b"\n")


# --- what belongs to the root file system --------------------------------------------------------


class Mount(NamedTuple):
    """A line of /proc/self/mountinfo (proc_pid_mountinfo(5))."""

    path: bytes
    root: bytes
    read_only: bool
    kind: bytes
    options: bytes


def mounts(text: bytes) -> "list[Mount]":
    """The mounts of a mountinfo, in the order in which they were made."""
    found = []
    for line in text.splitlines():
        left, _, right = line.partition(b" - ")
        fields, more = left.split(b" "), right.split(b" ")
        read_only = b"ro" in fields[5].split(b",")
        found.append(Mount(_plain(fields[4]), fields[3], read_only, more[0], more[-1]))
    return found


def _plain(escaped: bytes) -> bytes:
    return re.sub(rb"\\([0-7]{3})", lambda match: bytes((int(match.group(1), 8),)), escaped)


def foreign(text: bytes, volumes: "list[str]") -> "dict[bytes, Mount]":
    """The mounts that are not of the root file system, by their paths.

    Of it are / and overlays whose upper folder lies outside of what the container can see, for its
    engine made them. ``volumes`` are never of it, however they are mounted.
    """
    others: dict[bytes, Mount] = {}
    for mount in mounts(text):
        upper = re.search(rb"(?:^|,)upperdir=([^,]*)", mount.options)
        if upper and mount.kind == b"overlay" and mount.root == b"/" and mount.path not in others:
            folder = _plain(upper.group(1))
            # A path in /proc is of the process that mounted it, and says nothing to others.
            hidden = folder.startswith(b"/proc/") or not os.path.isdir(folder)
            if hidden and os.fsdecode(mount.path) not in volumes:
                continue
        if mount.path != b"/":
            others[mount.path] = mount
    return others


def mountinfo() -> bytes:
    """What this process sees of the mounts."""
    with open("/proc/self/mountinfo", "rb") as file:
        return file.read()


def by_folder(paths: "dict[bytes, Mount]") -> "dict[bytes, set[bytes]]":
    """What is left out in each folder, with what TrainHub itself mounts."""
    hidden = {b"": {b"trainhub", b"trainhub-start"}}
    for path in paths:
        folder, _, name = path.rpartition(b"/")
        hidden.setdefault(folder, set()).add(name)
    return hidden


def not_saved(others: "dict[bytes, Mount]") -> "list[dict[str, Any]]":
    """What is mounted, for people to read, without the insides of the kernel's folders."""
    found = []
    for path, mount in sorted(others.items()):
        top = b"/" + path.split(b"/")[1]
        if top in (b"/proc", b"/sys", b"/dev") and path not in (top, b"/dev/shm"):
            continue
        own = top in (b"/proc", b"/sys", b"/trainhub", b"/trainhub-start") or path == b"/dev"
        if own or not os.path.isdir(path):  # such as /etc/hosts, and libraries of GPU drivers
            kind = "system"
        else:
            kind = "memory" if mount.kind == b"tmpfs" else "volume"
        found.append({"path": shown(path), "kind": kind, "title": "", "read_only": mount.read_only})
    return found


def scan(fd: int) -> "Iterator[tuple[bytes, os.DirEntry[Any]]]":
    """The entries of an open folder. Python 3.6 needs a path for it."""
    with os.scandir(fd if sys.version_info >= (3, 7) else f"/proc/self/fd/{fd}") as entries:
        for entry in entries:
            yield os.fsencode(entry.name), entry


def open_folder(name: bytes, parent: "int | None", path: bytes) -> int:
    """Open the folder ``path`` by its name in its parent; the file that it has become raises."""
    if path.count(b"/") > DEEPEST:
        raise OSError(errno.ENAMETOOLONG, "too deep")
    return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)


def open_file(name: bytes, parent: int) -> int:
    """Open a file to read, whatever it has become meanwhile."""
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=parent)


# --- when the container started, and what it held then -------------------------------------------


def started(state: str) -> "tuple[int, list[str]]":
    """The time, in ns, that divides the old from the new, and what is to be said about it.

    It is the ctime of the marker that start.sh made; without one, the start of process 1.
    """
    try:
        marker = os.stat(os.path.join(state, "started")).st_ctime_ns
        with open(os.path.join(state, "started")) as file:
            up_then = float(file.read(64))
    except (OSError, ValueError):
        with open("/proc/1/stat", "rb") as stats:
            ticks = int(stats.read().rpartition(b")")[2].split()[19])
        boot_clock = 7  # CLOCK_BOOTTIME
        age = time.clock_gettime(boot_clock) - ticks / os.sysconf("SC_CLK_TCK")
        return int((time.time() - age) * 1e9), []
    with open("/proc/uptime") as file:
        up_now = float(file.read().split()[0])
    # A clock that was set back since would make new files older than the marker.
    set_back = (marker / 1e9 - up_then) - (time.time() - up_now)
    if set_back < 1:
        return marker, []
    warning = f"The clock of the node was set back by {set_back:.0f} s since the start."
    return marker - int((set_back + 1) * 1e9), [warning]


class Names:
    """The list of names that was made at the start, read along with a walk in the same order.

    A record for each folder: its names in order, each with a NUL behind it, those of folders with a
    slash before that; a NUL ends it. The name "/" stands for a folder that could not be read. The
    records of the folders in it follow, in the order of their names. The user can write to the
    file: nothing in it is taken for a path.
    """

    def __init__(self, state: str) -> None:
        self.known = False
        self.why = "there is no list of what the container held when it started"
        self._buffer, self._at = b"", 0
        try:
            marker = os.stat(os.path.join(state, "started")).st_ctime_ns
            self._file = gzip.open(os.path.join(state, "names.gz"))  # noqa: SIM115
            # A list of an earlier container of the same pod belongs to another marker.
            self.known = json.loads(self._file.readline(MIB).decode()) == {"started": marker}
        except FileNotFoundError:
            if os.path.exists(os.path.join(state, "names.new")):
                self.why = "the list of what the container held when it started is not ready yet"
        except (OSError, EOFError, ValueError, zlib.error):
            pass

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
                self.known = False
                self.why = "the list of what the container held when it started is broken"
        return None

    def skip(self, folders: int = 1) -> None:
        """Pass over the records of so many folders and of all below them."""
        while folders > 0 and self.known:
            folders += sum(name.endswith(b"/") for name in self.record() or ()) - 1


def list_names(state: str) -> None:
    """Write the list of names, using only what nobody else wants of the machine."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    marker = os.stat(os.path.join(state, "started")).st_ctime_ns
    new = os.path.join(state, "names.new")
    with open(new, "wb") as raw, gzip.GzipFile("", "wb", 1, raw, 0) as packed:
        packed.write(json.dumps({"started": marker}).encode() + b"\n")
        pending = bytearray()
        hidden = by_folder(foreign(mountinfo(), []))
        for record in _records(open_folder(b"/", None, b""), b"", hidden):
            pending += record
            if len(pending) > MIB:
                packed.write(pending)
                pending.clear()
                if raw.tell() > MOST_NAMES:
                    raise OSError(errno.EFBIG, "too many names")
        packed.write(pending)
    # Whole or not at all.
    os.rename(new, os.path.join(state, "names.gz"))


def _records(fd: int, path: bytes, hidden: "dict[bytes, set[bytes]]") -> "Iterator[bytes]":
    """The records of an open folder and of those below it; closes it."""
    ways = [(fd, path, _Listing(fd, hidden.get(path, ())))]
    yield ways[-1][2].record
    while ways:
        fd, path, listing = ways[-1]
        if not listing.folders:
            os.close(fd)
            ways.pop()
            continue
        name = listing.folders.pop()
        below = path + b"/" + name
        try:
            fd = open_folder(name, fd, below)
        except OSError:
            yield UNKNOWN
            continue
        ways.append((fd, below, _Listing(fd, hidden.get(below, ()))))
        yield ways[-1][2].record


UNKNOWN = b"/\0\0"


class _Listing:
    """The record of an open folder, and the folders in it, the last one first."""

    def __init__(self, fd: int, hidden: "Any") -> None:
        self.folders: list[bytes] = []
        try:
            names = sorted(
                name + b"/" if entry.is_dir(follow_symlinks=False) else name
                for name, entry in scan(fd)
                if name not in hidden
            )
        except OSError:
            self.record = UNKNOWN
            return
        self.record = b"".join(name + b"\0" for name in names) + b"\0"
        self.folders = [name[:-1] for name in reversed(names) if name.endswith(b"/")]


# --- what is left out ----------------------------------------------------------------------------


class Globs:
    """Patterns of paths."""

    def __init__(self, patterns: "list[str]") -> None:
        self._by_name: dict[bytes, list[Any]] = {}
        self._others: list[Any] = []
        for pattern in patterns:
            words = pattern.encode("utf-8", "surrogateescape").strip(b"/").split(b"/")
            inside = words[-1] == b"**"
            words = words[:-1] if inside else words
            if not pattern.startswith("/"):
                words.insert(0, b"**")
            last = words[-1] if words else b""
            rule = (re.compile(b"".join(map(_regex, words)) + rb"\Z"), pattern, inside)
            if b"*" in last or b"?" in last:
                self._others.append((re.compile(_regex(last) + rb"\Z"), rule))
            else:
                self._by_name.setdefault(last, []).append(rule)

    def find(self, path: bytes, name: bytes) -> "tuple[str, bool] | None":
        """The pattern that ``path`` is of, and whether only what lies in it is meant."""
        rules = self._by_name.get(name, [])
        # The name alone decides quickly about most.
        rules = rules + [rule for last, rule in self._others if last.match(b"/" + name)]
        for regex, pattern, inside in rules:
            if regex.match(path):
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


# What only secrets look like: a kind, words of which one must occur, and how it goes on.
SECRETS = [
    ("private key", [b"PRIVATE KEY"],
     rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|[\r\n]){1,4}[\w/:, .-]{16}"),
    ("AWS access key", [b"AKIA", b"ASIA"], rb"\bA[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b"),
    ("Hugging Face token", [b"hf_"], rb"\bhf_[A-Za-z0-9]{30,}\b"),
    ("GitHub token", [b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"],
     rb"\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{36,}"),
    ("GitLab token", [b"glpat-"], rb"\bglpat-[\w-]{20,}"),
    ("Slack token", [b"xox"], rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    # Classes of CSS begin so, too, but have no digits and capitals.
    ("API key", [b"sk-"], rb"\bsk-(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])[\w-]{32,}"),
]  # fmt: skip
# Packages bring keys for their tests, and are many; nobody keeps secrets in them.
PACKAGES = re.compile(rb"/(?:site-packages|dist-packages|node_modules|pkgs)/|\A/usr/(?:lib|share)/")
# These lie beside secrets, and everybody may see them.
PUBLIC = re.compile(rb"\.pub\Z|\A(?:known_hosts(?:\.old)?|authorized_keys)\Z")


def is_searched(path: bytes, found: os.stat_result) -> bool:
    """Whether a file's content may hold secrets."""
    return 0 < found.st_size <= MIB and not PACKAGES.search(path)


def secret_in(text: bytes) -> "tuple[str, int] | None":
    """What kind of secret a file's content holds, and on which line; None for binary files."""
    if b"\0" in text[:8192]:
        return None
    for kind, words, regex in SECRETS:
        match = re.search(regex, text) if any(word in text for word in words) else None
        if match:
            return kind, text.count(b"\n", 0, match.start()) + 1
    return None


# --- the walk ------------------------------------------------------------------------------------


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
        state, include = options.get("state") or "/trainhub-start", options.get("include") or []
        self.foreign = foreign(mountinfo(), options.get("volumes") or [])
        self.mark, self.warnings = started(state)
        self.names = Names(state)
        self.secrets = options.get("secrets") or "report"
        self._secret_paths = Globs(options.get("secret_paths") or [])
        self._exclude = Globs([p for p in options.get("exclude") or [] if p not in include])
        self._include = Globs(include) if include else None
        self._hidden = by_folder(self.foreign)
        self._told = time.monotonic()
        self.files = self.bytes = self.deleted = 0
        self.found_secrets: list[dict[str, Any]] = []
        self.unreadable: list[bytes] = []

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
            self.names.skip(sum(name.endswith(b"/") for name in old or ()))
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
                self.names.skip()
        self.leave(path)

    def _go(self, parent: int, name: bytes, path: bytes, place: Place, listed: bool) -> None:
        """Look at a folder and all below it."""
        itself, inside = self._which_leave_out(path, name, place)
        try:
            fd = open_folder(name, parent, path)
        except OSError as error:
            if listed:
                self.names.skip()
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


# --- measure -------------------------------------------------------------------------------------

# The folders of a level that are shown, and files that are told by themselves.
CHILDREN, LARGE, MOST_LARGE = 12, 16 * MIB, 20
# Seconds of looking for secrets in what files hold.
SEARCH_SECONDS = 20.0


class Node:
    """A folder with what has changed in it and below."""

    def __init__(self, path: bytes) -> None:
        self.path, self.files, self.bytes = path, 0, 0
        self.children: list[Node] = []

    def add(self, files: int, size: int) -> None:
        """Count files."""
        self.files += files
        self.bytes += size

    def trimmed(self) -> "Node":
        """What will be shown of it: three levels; a folder with one folder only is that one."""
        if len(self.children) == 1 and self.children[0].files == self.files:
            return self.children[0]
        self.children = self._largest()
        for child in self.children:
            for inner in child.children:
                del inner.children[:]
        return self

    def view(self) -> "dict[str, Any]":
        """As JSON."""
        sums = {"path": shown(self.path), "files": self.files, "bytes": self.bytes}
        return dict(sums, children=self.views())

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

    def __init__(self, options: "dict[str, Any]") -> None:
        super().__init__(options)
        self.counts_left_out = options.get("count_left_out", True)
        self._tree = Node(b"")
        self._way: list[Node] = []
        self._links: set[tuple[int, int]] = set()
        self._large: list[tuple[int, bytes]] = []
        self._excluded: dict[str, list[int]] = {}
        self._searched, self._unsearched = 0.0, 0

    def enter(self, path: bytes) -> None:
        self._way.append(Node(path))

    def leave(self, path: bytes) -> None:
        node = self._way.pop()
        if not path:
            self._tree = node
        elif node.files:
            self._way[-1].add(node.files, node.bytes)
            self._way[-1].children.append(node.trimmed())

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        regular = stat.S_ISREG(found.st_mode)
        if regular and not os.access(name, os.R_OK, dir_fd=parent):
            self.unreadable.append(path)
            return
        size, inode = stored(found), (found.st_dev, found.st_ino)
        if found.st_nlink > 1:
            size = 0 if inode in self._links else size
            self._links.add(inode)
        self.files += 1
        self.bytes += size
        self._way[-1].add(1, size)
        if size >= LARGE:
            self._large.append((size, path))
        if secret:
            self.note_secret(path, "credentials file")
        elif regular and self.secrets != "include" and is_searched(path, found):
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
        sums[1] += stored(found)

    def view(self) -> "dict[str, Any]":
        """The measurement as JSON."""
        if self._unsearched:
            self.warnings.append(f"{self._unsearched} files were not searched for secrets.")
        paths = list(map(shown, self.unreadable[:20]))
        large = heapq.nlargest(MOST_LARGE, self._large)
        excluded = sorted(self._excluded.items())
        return {
            "files": self.files,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "deletions_known": self.names.known,
            "tree": self._tree.views(),
            "not_saved": not_saved(self.foreign),
            "excluded": [{"pattern": p, "files": n, "bytes": size} for p, (n, size) in excluded],
            "secrets": self.found_secrets,
            "unreadable": {"files": len(self.unreadable), "paths": paths},
            "large": [{"path": shown(path), "bytes": size} for size, path in large],
            "warnings": self.warnings,
        }


# --- tar -----------------------------------------------------------------------------------------

# A file up to this size is read whole, and again when it was written to meanwhile.
WHOLE, TRIES = 4 * MIB, 3
# Holes of fewer bytes in all, or in more pieces, are stored as zeros, which compress to nothing.
LEAST_HOLES, MOST_PIECES = MIB, 5000
# The attributes that an image can keep; those of overlayfs and of SELinux belong to the machine.
XATTRS = ("user.", "security.capability", "system.posix_acl_")
TYPES = {
    stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE,
}  # fmt: skip


class Layer(Walk):
    """Writes what has changed to standard output, as tar (pax, POSIX.1-2001)."""

    def __init__(self, options: "dict[str, Any]") -> None:
        super().__init__(options)
        self._links: dict[tuple[int, int], bytes] = {}
        self._buffer = bytearray()
        self._restless: list[bytes] = []
        self._excluded: list[bytes] = []

    def end(self) -> "dict[str, Any]":
        """Write the end of the stream; what is to be said about all of it."""
        self._write(bytes(2 * tarfile.BLOCKSIZE))
        self._flush()
        return {
            "files": self.files,
            "bytes": self.bytes,
            "deleted": self.deleted,
            "deletions_known": self.names.known,
            "changed_while_read": list(map(shown, self._restless[:MOST_PATHS])),
            "unreadable": list(map(shown, self.unreadable[:MOST_PATHS])),
            "excluded": list(map(shown, self._excluded[:MOST_PATHS])),
            "secrets": self.found_secrets,
            "warnings": self.warnings,
        }

    def folder(self, fd: int, path: bytes, found: os.stat_result) -> None:
        self._write(header(path or b"/.", tarfile.DIRTYPE, found, pax=xattrs(fd)))

    def gone(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        self._write(header(folder + b"/.wh." + name, tarfile.REGTYPE))

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        self._excluded.append(path)

    def file(
        self, parent: int, name: bytes, path: bytes, found: os.stat_result, secret: bool
    ) -> None:
        inode = (found.st_dev, found.st_ino)
        if secret:
            self.note_secret(path, "credentials file")
            if self.secrets == "exclude":
                return
        try:
            if found.st_nlink > 1 and inode in self._links:
                self._write(header(path, tarfile.LNKTYPE, found, self._links[inode]))
            elif stat.S_ISREG(found.st_mode):
                fd = open_file(name, parent)
                try:
                    if not self._regular(fd, path):
                        return
                finally:
                    os.close(fd)
            else:
                link = stat.S_ISLNK(found.st_mode)
                target = os.readlink(name, dir_fd=parent) if link else b""
                pax = xattrs(b"/proc/self/fd/%d/" % parent + name)
                self._write(header(path, TYPES[stat.S_IFMT(found.st_mode)], found, target, pax=pax))
        except FileNotFoundError:
            return  # deleted meanwhile
        except OSError:
            self.unreadable.append(path)
            return
        if found.st_nlink > 1:
            self._links.setdefault(inode, path[1:])
        self.files += 1
        self.tell(path)

    def _regular(self, fd: int, path: bytes) -> bool:
        """Write an open file; whether that was done."""
        found = os.fstat(fd)
        if found.st_size > WHOLE:
            self._stream(fd, path, found)
            return True
        for _ in range(TRIES):
            data, before = os.pread(fd, WHOLE, 0), found
            found = os.fstat(fd)
            if is_same(before, found) and len(data) == found.st_size:
                break
        else:
            self._restless.append(path)
        if self.secrets != "include" and is_searched(path, found):
            secret = secret_in(data)
            if secret is not None:
                self.note_secret(path, *secret)
                if self.secrets == "exclude":
                    return False
        self._write(header(path, tarfile.REGTYPE, found, size=len(data), pax=xattrs(fd)))
        self._write(data + padding(len(data)))
        self.bytes += len(data)
        return True

    def _stream(self, fd: int, path: bytes, found: os.stat_result) -> None:
        """Write a large file, of exactly the size that it had, whatever happens to it."""
        size, table, pax = found.st_size, b"", xattrs(fd)
        parts = pieces(fd, size) if stored(found) < size else [(0, size)]
        if parts != [(0, size)]:
            # GNU's sparse format 1.0: where the parts belong stands before them.
            numbers = [len(parts), *(number for part in parts for number in part)]
            table = b"".join(b"%d\n" % number for number in numbers)
            table += padding(len(table))
            pax.update({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
            pax.update({"GNU.sparse.name": as_text(path[1:]), "GNU.sparse.realsize": str(size)})
        length = len(table) + sum(part[1] for part in parts)
        self._write(header(path, tarfile.REGTYPE, found, size=length, pax=pax) + table)
        lacks = False
        for start, left in parts:
            while left:
                try:
                    data = os.pread(fd, min(left, MIB), start)
                except OSError:
                    data = b""
                lacks = lacks or not data
                data = data or bytes(min(left, MIB))
                self._write(data)
                start, left = start + len(data), left - len(data)
                self.bytes += len(data)
                self.tell(path)
        self._write(padding(length))
        if lacks or not is_same(found, os.fstat(fd)):
            self._restless.append(path)

    def _write(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= MIB:
            self._flush()

    def _flush(self) -> None:
        """Pass on what was held back so that pieces are not small; waits until it is taken."""
        rest = memoryview(self._buffer)
        while rest:
            rest = rest[os.write(1, rest) :]
        self._buffer = bytearray()


def stored(found: os.stat_result) -> int:
    """Bytes of a file in the layer: without its holes, if these are large."""
    if not stat.S_ISREG(found.st_mode):
        return 0
    size, used = found.st_size, found.st_blocks * 512
    return used if size > WHOLE and size - used >= LEAST_HOLES else size


def is_same(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nobody has written to a file in between."""
    return (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def pieces(fd: int, size: int) -> "list[tuple[int, int]]":
    """Where a file has no holes, as offset and length; all of it if it has too many."""
    found: list[tuple[int, int]] = []
    end = 0
    while end < size and len(found) <= MOST_PIECES:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size)
        except OSError:
            break  # a hole up to the end
        if start < size:
            found.append((start, end - start))
    if len(found) > MOST_PIECES:
        return [(0, size)]
    # A hole at the end is told by where it ends.
    return found if found and sum(found[-1]) == size else [*found, (size, 0)]


def xattrs(place: "int | bytes") -> "dict[str, str]":
    """The extended attributes of an open file, or of what is at a path, as pax headers."""
    follow, found = isinstance(place, int), {}
    try:
        for name in os.listxattr(place, follow_symlinks=follow):
            if name.startswith(XATTRS) and not name.startswith("user.overlay."):
                content = os.getxattr(place, name, follow_symlinks=follow)
                found["SCHILY.xattr." + name] = as_text(content)
    except OSError:
        pass  # a file system without them
    return found


def as_text(data: bytes) -> str:
    """Bytes as tarfile wants them, which makes the same bytes of them again."""
    return data.decode("utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """What fills the last block."""
    return bytes(-size % tarfile.BLOCKSIZE)


def header(
    path: bytes,
    kind: bytes,
    found: "os.stat_result | None" = None,
    target: bytes = b"",
    size: int = 0,
    pax: "dict[str, str] | None" = None,
) -> bytes:
    """The header of an entry; without ``found`` of a whiteout. Users and groups are numbers."""
    entry = tarfile.TarInfo(as_text(path[1:]))
    entry.type, entry.linkname, entry.size = kind, as_text(target), size
    entry.pax_headers, entry.mode = pax or {}, 0
    if found is not None:
        entry.mode, entry.uid, entry.gid = stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid
        # Whole seconds, as in all layers.
        entry.mtime = found.st_mtime_ns // 10**9
        if kind in (tarfile.CHRTYPE, tarfile.BLKTYPE):
            entry.devmajor, entry.devminor = os.major(found.st_rdev), os.minor(found.st_rdev)
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


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
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.setrecursionlimit(3 * DEEPEST)
    if mode == "names":
        list_names(arguments[0])
        return
    os.nice(10)
    options = json.loads(sys.stdin.buffer.readline().decode())
    threading.Thread(target=end_with_input, daemon=True).start()
    if mode == "measure":
        measurement = Measurement(options)
        measurement.run()
        print(json.dumps(measurement.view()), flush=True)
    else:
        layer = Layer(options)
        layer.run()
        say({"done": layer.end()})


if __name__ == "__main__":
    main(*sys.argv[1:])
