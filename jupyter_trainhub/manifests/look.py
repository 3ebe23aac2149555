"""The pod that looks into an image: it runs one program, prints what that finds, and ends."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.labels import KIND, MANAGED_BY, MANAGER, OWNER, Object, label_value
from jupyter_trainhub.manifests.pod import CONTAINER

# Seconds from the pod's start to its end, the pull of a large image among them.
POD_SECONDS = 900


def look_pod(
    name: str,
    image: str,
    command: Sequence[str],
    *,
    kind: str,
    owner: str,
    pull_secrets: Sequence[str] = (),
) -> Object:
    """A pod that runs ``command`` in ``image``: no mounts, no rights, little room.

    ``kind`` is what its label says that it looks for.
    """
    container: Object = {
        "name": CONTAINER,
        "image": image,
        "command": [literal(word) for word in command],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "256Mi"},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {MANAGED_BY: MANAGER, KIND: kind, OWNER: label_value(owner)},
        },
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": POD_SECONDS,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": secret} for secret in pull_secrets],
            "containers": [container],
        },
    }
