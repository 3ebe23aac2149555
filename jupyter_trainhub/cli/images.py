"""``trainhub cluster images``, ``load`` and ``unload``: what the embedded cluster can run."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from jupyter_trainhub.cli import output
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.cluster import EmbeddedCluster

_STEP = 16 << 20  # bytes between two tellings of progress where it is not drawn over the last


def show(embedded: EmbeddedCluster, options: Namespace) -> int:
    """``trainhub cluster images``."""
    output.print_views("stored images", embedded.images(), options.output)
    return 0


def load(embedded: EmbeddedCluster, options: Namespace) -> int:
    """``trainhub cluster load``: progress goes to standard error, the names to standard output."""
    for name in embedded.load(Path(_operand(options)), options.name, _progress()):
        print(f"image {name} loaded")
    return 0


def unload(embedded: EmbeddedCluster, options: Namespace) -> int:
    """``trainhub cluster unload``."""
    embedded.unload(_operand(options))
    print(f"image {options.image} unloaded")
    return 0


ACTIONS: dict[str, Callable[[EmbeddedCluster, Namespace], int]] = {
    "images": show,
    "load": load,
    "unload": unload,
}


def _operand(options: Namespace) -> str:
    if options.image is None:
        what = "an archive or a folder" if options.action == "load" else "an image"
        raise InvalidField(f"{options.action} needs {what}", field="image")
    return str(options.image)


def _progress() -> Callable[[str, int, int], None]:
    drawn = sys.stderr.isatty()
    told: dict[str, int] = {}

    def tell(layer: str, read: int, size: int) -> None:
        ended = read == size
        if not ended and read - told.get(layer, 0) < (_STEP >> 4 if drawn else _STEP):
            return
        told[layer] = read
        line = f"{layer[7:19]}: {read / 2**20:.1f} of {size / 2**20:.1f} MiB"
        start, end = ("\r", "\n" if ended else "") if drawn else ("", "\n")
        print(f"{start}{line}", end=end, file=sys.stderr, flush=True)

    return tell
