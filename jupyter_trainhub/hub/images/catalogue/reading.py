"""Reading what images say of themselves from their registries, each digest once."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from jupyter_trainhub.hub.images.catalogue.facts import Document, Facts, choose, facts
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.client import Repository
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.manifest import parse

T = TypeVar("T")

# Images that one process remembers: some kilobytes each.
_REMEMBERED = 2000


class Remembered(Generic[T]):
    """What is true of a digest for ever. Thread safe; the least used go first."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._found: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: str, find: Callable[[], T]) -> T:
        """What is known of ``digest``, found by ``find`` the first time."""
        with self._lock:
            if digest in self._found:
                self._found.move_to_end(digest)
                return self._found[digest]
        found = find()
        with self._lock:
            self._found[digest] = found
            while len(self._found) > self._most:
                self._found.popitem(last=False)
        return found


class Reader:
    """Reads images. Methods may be called by any thread, and block.

    They raise RegistryError: reason NotFound where there is no such image, Broken where it is none.
    """

    def __init__(self) -> None:
        self._facts: Remembered[Facts] = Remembered()

    def read(self, repository: Repository, tag_or_digest: str) -> Facts:
        """The facts of an image; of one that is known only its digest is asked for."""
        digest = require(repository, tag_or_digest)
        return self._facts.get(digest, lambda: read(repository, digest))


def require(repository: Repository, tag_or_digest: str) -> str:
    """The digest of an image that has to be there. Raises RegistryError."""
    found = repository.resolve(tag_or_digest)
    if found is None:
        raise RegistryError(
            f"{repository.name} has no image {tag_or_digest}",
            reason="NotFound",
            remedy="Look at the list of images for the right name.",
        )
    return found.digest


def read(repository: Repository, digest: str) -> Facts:
    """The facts of an image, read from its registry. Raises RegistryError."""
    document, chosen = _document(repository, digest), digest
    try:
        if "manifests" in document:
            entry = choose(document)
            if entry is None:
                raise _broken(repository, digest, "it holds no image that could run")
            chosen = entry["digest"]
            document = _document(repository, chosen)
        config: Document = {}
        if "config" in document:
            entry = document["config"]
            config = parse(repository.blob(entry["digest"], entry["size"]))
    except (KeyError, TypeError, BrokenImage) as error:
        raise _broken(repository, digest, repr(error)) from None
    return facts(digest, chosen, document, config)


def _document(repository: Repository, digest: str) -> dict[str, Any]:
    try:
        found = json.loads(repository.manifest(digest).bytes)
    except ValueError as error:
        raise _broken(repository, digest, str(error)) from None
    if not isinstance(found, dict):
        raise _broken(repository, digest, "it is no JSON object")
    return found


def _broken(repository: Repository, digest: str, why: str) -> RegistryError:
    return RegistryError(
        f"{repository.name}: {digest} is no image: {why}",
        reason="Broken",
        remedy="Save or copy it anew.",
    )
