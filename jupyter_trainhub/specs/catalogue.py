"""What an administrator puts up for choice: images, sizes, GPU models, storages."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.entry import Entry
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.storage import Storage
from jupyter_trainhub.specs.virtual_cluster import VirtualCluster


class ImageEntry(Entry):
    """An image that forms propose; its name is the image's."""


class Preset(Entry):
    """Values that one click puts into the form of an instance."""

    values: dict[str, Any] = Field(
        title="Values", description="Fields of an instance, such as cpus, memory and gpus."
    )

    @field_validator("values")
    @classmethod
    def _fit_an_instance(cls, values: dict[str, Any]) -> dict[str, Any]:
        try:
            InstanceSpec.parse({"name": "preset", **values})
        except InvalidField as error:
            raise ValueError(str(error)) from None
        return values


class GpuModel(Entry):
    """A model of GPU, and how its nodes are told from others."""

    node_selector: dict[str, str] = Field(
        default_factory=dict,
        title="Nodes",
        description="Labels of the nodes that have it, such as nvidia.com/gpu.product.",
    )
    resource: str | None = Field(
        default=None,
        title="Resource",
        description="The name under which its nodes offer it. Left out: gpu_resource.",
    )
    instances: bool = Field(
        default=True, title="Instances", description="Whether instances may use it; jobs may."
    )


# By the names of the settings.
CATALOGUES: dict[str, type[Entry]] = {
    "storages": Storage,
    "images": ImageEntry,
    "presets": Preset,
    "gpu_models": GpuModel,
    "virtual_clusters": VirtualCluster,
}
