"""What has changed as a tar stream."""

import os
import stat
import tarfile
from typing import Any

from .entry import TRIES, WHOLE, as_text, header, is_same, padding, pieces, stored, xattrs
from .opening import MIB, open_file, shown
from .secrets import is_searched, secret_in
from .walk import MOST_PATHS
from .written import Written

TYPES = {
    stat.S_IFLNK: tarfile.SYMTYPE, stat.S_IFIFO: tarfile.FIFOTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE,
}  # fmt: skip


class Layer(Written):
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
            "deletions_known": self.deletions_known(),
            "changed_while_read": list(map(shown, self._restless[:MOST_PATHS])),
            "unreadable": list(map(shown, self.unreadable[:MOST_PATHS])),
            "excluded": list(map(shown, self._excluded[:MOST_PATHS])),
            "secrets": self.found_secrets,
            "warnings": self.warnings,
        }

    def folder(self, fd: int, path: bytes, found: os.stat_result) -> None:
        self._write(self.header(path or b"/.", tarfile.DIRTYPE, found, pax=self.attributes(fd)))

    def gone(self, path: bytes) -> None:
        folder, _, name = path.rpartition(b"/")
        self._write(self.header(folder + b"/.wh." + name, tarfile.REGTYPE))

    def emptied(self, path: bytes) -> None:
        self._write(self.header(path + b"/.wh..wh..opq", tarfile.REGTYPE))

    def left_out(self, pattern: str, path: bytes, found: os.stat_result) -> None:
        self._excluded.append(path)

    def header(
        self,
        path: bytes,
        kind: bytes,
        found: "os.stat_result | None" = None,
        target: bytes = b"",
        size: int = 0,
        pax: "dict[str, str] | None" = None,
    ) -> bytes:
        """See :func:`header`."""
        return header(path, kind, found, target, size, pax)

    def attributes(self, place: "int | bytes") -> "dict[str, str]":
        """See :func:`xattrs`."""
        return xattrs(place)

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
                self._write(self.header(path, tarfile.LNKTYPE, found, self._links[inode]))
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
                pax = self.attributes(b"/proc/self/fd/%d/" % parent + name)
                self._write(
                    self.header(path, TYPES[stat.S_IFMT(found.st_mode)], found, target, pax=pax)
                )
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
            data, before = os.pread(fd, found.st_size + 1, 0), found
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
        self._write(
            self.header(path, tarfile.REGTYPE, found, size=len(data), pax=self.attributes(fd))
        )
        self._write(data + padding(len(data)))
        self.bytes += len(data)
        return True

    def _stream(self, fd: int, path: bytes, found: os.stat_result) -> None:
        """Write a large file, of exactly the size that it had, whatever happens to it."""
        size, table, pax = found.st_size, b"", self.attributes(fd)
        parts = pieces(fd, size) if stored(found) < size else [(0, size)]
        if parts != [(0, size)]:
            # GNU's sparse format 1.0: where the parts belong stands before them.
            numbers = [len(parts), *(number for part in parts for number in part)]
            table = b"".join(b"%d\n" % number for number in numbers)
            table += padding(len(table))
            pax.update({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"})
            pax.update({"GNU.sparse.name": as_text(path[1:]), "GNU.sparse.realsize": str(size)})
        length = len(table) + sum(part[1] for part in parts)
        self._write(self.header(path, tarfile.REGTYPE, found, size=length, pax=pax) + table)
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
