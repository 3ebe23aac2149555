"""Looks after idle instances while this server runs."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable

from jupyter_trainhub.errors import TrainHubError

LOOK_SECONDS = 60.0
# Servers that were started together must not all look at the same moment.
JITTER = 0.25
# An instance of this user is left out where it was looked at so lately. Everybody's are listed in
# every fifth look, and are left to their own users' servers where those write what they see, which
# they do every few minutes.
OWN_SECONDS = 40.0
OTHERS_SECONDS = 300.0
EVERYBODY = 5

_log = logging.getLogger(__name__)


class IdleWatch:
    """Calls ``sweep(everybody)`` about once a minute; a failure is tried again the next time."""

    def __init__(
        self, sweep: Callable[[bool], Awaitable[None]], seconds: float = LOOK_SECONDS
    ) -> None:
        self._sweep = sweep
        self._seconds = seconds
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Ends the watch; a look under way is not waited for."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        for look in itertools.count(1):
            await asyncio.sleep(self._seconds * random.uniform(1 - JITTER, 1 + JITTER))
            try:
                await self._sweep(look % EVERYBODY == 0)
            except TrainHubError as error:
                # The cluster is away, or may not be asked; nothing is stopped on a guess.
                _log.debug("idle instances were not looked at: %s", error)
            except Exception:
                _log.exception("looking at idle instances failed")
