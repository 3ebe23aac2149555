"""The Secret that keeps the SSH host key of a job: one for all its attempts and ranks."""

from __future__ import annotations

from jupyter_trainhub.manifests.labels import ATTEMPT, Object, owned_by


def host_key_secret(owner: Object) -> Object:
    """An empty Secret that goes with ``owner``, the first attempt at the job."""
    metadata = owner["metadata"]
    its_labels = {name: value for name, value in metadata["labels"].items() if name != ATTEMPT}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": f"{metadata['name']}-host-key", "labels": its_labels},
        "type": "Opaque",
    }
    return owned_by(secret, owner)
