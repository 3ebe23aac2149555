"""Matplotlib's figures end with their cell, as with Jupyter's inline back end.

Otherwise the next cell would draw into the same figure, and a training that draws in a loop would
keep them all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from .cells import Cell

_CHOOSES_ITSELF = re.compile(r"\b(?:mpl|matplotlib)\.use\(|\bswitch_backend\(")


class Figures:
    """Those that the cells have drawn. A notebook that chooses a back end itself keeps them."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self._kept = any(_CHOOSES_ITSELF.search(cell.source) for cell in cells)

    def close(self) -> None:
        """A cell has ended."""
        pyplot: Any = sys.modules.get("matplotlib.pyplot")
        if pyplot is None or self._kept or not hasattr(pyplot, "show"):
            return

        def show(*_arguments: Any, **_options: Any) -> None:
            pyplot.close("all")

        pyplot.show = show
        pyplot.close("all")
