"""Exactly what will run when a notebook is submitted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook import checks
from jupyter_trainhub.notebook.beside import Beside, Shipment
from jupyter_trainhub.notebook.cells import (
    MAY_RAISE_TAG,
    PARAMETERS_TAG,
    CodeCell,
    read_cells,
    reason_to_skip,
)
from jupyter_trainhub.notebook.names import Code, bound_names
from jupyter_trainhub.notebook.newest_syntax import newest_syntax
from jupyter_trainhub.notebook.parameters import assignments
from jupyter_trainhub.notebook.planned import PARAMETERS_ID, Action, Plan, PlannedCell, SetupStep
from jupyter_trainhub.notebook.remark import Remark
from jupyter_trainhub.notebook.shipment import executed_files, shipment, too_large
from jupyter_trainhub.notebook.source import is_idle, parse
from jupyter_trainhub.notebook.translation import Translation, translate

__all__ = ["Plan", "plan_notebook", "with_shipment"]


class _Planner:
    """Collects cells and remarks, in the notebook's order."""

    def __init__(self) -> None:
        self.cells: list[PlannedCell] = []
        self.warnings: list[Remark] = []
        self.errors: list[Remark] = []
        self.setup: list[SetupStep] = []
        self._files: dict[str, str] = {}

    def leave_out(self, cell: CodeCell, reason: str) -> None:
        self.cells.append(
            PlannedCell(cell.index, cell.id, cell.source, cell.source, "skip", reason)
        )

    def add(self, cell: CodeCell) -> None:
        translation = translate(cell.source)
        self.warnings += [remark.of(cell.index) for remark in translation.warnings]
        self.errors += [remark.of(cell.index) for remark in translation.errors]
        self.setup += [SetupStep(cell.index, argv) for argv in translation.setup]
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
                may_raise=MAY_RAISE_TAG in cell.tags,
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
            known = set(bound_names(parse(cell.source)))
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
    processes_per_node: int | None = None,
    visible: Sequence[str] | None = None,
    beside: Beside | None = None,
    setup: bool = False,
) -> Plan:
    """What runs when the notebook ``source`` is submitted.

    ``source`` is the file's content or the document in it, ``name`` the file's name, which errors
    show. ``world_size`` is the number of processes, ``processes_per_node`` how many of them each
    node has (None: all) and ``visible`` the folders that the pods see (None or empty when that is
    not known); they serve warnings only. ``beside`` is the notebook's folder, out of which files
    travel; without it none do. ``setup`` says whether what the notebook
    installs is installed. Raises InvalidField, field ``parameters``, for parameters that cannot be
    set; everything that is wrong with the notebook itself is in ``Plan.errors``.
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
        code,
        world_size=world_size,
        processes_per_node=processes_per_node,
        visible=visible or None,
        modules=modules,
    )
    if setup:
        planner.warnings = [remark for remark in planner.warnings if remark.code != "setup"]
    if not runs_code and not planner.errors:
        planner.errors.append(
            Remark(None, "there is no code to run. Write a code cell, or remove a trainhub-skip.")
        )
    plan = Plan(
        name,
        tuple(planner.cells),
        tuple(planner.warnings),
        tuple(planner.errors),
        setup=tuple(replace(step, run=setup) for step in planner.setup),
    )
    return with_shipment(plan, code, beside)


def with_shipment(plan: Plan, code: Sequence[Code], beside: Beside | None) -> Plan:
    """``plan`` with what travels with its ``code``."""
    found = Shipment()
    if beside is not None:
        read = [(step.cell, file) for step in plan.setup for file in step.files]
        written, run = plan.written, executed_files(code)
        found = shipment(code, beside, written=written, run=run, read=read)
        plan = replace(plan, max_bytes=beside.max_bytes)
    plan = replace(
        plan,
        shipped=tuple(found.files.values()),
        left_out=tuple(found.left_out.values()),
        absent=tuple(found.absent),
        syntax=newest_syntax(code),
    )
    excess = too_large(plan.travelling, plan.max_bytes)
    return replace(
        plan,
        warnings=_in_order([*plan.warnings, *found.warnings]),
        errors=_in_order([*plan.errors, *found.errors, *([excess] if excess else [])]),
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


def _trees(cells: Iterable[PlannedCell]) -> Iterator[Code]:
    for cell in cells:
        # A cell that is not Python has its error already, a file's is for its import to report.
        with contextlib.suppress(SyntaxError):
            yield cell.index, parse(cell.source)


def _is_module(path: str | None) -> bool:
    return path is not None and path.endswith(".py")


def _in_order(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: -1 if remark.cell is None else remark.cell))
