"""The job of one cell: what is asked of the cluster, and what travels."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass

from jupyter_trainhub.api import session
from jupyter_trainhub.errors import Cause, InvalidField
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.result import EXPRESSION
from jupyter_trainhub.hub.notebooks import in_own_folder, seen_folders
from jupyter_trainhub.hub.runs.origin import origin
from jupyter_trainhub.hub.submission import complete, free_name
from jupyter_trainhub.hub.views import View, Views, over
from jupyter_trainhub.magics import arguments
from jupyter_trainhub.magics.kernel import Kernel, exports, notebook, positions
from jupyter_trainhub.notebook.beside import Beside
from jupyter_trainhub.notebook.bundle import Bundle, bundle
from jupyter_trainhub.notebook.definitions import Missing, Needed, needed
from jupyter_trainhub.notebook.plan import Plan, plan_notebook
from jupyter_trainhub.notebook.single_cell import SingleCell, packed_values
from jupyter_trainhub.specs.job import JobSpec

_NOTHING = Needed((), (), (), ())


@dataclass(frozen=True)
class CellJob:
    """A cell ready to be submitted.

    ``wanted`` are the names whose values come back, ``EXPRESSION`` for its own. ``undefined`` are
    names that it reads and nobody knows, ``left`` the jobs of this notebook's other cells that
    still run.
    """

    spec: JobSpec
    cell: SingleCell
    plan: Plan
    bundle: Bundle
    passed: tuple[str, ...]
    wanted: tuple[str, ...]
    undefined: tuple[str, ...]
    left: Views

    def submit(self, hub: Hub) -> View:
        """Create the job; its view."""
        told = origin(notebook().parent, user=hub.user, notebook=self.spec.notebook)
        return hub.jobs.create(self.spec, self.bundle, submission=told)


def prepare(hub: Hub, kernel: Kernel, options: Namespace, body: str) -> CellJob:
    """What runs where ``body`` is run with ``options``. Nothing is made.

    Raises InvalidField for what cannot run.
    """
    file = notebook()
    path = session.shown_path(file)
    passed = arguments.listed(options.passed)
    unknown = [name for name in passed if name not in kernel.names]
    if unknown:
        raise InvalidField(
            f"there is no variable {unknown[0]!r}",
            field="--pass",
            remedy="Set it, or leave it out.",
        )
    found = _NOTHING
    if not options.only:
        found = needed(body, kernel.executed(), kernel.names, passed=passed, exports=exports)
        _refuse(found.missing)
    views = hub.jobs.list()
    fields = {**arguments.fields(options), "notebook": path}
    fields.setdefault("name", free_name(f"{file.stem[:19]}-cell", {view["name"] for view in views}))
    fields["description"] = f"Cell In[{kernel.number}] of {file.name}"
    spec = complete(fields, hub.jobs)
    # On the lines that it has in the notebook.
    above = "\n" * (kernel.source.rstrip().count("\n") - body.rstrip().count("\n"))
    cell = SingleCell(
        kernel.number,
        kernel.cell_id,
        kernel.source,
        above + body,
        found.cells,
        {each.number: kernel.in_notebook(each.number) for each in found.cells},
    )
    spec = in_own_folder(spec, file, hub.storage)
    plan = plan_notebook(
        cell.document(),
        name=file.name,
        world_size=spec.world_size,
        visible=seen_folders(spec, hub.storage),
        beside=Beside(file.parent, (), spec.working_dir is None, hub.config.code_max_bytes),
        setup=spec.setup,
    )
    plan = cell.named(plan)
    names = [options.result or EXPRESSION, *arguments.listed(options.fetch)]
    if options.no_result:
        names = []
    wanted = {
        "expression": EXPRESSION in names,
        "names": [name for name in names if name != EXPRESSION],
        "max_bytes": hub.config.result_max_bytes,
    }
    values = packed_values({name: kernel.names[name] for name in passed})
    made = cell.bundled(bundle(plan, path), values, wanted, positions(file))
    left = [
        view
        for view in views
        if view["description"].startswith("Cell In[")
        and view["spec"].get("notebook") == path
        and view["owner"] == hub.user
        and not over(view)
    ]
    return CellJob(spec, cell, plan, made, tuple(passed), tuple(names), found.undefined, left)


def _refuse(missing: tuple[Missing, ...]) -> None:
    if missing:
        listed = [f"{each.name} ({each.why})" for each in missing]
        raise InvalidField(
            f"this cell uses what only this kernel has: {'; '.join(listed)}",
            field="cell",
            remedy="Compute it in the cell or in a function that the cell calls, or send values "
            f"along: --pass {','.join(each.name for each in missing)}",
            causes=[Cause(field=each.name, message=each.why) for each in missing],
        )
