"""The shim's command line (see the package)."""

from __future__ import annotations

import os

from .execution import execute_inside
from .supervisor import supervise


def main(arguments: list[str]) -> int:
    """Do what the arguments ask; return the code to exit with."""
    if arguments[0] == "exec":
        return execute_inside(arguments[1:])
    if arguments[0] in ("unpack", "delete"):
        from . import layer  # which containers need not load

        if arguments[0] == "delete":
            return layer.delete(arguments[1])
        return layer.unpack(arguments[1], machine="--machine" in arguments)
    os.chdir("/")
    supervise(arguments[0])
    return 0
