"""What cells find in a notebook's kernel and no script has."""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import io
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

_SHOWN = (
    "HTML", "Markdown", "Latex", "Math", "SVG", "JSON", "Javascript", "Pretty", "TextDisplayObject",
    "DisplayObject", "Image", "Audio", "Video", "IFrame", "FileLink", "FileLinks", "YouTubeVideo",
    "Code", "GeoJSON", "ProgressBar",
)  # fmt: skip
_SILENT = ("clear_output", "set_matplotlib_formats", "update_display", "display_html")
_BARS = {"tqdm": "tqdm", "trange": "trange", "tqdm_notebook": "tqdm", "tnrange": "trange"}


def display(*objects: Any, **_options: Any) -> None:
    """Stand in for IPython's ``display``: a log shows text only."""
    for item in objects:
        print(item if isinstance(item, str) else repr(item))


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Modules that notebooks import for their output: what they show becomes text, or nothing.

    IPython's are offered where the image has no IPython; the others in place of the real ones.
    """

    def __init__(self, *names: str) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Offer the module ``fullname``."""
        if fullname not in self._names:
            return None
        package = f"{fullname}." in {name[: len(fullname) + 1] for name in self._names}
        return importlib.util.spec_from_loader(fullname, self, is_package=package)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave that to Python."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Fill the module."""
        names = vars(module)
        if module.__name__ == "tqdm.notebook":
            std = importlib.import_module("tqdm.std")
            # Its bars would be widgets, of which a log shows nothing.
            names.update({name: getattr(std, real) for name, real in _BARS.items()})
            return
        names["get_ipython"] = _nothing
        if module.__name__ == "IPython":
            names.update(__version__="0", version_info=(0, 0, 0), display=display)
        elif module.__name__.endswith("display"):
            names.update(display=display, **dict.fromkeys(_SILENT, _nothing))
            names.update({name: type(name, (_Shown,), {}) for name in _SHOWN})
        elif module.__name__.endswith("interactiveshell"):
            names["InteractiveShell"] = type("InteractiveShell", (), {})


class _Shown:
    """Something that a browser would show."""

    def __init__(self, data: Any = None, *_arguments: Any, **_options: Any) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<IPython.core.display.{type(self).__name__} object>"


def _nothing(*_arguments: Any, **_options: Any) -> None:
    """Stand in for what does nothing outside of IPython."""


def stand_in() -> None:
    """Offer what is imported for output, in this process and in those that it spawns."""
    builtins.display = display  # type: ignore[attr-defined]
    # In place of the real one, and only where there is none.
    sys.meta_path.insert(0, StandIns("tqdm.notebook"))
    sys.meta_path.append(
        StandIns(
            "IPython", "IPython.display", "IPython.core", "IPython.core.display",
            "IPython.core.interactiveshell",
        )
    )  # fmt: skip


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
