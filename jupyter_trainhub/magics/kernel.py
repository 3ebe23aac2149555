"""What the IPython shell knows that runs a magic: the cells it has executed, and the front end."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.magics.registered import cell_ids
from jupyter_trainhub.notebook.cells import read_cells
from jupyter_trainhub.notebook.definitions import Executed


class Kernel:
    """A shell that executes the cell ``In[number]``, whose text is ``source``."""

    def __init__(self, shell: Any, body: str) -> None:
        """``body`` are the lines of the cell below its magic."""
        self._shell = shell
        texts: list[str] = list(shell.history_manager.input_hist_raw)
        # The last one is the cell itself, but for a front end that has cells not kept.
        is_kept = texts and texts[-1].rstrip().endswith(body.rstrip())
        self.source = texts.pop() if is_kept else f"%%distributed\n{body}"
        self.number = len(texts)
        self._texts = texts

    @property
    def names(self) -> dict[str, Any]:
        """The variables, by their names."""
        found: dict[str, Any] = self._shell.user_ns
        return found

    def executed(self) -> list[Executed]:
        """The cells that were executed before, in IPython's language, in their order."""
        return [Executed(number, text) for number, text in enumerate(self._texts) if text.strip()]

    def in_notebook(self, number: int) -> tuple[str, str]:
        """The id of the cell ``In[number]`` in its notebook where it is known, and its text."""
        return cell_ids.get(number, f"In-{number}"), self._texts[number]

    @property
    def cell_id(self) -> str:
        """The id of the executed cell in its notebook; one made of its number elsewhere."""
        parent = self._shell.get_parent() if hasattr(self._shell, "get_parent") else {}
        found = (parent or {}).get("metadata", {}).get("cellId")
        return str(found or f"In-{self.number}")


def positions(file: Path) -> dict[str, int]:
    """Where the code cells of a notebook stand in its saved state, by their ids."""
    try:
        return {cell.id: cell.index for cell in read_cells(file.read_bytes())}
    except (OSError, InvalidField):
        # Nothing is saved yet, or it is no notebook's kernel.
        return {}


def exports(module: str) -> Collection[str]:
    """The names that ``from module import *`` gave; none where it was not imported."""
    found = sys.modules.get(module)
    names = vars(found) if found is not None else {}
    return names.get("__all__") or [name for name in names if not name.startswith("_")]


def notebook() -> Path:
    """The file of this kernel's notebook; a name in the present folder for a shell without one."""
    try:
        return session.this_notebook()
    except InvalidField:
        return Path.cwd() / "IPython.ipynb"
