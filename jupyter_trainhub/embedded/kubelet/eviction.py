"""Ends pods that fill more of an emptyDir than they asked for. Texts are kubelet's."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

from ..apiserver.store import Object
from .volumes import Volume

# Between looks (seconds), and how many times as long as a look took at the least.
_PERIOD = 2.0
_SHARE = 50


async def until_exceeded(pod: Object, volumes: dict[str, Volume]) -> str:
    """Wait until a volume on disk holds more than its limit, and say which; "" if none has one."""
    limited = {
        volume["name"]: volume["emptyDir"]["sizeLimit"]
        for volume in pod["spec"].get("volumes") or []
        if volumes[volume["name"]].size is not None and volumes[volume["name"]].path is not None
    }
    while limited:
        began = time.monotonic()
        for name, limit in limited.items():
            volume = volumes[name]
            assert volume.path is not None
            assert volume.size is not None
            if await asyncio.to_thread(usage, volume.path) > volume.size:
                return f'Usage of EmptyDir volume "{name}" exceeds the limit "{limit}". '
        await asyncio.sleep(max(_PERIOD, _SHARE * (time.monotonic() - began)))
    return ""


def usage(folder: Path) -> int:
    """Bytes of disk that a folder takes, as far as paths reach."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # gone meanwhile, or too deep
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
    return total
