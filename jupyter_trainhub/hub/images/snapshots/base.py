"""The image that an instance runs, and on which its own will be based."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.manifests.labels import DOMAIN, Object
from jupyter_trainhub.registry.blob import Blob
from jupyter_trainhub.registry.copying import choose
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.manifest import parse

if TYPE_CHECKING:
    from jupyter_trainhub.hub.images.registries.manager import Registries
    from jupyter_trainhub.registry.client import Repository
    from jupyter_trainhub.registry.transport import Cancelled

# Labels of a saved image. Those of OCI: github.com/opencontainers/image-spec, annotations.md.
_OCI = "org.opencontainers.image"
BASE_NAME = f"{_OCI}.base.name"
BASE_DIGEST = f"{_OCI}.base.digest"
LAYERS_ABOVE_BASE = f"{DOMAIN}/layers-above-base"
# The content of the saved layer (its diff ID). An image that was built from a saved one inherits
# the labels, but has other layers on top.
LAYER = f"{DOMAIN}/layer"


@dataclass(frozen=True)
class Base:
    """An image as its registry has it, and what of it stays below a saved layer.

    ``name`` and ``digest`` are of the original base: of a saved image, that on which it is based.
    ``keep`` is how many of the layers are the original's; ``earlier`` is the descriptor of the
    layer that was saved before, above them.
    """

    repository: Repository = field(repr=False)
    manifest: Object = field(repr=False)
    media_type: str
    config: Object = field(repr=False)
    name: str
    digest: str
    keep: int
    earlier: Object | None = None

    @property
    def layers(self) -> list[Object]:
        """The descriptors of the layers that stay below."""
        return list(self.manifest["layers"][: self.keep])

    def blob(self, descriptor: Object, cancelled: Cancelled | None = None) -> Blob:
        """A blob of the image."""
        return self.repository.blob(descriptor["digest"], descriptor["size"], cancelled)

    @contextmanager
    def required(self) -> Iterator[None]:
        """Raise Conflict where its registry has lost a part of it."""
        try:
            yield
        except RegistryError as error:
            if error.reason != "NotFound":
                raise
            raise Conflict(
                f"the image that the instance runs is not whole any more: {error.message}",
                reason="ImageNotInRegistry",
                remedy="Push that image again and try again, or copy the files that you need to "
                "a storage.",
            ) from None


def read_base(registries: Registries, image: str, image_id: str, platform: tuple[str, str]) -> Base:
    """The image ``image_id`` that a container runs, which its pod calls ``image``.

    ``platform`` is its node's, as ``("linux", "amd64")``. Raises Conflict and NotFound for one that
    no registry has, and what the registry fails with.
    """
    repository, digest = registries.source(image_id)
    with translated("image"):
        found = repository.manifest(digest)
        if found.is_index:
            found = repository.manifest(choose(found.document, platform, image))
        document = found.document | {"layers": found.document.get("layers") or []}
        config = parse(repository.blob(document["config"]["digest"], document["config"]["size"]))
    labels = (config.get("config") or {}).get("Labels") or {}
    layers, diff_ids = document["layers"], config.get("rootfs", {}).get("diff_ids") or []
    is_saved = (
        bool(diff_ids)
        and labels.get(LAYERS_ABOVE_BASE) == "1"
        and labels.get(LAYER) == diff_ids[-1]
        and labels.get(BASE_DIGEST)
    )
    if is_saved:
        return Base(
            repository,
            document,
            found.media_type,
            config,
            labels.get(BASE_NAME, ""),
            labels[BASE_DIGEST],
            len(layers) - 1,
            layers[-1],
        )
    return Base(repository, document, found.media_type, config, image, digest, len(layers))


def image_labels(
    base: Base, *, layer: str, created: str, owner: str, instance: str, namespace: str, note: str
) -> dict[str, str]:
    """The labels of an image that is saved on ``base``, with a layer of the content ``layer``."""
    return {
        f"{_OCI}.created": created,
        BASE_NAME: base.name,
        BASE_DIGEST: base.digest,
        # Also where it is empty: that of the base is not about this image.
        f"{_OCI}.description": note,
        f"{_OCI}.authors": owner,
        f"{DOMAIN}/instance": instance,
        f"{DOMAIN}/namespace": namespace,
        LAYERS_ABOVE_BASE: "1",
        LAYER: layer,
    }
