"""An SFTP server on standard input and output, for images that have Python but no OpenSSH.

Version 3 of the protocol, which OpenSSH speaks, with those of its extensions that its clients use:
https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL, section
4. It may do what the user of the container may do, and starts in the container's folder.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE = 0, 1, 2, 3, 4, 5
UNSUPPORTED = 8
STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 101, 102, 103, 104, 105, 201

READ, WRITE, APPEND, CREAT, TRUNC, EXCL = 1, 2, 4, 8, 16, 32
SIZE, UIDGID, PERMISSIONS, ACMODTIME = 1, 2, 4, 8

# Bytes of one request and of one answer to a read; as OpenSSH's server has them.
LARGEST_PACKET = 256 * 1024
LARGEST_READ = 255 * 1024
# Names in one answer.
NAMES = 100

EXTENSIONS = {
    b"posix-rename@openssh.com": b"1",
    b"statvfs@openssh.com": b"2",
    b"fstatvfs@openssh.com": b"2",
    b"hardlink@openssh.com": b"1",
    b"fsync@openssh.com": b"1",
    b"lsetstat@openssh.com": b"1",
    b"limits@openssh.com": b"1",
    b"expand-path@openssh.com": b"1",
}


class Malformed(Exception):
    """The client sent what is no packet."""


class Packet:
    """Reads the fields of a request, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        end = self._at + length
        if end > len(self._data):
            raise Malformed
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def byte(self) -> int:
        """A number of 8 bits."""
        return self.take(1)[0]

    def uint32(self) -> int:
        """A number of 32 bits."""
        return int.from_bytes(self.take(4), "big")

    def uint64(self) -> int:
        """A number of 64 bits."""
        return int.from_bytes(self.take(8), "big")

    def string(self) -> bytes:
        """A string with its length before it."""
        return self.take(self.uint32())

    def attributes(self) -> dict[str, Any]:
        """Attributes of a file; the keys are those that are present."""
        flags = self.uint32()
        found: dict[str, Any] = {}
        if flags & SIZE:
            found["size"] = self.uint64()
        if flags & UIDGID:
            found["owner"] = (self.uint32(), self.uint32())
        if flags & PERMISSIONS:
            found["mode"] = stat.S_IMODE(self.uint32())
        if flags & ACMODTIME:
            found["times"] = (self.uint32(), self.uint32())
        return found


def uint32(*numbers: int) -> bytes:
    """Numbers of 32 bits; those that are larger, such as times after 2106, are cut."""
    return b"".join(struct.pack(">I", number & 0xFFFFFFFF) for number in numbers)


def string(text: bytes) -> bytes:
    """A string with its length before it."""
    return uint32(len(text)) + text


def attributes(found: os.stat_result) -> bytes:
    """The attributes of a file, as an answer has them."""
    flags = SIZE | UIDGID | PERMISSIONS | ACMODTIME
    return (
        uint32(flags)
        + struct.pack(">Q", found.st_size)
        + uint32(found.st_uid, found.st_gid, found.st_mode)
        + uint32(int(found.st_atime), int(found.st_mtime))
    )


def long_name(name: bytes, found: os.stat_result, user: str, group: str) -> bytes:
    """The line of ``ls -l``, which clients show as it is."""
    recent = abs(time.time() - found.st_mtime) < 180 * 24 * 3600
    when = time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", time.localtime(found.st_mtime))
    head = "%s %3d %-8s %-8s %8d %s " % (  # noqa: UP031
        stat.filemode(found.st_mode), found.st_nlink, user, group, found.st_size, when,
    )  # fmt: skip
    return head.encode() + name


