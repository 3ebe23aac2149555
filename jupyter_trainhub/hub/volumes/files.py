"""The files in a volume: listed and read by ``inpod/files``, over exec in a pod that mounts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from jupyter_trainhub.errors import ClusterUnavailable, WaitTimeout
from jupyter_trainhub.hub.volumes.answer import Answer, CannotRead, broken
from jupyter_trainhub.hub.volumes.readers import Readers
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.quantity import parse_quantity

# Times that a file is read on after its connection broke without having brought anything, and the
# seconds between the first two; each further pause is twice as long.
_TRIES = 5
_PAUSE = 0.5


@dataclass(frozen=True)
class File:
    """One version of a file; ``modified`` is RFC 3339, ``tag`` changes with what is in it."""

    path: str
    size: int
    modified: str
    tag: str


class Files:
    """Reads volumes. Its methods are coroutines, but what asks the cluster runs in threads.

    A path is text in which bytes that are no UTF-8 are escaped as by ``os.fsdecode``.
    """

    def __init__(self, client: KubeClient, readers: Readers, find: Callable[[str], Object]) -> None:
        self._client = client
        self._readers = readers
        self._find = find

    async def list(self, claim: str, path: str = "") -> Object:
        """``{path, type, items: [{name, path, type, size, modified}], truncated, used}``.

        Folders stand before files. ``type`` is ``file``, without items, for the path of a file;
        ``used`` are the bytes in use where the volume is a file system of its own. Raises
        NotFound, Forbidden, and Conflict where the volume cannot be read.
        """
        found_claim = await asyncio.to_thread(self._find, claim)
        async with await self._ask(found_claim, "list", path) as answer:
            found = answer.head
        items = [_item(item, path) for item in found["items"]]
        capacity = (found_claim["status"].get("capacity") or {}).get("storage", "0")
        return {
            "path": path,
            "type": found["type"],
            "items": sorted(items, key=lambda item: (item["type"] != "directory", item["name"])),
            "truncated": bool(found.get("truncated")),
            "used": _used(found, int(parse_quantity(capacity))),
        }

    async def stat(self, claim: str, path: str) -> File:
        """A file. Raises what :meth:`list` raises, and InvalidField for a folder."""
        found_claim = await asyncio.to_thread(self._find, claim)
        async with await self._ask(found_claim, "read", path, length=0) as answer:
            head = answer.head
        return File(path, head["size"], _time(head["modified"]), head["tag"])

    async def read(
        self, claim: str, file: File, offset: int = 0, length: int | None = None
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of ``file`` from ``offset`` on, ``length`` of them or all.

        A connection that breaks is made anew, and what came is not read twice. Raises Conflict when
        the file has changed meanwhile.
        """
        left = file.size - offset if length is None else min(length, file.size - offset)
        tries = 0
        while left > 0:
            try:
                found = await asyncio.to_thread(self._find, claim)
                asked = {"offset": offset, "length": left, "tag": file.tag}
                async with await self._ask(found, "read", file.path, **asked) as answer:
                    async for data in answer.body():
                        tries = 0
                        offset, left = offset + len(data), left - len(data)
                        yield data
                if left > 0:
                    raise broken()
            except (ClusterUnavailable, WaitTimeout, CannotRead):
                tries += 1
                if tries == _TRIES:
                    raise
                await asyncio.sleep(_PAUSE * 2**tries)

    async def archive(self, claim: str, path: str, name: str) -> AsyncGenerator[bytes, None]:
        """The folder ``path`` as a tar file, in which it is called ``name``.

        Raises what :meth:`list` raises before the first bytes, and ClusterUnavailable when the
        connection breaks within.
        """
        found = await asyncio.to_thread(self._find, claim)
        async with await self._ask(found, "tar", path, name=name) as answer:
            yield b""
            async for data in answer.body():
                yield data
            await answer.end()

    async def _ask(self, claim: Object, mode: str, path: str, **asked: Any) -> Answer:
        """The answer of the program to one request; in another pod where one cannot run it."""
        avoid: set[str] = set()
        while True:
            root = await asyncio.to_thread(self._readers.root, claim, avoid)
            request = {"root": root.path, "path": path, "offset": 0, "length": None, "tag": ""}
            try:
                answer = await Answer.to(self._client, root, mode, {**request, **asked})
            except CannotRead:
                if len(avoid) == _TRIES:
                    raise
                avoid.add(root.pod)
                continue
            try:
                answer.check(path)
            except BaseException:
                await answer.close()
                raise
            return answer


def _item(item: Object, folder: str) -> Object:
    name = item["name"]
    return {
        "name": name,
        "path": f"{folder.strip('/')}/{name}".lstrip("/"),
        "type": item["type"],
        "size": item["size"],
        "modified": _time(item["modified"]),
    }


def _time(seconds: float) -> str:
    # What no calendar has is shown as its first or last day.
    known = min(max(seconds, 0.0), 253402300799.0)
    moment = datetime.fromtimestamp(known, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _used(found: Object, capacity: int) -> int | None:
    """The bytes in use; None where the volume is a folder of a larger file system."""
    own = capacity / 2 <= found["total"] <= 1.1 * capacity
    return int(found["used"]) if own else None
