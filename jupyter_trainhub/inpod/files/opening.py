"""Descriptors of files below a folder."""

import errno
import os
import stat

# Links on the way to a file.
MOST_LINKS = 40
# Not to wait for a FIFO that was put there meanwhile.
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Refused(Exception):
    """What is asked for cannot be had: a word for the reason, and a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def open_below(root: bytes, path: bytes) -> int:
    """A descriptor of ``path`` below ``root``, a file's or a folder's."""
    opened = [open_folder(root, None)]
    pending = [part for part in reversed(path.split(b"/")) if part not in (b"", b".")]
    if b".." in pending:
        raise Refused("Outside", "the path leads out of the volume")
    links = 0
    try:
        while pending:
            part = pending.pop()
            if part == b"..":
                if len(opened) == 1:
                    raise Refused("Outside", "a link leads out of the volume")
                os.close(opened.pop())
                continue
            found = os.stat(part, dir_fd=opened[-1], follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if links > MOST_LINKS:
                    raise Refused("Loop", "its links lead to each other")
                target = os.readlink(part, dir_fd=opened[-1])
                if target.startswith(b"/"):
                    target = below(root, target)
                    while len(opened) > 1:
                        os.close(opened.pop())
                pending.extend(
                    part for part in reversed(target.split(b"/")) if part not in (b"", b".")
                )
            elif stat.S_ISDIR(found.st_mode):
                opened.append(open_folder(part, opened[-1]))
            elif pending:
                raise NotADirectoryError(errno.ENOTDIR, "not a folder")
            elif stat.S_ISREG(found.st_mode):
                opened.append(os.open(part, FILE_FLAGS, dir_fd=opened[-1]))
            else:
                raise Refused("NotAFile", "it is neither a file nor a folder")
        return os.dup(opened[-1])
    finally:
        for descriptor in opened:
            os.close(descriptor)


def open_folder(name: bytes, above: "int | None") -> int:
    """A descriptor of the folder ``name``; below ``above`` it must be no link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    return os.open(name, flags | (0 if above is None else os.O_NOFOLLOW), dir_fd=above)


def below(root: bytes, target: bytes) -> bytes:
    """The part of an absolute link's target below ``root``."""
    prefix = root.rstrip(b"/") + b"/"
    if not (target + b"/").startswith(prefix):
        raise Refused("Outside", "a link leads out of the volume")
    return target[len(prefix) :]
