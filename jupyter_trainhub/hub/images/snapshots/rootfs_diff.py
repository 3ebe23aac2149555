"""What has changed in a running container: asked of it by ``inpod/rootfs_diff.py``, over exec."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, TrainHubError
from jupyter_trainhub.hub.images.snapshots.engine import Check, Choice, Interrupted, Report, ignore
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, Exec
from jupyter_trainhub.manifests.labels import Object

_PROGRAM = "rootfs_diff.py"
# Reads exactly as much as it is sent, for older clusters cannot end a program's input.
_LOADER = (
    "import sys; n = int(sys.argv.pop(1)); "
    "exec(compile(sys.stdin.buffer.read(n), 'rootfs_diff.py', 'exec'))"
)
# How a shell, and a container runtime, tell of a program that SIGKILL ended.
_KILLED = 128 + 9
# Seconds between two looks whether anybody still wants it.
_LOOK_SECONDS = 0.5
# Bytes that are hashed and compressed at once: a message of a websocket has 32 KiB.
_PIECE = 1 << 20
# Seconds without a byte, of a program that tells twice a second how far it is, after which the
# connection counts as broken.
_SILENT_SECONDS = 120.0
_LONGEST_MEASUREMENT = 16 << 20
_LONGEST_COMPLAINT = 2000


class PodEngine:
    """Reads a container from within: without any privilege, and on every container runtime."""

    name = "pod"

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def measure(
        self, pod: Object, choice: Choice, check: Check = lambda: None, report: Report = ignore
    ) -> Object:
        """See :class:`.engine.Engine`; takes seconds, or a minute."""
        printed = bytearray()

        def keep(data: bytes) -> None:
            if len(printed) + len(data) > _LONGEST_MEASUREMENT:
                raise _failed("its measurement does not end")
            printed.extend(data)

        self._run(pod, "measure", choice, keep, report, check)
        try:
            found = json.loads(printed)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not all(
            isinstance(found.get(key), int) for key in ("files", "bytes")
        ):
            raise _failed("its measurement cannot be read")
        return found

    def read(
        self,
        pod: Object,
        choice: Choice,
        sink: Callable[[bytes], None],
        check: Check,
        report: Report,
    ) -> Object:
        """See :class:`~jupyter_trainhub.hub.images.snapshots.engine.Engine`."""
        ends: list[Object] = []

        def hear(told: Object) -> None:
            if isinstance(told.get("done"), dict):
                ends.append(told["done"])
            else:
                report(told)

        self._run(pod, "tar", choice, sink, hear, check)
        if not ends:
            raise _broken()
        return ends[-1]

    def _run(
        self,
        pod: Object,
        mode: str,
        choice: Choice,
        sink: Callable[[bytes], None],
        report: Report,
        check: Check,
    ) -> None:
        name, options = pod["metadata"]["name"], choice.line(pod)
        asyncio.run(_run(self._client, name, mode, options, sink, report, check))


async def _run(
    client: KubeClient,
    pod: str,
    mode: str,
    options: bytes,
    sink: Callable[[bytes], None],
    report: Report,
    check: Check,
) -> None:
    source = program(_PROGRAM)
    command = ["python3", "-I", "-S", "-c", _LOADER, str(len(source)), mode]
    try:
        process = await Exec.start(client, pod, command, stdin=True)
        feeding = asyncio.ensure_future(process.write(source + options))
        lines = _Lines(report)
        try:
            await _follow(process, sink, lines.take, check)
            code = await process.wait()
        finally:
            feeding.cancel()
            # The program hears of it, and ends.
            await process.close()
    except CommandNotFound:
        raise Conflict(
            "the image of the instance has no python3, which is needed to read what has changed",
            reason="NoPython",
            remedy="Add python3 to the image.",
        ) from None
    except ClusterUnavailable as error:
        if error.reason != "ConnectionLost":
            raise
        raise _broken() from None
    if code == _KILLED:
        raise _failed("it was killed, as programs are when there is no memory left")
    if code != 0:
        raise _failed(lines.rest or f"it ended with exit code {code}")


async def _follow(
    process: Exec,
    sink: Callable[[bytes], None],
    hear: Callable[[bytes], None],
    check: Check,
) -> None:
    """Pass on what ``process`` writes, until there is no more."""
    loop = asyncio.get_running_loop()
    heard = loop.time()

    async def pass_on(pieces: _Pieces) -> None:
        nonlocal heard
        while (piece := await process.read()) is not None:
            if piece[0] == "stdout":
                await pieces.take(piece[1])
            else:
                hear(piece[1])
            heard = loop.time()
        await pieces.end()

    # One thread, which is what a layer is written by.
    with ThreadPoolExecutor(1) as thread:
        passing = asyncio.ensure_future(pass_on(_Pieces(sink, thread)))
        try:
            while not passing.done():
                await asyncio.wait({passing}, timeout=_LOOK_SECONDS)
                check()
                if loop.time() - heard > _SILENT_SECONDS:
                    raise Interrupted("the instance does not answer any more", remedy="Try again.")
            passing.result()
        finally:
            passing.cancel()


class _Pieces:
    """Gives bytes to ``sink`` in large pieces, in ``thread``, while the next ones come in."""

    def __init__(self, sink: Callable[[bytes], None], thread: ThreadPoolExecutor) -> None:
        self._sink, self._thread = sink, thread
        self._held = bytearray()
        self._given: asyncio.Future[None] | None = None

    async def take(self, data: bytes) -> None:
        """Hold bytes; waits while two pieces are on their way."""
        self._held += data
        if len(self._held) >= _PIECE:
            await self._give()

    async def end(self) -> None:
        """Give what is left, and wait until all of it is taken. Raises what ``sink`` raised."""
        await self._give()
        if self._given is not None:
            await self._given

    async def _give(self) -> None:
        piece, self._held = bytes(self._held), bytearray()
        if self._given is not None:
            await self._given
        self._given = asyncio.get_running_loop().run_in_executor(self._thread, self._sink, piece)


class _Lines:
    """Lines of JSON for ``report``; of anything else the end is kept, for it may be a traceback."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._begun = b""
        self.rest = ""

    def take(self, data: bytes) -> None:
        *lines, self._begun = (self._begun + data).split(b"\n")
        for line in lines:
            found: Any = None
            with contextlib.suppress(ValueError, RecursionError):
                found = json.loads(line)
            if isinstance(found, dict):
                self._report(found)
            elif line.strip():
                self.rest = line.decode(errors="replace")[-_LONGEST_COMPLAINT:]


def _broken() -> Interrupted:
    return Interrupted(
        "the connection to the instance broke while it was read", remedy="Try again."
    )


def _failed(why: str) -> TrainHubError:
    return Conflict(
        f"the program that reads the instance fails: {why}",
        reason="SnapshotFailed",
        remedy="See that the instance has memory left, and try again.",
    )
