"""A dev instance: a JupyterLab of one's own on the cluster."""

from __future__ import annotations

from pydantic import Field

from jupyter_trainhub.specs.names import InstanceName
from jupyter_trainhub.specs.resources import PodSpec


class InstanceSpec(PodSpec):
    """What a user asks for when creating a dev instance."""

    form_order = ("name",)

    name: InstanceName = Field(
        title="Name",
        description="Letters, digits and '_', at most 27 characters; "
        "a letter or digit comes first and last.",
    )
