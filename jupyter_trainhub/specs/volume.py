"""A volume of a job: a folder that is kept after the job, such as its checkpoints or its model."""

from __future__ import annotations

from pydantic import Field

from jupyter_trainhub.specs.base import Spec
from jupyter_trainhub.specs.mount import MountPath
from jupyter_trainhub.specs.quantity import Memory


class JobVolume(Spec):
    """A folder of its own for a job, on a claim that outlives it."""

    path: MountPath = Field(
        title="Path", description="Where every pod of the job sees it, such as /checkpoints."
    )
    size: Memory = Field(
        default="10Gi",  # type: ignore[assignment]
        title="Size",
        description="Its size, such as 10Gi.",
    )
    claim: str | None = Field(
        default=None,
        title="Claim",
        description="The claim of an earlier job to go on with. Left out: a new one.",
        min_length=1,
        max_length=253,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
    )
