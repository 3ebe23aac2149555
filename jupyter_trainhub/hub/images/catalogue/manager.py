"""The images that users can choose from, and what is done with those in the site's registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.hub.images.catalogue import tags
from jupyter_trainhub.hub.images.catalogue.asking import Asking
from jupyter_trainhub.hub.images.catalogue.facts import Document, Facts, image_view, matches
from jupyter_trainhub.hub.images.catalogue.listing import Listing
from jupyter_trainhub.hub.images.catalogue.reading import Reader, Remembered, require
from jupyter_trainhub.hub.images.catalogue.usage import users_of
from jupyter_trainhub.hub.images.copies.arrival import require_free
from jupyter_trainhub.hub.images.failures import translated
from jupyter_trainhub.hub.images.naming import reference
from jupyter_trainhub.hub.images.registries.manager import Registries
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.manifests.labels import Objects
from jupyter_trainhub.registry.changes import Changes, changes
from jupyter_trainhub.registry.copying import copy
from jupyter_trainhub.registry.recipe import recipe
from jupyter_trainhub.registry.reference import Reference

_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
NO_BASE = (
    "The instance ran on the files of a machine, not of an image: name one instead of scratch."
)


class Catalogue:
    """Images as one user sees them. Methods may be called by any thread, and block.

    The rights to images are those that the registry gives.
    """

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        registries: Registries,
        known: Callable[[str], Iterable[str]],
    ) -> None:
        """``known`` gives names of images, by the site's prefix, where the registry tells none."""
        self._client = client
        self._registries = registries
        self._reader = Reader()
        self._listing = Listing(config, registries, self._reader, Asking(), known)
        self._changes: Remembered[Changes] = Remembered(most=32)

    def list(self, search: str = "") -> View:
        """``{items, registry}``: the images in which every word of ``search`` occurs.

        ``registry`` is None where the site has none, and says in ``message`` why it cannot be read.
        """
        found = self._listing.read()
        return found | {"items": [view for view in found["items"] if matches(view, search)]}

    def latest(self) -> Objects:
        """The images that forms offer: as listed of late, at once where the registry is slow."""
        return self._listing.latest()

    def get(self, name: str) -> View:
        """One image, of any registry. Raises InvalidField, NotFound, Forbidden, RegistryFailed."""
        image = reference(name, "name")
        found = self._facts(image)
        entry = self._listing.official(image)
        if entry is not None:
            return image_view(image, found, title=entry.label, description=entry.description)
        home = self._registries.home()
        return image_view(image, found, deletable=home is not None and home.holds(image))

    def delete(self, name: str, *, force: bool = False) -> None:
        """Delete an image of the site's registry; other tags that it has are kept.

        Raises InvalidField, NotFound, Forbidden, and Conflict while an instance or a job needs it,
        unless with ``force``.
        """
        image = self._own(name, "name")
        with translated("name"):
            repository = self._registries.repository(name, push=True, field="name")
            digest = require(repository, image.tag)
            users = users_of(self._client, image, digest)
            if users and not force:
                raise Conflict(
                    f"{image} is used by {', '.join(users)}",
                    reason="ImageInUse",
                    field="name",
                    remedy="Delete these first, or delete the image all the same.",
                    details={"users": users},
                )
            others = set(tags.tags_of(repository, digest)) - {image.tag}
            tags.remove(repository, image.tag, digest, is_shared=bool(others))

    def tag(self, name: str, new_name: str, *, overwrite: bool = False) -> View:
        """Give an image of the site's registry another name too: a tag, or a full name there.

        Raises InvalidField, NotFound, Forbidden, and AlreadyExists where another image has that
        name, unless with ``overwrite``.
        """
        image = self._own(name, "name")
        is_tag = bool(_TAG.fullmatch(new_name))
        full = f"{image.repository}:{new_name}" if is_tag else self._registries.new_name(new_name)
        target = self._own(full, "new_name")
        with translated("name"):
            source = self._registries.repository(image.repository, push=True, field="name")
            digest = require(source, image.tag)
            there = self._registries.repository(target.repository, push=True, field="new_name")
            if not overwrite:
                require_free(there, target, digest)
            copy(source, digest, there, target.tag)
        return self.get(str(target))

    def changes(self, name: str) -> Changes:
        """What a saved instance has that its base has not.

        Raises Conflict for an image that is none, besides what :meth:`get` raises.
        """
        return self._changes_of(*self._saved(name))

    def recipe(self, name: str) -> dict[str, Any]:
        """What makes the like of a saved instance: ``{Dockerfile, requirements.txt, …, notes}``.

        Raises what :meth:`changes` raises.
        """
        image, found, layer = self._saved(name)
        changed = self._changes_of(image, found, layer)
        if len(found.layers) > 1:
            return recipe(changed, found.base or "scratch", found.user)
        # A base without files is a machine, on which there is nothing to be deleted for others.
        made = recipe({**changed, "emptied": [], "unexplained": []}, "scratch", found.user)
        return {**made, "notes": [*made["notes"], NO_BASE]}

    def _changes_of(self, image: Reference, found: Facts, layer: Document) -> Changes:
        with translated("name"):
            repository = self._registries.repository(image.repository, field="name")
            blob = repository.blob(layer["digest"], layer["size"])
            return self._changes.get(blob.digest, lambda: changes(blob.content()))

    def _saved(self, name: str) -> tuple[Reference, Facts, Document]:
        image = reference(name, "name")
        found = self._facts(image)
        if found.saved_layer is None:
            raise Conflict(
                f"{image} was not saved from an instance: what it changes of its base is not known",
                reason="NotSaved",
                field="name",
                remedy="Choose an image that was saved from an instance.",
            )
        return image, found, found.saved_layer

    def _facts(self, image: Reference) -> Facts:
        with translated("name"):
            repository = self._registries.repository(image.repository, field="name")
            return self._reader.read(repository, image.digest or image.tag)

    def _own(self, name: str, field: str) -> Reference:
        """The image of the site's registry that is called ``name``, by a tag."""
        home = self._registries.require_home()
        image = reference(name, field)
        if not home.holds(image):
            raise InvalidField(
                f"{image} is not in the site's registry {home.prefix}",
                field=field,
                remedy=f"Name an image below {home.prefix}; others can be copied there first.",
            )
        if image.digest:
            raise InvalidField(
                f"{image} names a digest",
                field=field,
                remedy="Name the image by its tag, as NAME:TAG.",
            )
        return image
