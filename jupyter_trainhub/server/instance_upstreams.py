"""Where instances listen, remembered for the dozens of files that a page asks for at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from jupyter_trainhub.server.upstream import Upstream

# The programs of an instance that are proxied.
Program = Literal["lab", "ide"]
PROGRAMS: tuple[Program, ...] = ("lab", "ide")

# How long the address and the token of an instance are taken for granted.
KNOWN_SECONDS = 10.0


class InstanceUpstreams:
    """The address of each program of each instance; used on the event loop."""

    def __init__(self, search: Callable[[str, Program], Awaitable[Upstream]]) -> None:
        """``search`` finds a program by the name of its instance."""
        self._search = search
        self._known: dict[tuple[str, Program], tuple[float, asyncio.Future[Upstream]]] = {}

    async def find(self, name: str, program: Program) -> Upstream:
        """Where an instance's JupyterLab or IDE listens.

        Raises NotFound, and Conflict while it does not run.
        """
        key = name, program
        known = self._known.get(key)
        if known is None or known[0] < time.monotonic():
            found = asyncio.ensure_future(self._search(name, program))
            known = time.monotonic() + KNOWN_SECONDS, found
            self._known[key] = known
        try:
            return await asyncio.shield(known[1])
        except BaseException:
            if self._known.get(key) is known:
                del self._known[key]
            raise

    def forget(self, name: str) -> None:
        """Looks for the instance anew next time."""
        for program in PROGRAMS:
            self._known.pop((name, program), None)

    def clear(self) -> None:
        """Looks for all of them anew."""
        self._known.clear()
