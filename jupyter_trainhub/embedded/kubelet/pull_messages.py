"""Why an image cannot be pulled, in the words of containerd, and what would do.

Source: containerd 2.1 (core/remotes/docker) and the events of a Kubernetes 1.36 with it.
"""

from __future__ import annotations

import errno
import re
from http.client import responses

from ...registry.blob import BrokenImage
from ...registry.failures import RegistryError
from ...registry.reference import Reference
from ..runtime.image_store import ImageError

_BY_HAND = (
    '`trainhub cluster load` brings an image that no registry gives; the image "host" is the '
    "machine itself"
)

# What urllib3 says of a connection, and Go's dialler.
_DIALLED = (
    (r"refused", "dial tcp {host}: connect: connection refused"),
    (r"resolve|name resolution", "dial tcp: lookup {name}: no such host"),
    (r"unreachable|No route", "dial tcp {host}: connect: network is unreachable"),
    (r"timed? ?out", "dial tcp {host}: i/o timeout"),
    (r"WRONG_VERSION_NUMBER|RECORD_LAYER", "http: server gave HTTP response to HTTPS client"),
    (r"CERTIFICATE_VERIFY_FAILED",
     "tls: failed to verify certificate: x509: certificate signed by unknown authority"),
)  # fmt: skip


def not_found(name: Reference) -> str:
    """The registry has no such image."""
    return _status(f"{_failed(name)}: failed to resolve image: {name}: not found")


def not_here(name: Reference) -> str:
    """No registry is asked for the image, and this machine does not have it."""
    return f"{not_found(name)}. {_BY_HAND}"


def refused(error: RegistryError, name: Reference, url: str) -> str:
    """A registry, asked at `url`, or the network before it, did not give the image."""
    address = f"{url}/v2/{name.path}/manifests/{name.digest or name.tag}"
    where = f"{_failed(name)}: failed to resolve image"
    if error.reason == "NotFound":
        return not_found(name)
    if error.status:
        status = f"{error.status} {responses.get(error.status, '')}"
        return f"{where}: unexpected status from HEAD request to {address}: {status}"
    host = url.partition("://")[2]
    cause = str(error.__context__ or error.message)
    for pattern, words in _DIALLED:
        if re.search(pattern, cause, re.IGNORECASE):
            said = words.format(host=host, name=host.partition(":")[0])
            return f'{where}: failed to do request: Head "{address}": {said}. {_BY_HAND}'
    return f"{_failed(name)}: failed to copy: {error.message}"


def is_refusal(error: RegistryError) -> bool:
    """Whether a registry said no, or nothing listens there; another address would not do."""
    return error.status not in (0, 400) or "refused" in str(error.__context__)


def no_credential(name: Reference) -> str:
    """The registry asks who it is, and nothing says so."""
    return (
        f"{_failed(name)}: failed to resolve image: pull access denied, repository does not exist "
        "or may require authorization: authorization failed: no basic auth credentials"
    )


def unfit(error: BrokenImage, name: Reference) -> str:
    """What the registry gave is no image, or none for this machine."""
    if str(error).startswith("no image for"):
        return _status(f"{_failed(name)}: no match for platform in manifest: not found ({error})")
    return f"{_failed(name)}: {error}"


def not_stored(error: ImageError, name: Reference) -> str:
    """The image cannot be unpacked."""
    cause = error.__cause__
    full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
    more = ": no space left on device" if full else ""
    return f"{_failed(name)}: failed to extract layer: {error}{more}"


def duration(seconds: float) -> str:
    """As Go writes it, to the millisecond: `0s`, `350ms`, `1.2s`, `1m5.25s`."""
    milliseconds = int(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".")
    return f"{minutes}m{text}s" if minutes else f"{text}s"


def _failed(name: Reference) -> str:
    return f'failed to pull and unpack image "{name}"'


def _status(text: str) -> str:
    """With the code that the kubelet leaves in a message; it leaves out Unknown."""
    return f"rpc error: code = NotFound desc = {text}"
