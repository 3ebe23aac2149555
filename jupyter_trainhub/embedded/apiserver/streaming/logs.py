"""``pods/log``, as kubelet reads it from a container's log file.

A line of that file is the time, the stream, ``F`` (a full line) or ``P`` (a part of one), the text.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from typing import BinaryIO

from tornado.iostream import StreamClosedError

from ...apimachinery import clock
from ...apimachinery.resources import PODS, Resource
from ...apimachinery.status import Cause, bad_request, invalid, invalid_object
from ...kubelet.kubelet import container_name
from ..server import ApiHandler

_FOLLOW_POLL = 0.05  # seconds between looks at a log that is followed
_BLOCK = 1 << 16

_OPTIONS = Resource("", "v1", "pods", "PodLogOptions")
_SMALLEST = {"tailLines": 0, "sinceSeconds": 1, "limitBytes": 1}


class LogHandler(ApiHandler):
    """Writes a log, and what is added to it for as long as it is followed."""

    async def get(self, namespace: str, name: str) -> None:
        pod, query = self.context.store.get(PODS, namespace, name), self.query()
        numbers = _numbers(name, query)
        container = container_name(pod, query.get("container", ""))
        if not pod["spec"].get("nodeName"):
            # What a real server answers for a pod that no node runs.
            self.set_status(204)
            return
        previous = query.get("previous") in ("true", "1")
        path, running = self.context.kubelet.log(pod, container, previous)
        follow = query.get("follow") in ("true", "1")
        alive = running.alive if running else bool
        timestamps = query.get("timestamps") in ("true", "1")
        since = _since(query, numbers)
        left = numbers.get("limitBytes")
        self.set_header("Content-Type", "text/plain")
        client = self.request.connection
        with path.open("rb") as file:
            if "tailLines" in numbers:
                seek_last(file, numbers["tailLines"])
            try:
                await self.flush()
                async for lines in read(file, alive if follow else None):
                    text = b"".join(show(line, timestamps) for line in lines if line >= since)
                    if left is not None:
                        text, left = text[:left], left - len(text)
                    if text:
                        self.write(text)
                        await self.flush()
                    if left is not None and left <= 0:
                        return
                    if client.stream.closed():  # type: ignore[union-attr]
                        return
            except StreamClosedError:
                return


def _numbers(name: str, query: dict[str, str]) -> dict[str, int]:
    """The options that are numbers.

    Raises:
        ApiError: 400 or 422, one is none, or too small.
    """
    numbers, causes = {}, []
    for option, least in _SMALLEST.items():
        if option not in query:
            continue
        try:
            numbers[option] = int(query[option])
        except ValueError as error:
            text = f'strconv.ParseInt: parsing "{query[option]}": invalid syntax'
            raise bad_request(text) from error
        if numbers[option] < least:
            detail = "must be greater than or equal to 0" if not least else "must be greater than 0"
            causes.append(invalid(option, numbers[option], detail))
    if "sinceSeconds" in query and "sinceTime" in query:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(Cause("FieldValueForbidden", text, ""))
    if causes:
        raise invalid_object(_OPTIONS, name, causes)
    return numbers


def _since(query: dict[str, str], numbers: dict[str, int]) -> bytes:
    """The time from which on lines are shown, as it stands in the file."""
    if "sinceTime" in query:
        try:
            start = clock.parse(query["sinceTime"])
        except ValueError as error:
            raise bad_request(f"invalid sinceTime: {query['sinceTime']}") from error
    elif "sinceSeconds" in numbers:
        start = datetime.now(timezone.utc) - timedelta(seconds=numbers["sinceSeconds"])
    else:
        return b""
    return start.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f").encode()


def seek_last(file: BinaryIO, count: int) -> None:
    """Stand before the last ``count`` lines; each part of a line counts as one, as with kubelet."""
    position = file.seek(0, os.SEEK_END)
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
            return
        missing, position = missing - here, start
    file.seek(0)


async def read(
    file: BinaryIO, alive: Callable[[], bool] | None = None
) -> AsyncIterator[list[bytes]]:
    """Whole lines, block by block, up to where the file ends now, or while its writer is alive."""
    size = os.fstat(file.fileno()).st_size
    rest = b""
    while True:
        # Asked first: what was written before the end is then read after it.
        more = alive is not None and alive()
        while block := file.read(_BLOCK if alive else min(_BLOCK, size - file.tell())):
            *lines, rest = (rest + block).split(b"\n")
            yield lines
        if not more:
            return
        yield []
        await asyncio.sleep(_FOLLOW_POLL)


def show(line: bytes, timestamps: bool = False) -> bytes:
    """The text of one line of the file, as it was written."""
    time, _, tag, text = line.split(b" ", 3)
    text = text + b"\n" if tag == b"F" else text
    return time + b" " + text if timestamps else text
