"""A running instance on its way into an image."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jupyter_trainhub.specs.base import Spec
from jupyter_trainhub.specs.transfer import ImageName

Pattern = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]+$")]


class MeasurementSpec(Spec):
    """Which changes of an instance are looked at, and by what."""

    exclude: list[Pattern] = Field(
        default_factory=list,
        title="Leave out",
        description="Paths that are not saved; * stands for anything within a name.",
        max_length=1000,
    )
    include: list[Pattern] = Field(
        default_factory=list,
        title="Keep",
        description="Patterns that the site leaves out, and that are saved all the same.",
        max_length=1000,
    )
    engine: Literal["auto", "pod", "node"] = Field(
        default="auto",
        title="Engine",
        description="What reads the instance: a program in it, or one on its node.",
    )


class SnapshotSpec(MeasurementSpec):
    """What a user asks for when saving an instance as an image."""

    image: ImageName | None = Field(
        default=None,
        title="Image",
        description="The name of the image. Left out: one made of owner, instance and time.",
    )
    note: str = Field(
        default="", title="Note", description="A note on what is in the image.", max_length=4096
    )
    secrets: Literal["ask", "exclude", "include"] = Field(
        default="ask",
        title="Secrets",
        description="What becomes of passwords and keys that are found: refuse to save, leave "
        "them out, or save them.",
    )
    overwrite: bool = Field(
        default=False,
        title="Overwrite",
        description="Whether the name may be taken from the image that has it.",
    )
    then: Literal["keep", "stop"] = Field(
        default="keep", title="Then", description="Whether the instance is stopped afterwards."
    )
