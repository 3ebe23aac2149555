"""``trainhub exec``: a shell in an instance or a job's pod, or a program there.

A program has this command's own streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
import threading
import tty
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Protocol

from jupyter_trainhub.cli.commands import connect
from jupyter_trainhub.specs.place import Place

if TYPE_CHECKING:
    from jupyter_trainhub.hub.access.entrances import Container
    from jupyter_trainhub.hub.hub import Hub

_BLOCK = 1 << 16


class _InTerminal(Protocol):
    """What a shell and a program with a terminal have in common."""

    async def read(self) -> bytes | tuple[str, bytes] | None: ...
    async def write(self, data: bytes) -> None: ...
    async def resize(self, columns: int, rows: int) -> None: ...
    async def wait(self) -> int: ...


def execute(options: Namespace, program: Sequence[str]) -> int:
    """``trainhub exec NAME [-- PROGRAM]``; the exit code of the shell or the program."""
    hub = connect(options)
    into = hub.entrances.container(Place.parse(options.name, options.rank))
    if not program or options.tty:
        return asyncio.run(_in_terminal(hub, into, program))
    return asyncio.run(_piped(hub, into, program))


async def _in_terminal(hub: Hub, into: Container, program: Sequence[str]) -> int:
    process: _InTerminal = await (hub.exec(into, program, tty=True) if program else hub.shell(into))
    resizing: set[asyncio.Future[None]] = set()

    def resize() -> None:
        if not os.isatty(0):
            return
        # Kept until it is done, or it might be collected before.
        task = asyncio.ensure_future(process.resize(*os.get_terminal_size(0)))
        resizing.add(task)
        task.add_done_callback(resizing.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, resize)
    with _raw():
        resize()
        _feed(process.write)
        while piece := await process.read():
            data = piece if isinstance(piece, bytes) else piece[1]
            await asyncio.to_thread(_write, sys.stdout.fileno(), data)
    return await process.wait()


async def _piped(hub: Hub, into: Container, program: Sequence[str]) -> int:
    process = await hub.exec(into, program)
    _feed(process.write, process.write_eof)
    targets = {"stdout": sys.stdout.fileno(), "stderr": sys.stderr.fileno()}
    try:
        while (piece := await process.read()) is not None:
            # In a thread: whoever reads it may be waiting for us to take its own output.
            await asyncio.to_thread(_write, targets[piece[0]], piece[1])
        return await process.wait()
    finally:
        await process.close()


def _feed(
    write: Callable[[bytes], Awaitable[None]], end: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Pass the standard input on, from a thread: files and pipes are not alike to an event loop."""
    loop = asyncio.get_running_loop()

    async def pass_on(data: bytes) -> None:
        if data:
            await write(data)
        elif end is not None:
            await end()

    def read() -> None:
        # RuntimeError: the loop has ended with the program.
        with contextlib.suppress(RuntimeError, OSError, CancelledError):
            data = b"."
            while data:
                data = os.read(0, _BLOCK)
                asyncio.run_coroutine_threadsafe(pass_on(data), loop).result()

    threading.Thread(target=read, daemon=True, name="stdin").start()


def _write(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]


@contextlib.contextmanager
def _raw() -> Iterator[None]:
    """Let each key through as it is typed, also those typed already; restore it in the end."""
    if not os.isatty(0):
        yield
        return
    before = termios.tcgetattr(0)
    try:
        tty.setraw(0, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