def status_of(error: OSError) -> int:
    """The status code that tells of an error of the system."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP):
        return NO_SUCH_FILE
    if error.errno in (errno.EPERM, errno.EACCES, errno.EROFS):
        return PERMISSION_DENIED
    return FAILURE


class Folder:
    """A folder that is being listed."""

    def __init__(self, path: bytes) -> None:
        self.path = path
        self.names = iter([b".", b"..", *os.listdir(path)])
        # Thousands of files have few owners, and asking for a name may ask a directory service.
        self._users: dict[int, str] = {}
        self._groups: dict[int, str] = {}

    def next(self) -> list[bytes]:
        """The next entries, each with its long name and attributes."""
        entries = []
        for name in self.names:
            try:
                found = os.lstat(os.path.join(self.path, name))
            except OSError:
                # Removed meanwhile.
                continue
            line = long_name(name, found, self._user(found.st_uid), self._group(found.st_gid))
            entries.append(string(name) + string(line) + attributes(found))
            if len(entries) == NAMES:
                break
        return entries

    def _user(self, number: int) -> str:
        if number not in self._users:
            self._users[number] = str(number)
            with contextlib.suppress(KeyError):
                self._users[number] = pwd.getpwuid(number).pw_name
        return self._users[number]

    def _group(self, number: int) -> str:
        if number not in self._groups:
            self._groups[number] = str(number)
            with contextlib.suppress(KeyError):
                self._groups[number] = grp.getgrgid(number).gr_name
        return self._groups[number]


class Server:
    """Answers requests, one after the other."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source = source
        self._target = target
        self._open: dict[bytes, Any] = {}
        self._count = 0
        self._answers: dict[int, Callable[[Packet], tuple[int, bytes]]] = {
            3: self._open_file, 4: self._close, 5: self._read, 6: self._write,
            7: self._lstat, 8: self._fstat, 9: self._setstat, 10: self._fsetstat,
            11: self._opendir, 12: self._readdir, 13: self._remove, 14: self._mkdir,
            15: self._rmdir, 16: self._realpath, 17: self._stat, 18: self._rename,
            19: self._readlink, 20: self._symlink, 200: self._extended,
        }  # fmt: skip
        self._extended_answers: dict[bytes, Callable[[Packet], tuple[int, bytes]]] = {
            b"posix-rename@openssh.com": self._posix_rename,
            b"statvfs@openssh.com": lambda packet: self._statvfs(packet.string()),
            b"fstatvfs@openssh.com": lambda packet: self._statvfs(self._file(packet)),
            b"hardlink@openssh.com": self._hardlink,
            b"fsync@openssh.com": self._fsync,
            b"lsetstat@openssh.com": lambda packet: self._set(packet, follow=False),
            b"limits@openssh.com": self._limits,
            b"expand-path@openssh.com": self._expand_path,
        }

    def run(self) -> None:
        """Serve until the client has gone. Raises Malformed."""
        for packet in self._packets():
            kind = packet.byte()
            if kind == 1:
                offered = [string(name) + string(text) for name, text in EXTENSIONS.items()]
                self._send(2, uint32(3) + b"".join(offered))
                continue
            number = packet.take(4)
            answer, body = self._answer(kind, packet)
            self._send(answer, number + body)

    def _packets(self) -> Iterator[Packet]:
        while True:
            head = self._source.read(4)
            if len(head) < 4:
                return
            length = int.from_bytes(head, "big")
            if not 0 < length <= LARGEST_PACKET:
                raise Malformed
            body = self._source.read(length)
            if len(body) < length:
                return
            yield Packet(body)

    def _send(self, kind: int, body: bytes) -> None:
        self._target.write(uint32(len(body) + 1) + bytes((kind,)) + body)
        self._target.flush()

    def _answer(self, kind: int, packet: Packet) -> tuple[int, bytes]:
        answer = self._answers.get(kind)
        if answer is None:
            return status(UNSUPPORTED, "not supported")
        try:
            return answer(packet)
        except OSError as error:
            return status(status_of(error), error.strerror or str(error))
        except (Malformed, ValueError, OverflowError):
            # A path with a null byte among others.
            return status(BAD_MESSAGE, "bad message")

    def _keep(self, thing: Any) -> tuple[int, bytes]:
        self._count += 1
        handle = b"%d" % self._count
        self._open[handle] = thing
        return HANDLE, string(handle)

    def _file(self, packet: Packet) -> int:
        thing = self._open.get(packet.string())
        if not isinstance(thing, int):
            raise OSError(errno.EBADF, "no such handle")
        return thing

    def _open_file(self, packet: Packet) -> tuple[int, bytes]:
        path, wanted, given = packet.string(), packet.uint32(), packet.attributes()
        flags = os.O_RDWR if wanted & READ and wanted & WRITE else 0
        if not flags:
            flags = os.O_WRONLY if wanted & WRITE else os.O_RDONLY
        for bit, flag in (
            (APPEND, os.O_APPEND), (CREAT, os.O_CREAT), (TRUNC, os.O_TRUNC), (EXCL, os.O_EXCL),
        ):  # fmt: skip
            if wanted & bit:
                flags |= flag
        return self._keep(os.open(path, flags, given.get("mode", 0o666)))

    def _close(self, packet: Packet) -> tuple[int, bytes]:
        thing = self._open.pop(packet.string(), None)
        if thing is None:
            raise OSError(errno.EBADF, "no such handle")
        if isinstance(thing, int):
            os.close(thing)
        return status(OK)

    def _read(self, packet: Packet) -> tuple[int, bytes]:
        file, offset, length = self._file(packet), packet.uint64(), packet.uint32()
        data = os.pread(file, min(length, LARGEST_READ), offset)
        return (DATA, string(data)) if data or not length else status(EOF)

    def _write(self, packet: Packet) -> tuple[int, bytes]:
        file, offset, data = self._file(packet), packet.uint64(), memoryview(packet.string())
        while data:
            written = os.pwrite(file, data, offset)
            offset += written
            data = data[written:]
        return status(OK)

    def _stat(self, packet: Packet) -> tuple[int, bytes]:
        return ATTRS, attributes(os.stat(packet.string()))

    def _lstat(self, packet: Packet) -> tuple[int, bytes]:
        return ATTRS, attributes(os.lstat(packet.string()))

    def _fstat(self, packet: Packet) -> tuple[int, bytes]:
        return ATTRS, attributes(os.fstat(self._file(packet)))

    def _setstat(self, packet: Packet) -> tuple[int, bytes]:
        return self._set(packet)

    def _fsetstat(self, packet: Packet) -> tuple[int, bytes]:
        change(self._file(packet), packet.attributes())
        return status(OK)

    def _set(self, packet: Packet, *, follow: bool = True) -> tuple[int, bytes]:
        path = packet.string()
        change(path, packet.attributes(), follow=follow)
        return status(OK)

    def _opendir(self, packet: Packet) -> tuple[int, bytes]:
        return self._keep(Folder(packet.string()))

    def _readdir(self, packet: Packet) -> tuple[int, bytes]:
        folder = self._open.get(packet.string())
        if not isinstance(folder, Folder):
            raise OSError(errno.EBADF, "no such handle")
        entries = folder.next()
        return (NAME, uint32(len(entries)) + b"".join(entries)) if entries else status(EOF)

    def _remove(self, packet: Packet) -> tuple[int, bytes]:
        os.unlink(packet.string())
        return status(OK)

    def _mkdir(self, packet: Packet) -> tuple[int, bytes]:
        path = packet.string()
        os.mkdir(path, packet.attributes().get("mode", 0o777))
        return status(OK)

    def _rmdir(self, packet: Packet) -> tuple[int, bytes]:
        os.rmdir(packet.string())
        return status(OK)

    def _realpath(self, packet: Packet) -> tuple[int, bytes]:
        return name(os.path.realpath(packet.string() or b"."))

    def _expand_path(self, packet: Packet) -> tuple[int, bytes]:
        return name(os.path.realpath(os.path.expanduser(packet.string())))

    def _readlink(self, packet: Packet) -> tuple[int, bytes]:
        return name(os.readlink(packet.string()))

    def _symlink(self, packet: Packet) -> tuple[int, bytes]:
        # OpenSSH has always sent the target first, which the draft has second.
        target, link = packet.string(), packet.string()
        os.symlink(target, link)
        return status(OK)

    def _hardlink(self, packet: Packet) -> tuple[int, bytes]:
        os.link(packet.string(), packet.string())
        return status(OK)

    def _rename(self, packet: Packet) -> tuple[int, bytes]:
        old, new = packet.string(), packet.string()
        if os.path.lexists(new):
            # Version 3 replaces nothing; clients that want it ask for posix-rename.
            return status(FAILURE, "the new name is taken")
        os.rename(old, new)
        return status(OK)

    def _posix_rename(self, packet: Packet) -> tuple[int, bytes]:
        os.replace(packet.string(), packet.string())
        return status(OK)

    def _fsync(self, packet: Packet) -> tuple[int, bytes]:
        os.fsync(self._file(packet))
        return status(OK)

    def _statvfs(self, where: Any) -> tuple[int, bytes]:
        found = os.statvfs(where)
        read_only = 1 if found.f_flag & os.ST_RDONLY else 0
        numbers = (
            found.f_bsize, found.f_frsize, found.f_blocks, found.f_bfree, found.f_bavail,
            found.f_files, found.f_ffree, found.f_favail, 0, read_only, found.f_namemax,
        )  # fmt: skip
        return EXTENDED_REPLY, struct.pack(">11Q", *numbers)

    def _limits(self, packet: Packet) -> tuple[int, bytes]:
        # Zero means that there is no limit on open handles but the system's.
        return EXTENDED_REPLY, struct.pack(">4Q", LARGEST_PACKET, LARGEST_READ, LARGEST_READ, 0)

    def _extended(self, packet: Packet) -> tuple[int, bytes]:
        answer = self._extended_answers.get(packet.string())
        return status(UNSUPPORTED, "not supported") if answer is None else answer(packet)


def status(code: int, message: str = "") -> tuple[int, bytes]:
    """An answer that is a status."""
    return STATUS, uint32(code) + string(message.encode()) + string(b"")


def name(path: bytes) -> tuple[int, bytes]:
    """An answer that is one name."""
    return NAME, uint32(1) + string(path) + string(path) + uint32(0)


def change(what: Any, given: dict[str, Any], *, follow: bool = True) -> None:
    """Set attributes of a path or of an open file. Raises OSError."""
    if "size" in given:
        os.truncate(what, given["size"])
    if "mode" in given and (follow or not os.path.islink(what)):
        # Linux has no permissions of links.
        os.chmod(what, given["mode"])
    how: dict[str, Any] = {} if isinstance(what, int) else {"follow_symlinks": follow}
    if "times" in given:
        os.utime(what, given["times"], **how)
    if "owner" in given:
        os.chown(what, *given["owner"], **how)


def main() -> str | None:
    """Serve standard input and output; what went wrong, if anything did."""
    with contextlib.suppress(BrokenPipeError):
        try:
            Server(sys.stdin.buffer, sys.stdout.buffer).run()
        except Malformed:
            return "sftp-server: what the client sent is not SFTP"
    return None


if __name__ == "__main__":
    sys.exit(main())
