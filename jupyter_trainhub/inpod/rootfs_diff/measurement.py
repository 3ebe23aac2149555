"""How much has changed, and where."""

import heapq
import os
import stat
import time
from typing import Any

from .entry import stored
from .mounts import not_saved
from .opening import MIB, open_file, shown
from .secrets import is_searched, secret_in
from .written import Written

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


class Measurement(Written):
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
            above = self._way[-1] if self._way else self._tree
            above.add(node.files, node.bytes)
            above.children.append(node.trimmed())

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
            "deletions_known": self.deletions_known(),
            "tree": self._tree.views(),
            "not_saved": not_saved(self.foreign),
            "excluded": [{"pattern": p, "files": n, "bytes": size} for p, (n, size) in excluded],
            "secrets": self.found_secrets,
            "unreadable": {"files": len(self.unreadable), "paths": paths},
            "large": [{"path": shown(path), "bytes": size} for size, path in large],
            "warnings": self.warnings,
        }
