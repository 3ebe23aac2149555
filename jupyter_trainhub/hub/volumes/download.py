"""A file or a folder of a volume, written to this machine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.volumes.files import Files

T = TypeVar("T")

# ``(bytes that are there, bytes in all or None)``.
Report = Callable[[int, int | None], None]


def download(
    files: Files,
    claim: str,
    path: str,
    destination: Path,
    *,
    resume: bool = False,
    report: Report = lambda done, total: None,
) -> Path:
    """Write ``path`` of a volume to ``destination``, or into it where it is a folder; what came.

    A folder becomes a tar file. Until it is whole, a file lies beside its place, under a name that
    says which version of it this is: ``resume`` goes on with that. Raises what
    :class:`~jupyter_trainhub.hub.volumes.files.Files` raises, and InvalidField when it cannot be
    written here.
    """
    path = "/".join(name for name in path.split("/") if name not in ("", "."))
    return blocking(_download(files, claim, path, destination, resume, report))


async def _download(
    files: Files, claim: str, path: str, destination: Path, resume: bool, report: Report
) -> Path:
    name = path.rsplit("/", 1)[-1] or claim
    is_folder = (await files.list(claim, path))["type"] == "directory"
    target = destination / (f"{name}.tar" if is_folder else name)
    target = target if destination.is_dir() else destination
    try:
        if is_folder:
            part = _beside(target, "part")
            await _write(files.archive(claim, path, name), part, 0, None, report)
        else:
            file = await files.stat(claim, path)
            part = _beside(target, f"{file.tag}.part")
            have = part.stat().st_size if resume and part.exists() else 0
            have = have if have <= file.size else 0
            await _write(files.read(claim, file, have), part, have, file.size, report)
        part.replace(target)
    except OSError as error:
        raise InvalidField(
            f"{error.filename or target} cannot be written: {error.strerror}",
            field="destination",
            remedy="Choose a folder of yours with room enough.",
        ) from None
    return target


def _beside(target: Path, end: str) -> Path:
    return target.with_name(f"{target.name}.{end}")


async def _write(
    pieces: AsyncGenerator[bytes, None], part: Path, have: int, total: int | None, report: Report
) -> None:
    async with aclosing(pieces):
        with part.open("r+b" if have else "wb") as file:
            file.seek(have)
            report(have, total)
            async for data in pieces:
                # A write to a page cache; a disk that is slow holds up this download alone.
                file.write(data)
                have += len(data)
                report(have, total)
            file.truncate()


def blocking(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine, also in a kernel's thread, whose own event loop runs already.

    An interrupt ends the coroutine.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outcome: list[T | BaseException] = []
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def whole() -> T:
        task = asyncio.ensure_future(work)
        running.append((asyncio.get_running_loop(), task))
        return await task

    def run() -> None:
        try:
            outcome.append(asyncio.run(whole()))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        thread.join()
    except KeyboardInterrupt:
        with contextlib.suppress(RuntimeError):
            for loop, task in running:
                loop.call_soon_threadsafe(task.cancel)
        raise
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
