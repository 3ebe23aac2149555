"""``th.submit_form()`` and ``th.instance_form()``: forms in a cell's output."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub import notebooks
from jupyter_trainhub.hub.capacity.check import invalid
from jupyter_trainhub.hub.descriptions import describe_check
from jupyter_trainhub.hub.forms import schemas
from jupyter_trainhub.hub.hub import group_names, user_name
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.widgets.creation import Answer, CreationForm, Values
from jupyter_trainhub.widgets.instance import InstanceView
from jupyter_trainhub.widgets.job import JobView

_OF_JOB = ("notebook", "command", "name", "image", "nodes", "gpus", "cpus", "memory", "storages")
_OF_INSTANCE = ("name", "image", "gpus", "cpus", "memory", "storages")

_OFF = Answer([("CLUSTER", "The embedded cluster does not run yet; the button starts it.")])


def instance_form() -> CreationForm:
    """A form to create an instance; the last value of a cell shows it. Raises InvalidField."""

    def check(values: Values) -> Answer:
        hub = session.running_hub()
        if hub is None:
            return _OFF
        try:
            found = hub.instances.check(values)
        except InvalidField as error:
            found = invalid(error)
        refusal = [found["refusal"]] if found["refusal"] else []
        wrong = {one["field"]: one["message"] for one in [*found["errors"], *refusal]}
        return Answer(describe_check(found), wrong)

    def create(values: Values) -> InstanceView:
        hub = session.hub()
        return InstanceView(hub, hub.instances.create(InstanceSpec.parse(values)))

    return CreationForm(
        _schema("instance"), label="Create", first=_OF_INSTANCE, check=check, create=create
    )


def submit_form(notebook: str | os.PathLike[str] | None = None) -> CreationForm:
    """A form to submit ``notebook``, a script or a command as a job; a cell's last value shows it.

    Without ``notebook`` it begins with the one in which this is called, where that is known. What
    would run is shown beside it, as it was last saved. Raises InvalidField.
    """

    def check(values: Values) -> Answer:
        hub = session.running_hub()
        if hub is None:
            return _OFF
        return _told(notebooks.preview(hub, *_submission(values)))

    def create(values: Values) -> JobView:
        hub = session.hub()
        return JobView.of(hub, notebooks.submit(hub, *_submission(values)).view)

    schema = _schema("job")
    # Left empty it is the notebook's, with a number.
    form = CreationForm(
        {**schema, "required": []}, label="Submit", first=_OF_JOB, check=check, create=create
    )
    form.form.fields["notebook"].value = _beginning(notebook)
    return form


def _schema(kind: str) -> dict[str, Any]:
    config = session.config()
    schema: dict[str, Any] = schemas(config, user_name(config), group_names(config))[kind]
    return schema


def _beginning(notebook: str | os.PathLike[str] | None) -> str:
    if notebook is not None:
        return os.fspath(notebook)
    try:
        return session.shown_path(session.this_notebook())
    except InvalidField:
        return ""


def _submission(values: Values) -> tuple[Values, Path | None]:
    """Fields of a job, and the file that they name."""
    if "notebook" not in values:
        return values, None
    file = session.local_file(values["notebook"])
    return {**values, "notebook": session.shown_path(file)}, file


def _told(plan: dict[str, Any]) -> Answer:
    """What would run, as the preview says it."""
    running = [cell for cell in plan["cells"] if cell["action"] != "skip"]
    lines = [("CELLS", f"{len(running)} of {len(plan['cells'])} run")] if plan["cells"] else []
    lines += [("LEFT OUT", _about(cell, cell["reason"])) for cell in plan["cells"]
              if cell["action"] == "skip" and cell["reason"]]  # fmt: skip
    lines += [("ERROR", _about(remark, remark["message"])) for remark in plan["errors"]]
    lines += [("WARNING", _about(remark, remark["message"])) for remark in plan["warnings"]]
    lines += [("FILE", f"{file['name']}, {file['bytes']} bytes") for file in plan["files"]]
    return Answer(lines or [("RUNS", "the command")])


def _about(item: dict[str, Any], sentence: str) -> str:
    cell = item["index"] if "index" in item else item["cell"]
    return sentence if cell is None else f"cell {cell + 1}: {sentence}"
