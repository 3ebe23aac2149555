"""Pulling images from registries into the image store. What is here blocks."""

from __future__ import annotations

import io
import ipaddress
import threading
from collections.abc import Iterator
from typing import Any

from ...registry import client, manifest
from ...registry.blob import Blob, BrokenImage
from ...registry.client import Endpoint, Manifest, Repository
from ...registry.credentials import Credential
from ...registry.failures import RegistryError
from ...registry.reference import Reference
from ..runtime.image_store import ImageError, ImageStore, StoredImage
from ..runtime.manifests import MEDIA_TYPES
from . import pull_messages, pull_secrets

_TIMEOUT = 30.0  # seconds without a byte


class PullError(Exception):
    """The image cannot be had; the message is containerd's."""


class Cancelled(Exception):
    """The cluster ends."""


class Puller:
    """Has images of registries in the store."""

    def __init__(self, store: ImageStore) -> None:
        self._store = store
        self._closing = threading.Event()

    def close(self) -> None:
        """Have what is going on end with `Cancelled`."""
        self._closing.set()

    def unpack(self, image: StoredImage, name: Reference) -> None:
        """Unpack an image that is here. Raises PullError or Cancelled."""
        try:
            self._store.unpack(image, self._go_on)
        except ImageError as error:
            raise PullError(pull_messages.not_stored(error, name)) from error

    def pull(self, name: Reference, credential: Credential | None) -> None:
        """Have the image that a registry has now by this name.

        Raises:
            PullError: it cannot be had.
            Cancelled: the cluster ends.
        """
        for url in _urls(name.domain):
            try:
                self._pull(name, credential, url)
                return
            except RegistryError as error:
                if error.reason == "Cancelled":
                    raise Cancelled from error
                if url.startswith("http:") and not pull_messages.is_refusal(error):
                    continue  # it may speak TLS
                if error.status == 401 and credential is None:
                    raise PullError(pull_messages.no_credential(name)) from error
                raise PullError(pull_messages.refused(error, name, url)) from error
            except BrokenImage as error:
                raise PullError(pull_messages.unfit(error, name)) from error
            except ImageError as error:
                raise PullError(pull_messages.not_stored(error, name)) from error

    def _pull(self, name: Reference, credential: Credential | None, url: str) -> None:
        verify, mark = not is_loopback(name.domain), pull_secrets.fingerprint(credential)
        endpoint = Endpoint(url, verify=verify, credential=credential, timeout=_TIMEOUT)
        repository = Repository(name.domain, name.path, endpoint)
        found = repository.resolve(name.digest or name.tag)
        if found is None:
            raise PullError(pull_messages.not_found(name))
        here = self._store.find(f"{name.repository}@{found.digest}")
        if here:
            with self._store.repositories.changing() as index:
                index[name.repository].name(name.tag, found.digest, mark)
            return
        documents: dict[str, Manifest] = {}

        def find(descriptor: dict[str, Any]) -> Blob:
            digest = str(descriptor["digest"])
            if descriptor.get("mediaType") not in MEDIA_TYPES:
                return repository.blob(digest, int(descriptor["size"]), self._closing.is_set)
            if digest not in documents:
                documents[digest] = repository.manifest(digest)
            data = documents[digest].bytes
            return Blob(lambda: io.BytesIO(data), len(data), repository.name, 0, digest)

        top = {"digest": found.digest, "mediaType": found.media_type}
        image = manifest.choose([top], find)
        whole = find(top) if documents[found.digest].is_index else None
        names = (str(name),)
        self._store.store(image, names, index=whole, pulled=mark, progress=self._go_on)

    def _go_on(self, *_: Any) -> None:
        if self._closing.is_set():
            raise Cancelled


def is_loopback(domain: str) -> bool:
    """Whether the registry is on this machine, and so may do without TLS."""
    host = domain.rpartition(":")[0] if ":" in domain and domain[-1] != "]" else domain
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _urls(domain: str) -> Iterator[str]:
    """Where to ask, in turn: as containerd does, a registry of this machine by plain HTTP first."""
    if is_loopback(domain) and not domain.endswith(":443"):
        yield f"http://{domain}"
    yield client.default_url(domain)
