"""The keys by which the pods of one job, and nobody else, enter each other by ssh."""

from __future__ import annotations

import base64

from jupyter_trainhub.manifests.frameworks.framework import JobRequest
from jupyter_trainhub.manifests.frameworks.template import child
from jupyter_trainhub.manifests.labels import Object

FOLDER = "/trainhub-keys"
MOUNT: Object = {"name": "ssh-keys", "mountPath": FOLDER, "readOnly": True}

# Not "-ssh", which is the name of the MPI operator's own Secret.
SUFFIX = "-keys"


def secret(request: JobRequest) -> Object:
    """A new key for the users' side and one for the hosts', the same in all pods of the attempt."""
    data: dict[str, str] = {}
    for name in ("identity", "host_key"):
        private, public = _key_pair()
        data[name] = base64.b64encode(private).decode()
        data[f"{name}.pub"] = base64.b64encode(public + b"\n").decode()
    return child(request, "Secret", SUFFIX, type="Opaque", data=data)


def volume(job: str) -> Object:
    """The pod's volume with the keys.

    Whoever the pod's user is may read them, for there is nobody else in it; the launcher copies
    them to where only that user can, because ssh refuses others.
    """
    return {"name": "ssh-keys", "secret": {"secretName": f"{job}{SUFFIX}", "defaultMode": 0o444}}


def _key_pair() -> tuple[bytes, bytes]:
    """The private and public key, as OpenSSH writes them.

    ECDSA with P-256, which machines in FIPS mode take as well; they refuse Ed25519.
    """
    # Takes longer to load than all of this package, and few jobs need it.
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private, public
