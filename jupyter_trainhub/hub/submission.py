"""A job as people ask for it to a complete spec: what they left out is filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import name_from

if TYPE_CHECKING:
    from jupyter_trainhub.hub.jobs.manager import Jobs


def complete(fields: Mapping[str, Any], jobs: Jobs) -> JobSpec:
    """The spec of ``fields``, with a name and a framework where they have none.

    The name is that of the notebook or program with the first number that is free. Raises
    InvalidField.
    """
    given = {"framework": default_framework(fields), **fields}
    if "name" not in given:
        # Everything else is looked at first: the list of jobs is not needed to refuse it.
        JobSpec.parse({**given, "name": "job"})
        source = given.get("notebook") or given["command"][0]
        given["name"] = free_name(Path(source).stem, {view["name"] for view in jobs.list()})
    return JobSpec.parse(given)


def default_framework(fields: Mapping[str, Any]) -> str:
    """``pytorch`` when ``fields`` ask for several processes, else ``single``."""
    several = (str(fields.get(name) or 1) for name in ("nodes", "processes_per_node", "gpus"))
    return "single" if all(count in ("0", "1") for count in several) else "pytorch"


def free_name(title: str, taken: Collection[str]) -> str:
    """``title`` as a job's name, with the first number that makes it new."""
    stem, number = name_from(title), 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
