"""Exactly what will run when a notebook is submitted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook import checks
from jupyter_trainhub.notebook.cells import PARAMETERS_TAG, CodeCell, read_cells, reason_to_skip
from jupyter_trainhub.notebook.parameters import assignments
from jupyter_trainhub.notebook.remark import Remark
from jupyter_trainhub.notebook.source import is_idle, parse
from jupyter_trainhub.notebook.translation import Translation, translate

Action = Literal["run", "changed", "skip"]
PARAMETERS_ID = "injected-parameters"


@dataclass(frozen=True)
class PlannedCell:
    """A code cell and what becomes of it.

    ``index`` is its position in the notebook from 0, None for the cell that sets parameters.
    ``source`` is what runs, or the content of the file ``writes`` where that is set; ``reason``
    says why it differs from ``original``, or why it does not run.
    """

    index: int | None
    id: str
    source: str
    original: str
    action: Action = "run"
    reason: str = ""
    writes: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The cell on the wire."""
        return {
            "index": self.index,
            "id": self.id,
            "source": self.source,
            "action": self.action,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Plan:
    """What a notebook becomes; with ``errors`` it cannot be submitted."""

    name: str
    cells: tuple[PlannedCell, ...] = ()
    warnings: tuple[Remark, ...] = ()
    errors: tuple[Remark, ...] = ()

    @property
    def running(self) -> tuple[PlannedCell, ...]:
        """The cells that run, in order."""
        return tuple(cell for cell in self.cells if cell.action != "skip")

    @property
    def files(self) -> dict[str, bytes]:
        """The files that cells write, as they are at the end, by relative path."""
        return {cell.writes: cell.source.encode() for cell in self.running if cell.writes}

    def to_dict(self) -> dict[str, Any]:
        """The plan on the wire, as ``jobs/preview`` answers."""
        return {
            "cells": [cell.to_dict() for cell in self.cells],
            "files": [
                {"name": name, "bytes": len(content)} for name, content in self.files.items()
            ],
            "warnings": [remark.to_dict() for remark in self.warnings],
            "errors": [remark.to_dict() for remark in self.errors],
        }


class _Planner:
    """Collects cells and remarks, in the notebook's order."""

    def __init__(self) -> None:
        self.cells: list[PlannedCell] = []
        self.warnings: list[Remark] = []
        self.errors: list[Remark] = []
        self._files: dict[str, str] = {}

    def leave_out(self, cell: CodeCell, reason: str) -> None:
        self.cells.append(
            PlannedCell(cell.index, cell.id, cell.source, cell.source, "skip", reason)
        )

    def add(self, cell: CodeCell) -> None:
        translation = translate(cell.source)
        self.warnings += [Remark(cell.index, text) for text in translation.warnings]
        self.errors += [Remark(cell.index, text) for text in translation.errors]
        if translation.writes is not None:
            self._complete_file(cell, translation)
        action, reason = _verdict(cell, translation)
        self.cells.append(
            PlannedCell(
                cell.index,
                cell.id,
                cell.source if action == "run" else translation.source,
                cell.source,
                action,
                reason,
                translation.writes,
            )
        )

    def _complete_file(self, cell: CodeCell, translation: Translation) -> None:
        path = translation.writes or ""
        if translation.appends:
            if path not in self._files:
                self.errors.append(
                    Remark(
                        cell.index,
                        f"line 1: %%writefile -a {path}: no earlier cell that runs writes this "
                        "file. Write all of it in the notebook, or tag the cell trainhub-skip.",
                    )
                )
            translation.source = self._files.get(path, "") + translation.source
        self._files[path] = translation.source

    def set_parameters(self, cells: Sequence[CodeCell], parameters: Mapping[str, Any]) -> None:
        """Set ``parameters`` after the first cell of ``cells`` tagged for it, else before all."""
        if not parameters:
            return
        text = assignments(parameters)
        added = PlannedCell(None, PARAMETERS_ID, text, "", "changed", "sets the job's parameters")
        tagged = [cell.index for cell in cells if PARAMETERS_TAG in cell.tags]
        for position, cell in enumerate(self.cells):
            if cell.index in tagged and cell.action != "skip":
                self.cells.insert(position + 1, added)
                self._compare(cell, parameters)
                return
        self.cells.insert(0, added)
        self.warnings.append(
            Remark(
                None,
                "no cell that runs is tagged 'parameters', so the parameters are set before the "
                "first cell and a later assignment overrides them. Tag the cell with the defaults.",
            )
        )

    def _compare(self, cell: PlannedCell, parameters: Mapping[str, Any]) -> None:
        try:
            known = set(checks.bound_names(parse(cell.source)))
        except SyntaxError:
            return
        for name in parameters:
            if name not in known:
                self.warnings.append(
                    Remark(
                        cell.index,
                        f"the parameter {name!r} has no default in this cell. "
                        "Check its spelling, or add a default.",
                    )
                )


def plan_notebook(
    source: bytes | str | Mapping[str, Any],
    *,
    name: str,
    parameters: Mapping[str, Any] | None = None,
    world_size: int = 1,
    visible: Sequence[str] | None = None,
) -> Plan:
    """What runs when the notebook ``source`` is submitted.

    ``source`` is the file's content or the document in it, ``name`` the file's name, which errors
    show. ``world_size`` is the number of processes and ``visible`` the folders that the pods see
    (None or empty when that is not known); both serve warnings only. Raises InvalidField, field
    ``parameters``, for parameters that cannot be set; everything that is wrong with the notebook
    itself is in ``Plan.errors``.
    """
    try:
        cells = read_cells(source)
    except InvalidField as error:
        return Plan(name, errors=(Remark(None, f"{error.message} {error.remedy}"),))
    planner = _Planner()
    for cell in cells:
        reason = reason_to_skip(cell, cells)
        if reason is None:
            planner.add(cell)
        else:
            planner.leave_out(cell, reason)
    runs_code = any(cell.action != "skip" and cell.writes is None for cell in planner.cells)
    planner.set_parameters(cells, parameters or {})
    running = [cell for cell in planner.cells if cell.action != "skip"]
    code = list(_trees(cell for cell in running if cell.writes is None))
    modules = [tree for _, tree in _trees(cell for cell in running if _is_module(cell.writes))]
    planner.errors += checks.errors(code)
    planner.warnings += checks.warnings(
        code, world_size=world_size, visible=visible or None, modules=modules
    )
    if not runs_code and not planner.errors:
        planner.errors.append(
            Remark(None, "there is no code to run. Write a code cell, or remove a trainhub-skip.")
        )
    return Plan(
        name,
        tuple(planner.cells),
        _in_order(planner.warnings),
        _in_order(planner.errors),
    )


def _verdict(cell: CodeCell, translation: Translation) -> tuple[Action, str]:
    if translation.errors:
        return "run", "cannot run"
    if translation.writes is None:
        if is_idle(parse(translation.source)):
            return "skip", "; ".join(translation.notes) or "nothing to run"
        if translation.source.rstrip("\n") == cell.source.rstrip("\n"):
            return "run", ""
    return "changed", "; ".join(translation.notes) or "prompts and indentation removed"


def _trees(cells: Iterable[PlannedCell]) -> Iterator[checks.Code]:
    for cell in cells:
        # A cell that is not Python has its error already, a file's is for its import to report.
        with contextlib.suppress(SyntaxError):
            yield cell.index, parse(cell.source)


def _is_module(path: str | None) -> bool:
    return path is not None and path.endswith(".py")


def _in_order(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: -1 if remark.cell is None else remark.cell))
