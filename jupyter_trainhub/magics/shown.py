"""What a cell's output tells before and after it runs on the cluster: HTML, and text beside it."""

from __future__ import annotations

from html import escape

from jupyter_trainhub.hub.printable import printable
from jupyter_trainhub.magics.cell_job import CellJob


def what_runs(job: CellJob) -> dict[str, str]:
    """What runs, by media types; the code that goes along is folded."""
    spec, definitions = job.spec, job.cell.definitions
    title = f"This runs on {_count(spec.nodes, 'node')}"
    if spec.world_size > spec.nodes:
        title += f" with {spec.processes} processes{' each' if spec.nodes > 1 else ''}"
    details = []
    if definitions:
        cells = ", ".join(f"In[{each.number}]" for each in definitions)
        details.append(f"with definitions from {cells}")
    if job.passed:
        details.append(f"with the values of {', '.join(job.passed)}")
    if job.plan.shipped:
        details.append(f"with {', '.join(file.name for file in job.plan.shipped)}")
    title = f"{', '.join([title, *details])}."
    notes = [str(remark) for remark in job.plan.warnings]
    if job.undefined:
        notes.append(f"Not defined here either: {', '.join(job.undefined)}.")
    for view in job.left:
        notes.append(
            f"{view['description']} still runs, perhaps for a kernel that is gone. "
            f"To end it: %trainhub stop {view['name']}"
        )
    code = "\n\n".join(f"# In[{each.number}]\n{_compact(each.source)}" for each in definitions)
    folded = f"<details><summary>{escape(title)}</summary><pre>{escape(code)}</pre></details>"
    html = folded if code else f"<div>{escape(title)}</div>"
    listed = "".join(f"<div>{escape(note)}</div>" for note in notes)
    return {"text/html": html + listed, "text/plain": "\n".join([title, *notes])}


def what_stayed(name: str, why: str, shown: str) -> str:
    """Say that the value of ``name``, or of the cell, did not come back, and what it looks like."""
    what = f"The value of {name}" if name else "The value of the cell"
    return printable(f"{what} stays on the cluster: {why}" + (f"\nIt is: {shown}" if shown else ""))


def _compact(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if line.strip())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
