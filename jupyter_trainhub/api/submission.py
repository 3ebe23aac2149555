"""``th.submit``: this notebook, another one, a script or a command, as a job."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.api.job import Job
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub import notebooks
from jupyter_trainhub.notebook.cells import read_cells


def submit(
    notebook: str | os.PathLike[str] | None = None,
    *,
    args: Sequence[str] = (),
    command: Sequence[str] | None = None,
    name: str | None = None,
    nodes: int = 1,
    framework: str | None = None,
    wait: bool = False,
    **fields: Any,
) -> Job:
    """Submit a job and return its handle.

    Without ``notebook`` and ``command`` it is the notebook in which this is called, in its saved
    state. ``notebook`` may be a Python script, too, which gets ``args``. What it imports out of its
    folder travels with it; ``include`` names further files. ``name`` defaults to the notebook's
    with a number; ``framework`` to ``pytorch`` for several processes and ``single`` for one.
    ``fields`` are those of a job: ``cpus``, ``memory``, ``gpus``, ``env``, ``mounts``,
    ``parameters``, ``time_limit`` and so on. With ``wait`` it returns once the job has succeeded.

    Raises InvalidField, AlreadyExists and ClusterUnavailable, and with ``wait`` JobFailed. Remarks
    on the notebook come as warnings.
    """
    file = None if command is not None else _file(notebook)
    if command is not None and notebook is not None:
        raise InvalidField(
            "a job runs a notebook or a command",
            field="notebook",
            remedy="Give exactly one of notebook and command.",
        )
    for field, given, written in (
        ("command", command, ["python", "train.py", "--epochs", "3"]),
        ("args", args, ["--epochs", "3"]),
    ):
        if isinstance(given, str):
            raise InvalidField(
                f"{field} is one text, it has to be a list",
                field=field,
                remedy=f"Write {written}; no shell is involved.",
            )
    asked = {"name": name, "framework": framework, "nodes": nodes, **fields}
    data = {field: value for field, value in asked.items() if value is not None}
    if command is not None:
        data["command"] = list(command)
    if args:
        data["args"] = [str(argument) for argument in args]
    if file is not None:
        data["notebook"] = session.shown_path(file)
    if notebook is None and file is not None and _is_unsaved(file):
        warnings.warn(
            f"the cell that is running is not in the saved {file.name}: the job runs what was "
            "saved. Save the notebook first.",
            stacklevel=2,
        )
    submitted = notebooks.submit(session.hub(), data, file)
    for warning in submitted.warnings:
        warnings.warn(warning, stacklevel=2)
    job = Job(submitted.view["name"], submitted.view)
    return job.wait() if wait else job


def _file(notebook: str | os.PathLike[str] | None) -> Path:
    return session.this_notebook() if notebook is None else Path(notebook).expanduser().absolute()


def _is_unsaved(file: Path) -> bool:
    """Whether the cell that this kernel runs is certainly not in the notebook ``file``."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    executed = shell.history_manager.input_hist_raw if shell is not None else []
    if not executed or file.suffix != ".ipynb":
        return False
    try:
        saved = {cell.source.strip() for cell in read_cells(file.read_bytes())}
    except (OSError, InvalidField):
        # Said by the submission.
        return False
    return executed[-1].strip() not in saved
