"""What becomes of a notebook, script or command: the result of planning."""

from __future__ import annotations

import itertools
import posixpath
from dataclasses import asdict, dataclass
from typing import Any, Literal

from jupyter_trainhub.notebook.beside import MAX_BYTES, Absent, LeftOut, ShippedFile
from jupyter_trainhub.notebook.newest_syntax import Syntax
from jupyter_trainhub.notebook.remark import Remark

Action = Literal["run", "changed", "skip"]
Language = Literal["notebook", "markdown", "script", "command"]
PARAMETERS_ID = "injected-parameters"


@dataclass(frozen=True)
class PlannedCell:
    """A code cell and what becomes of it.

    ``index`` is its position in the notebook from 0, None for the cell that sets parameters.
    ``source`` is what runs, or the content of the file ``writes`` where that is set; ``reason``
    says why it differs from ``original``, or why it does not run. An exception in it ends the run
    unless it ``may_raise``.
    """

    index: int | None
    id: str
    source: str
    original: str
    action: Action = "run"
    reason: str = ""
    writes: str | None = None
    may_raise: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The cell on the wire."""
        return {
            "index": self.index,
            "id": self.id,
            "source": self.source,
            "original": self.original,
            "action": self.action,
            "reason": self.reason,
            "writes": self.writes,
        }


@dataclass(frozen=True)
class SetupStep:
    """A program that installs something before the job starts, from a line of the cell ``cell``."""

    cell: int | None
    argv: tuple[str, ...]
    run: bool = False

    @property
    def files(self) -> list[str]:
        """The files beside the notebook that pip reads, as by ``-r requirements.txt``."""
        options = ("-r", "--requirement", "-c", "--constraint")
        pairs = itertools.pairwise(self.argv)
        paths = [posixpath.normpath(path) for option, path in pairs if option in options]
        return [path for path in paths if not path.startswith(("/", ".."))]

    def to_dict(self) -> dict[str, Any]:
        """The step on the wire."""
        return {"cell": self.cell, "argv": list(self.argv), "run": self.run}


@dataclass(frozen=True)
class Plan:
    """What a notebook, script or command becomes; with ``errors`` it cannot be submitted.

    ``shipped`` are files that travel with it, ``left_out`` those that do not, ``absent`` the
    modules that the image has to have, ``syntax`` what needs the newest Python; ``max_bytes`` is
    what may travel.
    """

    name: str
    cells: tuple[PlannedCell, ...] = ()
    warnings: tuple[Remark, ...] = ()
    errors: tuple[Remark, ...] = ()
    language: Language = "notebook"
    shipped: tuple[ShippedFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    absent: tuple[Absent, ...] = ()
    syntax: Syntax | None = None
    setup: tuple[SetupStep, ...] = ()
    max_bytes: int = MAX_BYTES

    @property
    def running(self) -> tuple[PlannedCell, ...]:
        """The cells that run, in order."""
        return tuple(cell for cell in self.cells if cell.action != "skip")

    @property
    def written(self) -> dict[str, bytes]:
        """The files that cells write, as they are at the end, by relative path."""
        return {cell.writes: cell.source.encode() for cell in self.running if cell.writes}

    @property
    def travelling(self) -> tuple[ShippedFile, ...]:
        """All files that the job gets, those that cells write among them."""
        written = self.written.items()
        of_cells = (ShippedFile(name, len(text), text, "cell") for name, text in written)
        return (*of_cells, *self.shipped)

    def to_dict(self) -> dict[str, Any]:
        """The plan on the wire, as ``jobs/preview`` answers."""
        files = self.travelling
        return {
            "language": self.language,
            "cells": [cell.to_dict() for cell in self.cells],
            "files": [file.to_dict() for file in files],
            "left_out_files": [asdict(file) for file in self.left_out],
            "bytes": sum(file.size for file in files),
            "max_bytes": self.max_bytes,
            "setup": [step.to_dict() for step in self.setup],
            "imports": [asdict(module) for module in self.absent],
            "syntax": self.syntax and asdict(self.syntax),
            "warnings": [remark.to_dict() for remark in self.warnings],
            "errors": [remark.to_dict() for remark in self.errors],
        }
