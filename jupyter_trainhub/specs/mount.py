"""A folder that an instance or a job sees: from a claim, an NFS server, a CSI driver, the node."""

from __future__ import annotations

import posixpath
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from jupyter_trainhub.specs.base import FieldError, Spec

MountKind = Literal["host_path", "claim", "nfs", "csi"]
KINDS: tuple[MountKind, ...] = get_args(MountKind)

_RESERVED = ("/proc", "/sys", "/dev", "/trainhub")


def _absolute(path: str) -> str:
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not an absolute path without '..'; write it from / on")
    return posixpath.normpath(path).replace("//", "/")


def _inside(path: str) -> str:
    if path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise ValueError(f"{path!r} is not a path below the volume; write it without / in front")
    return posixpath.normpath(path)


def _target(path: str) -> str:
    path = _absolute(path)
    if path == "/" or ":" in path:
        raise ValueError(f"nothing can be mounted at {path!r}; choose a folder such as /mnt/data")
    if any(path == folder or path.startswith(f"{folder}/") for folder in _RESERVED):
        raise ValueError(f"{path!r} belongs to the system; choose a folder such as /mnt/data")
    return path


AbsolutePath = Annotated[str, AfterValidator(_absolute), Field(min_length=1, max_length=4096)]
MountPath = Annotated[str, AfterValidator(_target), Field(min_length=1, max_length=4096)]
SubPath = Annotated[str, AfterValidator(_inside), Field(min_length=1, max_length=4096)]


class NfsExport(Spec):
    """A folder that an NFS server exports."""

    server: str = Field(title="Server", description="Host name or address of the NFS server.")
    path: AbsolutePath = Field(title="Path", description="The folder as the server exports it.")


class CsiVolume(Spec):
    """A volume that a CSI driver makes for the pod (Kubernetes' inline CSI volume)."""

    driver: str = Field(
        title="Driver", description="Name of the CSI driver.", min_length=1, max_length=63
    )
    read_only: bool = Field(
        default=False, title="Read only", description="Whether the driver mounts it read-only."
    )
    fs_type: str | None = Field(
        default=None, title="File system", description="Such as ext4. Left out: the driver's."
    )
    attributes: dict[str, str] = Field(
        default_factory=dict, title="Attributes", description="What the driver wants to know."
    )
    secret: str | None = Field(
        default=None,
        title="Secret",
        description="Name of the Secret with the driver's credentials.",
        min_length=1,
        max_length=253,
    )


class Mount(Spec):
    """One folder and where it comes from: exactly one of the ``KINDS``."""

    path: MountPath = Field(title="Path", description="Where the folder appears in the pod.")
    read_only: bool = Field(
        default=False, title="Read only", description="Whether the pod may only read it."
    )
    host_path: AbsolutePath | None = Field(
        default=None, title="Folder of the node", description="A folder that exists on the node."
    )
    claim: str | None = Field(
        default=None,
        title="Claim",
        description="Name of a PersistentVolumeClaim in the namespace.",
        min_length=1,
        max_length=253,
    )
    nfs: NfsExport | None = Field(
        default=None, title="NFS", description="A folder that an NFS server exports."
    )
    csi: CsiVolume | None = Field(
        default=None, title="CSI", description="A volume that a CSI driver mounts."
    )
    sub_path: SubPath | None = Field(
        default=None, title="Subfolder", description="A folder below the volume's root."
    )

    @property
    def kind(self) -> MountKind:
        """Where it comes from."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(sources) != 1:
            raise FieldError(
                sources[1] if sources else "host_path",
                f"a mount has one source, this one has {len(sources)}",
                f"Give exactly one of {', '.join(KINDS)}.",
            )
        return self


def distinct(mounts: list[Mount]) -> list[Mount]:
    """``mounts`` itself. Raises ValueError when two of them appear at the same path."""
    seen: set[str] = set()
    for mount in mounts:
        if mount.path in seen:
            raise ValueError(f"two folders are mounted at {mount.path!r}; give each its own path")
        seen.add(mount.path)
    return mounts


Mounts = Annotated[list[Mount], AfterValidator(distinct)]
