"""A layer and its base made an image at a registry: nothing is named before all of it is there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.errors import RegistryFailed
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.images.failures import taken
from jupyter_trainhub.hub.images.snapshots.base import Base, image_labels
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.registry.composition import compose
from jupyter_trainhub.registry.copying import copy_blobs
from jupyter_trainhub.registry.layer import Spool
from jupyter_trainhub.registry.source import BytesSource
from jupyter_trainhub.specs.snapshot import SnapshotSpec

if TYPE_CHECKING:
    from jupyter_trainhub.registry.client import Repository

# Seconds for which who gives an upload up waits for the registry.
_PATIENCE = 5.0


class Sending:
    """A layer on its way to a registry, in a thread of its own, while it is still written."""

    def __init__(self, target: Repository, spool: Spool, task: Task) -> None:
        self._target, self._spool, self._task = target, spool, task
        self._given_up = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def result(self) -> None:
        """Wait until the registry has it. Raises RegistryError, or what the spool failed with."""
        self._thread.join()
        if self._error is not None:
            raise self._error

    def give_up(self) -> None:
        """End the upload, here and at the registry; of a spool that fails or is complete.

        A registry that does not answer is told later, when it does or its time is over.
        """
        self._given_up = True
        self._thread.join(_PATIENCE)

    def _send(self) -> None:
        try:
            digest = self._spool.digest()
            if digest and self._target.has_blob(digest, self._cancelled):
                return
            self._target.upload(
                self._spool,
                progress=lambda digest, done, size: self._task.progress(sent=done),
                cancelled=self._cancelled,
            )
        except Exception as error:
            self._error = error

    def _cancelled(self) -> bool:
        return self._given_up or self._task.cancelled()


class Publication:
    """The image ``target:tag``, whose layers are those of a base and one more.

    Methods block, and raise RegistryError and Cancelled.
    """

    def __init__(self, target: Repository, tag: str, base: Base, task: Task) -> None:
        self._target, self._tag = target, tag
        self._base = base
        self._task = task

    def add_base(self) -> None:
        """Have the layers of the base in the repository: shared where the registry can."""
        self._task.step("base")
        sizes = {str(layer["digest"]): int(layer["size"]) for layer in self._base.layers}
        done: dict[str, int] = {}

        def tell(digest: str, sent: int, size: int) -> None:
            done[digest] = sent
            self._task.change(
                message=f"The base goes to the registry, too: {sum(done.values()) >> 20} of "
                f"{sum(sizes.values()) >> 20} MiB."
            )

        with self._base.required():
            copy_blobs(self._base.repository, self._target, sizes, tell, self._task.cancelled)
        self._task.change(message=None)

    def name(
        self,
        layer: Mapping[str, Any],
        *,
        created: str,
        history: str,
        labels: Mapping[str, str],
        overwrite: bool,
    ) -> tuple[str, int]:
        """Describe the image, verify all of it, and only then give it its name.

        ``layer`` is a descriptor with one more key, ``diff_id``, of what the repository has
        already. Returns the image's digest, and its size in bytes. Program, variables and user
        are those of its base. Raises AlreadyExists where the name is taken, unless ``overwrite``.
        """
        self._task.step("verify")
        document, media_type, config = compose(
            self._base.manifest,
            self._base.config,
            [layer],
            keep=self._base.keep,
            created=created,
            history=history,
            labels=labels,
        )
        described = self._target.upload(BytesSource(config), cancelled=self._task.cancelled)
        for descriptor in (*self._base.layers, layer, {"digest": described}):
            self._task.check()
            if not self._target.has_blob(descriptor["digest"], self._task.cancelled):
                raise self._lost(f"its part {descriptor['digest']} is missing")
        digest = f"sha256:{hashlib.sha256(document).hexdigest()}"
        self._target.put_manifest(digest, document, media_type)
        if not overwrite and self._target.resolve(self._tag) is not None:
            raise taken(f"{self._target.name}:{self._tag}")
        self._task.check()
        self._target.put_manifest(self._tag, document, media_type)
        if self._target.manifest(self._tag).digest != digest:
            raise self._lost("the registry gives another image for that name")
        sizes = [entry["size"] for entry in (*self._base.layers, layer)]
        return digest, sum(sizes) + len(config) + len(document)

    def _lost(self, what: str) -> RegistryFailed:
        return RegistryFailed(
            f"{self._target.name}:{self._tag} was not stored whole: {what}",
            remedy="Try again, and look into the registry's log.",
        )


def saved_image(
    publication: Publication, namespace: str, task: Task, base: Base, layer: Object
) -> Object:
    """Make the image that ``task`` is about of a base and ``layer``; what its result says of it."""
    spec, instance, created = SnapshotSpec.parse(task.spec), str(task.transfer.instance), now()
    digest, size = publication.name(
        layer,
        created=created,
        history=f"trainhub: saved from instance {instance}",
        labels=image_labels(
            base,
            layer=layer["diff_id"],
            created=created,
            owner=task.transfer.owner,
            instance=instance,
            namespace=namespace,
            note=spec.note,
        ),
        overwrite=spec.overwrite,
    )
    return {"image": spec.image, "digest": digest, "size": size, "layer_size": layer["size"]}
