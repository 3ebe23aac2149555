"""A folder as a tar file."""

import io
import os
import stat
import sys
import tarfile
import time

from .opening import FILE_FLAGS

# What the archive cannot show stands in this file of it.
LEFT_OUT = "LEFT-OUT.txt"
# Bytes that are written at once.
PIECE = 1 << 20


class Padded:
    """A file for as many bytes as were announced, with zeros from where it cannot be read on."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.failure = ""

    def read(self, size: int) -> bytes:
        """``size`` bytes."""
        data = b""
        while len(data) < size:
            data += self.piece(size - len(data)) or bytes(size - len(data))
        return data

    def piece(self, size: int) -> bytes:
        """The next bytes; none when there are no more."""
        if self.failure:
            return b""
        try:
            data = os.read(self.descriptor, size)
        except OSError as error:
            self.failure = error.strerror or "it cannot be read"
            return b""
        if not data:
            self.failure = "it has become shorter meanwhile, and is filled up with zeros"
        return data


class Archive:
    """A folder as a tar file that is written as it is read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.left_out: list[str] = []
        self.written: dict[tuple[int, int], str] = {}
        # PAX has no limit for sizes, and keeps names that are no UTF-8.
        self.tar = tarfile.open(  # noqa: SIM115
            fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT, bufsize=PIECE
        )

    def write(self, descriptor: int) -> None:
        """Write the folder ``descriptor``, and at last what could not be read of it."""
        self.add(self.name, os.fstat(descriptor))
        for folder, folders, names, at in os.fwalk(".", dir_fd=descriptor, onerror=self.unread):
            above = self.name + folder[1:]
            for name in sorted(folders + names):
                path = above + "/" + name
                try:
                    self.add_entry(path, name, at)
                except OSError as error:
                    self.tell(path, error.strerror)
        if self.left_out:
            text = "\n".join(self.left_out).encode("utf-8", "surrogateescape") + b"\n"
            member = tarfile.TarInfo(self.name + "/" + LEFT_OUT)
            member.size, member.mtime = len(text), int(time.time())
            self.tar.addfile(member, io.BytesIO(text))
        self.tar.close()
        sys.stdout.buffer.flush()

    def tell(self, path: str, why: "str | None") -> None:
        """Note what is not in the archive, or not as it was."""
        self.left_out.append(f"{path}: {why}")

    def unread(self, error: OSError) -> None:
        """Note a folder that cannot be read."""
        self.tell(str(error.filename), error.strerror)

    def add_entry(self, path: str, name: str, at: int) -> None:
        """Add what is called ``name`` in the folder ``at``."""
        found = os.stat(name, dir_fd=at, follow_symlinks=False)
        if stat.S_ISREG(found.st_mode):
            descriptor = os.open(name, FILE_FLAGS, dir_fd=at)
            try:
                content = Padded(descriptor)
                self.add(path, os.fstat(descriptor), content)
                if content.failure:
                    self.tell(path, content.failure)
            finally:
                os.close(descriptor)
        elif stat.S_ISLNK(found.st_mode):
            self.add(path, found, target=os.readlink(name, dir_fd=at))
        elif stat.S_ISDIR(found.st_mode):
            self.add(path, found)
        else:
            self.tell(path, "it is neither a file nor a folder")

    def add(
        self, path: str, found: os.stat_result, content: "Padded | None" = None, target: str = ""
    ) -> None:
        """Add one member."""
        member = tarfile.TarInfo(path)
        member.mode = stat.S_IMODE(found.st_mode)
        member.uid, member.gid, member.mtime = found.st_uid, found.st_gid, int(found.st_mtime)
        identity = (found.st_dev, found.st_ino)
        if target:
            member.type, member.linkname = tarfile.SYMTYPE, target
        elif content is None:
            member.type = tarfile.DIRTYPE
        elif found.st_nlink > 1 and identity in self.written:
            member.type, member.linkname = tarfile.LNKTYPE, self.written[identity]
        else:
            member.size = found.st_size
            if found.st_nlink > 1:
                self.written[identity] = path
        self.tar.addfile(member, content if member.isreg() else None)  # type: ignore[arg-type]
        # It would remember all, and a pod that reads has little memory.
        self.tar.members.clear()  # type: ignore[attr-defined]
