"""What people call volumes: by the claim, or as a job's, ``job/mnist:model/epoch-1``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.manifests.claims import ROLES

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub

_JOB = "job/"


def claim_and_path(hub: Hub, text: str) -> tuple[str, str]:
    """The claim that ``text`` names, and the path in it. Raises InvalidField and NotFound."""
    name, _, path = text.removeprefix(_JOB).partition("/")
    if not text.startswith(_JOB):
        return name, path
    job, colon, role = name.partition(":")
    if not colon or role not in ROLES:
        raise InvalidField(
            f"{text!r} names no volume of a job",
            field="volume",
            remedy=f"Write job/NAME:{' or job/NAME:'.join(ROLES)}, or the name of a claim.",
        )
    return claim_of(hub, job, role), path


def claim_of(hub: Hub, job: str, role: str) -> str:
    """The claim of a job's volume, also when the job is gone. Raises NotFound."""
    with contextlib.suppress(NotFound):
        for volume in hub.jobs.get(job)["volumes"]:
            if volume["role"] == role and volume["claim"]:
                return str(volume["claim"])
    for view in hub.volumes.list(job):
        if view["role"] == role:
            return str(view["claim"])
    raise NotFound(
        f"there is no {role} volume of a job {job!r}",
        field="volume",
        remedy="Look at 'trainhub get volumes'.",
    )
