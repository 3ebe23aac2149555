"""Images from one registry to another."""

from __future__ import annotations

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.images.arrival import arrived, require_free
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.naming import new_image, reference
from jupyter_trainhub.hub.images.reading import require
from jupyter_trainhub.hub.images.registries import Registries
from jupyter_trainhub.hub.images.tally import Tally
from jupyter_trainhub.hub.images.task import Task
from jupyter_trainhub.hub.images.transfers import Transfers
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.copying import copy
from jupyter_trainhub.registry.manifest import this_platform
from jupyter_trainhub.specs.transfer import CopySpec


class Relay:
    """Copies images as transfers. Methods may be called by any thread, and block."""

    def __init__(self, registries: Registries, transfers: Transfers) -> None:
        self._registries = registries
        self._transfers = transfers

    def copy(self, spec: CopySpec) -> View:
        """Begin to copy an image; the transfer.

        Raises InvalidField, NotFound, Forbidden, and AlreadyExists for a name that is taken.
        """
        spec = spec.model_copy(update={"image": self._registries.new_name(spec.image)})
        if spec.where == "cluster":
            raise InvalidField(
                "this site does not copy images in the cluster",
                field="where",
                remedy="Choose here or auto.",
            )
        self._ends(spec)
        return self._transfers.start(
            "copy",
            self.run,
            title=f"Copy {spec.source} to {spec.image}",
            image=spec.image,
            source=spec.source,
            spec=spec.to_dict(),
        )

    def run(self, task: Task) -> View:
        """Copy the image that ``task`` is about; the transfer's result."""
        spec = CopySpec.parse(task.spec)
        source, digest, target = self._ends(spec)
        image = reference(spec.image)
        task.step("upload")
        with translated():
            copied = copy(
                source,
                digest,
                target,
                image.tag,
                platforms="all" if spec.platforms == "all" else this_platform(),
                progress=Tally(
                    lambda done, size: task.progress(bytes=done, total_bytes=size, sent=done)
                ),
                cancelled=task.cancelled,
            )
            return arrived(task, target, image, copied)

    def _ends(self, spec: CopySpec) -> tuple[Repository, str, Repository]:
        """Where the image is, by its digest, and where it is to go."""
        wanted, image = reference(spec.source, "source"), new_image(spec.image)
        with translated("source"):
            source = self._registries.repository(
                spec.source, secret=spec.source_secret, field="source"
            )
            digest = require(source, wanted.digest or wanted.tag)
        with translated():
            target = self._registries.repository(spec.image, push=True, secret=spec.secret)
            if not spec.overwrite:
                require_free(target, image, digest)
        return source, digest, target
