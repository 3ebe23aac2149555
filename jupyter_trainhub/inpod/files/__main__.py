"""What is told of files, and the command line."""

import errno
import json
import os
import signal
import stat
import sys
import threading
import time
from functools import partial
from typing import Any, Callable  # noqa: UP035 - Python 3.7

from .archive import PIECE, Archive
from .opening import Refused, open_below

# Entries of a folder that are listed.
MOST_ENTRIES = 10_000
# Seconds between two signs that a file is being read, for the main program of a reader pod.
SIGN_SECONDS = 30

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}


def tag(found: os.stat_result) -> str:
    """What changes with the content of a file."""
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"


def facts(found: os.stat_result) -> "dict[str, Any]":
    """What is told of a file or folder."""
    kind = KINDS.get(stat.S_IFMT(found.st_mode), "other")
    size = found.st_size if kind == "file" else None
    return {"type": kind, "size": size, "modified": found.st_mtime, "tag": tag(found)}


def say(found: "dict[str, Any]") -> None:
    """Write the first line of the answer."""
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")
    sys.stdout.buffer.flush()


def list_folder(descriptor: int) -> "dict[str, Any]":
    """The entries of a folder, in no order, and how full its file system is."""
    here = facts(os.fstat(descriptor))
    items: list[dict[str, Any]] = []
    if here["type"] == "directory":
        with os.scandir(descriptor) as entries:
            for entry in entries:
                if len(items) == MOST_ENTRIES:
                    here["truncated"] = True
                    break
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                items.append(dict(facts(found), name=entry.name))
    system = os.fstatvfs(descriptor)
    here["total"] = system.f_blocks * system.f_frsize
    here["used"] = (system.f_blocks - system.f_bfree) * system.f_frsize
    here["items"] = items
    return here


def file_part(found: "dict[str, Any]", offset: int, length: "int | None", wanted: str) -> int:
    """How many of ``length`` bytes (None: all) from ``offset`` on a file has."""
    if found["type"] != "file":
        raise Refused("NotAFile", "it is a folder")
    if wanted and found["tag"] != wanted:
        raise Refused("Changed", "the file has changed meanwhile")
    left = max(0, int(found["size"]) - offset)
    return left if length is None else min(left, length)


def send(descriptor: int, offset: int, length: int) -> None:
    """Write ``length`` bytes of a file; fewer if it has become shorter meanwhile."""
    os.lseek(descriptor, offset, os.SEEK_SET)
    while length:
        data = os.read(descriptor, min(length, PIECE))
        if not data:
            break
        length -= len(data)
        sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def give_signs(mark: str) -> None:
    """Tell the reader pod's main program that its files are in use."""
    while True:
        with open(mark, "a"):
            os.utime(mark)
        time.sleep(SIGN_SECONDS)


def end_with_input() -> None:
    """Wait for the end of standard input, and end the program at once."""
    while os.read(0, 1):
        pass
    os._exit(1)


def begin(mode: str, asked: "dict[str, Any]") -> "Callable[[], None]":
    """Write the first line of the answer; what writes the rest. Raises Refused."""
    try:
        descriptor = open_below(os.fsencode(asked["root"]), os.fsencode(asked["path"]))
        found = list_folder(descriptor) if mode == "list" else facts(os.fstat(descriptor))
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, "EIO")
        raise Refused(reason, error.strerror or reason) from None
    rest: Callable[[], None] = sys.stdout.flush
    if mode == "read":
        offset = asked["offset"]
        found["length"] = length = file_part(found, offset, asked["length"], asked["tag"])
        rest = partial(send, descriptor, offset, length)
    elif mode == "tar":
        if found["type"] != "directory":
            raise Refused("NotAFolder", "it is a file")
        rest = partial(Archive(asked["name"]).write, descriptor)
    say(found)
    return rest


def main(mode: str) -> None:
    """Read the request, and answer it; see the top of this program."""
    # A closed pipe ends the program as well.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    asked = json.loads(sys.stdin.buffer.readline().decode())
    threading.Thread(target=end_with_input, daemon=True).start()
    mark = os.environ.get("TRAINHUB_READER")
    if mark:
        threading.Thread(target=give_signs, args=(mark,), daemon=True).start()
    try:
        begin(mode, asked)()
    except Refused as error:
        say({"error": error.reason, "message": str(error)})


if __name__ == "__main__":
    main(*sys.argv[1:])
