"""Entries of a layer, and what of a file goes into one."""

import os
import stat
import tarfile

from .opening import MIB

# A file up to this size is read whole, and again when it was written to meanwhile.
WHOLE, TRIES = 4 * MIB, 3
# Holes of fewer bytes in all, or in more pieces, are stored as zeros, which compress to nothing.
LEAST_HOLES, MOST_PIECES = MIB, 5000
# The attributes that an image can keep; those of overlayfs and of SELinux belong to the machine.
XATTRS = ("user.", "security.capability", "system.posix_acl_")


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
