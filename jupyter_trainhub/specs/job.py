"""A training job: a notebook or a command, run on one or several nodes."""

from __future__ import annotations

import keyword
from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator, model_validator
from typing_extensions import Self

from jupyter_trainhub.specs.base import FieldError
from jupyter_trainhub.specs.names import JobName
from jupyter_trainhub.specs.resources import LONGEST_ARGUMENT, PodSpec
from jupyter_trainhub.specs.volume import JobVolume

Category = Literal["debug", "inference", "training", "special"]


class JobSpec(PodSpec):
    """What a user asks for when submitting a job: exactly one of ``notebook`` and ``command``."""

    form_order = (
        "name",
        "notebook",
        "command",
        "args",
        "parameters",
        "include",
        "setup",
        "framework",
        "nodes",
        "processes_per_node",
        "virtual_cluster",
        "skus",
        "category",
        "project",
        "description",
        "priority",
        "time_limit",
        "estimated_time",
        "restarts",
        "checkpoint_volume",
        "model_volume",
    )

    name: JobName = Field(
        title="Name",
        description="Letters, digits, '_' and '-', at most 48 characters; "
        "a letter or digit comes first and last.",
    )
    category: Category = Field(
        default="training",
        title="Category",
        description="What kind of work it is, for lists and overviews.",
    )
    project: str = Field(
        default="",
        title="Project",
        description="What it belongs to, for lists and overviews.",
        max_length=100,
    )
    priority: int | None = Field(
        default=None,
        title="Priority",
        description="1 to 9, 9 goes first. Left out: the cluster's default.",
        ge=1,
        le=9,
    )
    framework: str = Field(
        default="single",
        title="Framework",
        description="single: one process on one node; "
        "pytorch: processes on all nodes that find each other as torchrun starts them; "
        "mpi: the command runs on the first node and reaches the others by mpirun or deepspeed.",
        pattern=r"^[a-z][a-z0-9_-]*$",
        max_length=40,
    )
    notebook: str | None = Field(
        default=None,
        title="Notebook",
        description="Path of the notebook (.ipynb, .md, .Rmd) or Python script (.py) whose saved "
        "state is to run.",
        min_length=1,
        max_length=4096,
        pattern=r"\.(ipynb|py|md|Rmd)$",
    )
    command: list[str] | None = Field(
        default=None,
        title="Command",
        description="The program and its arguments, one item each; $NAME is replaced by the "
        "variable NAME of the pod. No shell is involved.",
        min_length=1,
        max_length=4096,
    )
    args: list[str] = Field(
        default_factory=list,
        title="Arguments",
        description="Arguments of the Python script, one item each; $NAME is replaced by the "
        "variable NAME of the pod.",
        max_length=4096,
    )
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict,
        title="Parameters",
        description="Values for the variables of the notebook's cell tagged 'parameters'.",
    )
    include: list[Annotated[str, Field(min_length=1, max_length=1000)]] = Field(
        default_factory=list,
        title="Further files",
        description="Files and folders beside the notebook or script that travel with it, besides "
        "the modules that it imports, such as configs/*.yaml or assets.",
        max_length=100,
    )
    setup: bool = Field(
        default=False,
        title="Install packages",
        description="Whether to install what %pip lines of the notebook name, on each node, before "
        "it starts.",
    )
    nodes: int = Field(
        default=1, title="Nodes", description="On how many nodes it runs.", ge=1, le=1000
    )
    processes_per_node: int | None = Field(
        default=None,
        title="Processes per node",
        description="Training processes on each node. Left out: one for each GPU, "
        "one when there is none.",
        ge=1,
        le=1024,
    )
    virtual_cluster: str | None = Field(
        default=None,
        title="Virtual cluster",
        description="The group of nodes to run on. CPUs, memory and GPUs are then those of its "
        "SKUs. Left out: any node.",
        min_length=1,
        max_length=253,
    )
    skus: int = Field(
        default=1,
        title="SKUs per node",
        description="How many SKUs of the virtual cluster each node gets.",
        ge=1,
        le=1024,
    )
    ib_network: bool | None = Field(
        default=None,
        title="InfiniBand",
        description="Whether nodes talk over InfiniBand or RoCE (true) or Ethernet (false). "
        "Left out: NCCL chooses.",
    )
    ssh: bool = Field(
        default=False, title="SSH", description="Whether its pods can be entered by SSH."
    )
    time_limit: int | None = Field(
        default=None,
        title="Time limit",
        description="Seconds after which the job is ended. Left out: no limit.",
        ge=1,
        le=365 * 86400,
    )
    estimated_time: int | None = Field(
        default=None,
        title="Estimated run time",
        description="Seconds that you expect it to run. It is not ended for that.",
        ge=1,
        le=365 * 86400,
    )
    peer_timeout: int = Field(
        default=600,
        title="Wait for nodes",
        description="Seconds that its nodes wait for each other before it fails.",
        ge=1,
        le=7 * 86400,
    )
    restarts: int = Field(
        default=0,
        title="Restarts",
        description="How often the whole job is started again after a failure.",
        ge=0,
        le=20,
    )
    checkpoint_volume: JobVolume | None = Field(
        default=None,
        title="Checkpoint volume",
        description="A folder for checkpoints, kept after the job. TRAINHUB_CHECKPOINT_PATH names "
        "it in every pod.",
    )
    model_volume: JobVolume | None = Field(
        default=None,
        title="Model volume",
        description="A folder for the model, kept after the job. TRAINHUB_MODEL_PATH names it in "
        "every pod.",
    )
    description: str = Field(
        default="", title="Description", description="A note for yourself.", max_length=1000
    )

    @property
    def processes(self) -> int:
        """Training processes on each node."""
        return self.processes_per_node or max(1, self.gpus)

    @property
    def volumes(self) -> dict[str, JobVolume]:
        """Its own volumes by their roles, ``checkpoint`` and ``model``."""
        found = {"checkpoint": self.checkpoint_volume, "model": self.model_volume}
        return {role: volume for role, volume in found.items() if volume is not None}

    @property
    def world_size(self) -> int:
        """Training processes on all nodes together."""
        return self.nodes * self.processes

    @field_validator("command", "args")
    @classmethod
    def _runnable(cls, arguments: list[str] | None) -> list[str] | None:
        for position, argument in enumerate(arguments or ()):
            if "\0" in argument or len(argument.encode()) > LONGEST_ARGUMENT:
                raise ValueError(
                    f"argument {position} holds a NUL character or more than {LONGEST_ARGUMENT} "
                    "bytes; put long texts into a file"
                )
        return arguments

    @field_validator("command")
    @classmethod
    def _has_program(cls, command: list[str] | None) -> list[str] | None:
        if command and not command[0]:
            raise ValueError("the program's name is empty; give it first, such as python")
        return command

    @field_validator("include")
    @classmethod
    def _inside(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            if pattern.startswith(("/", "~")) or ".." in pattern.split("/") or "\0" in pattern:
                raise ValueError(
                    f"{pattern!r} leads out of the notebook's folder; give a path relative to it"
                )
        return patterns

    @field_validator("parameters")
    @classmethod
    def _assignable(cls, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name in parameters:
            if not name.isidentifier() or keyword.iskeyword(name):
                raise ValueError(f"{name!r} is not the name of a Python variable; rename it")
        return parameters

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.notebook is None) == (self.command is None):
            raise FieldError(
                "notebook" if self.command is None else "command",
                "a job runs a notebook or a command",
                "Give exactly one of notebook and command.",
            )
        if self.parameters and self.notebook is None:
            raise FieldError(
                "parameters", "parameters are for notebooks", "Put them into the command."
            )
        if self.args and not (self.notebook or "").endswith(".py"):
            raise FieldError(
                "args",
                "arguments are for Python scripts",
                "Use the parameters of a notebook, or put them into the command.",
            )
        if self.framework == "single" and self.nodes > 1:
            raise FieldError(
                "framework",
                f"framework 'single' runs on one node, {self.nodes} were asked for",
                "Choose framework 'pytorch', or 1 node.",
            )
        if self.framework == "single" and (self.processes_per_node or 1) > 1:
            raise FieldError(
                "framework",
                "framework 'single' starts one process",
                "Choose framework 'pytorch', or 1 process per node.",
            )
        if self.skus > 1 and self.virtual_cluster is None:
            raise FieldError(
                "skus", "SKUs are those of a virtual cluster", "Name the virtual cluster."
            )
        self._check_folders()
        return self

    def _check_folders(self) -> None:
        taken = {mount.path for mount in self.mounts}
        for role, volume in self.volumes.items():
            if volume.path in taken:
                raise FieldError(
                    f"{role}_volume.path",
                    f"two folders are both at {volume.path}",
                    "Give each a path of its own.",
                )
            taken.add(volume.path)
