"""Lifecycle hooks: what a container has done after its start and before its end."""

from __future__ import annotations

import asyncio
from typing import Any

from ..runtime import sandbox
from . import probes

Object = dict[str, Any]


# The kubelet's limit for a hook's request.
_HTTP_SECONDS = 30.0


class HookFailed(Exception):
    """The hook could not be run, or its command failed."""


async def run(hook: Object, container: Object, running: sandbox.Running, address: str) -> None:
    """Run a ``LifecycleHandler`` to its end, however long that takes.

    Raises:
        HookFailed: without the command's output, which may hold what not everyone may read.
    """
    if "sleep" in hook:
        await asyncio.sleep(hook["sleep"]["seconds"])
    elif "exec" in hook:
        if await probes.execute(running, hook["exec"].get("command") or [], None) is not None:
            raise HookFailed
    elif "httpGet" in hook:
        # Whatever the answer is, the hook has been called.
        check = probes.http(hook["httpGet"], container, address, any_status=True)
        if await check(_HTTP_SECONDS) is not None:
            raise HookFailed
