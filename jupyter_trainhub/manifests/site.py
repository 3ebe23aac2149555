"""What the site adds to a user's spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.storage import Storage

GPU = "nvidia.com/gpu"


@dataclass(frozen=True)
class Site:
    """What the site makes of a user's spec for the pod.

    ``gpu`` is the name under which nodes offer the GPUs, ``node_selector`` the labels of the nodes
    that it may run on, ``storages`` those of the spec, filled in for the user, ``setup_image`` the
    image that makes their folders (empty: the pod's own), ``pull_secrets`` the Secrets with which
    nodes pull images.

    For jobs: ``priority_class`` of their pods, ``env`` that the platform sets for the network,
    ``resources`` besides CPUs, memory and GPUs, ``capabilities`` that the container needs, and the
    folder ``runs`` in the pods below which each run keeps its logs. New volumes of theirs are given
    to the group ``volume_group``, where one is named. TrainJobs refer to ``training_runtime``.
    """

    gpu: str = GPU
    node_selector: Mapping[str, str] = field(default_factory=dict)
    storages: Sequence[Storage] = ()
    setup_image: str = ""
    pull_secrets: Sequence[str] = ()
    priority_class: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    capabilities: Sequence[str] = ()
    runs: str | None = None
    volume_group: int | None = None
    training_runtime: str = "torch-distributed"

    def mounts(self, spec: PodSpec) -> list[tuple[str, Mount]]:
        """The folders of a pod by the names of their volumes: the user's own, then the storages."""
        return [
            *((f"mount-{number}", mount) for number, mount in enumerate(spec.mounts)),
            *((f"storage-{number}", storage) for number, storage in enumerate(self.storages)),
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON; :meth:`from_dict` takes it back."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**found, "storages": [storage.to_dict() for storage in self.storages]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Site:
        """Back from JSON; fields of other versions are left out. Raises InvalidField."""
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data}
        storages = [Storage.parse(storage) for storage in data.get("storages", ())]
        return cls(**{**known, "storages": storages})

    def titles(self) -> dict[str, str]:
        """What people call the storages, by the names of their volumes."""
        return {f"storage-{number}": storage.label for number, storage in enumerate(self.storages)}


ANYWHERE = Site()
