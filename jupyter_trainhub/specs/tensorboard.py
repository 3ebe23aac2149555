"""What a user asks for when opening a TensorBoard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from jupyter_trainhub.specs.base import FieldError, Spec
from jupyter_trainhub.specs.mount import Mounts
from jupyter_trainhub.specs.names import InstanceName, JobName, TensorBoardName
from jupyter_trainhub.specs.quantity import Memory
from jupyter_trainhub.specs.resources import StorageNames

Where = Literal["auto", "local", "cluster"]

# What only a pod has.
_OF_PODS = ("image", "storages", "mounts")


def _folder(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError(f"{text!r} cannot be a folder; write PATH or NAME:PATH")
    return text


FolderText = Annotated[str, AfterValidator(_folder), Field(max_length=4096)]


class TensorBoardSpec(Spec):
    """The log folders to show, and how.

    A folder is ``PATH`` or ``NAME:PATH``. With ``job`` or ``instance`` paths are as its pods see
    them. What is left out is the site's.
    """

    name: TensorBoardName | None = Field(
        default=None,
        title="Name",
        description="Letters, digits, '-' and '_', at most 40. Left out: made of the folders.",
    )
    folders: list[FolderText] = Field(
        default_factory=list,
        title="Folders",
        description="One to 64 log folders, each PATH or NAME:PATH.",
        max_length=64,
    )
    where: Where = Field(
        default="auto",
        title="Where",
        description="local: a process on the machine of Jupyter; cluster: a pod; "
        "auto: local where this machine sees the folders.",
    )
    idle_seconds: int | None = Field(
        default=None,
        title="Idle time",
        description="Seconds without use after which it ends; 0 is never.",
        ge=0,
        le=10**9,
    )
    reload_interval: int | None = Field(
        default=None,
        title="Reload interval",
        description="Seconds between two looks for new data.",
        ge=1,
        le=86400,
    )
    memory: Memory | None = Field(
        default=None,
        title="Memory",
        description="The most memory that it may use, such as 4Gi; one that uses more is ended.",
    )
    image: str | None = Field(
        default=None,
        title="Image",
        description="Container image with Python and TensorBoard 2.21 or later.",
        min_length=1,
        max_length=512,
        pattern=r"^[A-Za-z0-9][^\s]*$",
    )
    storages: StorageNames | None = Field(
        default=None,
        title="Storages",
        description="Names of the storages in which the folders are looked for. "
        "Left out: all that the site offers.",
    )
    mounts: Mounts = Field(
        default_factory=list,
        title="Folders of the pod",
        description="Further mounts in which the folders are looked for.",
        max_length=32,
    )
    job: JobName | None = Field(
        default=None, title="Job", description="The job whose logs are shown."
    )
    instance: InstanceName | None = Field(
        default=None, title="Instance", description="The instance in which the folders are."
    )

    @model_validator(mode="after")
    def _one_sense(self) -> Self:
        if self.job is not None and self.instance is not None:
            raise FieldError(
                "instance", "the folders are those of a job or of an instance", "Name one of them."
            )
        if not self.folders and self.job is None:
            raise FieldError("folders", "no folder was given", "Name at least one log folder.")
        given = [field for field in _OF_PODS if getattr(self, field)]
        if self.where == "local" and given:
            raise FieldError(
                given[0],
                f"a local TensorBoard has no {given[0]}",
                "Leave it out, or ask for where: cluster.",
            )
        return self

    @property
    def options(self) -> dict[str, int]:
        """Of ``idle_seconds``, ``reload_interval`` (seconds) and ``memory`` (bytes) those given."""
        given = {
            name: getattr(self, name) for name in ("idle_seconds", "reload_interval", "memory")
        }
        return {name: int(value) for name, value in given.items() if value is not None}
