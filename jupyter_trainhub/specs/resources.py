"""Fields that instances and jobs share: what one pod gets and how it is set up."""

from __future__ import annotations

import json
import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import Self

from jupyter_trainhub.specs.base import FieldError, Spec
from jupyter_trainhub.specs.mount import AbsolutePath, Mounts
from jupyter_trainhub.specs.quantity import Cpu, Memory

# Bytes of an argument, or of a variable with its name: MAX_ARG_STRLEN of linux/binfmts.h, less NUL.
LONGEST_ARGUMENT = 131_071
# Bytes of a spec, which objects carry among their annotations; those may have 256 KiB together.
# https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
_LONGEST_SPEC = 200_000

_RESERVED_PREFIXES = ("PET_", "TRAINHUB_", "TORCHELASTIC_")
_RESERVED_NAMES = (
    "RANK",
    "LOCAL_RANK",
    "GROUP_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "POD_IP",
    "JUPYTER_TOKEN",
    "JUPYTER_CONFIG_PATH",
)


def _environment(env: dict[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(
                f"{name!r} is not a variable's name; use letters, digits and '_', "
                "beginning with a letter or '_'"
            )
        if name in _RESERVED_NAMES or name.startswith(_RESERVED_PREFIXES):
            raise ValueError(f"{name} is set by TrainHub itself in every pod; leave it out")
        if "\0" in value:
            raise ValueError(f"the value of {name} holds a NUL character; remove it")
        if len(f"{name}={value}".encode()) > LONGEST_ARGUMENT:
            raise ValueError(
                f"{name} is longer than {LONGEST_ARGUMENT} bytes, with which no program starts; "
                "put long texts into a file"
            )
    return env


def _once_each(names: list[str]) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is named twice; name it once")
    return names


Environment = Annotated[dict[str, str], AfterValidator(_environment)]
StorageNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=253)]],
    AfterValidator(_once_each),
    Field(max_length=32, json_schema_extra={"uniqueItems": True}),
]


class PodSpec(Spec):
    """What each pod gets: image, CPUs, memory, GPUs, folders and variables."""

    image: str | None = Field(
        default=None,
        title="Image",
        description="Container image. Left out: the image that the site has set.",
        min_length=1,
        max_length=512,
        pattern=r"^[A-Za-z0-9][^\s]*$",
    )
    cpus: Cpu = Field(
        default=1,
        title="CPUs",
        description="CPU cores for each pod; 0.5 is half a core.",
    )
    memory: Memory = Field(
        default="2Gi",  # type: ignore[assignment]
        title="Memory",
        description="Memory for each pod, such as 512Mi or 2Gi. A pod that uses more is ended.",
    )
    gpus: int = Field(default=0, title="GPUs", description="GPUs for each pod.", ge=0, le=1024)
    gpu_model: str | None = Field(
        default=None,
        title="GPU model",
        description="The model of the GPUs, of those that the site names. Left out: any.",
        min_length=1,
        max_length=253,
    )
    shared_memory: Memory | None = Field(
        default=None,
        title="Shared memory",
        description="Size of /dev/shm, such as 1Gi; it counts as memory. "
        "Left out: the cluster's default, usually 64Mi.",
    )
    storages: StorageNames | None = Field(
        default=None,
        title="Storages",
        description="Names of folders that the site offers. Left out: those it mounts by default.",
    )
    env: Environment = Field(
        default_factory=dict,
        title="Environment variables",
        description="Variables set in every pod.",
    )
    mounts: Mounts = Field(
        default_factory=list,
        title="Folders",
        description="Folders that every pod sees.",
        max_length=32,
    )
    working_dir: AbsolutePath | None = Field(
        default=None,
        title="Working folder",
        description="The folder in which the program starts.",
    )
    host_network: bool = Field(
        default=False,
        title="Host network",
        description="Whether the pod uses the network of its node directly.",
    )
    always_pull: bool = Field(
        default=False,
        title="Always pull",
        description="Whether the image is looked up in its registry at every start.",
    )

    @model_validator(mode="after")
    def _fits_into_an_annotation(self) -> Self:
        size = len(json.dumps(self.to_dict()))
        if size > _LONGEST_SPEC:
            longest = max(self.to_dict().items(), key=lambda item: len(json.dumps(item[1])))[0]
            raise FieldError(
                longest,
                f"all fields together have {size} bytes, at most {_LONGEST_SPEC} can be kept",
                "Put long texts into files.",
            )
        return self
