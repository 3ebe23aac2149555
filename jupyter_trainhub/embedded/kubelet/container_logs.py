"""Containers' logs: which run's is meant, and how its file is read.

A line of the file is the time, the stream, ``F`` (a full line) or ``P`` (a part of one), the text.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from typing import BinaryIO

from ..apimachinery.status import bad_request
from ..apiserver.store import Object

_FOLLOW_POLL = 0.05  # seconds between looks at a log that is followed
_BLOCK = 1 << 16

_WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def attempt(pod: Object, container: str, previous: bool) -> int:
    """The number of the run whose log a container has to show: the current, else the last one.

    Raises:
        ApiError: 400 with kubelet's words, there is no such run yet.
    """
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    status = container_status(pod, container)
    if status is None:
        raise bad_request(f"{where} is not available")
    state, count = status.get("state") or {}, int(status.get("restartCount", 0))
    ended = "terminated" in (status.get("lastState") or {})
    is_run = "running" in state or "terminated" in state
    if previous and not ended:
        raise bad_request(f"previous terminated {where} not found")
    if is_run and not previous:
        return count
    if ended:
        return count - 1 if is_run else count
    reason = (state.get("waiting") or {}).get("reason", "")
    raise bad_request(f"{where} is waiting to start: {_WAITING.get(reason, reason)}")


def container_status(pod: Object, name: str) -> Object | None:
    """The status of a container or init container of that name."""
    status = pod["status"]
    for field in ("containerStatuses", "initContainerStatuses"):
        for entry in status.get(field) or []:
            if entry["name"] == name:
                found: Object = entry
                return found
    return None


def seek_last(file: BinaryIO, count: int) -> int:
    """Stand before the last ``count`` lines; each part of a line counts as one, as with kubelet.

    Returns where the file ended then (bytes).
    """
    position = end = file.seek(0, os.SEEK_END)
    missing = count + 1  # the line break before the first of them
    while position > 0:
        start = max(0, position - _BLOCK)
        file.seek(start)
        block = file.read(position - start)
        here = block.count(b"\n")
        if here >= missing:
            cut = len(block)
            for _ in range(missing):
                cut = block.rindex(b"\n", 0, cut)
            file.seek(start + cut + 1)
            return end
        missing, position = missing - here, start
    file.seek(0)
    return end


async def read(
    file: BinaryIO, alive: Callable[[], bool] | None = None, end: int | None = None
) -> AsyncIterator[list[bytes]]:
    """Whole lines, block by block, up to ``end`` (now: the file's), or while its writer is alive.

    A file that was put aside meanwhile is followed by the one in its place.
    """
    size, rest = os.fstat(file.fileno()).st_size if end is None else end, b""
    with contextlib.ExitStack() as opened:
        while True:
            # Asked first: what was written before the end is then read after it.
            more = alive is not None and alive()
            aside = more and _is_aside(file)
            while block := file.read(_BLOCK if alive else min(_BLOCK, size - file.tell())):
                *lines, rest = (rest + block).split(b"\n")
                yield lines
            if aside:
                file = opened.enter_context(open(file.name, "rb"))
                continue
            if not more:
                return
            yield []
            await asyncio.sleep(_FOLLOW_POLL)


def _is_aside(file: BinaryIO) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(file.name).st_ino != os.fstat(file.fileno()).st_ino
    return False


def show(
    lines: list[bytes], since: bytes = b"", timestamps: bool = False, fresh: bool = True
) -> tuple[bytes, bool]:
    """The text of lines of the file from ``since`` on, as it was written, perhaps with times.

    ``fresh`` and what is returned beside the text: whether a line of the text begins there. A line
    that is stored in parts has one time only, as with kubelet.
    """
    texts: list[bytes] = []
    for line in lines:
        stamp, _, tag, text = line.split(b" ", 3)
        if line >= since:
            texts += (stamp, b" ") if timestamps and fresh else ()
            texts += (text, b"\n") if tag == b"F" else (text,)
        fresh = tag == b"F"
    return b"".join(texts), fresh
