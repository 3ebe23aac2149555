"""Terminals of instances and jobs: shells that outlive the page that shows them."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import re
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Protocol

from jupyter_trainhub.errors import NotFound, TrainHubError
from jupyter_trainhub.hub.access.shell import COLUMNS, ROWS, Shell
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.specs.place import Place

# Characters of output that a page gets which connects anew.
REPLAYED = 1 << 16
# Seconds that a shell goes on which nobody watches.
UNWATCHED_SECONDS = 3600.0
_LARGEST = 1000  # columns or rows
# Starts a screen afresh, also one that already shows a part of what is replayed.
_RESET = "\x1bc"
# Questions of programs to the terminal (DA, DSR, colours). A terminal that answered a replayed one
# would type the answer into the shell.
_QUESTIONS = re.compile(r"\x1b\[[?>=]?[\d;]*[cn]|\x1b\]1[0-2];\?(?:\x07|\x1b\\)")


class Watcher(Protocol):
    """A page that shows a terminal. ``size`` is columns and rows, once they are known."""

    size: tuple[int, int] | None

    async def show(self, text: str) -> None:
        """Show output; returns when more can be taken."""

    def end(self) -> None:
        """There will be no more output."""


class Terminal:
    """One shell, and those who watch it. The smallest window among theirs is its size."""

    def __init__(self, id_: str, shell: Shell, forget: Callable[[], None]) -> None:
        self.id = id_
        self.last_activity = now()
        self._shell = shell
        self._forget = forget
        self._watchers: list[Watcher] = []
        self._size = (COLUMNS, ROWS)
        self._output = ""
        self._cut = False
        self._unwatched: asyncio.TimerHandle | None = None
        self._reading = asyncio.ensure_future(self._read())
        self._expect_watcher()

    def join(self, watcher: Watcher) -> str:
        """Watch it from now on; the output so far."""
        self._watchers.append(watcher)
        if self._unwatched is not None:
            self._unwatched.cancel()
        output = self._output.partition("\n")[2] if self._cut else self._output
        return _RESET + _QUESTIONS.sub("", output) if output else ""

    async def leave(self, watcher: Watcher) -> None:
        """Watch it no more; the shell goes on."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            if not self._watchers:
                self._expect_watcher()
            await self.fit()

    async def write(self, text: str) -> None:
        """Type."""
        self.last_activity = now()
        await self._shell.write(text.encode(errors="replace"))

    async def fit(self) -> None:
        """Make it as large as all its watchers can show."""
        sizes = [watcher.size for watcher in self._watchers if watcher.size]
        if not sizes:
            return
        columns, rows = (max(1, min(_LARGEST, *lengths)) for lengths in zip(*sizes, strict=True))
        if (columns, rows) != self._size:
            self._size = columns, rows
            await self._shell.resize(columns, rows)

    async def close(self) -> None:
        """End the shell, and tell its watchers."""
        self._end()
        self._reading.cancel()
        await self._shell.hang_up()

    async def _read(self) -> None:
        # A character may be cut in two by the pieces.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            while data := await self._shell.read():
                await self._show(decoder.decode(data))
            said = f"the shell has ended with exit code {await self._shell.wait()}"
        except TrainHubError as error:
            said = str(error)
        await self._show(f"\r\n\x1b[2m[{said}]\x1b[m\r\n")
        self._end()

    async def _show(self, text: str) -> None:
        if not text:
            return
        self.last_activity = now()
        self._output += text
        if len(self._output) > REPLAYED:
            self._output, self._cut = self._output[-REPLAYED:], True
        await asyncio.gather(*(watcher.show(text) for watcher in self._watchers))

    def _end(self) -> None:
        self._forget()
        if self._unwatched is not None:
            self._unwatched.cancel()
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher.end()

    def _expect_watcher(self) -> None:
        loop = asyncio.get_running_loop()
        self._unwatched = loop.call_later(UNWATCHED_SECONDS, self._expire)

    def _expire(self) -> None:
        self._closing = asyncio.ensure_future(self.close())


class Terminals:
    """The terminals that this server holds, by place. Methods are called on the event loop."""

    def __init__(self) -> None:
        self._terminals: dict[Place, dict[str, Terminal]] = {}
        self._numbers = count(1)

    def list(self, place: Place) -> list[Terminal]:
        """Those of a place, oldest first."""
        return [*self._terminals.get(place, {}).values()]

    def get(self, place: Place, id_: str) -> Terminal:
        """One of them. Raises NotFound."""
        with contextlib.suppress(KeyError):
            return self._terminals[place][id_]
        raise NotFound(
            f"{place.title} has no terminal {id_!r}, or its shell has ended",
            reason="TerminalNotFound",
            remedy="Open a new one.",
        )

    async def open(self, place: Place, start: Callable[[], Awaitable[Shell]]) -> Terminal:
        """A terminal for the shell that ``start`` starts."""
        shell, id_ = await start(), str(next(self._numbers))
        found = self._terminals.setdefault(place, {})

        def forget() -> None:
            found.pop(id_, None)

        found[id_] = Terminal(id_, shell, forget)
        return found[id_]

    async def close(self) -> None:
        """End them all."""
        open_ = [terminal for place in self._terminals for terminal in self.list(place)]
        await asyncio.gather(*(terminal.close() for terminal in open_))
