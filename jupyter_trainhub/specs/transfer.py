"""Ways of an image: into the cluster's registry from another or from an archive, and to one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jupyter_trainhub.specs.base import Spec

ImageName = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9\[][^\s]*$")]
FilePath = Annotated[str, Field(min_length=1, max_length=4096)]
SecretName = Annotated[
    str, Field(max_length=253, pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", min_length=1)
]

_OVERWRITE = "Whether the name may be taken from the image that has it."


class CopySpec(Spec):
    """An image's copy from one registry to another, blob by blob."""

    source: ImageName = Field(
        title="Source", description="The image as its registry names it, such as nginx:1.27."
    )
    image: ImageName = Field(title="Image", description="The name of the copy.")
    platforms: Literal["this", "all"] = Field(
        default="all",
        title="Platforms",
        description="Of an image for several platforms: all, or only this machine's.",
    )
    source_secret: SecretName | None = Field(
        default=None,
        title="Secret of the source",
        description="Name of a Secret with the source registry's password "
        "(kubernetes.io/dockerconfigjson). Left out: what the site has set.",
    )
    secret: SecretName | None = Field(
        default=None,
        title="Secret of the destination",
        description="Name of a Secret with the destination's password. "
        "Left out: what the site has set.",
    )
    overwrite: bool = Field(default=False, title="Overwrite", description=_OVERWRITE)
    where: Literal["auto", "here", "cluster"] = Field(
        default="auto",
        title="Where",
        description="What copies: this machine, or a pod of the cluster.",
    )


class LoadSpec(Spec):
    """An archive's image on its way into a registry."""

    path: FilePath = Field(
        title="Archive",
        description="What `docker save` wrote, or an OCI archive: a path of the file browser, or "
        "an absolute one.",
    )
    image: ImageName | None = Field(
        default=None,
        title="Image",
        description="What to call it. Left out: its name in the archive, in the site's registry.",
    )
    entry: str | None = Field(
        default=None,
        title="Entry",
        description="Which image of an archive with several, by its name or number.",
        min_length=1,
        max_length=512,
    )
    overwrite: bool = Field(default=False, title="Overwrite", description=_OVERWRITE)


class ExportSpec(Spec):
    """An image on its way into an archive."""

    image: ImageName = Field(title="Image", description="The image as pods name it.")
    path: FilePath = Field(
        title="Archive", description="The file to write: a path of the file browser, or absolute."
    )
    format: Literal["oci", "docker"] = Field(
        default="docker",
        title="Format",
        description="What `docker load` reads, or an OCI archive.",
    )
    overwrite: bool = Field(
        default=False, title="Overwrite", description="Whether a file of that name is replaced."
    )
