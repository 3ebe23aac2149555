"""Entry: as the program, and again in processes that ``multiprocessing`` spawns."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from .cells import read_program, show_source
from .kernel import stand_in
from .main_module import clear, show_classes
from .replay import replay
from .result import read_values
from .running import run

_MODULE = "trainhub_notebook"


def enter(namespace: dict[str, Any]) -> None:
    """Take over ``__main__``, or its stand-in in a spawned process; ``namespace`` is its names."""
    program = read_program(Path(__file__).with_name("cells.json"))
    show_source(program.cells)
    show_classes(program.cells)
    stand_in()
    clear(namespace)
    namespace.update(read_values(program.values))
    if namespace["__name__"] == "__main__":
        run(program, namespace)
    replay(program.cells, namespace)


if __name__ in ("__main__", "__mp_main__"):
    # The cells own this namespace: the program's functions move to a module of their own.
    _spec = importlib.util.spec_from_file_location(_MODULE, __file__)
    if _spec is None or _spec.loader is None:
        raise ImportError(f"{__file__} cannot be loaded as a module")
    sys.modules[_MODULE] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_MODULE])
    sys.modules[_MODULE].enter(globals())
