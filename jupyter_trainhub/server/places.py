"""Which instance, or which pod of a job, the path of a request is about."""

from __future__ import annotations

from jupyter_trainhub.specs.place import Place

# Below "trainhub/". Both groups have names, for instances have no rank.
INSTANCE = r"instances/(?P<name>[A-Za-z0-9_]+)"
JOB_POD = r"jobs/(?P<name>[A-Za-z0-9_-]+)/(?P<rank>[0-9]{1,5})"


def place_of(name: str, rank: str | None) -> Place:
    """The place of a request's path. Raises InvalidField."""
    return Place("instance", name) if rank is None else Place("job", name, int(rank))
