"""What a TensorBoard's pod is made of, as its Job keeps it for whoever starts it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.manifests.labels import ADMISSION, Object, json_annotation
from jupyter_trainhub.specs.mount import Mount


@dataclass(frozen=True)
class Admission:
    """What the site made of a spec: all that its pod is made of.

    ``folders`` are the names of runs (or empty) and paths in the pod, ``mounts`` what holds them.
    ``memory`` is the limit in bytes, None for none; ``group`` one that may read new volumes.
    """

    folders: tuple[tuple[str, str], ...]
    mounts: tuple[Mount, ...]
    image: str
    cpus: float
    memory: int | None
    idle_seconds: int
    reload_interval: int
    pull_secrets: tuple[str, ...] = ()
    group: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON; :meth:`from_dict` takes it back."""
        return {**asdict(self), "mounts": [mount.to_dict() for mount in self.mounts]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Admission:
        """Back from JSON.

        Raises InvalidField, KeyError, TypeError, ValueError and OverflowError.
        """
        return cls(
            folders=tuple((str(name), str(path)) for name, path in data["folders"]),
            mounts=tuple(Mount.parse(mount) for mount in data["mounts"]),
            image=str(data["image"]),
            cpus=float(data["cpus"]),
            memory=None if data["memory"] is None else int(data["memory"]),
            idle_seconds=int(data["idle_seconds"]),
            reload_interval=int(data["reload_interval"]),
            pull_secrets=tuple(data["pull_secrets"]),
            group=data["group"],
        )


def read_only(mount: Mount) -> Mount:
    """The same folder as a plain mount that changes nothing, whatever it is elsewhere."""
    fields = {name: getattr(mount, name) for name in Mount.model_fields}
    return Mount(**{**fields, "read_only": True})


def admission_of(job: Object) -> Admission | None:
    """What a Job was made of; None where the annotation is gone or broken."""
    try:
        return Admission.from_dict(json_annotation(job, ADMISSION))
    except (InvalidField, KeyError, TypeError, ValueError, OverflowError):
        return None
