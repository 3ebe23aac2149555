"""What TensorBoard itself tells of its servers: ``$TMPDIR/.tensorboard-info/pid-N.info``.

``tensorboard/manager.py`` describes these files. Everybody may write in that folder
(tensorflow/tensorboard#2481), so an entry is read only where its file is this user's own, and
nothing that it says is believed of a process that was not looked at.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

# Bytes; TensorBoard's own are some hundred.
_MOST = 64 << 10


class Info(NamedTuple):
    """One entry. ``port`` may be another's by now, ``prefix`` has no slash at its end."""

    port: int
    prefix: str
    version: str


def read(pid: int) -> Info | None:
    """What the process ``pid`` has told; None where this user has written nothing of the kind."""
    path = Path(tempfile.gettempdir(), ".tensorboard-info", f"pid-{pid}.info")
    try:
        # A link would lead to a file of this user's that somebody else has chosen, and a pipe that
        # somebody has made there would hold whoever opens it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return None
        told = json.loads(os.read(descriptor, _MOST))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    return _info(told) if isinstance(told, dict) and told.get("pid") == pid else None


def _info(told: dict[str, object]) -> Info | None:
    port, prefix, version = (told.get(name) for name in ("port", "path_prefix", "version"))
    if type(port) is not int or not isinstance(prefix, str) or not isinstance(version, str):
        return None
    return Info(port, prefix.rstrip("/"), version)
