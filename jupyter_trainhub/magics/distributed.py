"""``%%distributed``: a cell runs on the cluster, and its value comes back into the kernel."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from IPython.display import display

from jupyter_trainhub.api import session
from jupyter_trainhub.api.follow import follow
from jupyter_trainhub.api.job import job_failed
from jupyter_trainhub.errors import Conflict, NotFound, WaitTimeout
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.result import EXPRESSION, read_results
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.inpod.value_decoding import Unreadable, decode
from jupyter_trainhub.magics.cell_job import CellJob, prepare
from jupyter_trainhub.magics.kernel import Kernel
from jupyter_trainhub.magics.remote_error import CellInterrupted, DistributedError
from jupyter_trainhub.magics.shown import what_runs, what_stayed

# Seconds that a job which was told to stop is waited for.
_STOPPING = 60.0


def run(shell: Any, options: Namespace, body: str) -> Any:
    """Run ``body``, the lines of the cell that the shell executes, on the cluster; its value.

    Raises DistributedError where it fails there, CellInterrupted, and InvalidField for what cannot
    run.
    """
    hub, kernel = session.hub(), Kernel(shell, body)
    job = prepare(hub, kernel, options, body)
    display(what_runs(job), raw=True)  # type: ignore[no-untyped-call]
    if options.dry_run:
        return None
    name = job.spec.name
    try:
        job.submit(hub)
        view = follow(hub, name)
    except KeyboardInterrupt:
        raise CellInterrupted(_stop(hub, name)) from None
    if view["phase"] != "Succeeded":
        raise _failed(hub, view, job)
    values = _values(hub, job)
    if not options.keep:
        hub.jobs.delete(name)
    value = values.pop(EXPRESSION, None)
    kernel.names.update(values)
    return values.get(options.result) if options.result else value


def _stop(hub: Hub, name: str) -> str:
    """Stop a job whose cell was interrupted; what became of it, as a sentence."""
    try:
        hub.jobs.stop(name)
        hub.jobs.wait(name, _STOPPING)
    except NotFound:
        return "nothing runs on the cluster."
    except Conflict:
        return f"job {name!r} had ended already."
    except (KeyboardInterrupt, WaitTimeout):
        return f"job {name!r} is told to stop, and still ends."
    return f"job {name!r} was stopped."


def _failed(hub: Hub, view: View, job: CellJob) -> DistributedError:
    cells = {f"In[{each.number}]": each.source for each in job.cell.definitions}
    cells[f"In[{job.cell.number}]"] = job.cell.source
    return DistributedError(job_failed(view), hub.failures.of_view(view), cells)


def _values(hub: Hub, job: CellJob) -> dict[str, Any]:
    """The values that came back, by name; what did not is said."""
    log = hub.jobs.logs(job.spec.name, 0, records=True)
    values: dict[str, Any] = {}
    found = read_results(log, job.wanted, hub.config.result_max_bytes)
    for variable, result in found.items():
        if result.data is None:
            print(what_stayed(variable, result.why, result.shown), file=sys.stderr)
            continue
        try:
            values[variable] = decode(result.data)
        except Unreadable as error:
            print(what_stayed(variable, f"{error}.", ""), file=sys.stderr)
    return values
