"""A virtual cluster: a named group of like nodes, whose resources are counted in SKUs."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import Field

from jupyter_trainhub.specs.base import Spec
from jupyter_trainhub.specs.entry import Entry
from jupyter_trainhub.specs.quantity import Cpu, Memory


class Sku(Spec):
    """The unit in which a virtual cluster gives out its nodes."""

    name: str = Field(
        title="Name", description="Such as A800-120G-15core.", min_length=1, max_length=253
    )
    cpus: Cpu = Field(title="CPUs", description="CPU cores of one SKU.")
    memory: Memory = Field(title="Memory", description="Memory of one SKU, such as 120Gi.")
    gpus: int = Field(default=0, title="GPUs", description="GPUs of one SKU.", ge=0, le=1024)


class VirtualCluster(Entry):
    """A group of like nodes, and for whom it is."""

    node_selector: dict[str, str] = Field(
        default_factory=dict, title="Nodes", description="Labels of its nodes."
    )
    sku: Sku = Field(title="SKU", description="The unit in which its nodes are given out.")
    gpu_resource: str | None = Field(
        default=None,
        title="GPU resource",
        description="The name under which its nodes offer GPUs. Left out: gpu_resource.",
    )
    least_skus_multi_node: int = Field(
        default=1,
        title="Least SKUs",
        description="SKUs on each node that a job on several nodes has to take at least.",
        ge=1,
        le=1024,
    )
    groups: list[str] = Field(
        default_factory=list, title="Groups", description="The groups that it is offered to."
    )
    users: list[str] = Field(
        default_factory=list, title="Users", description="The users that it is offered to."
    )

    def is_for(self, user: str, groups: Collection[str]) -> bool:
        """Whether ``user``, a member of ``groups``, may use it: everybody where none is named."""
        if not (self.users or self.groups):
            return True
        return user in self.users or any(group in self.groups for group in groups)
