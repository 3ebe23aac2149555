"""Becomes ``/trainhub/lib/jupyter_trainhub/__init__.py``."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import PathFinder
from typing import Any

from ..progress import progress

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(
        f"jupyter_trainhub.{name} is not there: this image has no jupyter_trainhub, and what a job "
        "brings along has progress() only. Install jupyter_trainhub in the image."
    )


def _become_the_real_one() -> None:
    """Import the image's own package in this one's place, if it has one."""
    others = [path for path in sys.path if os.path.abspath(path or ".") != _FOLDER]
    spec = PathFinder.find_spec("jupyter_trainhub", others)
    if spec is None or spec.loader is None or spec.origin is None:
        return
    mine = sys.modules[__name__]
    real = sys.modules[__name__] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(real)
    except ImportError:
        # It is older or newer than this Python, or lacks what it needs.
        sys.modules[__name__] = mine
        return
    if not hasattr(real, "progress"):
        # One that is older.
        vars(real)["progress"] = progress


if __name__ == "jupyter_trainhub":
    _become_the_real_one()
