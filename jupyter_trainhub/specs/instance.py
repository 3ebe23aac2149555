"""A dev instance: a JupyterLab of one's own on the cluster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jupyter_trainhub.specs.names import InstanceName
from jupyter_trainhub.specs.resources import PodSpec


class InstanceSpec(PodSpec):
    """What a user asks for when creating a dev instance."""

    form_order = ("name",)

    name: InstanceName = Field(
        title="Name",
        description="Letters A to Z, digits and '_', at most 27 characters.",
    )
    start: Literal["auto", "image"] = Field(
        default="auto",
        title="Start",
        description="auto: JupyterLab where the image has it, else a container to enter; "
        "image: the image's own program.",
    )
