"""One question to ``inpod/files``, put to it by exec, and its answer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from types import TracebackType
from typing import Any

from jupyter_trainhub.errors import (
    ClusterUnavailable,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
    WaitTimeout,
)
from jupyter_trainhub.hub.volumes.readers import VolumeRoot
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import Exec
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.labels import Object

_PROGRAM = "files.py"
# Reads exactly as much as it is sent, for the rest is the program's input.
_LOADER = (
    "import sys; n = int(sys.argv.pop(1)); "
    "exec(compile(sys.stdin.buffer.read(n), 'files.py', 'exec'))"
)
# Seconds without a byte after which a connection counts as broken.
_SILENT_SECONDS = 60.0
_LONGEST_ANSWER = 16 << 20


class CannotRead(Conflict):
    """This container does not read the volume: it has ended meanwhile, or has no Python."""

    default_reason = "ReadingFailed"


class Answer:
    """What the program tells: ``head``, and the bytes behind it."""

    def __init__(self, process: Exec) -> None:
        self._process = process
        self._rest = b""
        self._complaint = b""
        self.head: Object = {}

    @classmethod
    async def to(cls, client: KubeClient, root: VolumeRoot, mode: str, request: Object) -> Answer:
        """Start the program and read its first line. Raises CannotRead, ClusterUnavailable."""
        source = program(_PROGRAM)
        command = ["python3", "-I", "-S", "-c", _LOADER, str(len(source)), mode]
        try:
            process = await Exec.start(
                client, root.pod, command, container=root.container, stdin=True
            )
            answer = cls(process)
            try:
                await process.write(source + json.dumps(request).encode() + b"\n")
                await answer._read_head()
            except BaseException:
                await answer.close()
                raise
        except (NotFound, Conflict) as error:
            raise CannotRead(error.message, remedy=error.remedy) from None
        return answer

    async def _read_head(self) -> None:
        line = bytearray()
        async with aclosing(self.body()) as pieces:
            async for data in pieces:
                line += data
                if b"\n" in data or len(line) > _LONGEST_ANSWER:
                    break
        head, _, self._rest = bytes(line).partition(b"\n")
        try:
            found = foreign_json.parse(head)
        except ValueError:
            await self.end()
            raise broken() from None
        if not _is_answer(found):
            # The "python3" of an image is what its maker made of it.
            raise CannotRead("the container answers something else", remedy="Try again.")
        self.head = found

    def check(self, path: str) -> None:
        """Raise what the program says of ``path``, if it cannot be had."""
        if "error" in self.head:
            raise _refusal(path, self.head["error"], self.head["message"])

    async def body(self) -> AsyncGenerator[bytes, None]:
        """What comes behind the first line. Raises WaitTimeout after a long silence."""
        if self._rest:
            rest, self._rest = self._rest, b""
            yield rest
        while True:
            try:
                piece = await asyncio.wait_for(self._process.read(), _SILENT_SECONDS)
            except asyncio.TimeoutError:
                raise WaitTimeout(
                    "the pod that reads the volume does not answer any more", remedy="Try again."
                ) from None
            if piece is None:
                return
            if piece[0] == "stdout":
                yield piece[1]
            else:
                self._complaint = (self._complaint + piece[1])[-2000:]

    async def end(self) -> None:
        """Return if the program succeeded. Raises CannotRead, Conflict, ClusterUnavailable."""
        code = await self._process.wait()
        if code != 0:
            why = self._complaint.decode(errors="replace").strip().rsplit("\n", 1)[-1]
            raise CannotRead(
                f"the volume cannot be read: {why or f'the program ended with code {code}'}",
                remedy="Try again; if it goes on, look at the pods that use the volume.",
            )

    async def close(self) -> None:
        """End the program."""
        await self._process.close()

    async def __aenter__(self) -> Answer:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def broken() -> ClusterUnavailable:
    """The error for bytes that do not come."""
    return ClusterUnavailable(
        "the connection to the volume broke", reason="ConnectionLost", remedy="Try again."
    )


def _is_answer(head: Any) -> bool:
    """Whether ``head`` is what ``inpod/files`` says, on which everything else relies."""
    if not isinstance(head, dict):
        return False
    if "error" in head:
        return all(isinstance(head.get(name), str) for name in ("error", "message"))
    items = head.get("items", [])
    return (
        _is_entry(head)
        and re.fullmatch("[0-9a-f-]{1,80}", str(head.get("tag"))) is not None
        and isinstance(items, list)
        and all(_is_entry(item) and isinstance(item.get("name"), str) for item in items)
        and all(isinstance(head.get(name, 0), int) for name in ("used", "total", "length"))
    )


def _is_entry(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("type"), str)
        and isinstance(found.get("modified"), int | float)
        and isinstance(found.get("size"), int if found["type"] == "file" else int | None)
    )


def _refusal(path: str, reason: str, message: str) -> TrainHubError:
    shown = path or "the volume"
    if reason in ("ENOENT", "ENOTDIR"):
        return NotFound(
            f"there is no {shown!r} in the volume", field="path", remedy="Look at the folder again."
        )
    if reason in ("EACCES", "EPERM"):
        return Forbidden(
            f"{shown!r} may not be read",
            field="path",
            remedy="Let the job give others the right to read it (umask, chmod).",
        )
    if reason == "Changed":
        return Conflict(
            f"{shown!r} has changed meanwhile",
            reason=reason,
            field="path",
            remedy="Begin again.",
        )
    return InvalidField(
        f"{shown!r} cannot be read: {message}", field="path", remedy="Choose another path."
    )
