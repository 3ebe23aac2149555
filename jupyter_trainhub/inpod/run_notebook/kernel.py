"""What cells find in a notebook's kernel and no script has."""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import io
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

# fmt: off
_SHOWN = (
    "HTML", "Markdown", "Latex", "Math", "SVG", "JSON", "Javascript", "Pretty", "TextDisplayObject",
    "DisplayObject", "Image", "Audio", "Video", "IFrame", "FileLink", "FileLinks", "YouTubeVideo",
    "Code", "GeoJSON", "ProgressBar",
)
_IPYTHON = frozenset({
    "IPython", "IPython.display", "IPython.core", "IPython.core.display",
    "IPython.core.interactiveshell",
})
# fmt: on
_BARS = {"tqdm": "tqdm", "trange": "trange", "tqdm_notebook": "tqdm", "tnrange": "trange"}


class Handle:
    """Stand in for IPython's handle of something that is shown and may be shown anew."""

    def __init__(self, display_id: str) -> None:
        self.display_id = display_id

    def display(self, item: Any, **_options: Any) -> None:
        """Show ``item``."""
        display(item)

    update = display


def display(*objects: Any, display_id: Any = None, **_options: Any) -> Handle | None:
    """Stand in for IPython's ``display``: a log shows text only."""
    for item in objects:
        print(item if isinstance(item, str) else repr(item))
    return None if display_id is None else Handle(str(display_id))


def update_display(item: Any, **_options: Any) -> None:
    """Stand in for IPython's: what a log shows anew stands below the old."""
    display(item)


class Shown:
    """Stand in for something that a browser would show."""

    def __init__(self, data: Any = None, *_arguments: Any, **_options: Any) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"


def nothing(*_arguments: Any, **_options: Any) -> None:
    """Stand in for what does nothing outside of a kernel."""


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The modules of IPython that notebooks import for their output, where the image has none."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Offer the module ``fullname``."""
        package = fullname in ("IPython", "IPython.core")
        return ModuleSpec(fullname, self, is_package=package) if fullname in _IPYTHON else None

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave that to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module."""
        names = vars(module)
        if module.__name__ == "IPython":
            names.update(__version__="0", version_info=(0, 0, 0), display=display)
        if module.__name__ == "IPython.core.interactiveshell":
            names["InteractiveShell"] = type("InteractiveShell", (), {})
        names.update(get_ipython=nothing, display_html=nothing, set_matplotlib_formats=nothing)
        if module.__name__.endswith(".display"):
            names.update({name: type(name, (Shown,), {}) for name in _SHOWN})
            _show_as_text(names)


class Textual(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules whose output would be widgets or control codes, with functions that print text."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Offer the module ``fullname``."""
        if fullname not in ("tqdm.notebook", "IPython.display"):
            return None
        real = PathFinder.find_spec(fullname, path)
        return None if real is None else ModuleSpec(fullname, self, loader_state=real)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave that to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module."""
        names = vars(module)
        if module.__name__ == "tqdm.notebook":
            bars = importlib.import_module("tqdm.std")
            names.update({name: getattr(bars, real) for name, real in _BARS.items()})
            return
        real = module.__spec__.loader_state if module.__spec__ else None
        if real is not None and real.loader is not None:
            module.__file__ = real.origin
            real.loader.exec_module(module)
        _show_as_text(names)


def _show_as_text(names: dict[str, Any]) -> None:
    names.update(display=display, update_display=update_display, clear_output=nothing)


def stand_in() -> None:
    """Offer what is imported for output, in this process and in those that it spawns."""
    builtins.display = display  # type: ignore[attr-defined]
    sys.meta_path.insert(0, Textual())
    sys.meta_path.append(Absent())


def prepare() -> None:
    """Make the process look like a notebook's kernel as far as a log allows."""
    # A kernel searches its working folder for modules, a script its own folder.
    if sys.path[:1] == [str(Path(__file__).parent)]:
        del sys.path[0]
    sys.path.insert(0, "")
    if os.environ.get("TRAINHUB_FILES"):
        # What came with the job goes before what the working folder has by now.
        sys.path.insert(0, os.environ["TRAINHUB_FILES"])
    # Unbuffered, print() would write in pieces, which the ranks of a node would mix on one line.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, write_through=False)
    # A notebook's kernel names a back end that needs Jupyter.
    if os.environ.get("MPLBACKEND", "module:").startswith("module:"):
        os.environ["MPLBACKEND"] = "Agg"
