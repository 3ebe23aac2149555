"""A planned notebook or script as the files that a job's pods get."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jupyter_trainhub.errors import Cause, InvalidField
from jupyter_trainhub.inpod import program
from jupyter_trainhub.notebook.parameters import assignments
from jupyter_trainhub.notebook.plan import plan_notebook
from jupyter_trainhub.notebook.planned import PARAMETERS_ID, Plan, PlannedCell

__all__ = ["Bundle", "bundle", "cell_file", "plan_notebook", "with_parameters"]

# Where a job's ConfigMap appears in its pods.
FOLDER = "/trainhub"
RUNNER = "run_notebook.py"
CELLS = "cells.json"
# What travels with it; the launcher unpacks it and names its folder by this variable.
FILES = "files"
FILES_VARIABLE = "TRAINHUB_FILES"
# What is installed before it starts, where the job asks for that.
SETUP = "setup.json"
# A ConfigMap holds at most 1 MiB of keys and values
# (https://kubernetes.io/docs/concepts/configuration/configmap/); the launcher needs a part of it.
LARGEST = 900 * 1024


@dataclass(frozen=True)
class Bundle:
    """What a job needs of a notebook, script or command.

    ``files`` by their paths below ``/trainhub``, those that travel with it below ``files/``;
    ``argv`` starts it when they lie there, empty for a command; ``digest`` is the SHA-256 of the
    files, as ``sha256:...``.
    """

    files: dict[str, bytes]
    argv: list[str]
    digest: str


def bundle(plan: Plan, path: str | None = None) -> Bundle:
    """The files for ``plan``, of the notebook that Jupyter calls ``path``.

    The same plan gives the same bytes. Raises InvalidField, field ``notebook``, when the plan has
    errors, each a cause that names its cell, or when the notebook is too large.
    """
    if plan.errors:
        field = "include" if plan.language == "command" else "notebook"
        raise InvalidField(
            "; ".join(str(remark) for remark in plan.errors),
            field=field,
            causes=[Cause(field=field, message=str(remark)) for remark in plan.errors],
        )
    files = {f"{FILES}/{file.name}": file.content for file in plan.shipped}
    if plan.setup:
        files[SETUP] = json.dumps([list(step.argv) for step in plan.setup]).encode()
    argv: list[str] = []
    if plan.language == "script":
        files[f"{FILES}/{plan.name}"] = plan.cells[0].source.encode()
        argv = ["python", f"${FILES_VARIABLE}/{plan.name}"]
    elif plan.language != "command":
        files |= _notebook_files(plan, path)
        argv = ["python", f"{FOLDER}/{RUNNER}"]
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return Bundle(files, argv, f"sha256:{digest.hexdigest()}")


def _notebook_files(plan: Plan, path: str | None) -> dict[str, bytes]:
    document = {
        "notebook": plan.name,
        "path": path,
        "cells": [_entry(plan, cell) for cell in plan.running],
    }
    files = {
        RUNNER: program(RUNNER),
        CELLS: json.dumps(document, ensure_ascii=False, indent=1).encode(),
    }
    size = sum(map(len, files.values()))
    if size > LARGEST:
        raise InvalidField(
            f"the code of this notebook takes {size} bytes, a job carries at most {LARGEST}.",
            field="notebook",
            remedy="Read large texts from a file beside it.",
        )
    return files


class Submitted(Protocol):
    """What a run was made of."""

    @property
    def files(self) -> Mapping[str, bytes]: ...

    @property
    def argv(self) -> Sequence[str]: ...


def with_parameters(submitted: Submitted, parameters: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a notebook or script with other values in the cell that sets the parameters.

    Raises InvalidField where they are of a command, or have no such cell and would need one.
    """
    files = submitted.files
    of_script = any(text.startswith(f"${FILES_VARIABLE}/") for text in submitted.argv[1:2])
    if CELLS not in files and not of_script:
        raise InvalidField(
            "that run was of a command, not of a notebook",
            field="notebook",
            remedy="Submit the notebook itself.",
        )
    document = json.loads(files[CELLS]) if CELLS in files else {"cells": []}
    setting = [cell for cell in document["cells"] if cell["id"] == PARAMETERS_ID]
    if parameters and not setting:
        raise InvalidField(
            "the notebook was submitted without parameters, and what was submitted is used again",
            field="parameters",
            remedy="Submit the notebook itself with these parameters.",
        )
    if not setting:
        return dict(files)
    for cell in setting:
        cell["source"] = assignments(parameters)
    return {**files, CELLS: json.dumps(document, ensure_ascii=False, indent=1).encode()}


def cell_file(plan: Plan, cell: PlannedCell) -> str:
    """The file name under which tracebacks show ``cell``: ``train.ipynb#cell-3-a1b2``."""
    identity = re.sub(r"[^\w-]", "_", cell.id)
    return f"{plan.name}#{identity if cell.index is None else f'cell-{cell.index + 1}-{identity}'}"


def _entry(plan: Plan, cell: PlannedCell) -> dict[str, object]:
    entry: dict[str, object] = {
        "index": cell.index,
        "id": cell.id,
        "file": cell_file(plan, cell),
        "source": cell.source,
    }
    if cell.writes is not None:
        entry["writes"] = cell.writes
    elif cell.original != cell.source:
        entry["original"] = cell.original
    if cell.may_raise:
        entry["may_raise"] = True
    return entry
