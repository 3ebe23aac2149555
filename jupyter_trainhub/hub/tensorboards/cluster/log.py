"""What a TensorBoard's pod printed last."""

from __future__ import annotations

import contextlib

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER

LOG_BYTES = 16 * 1024
_LINES = 400
# Bytes of so many lines, which may be of any length.
_LONGEST = 1 << 20


def last_words(client: KubeClient, pod: Object) -> str:
    """The last 16 KiB; empty where its container has not started, or is gone."""
    query: dict[str, str | int | bool] = {
        "container": CONTAINER,
        "tailLines": _LINES,
        "limitBytes": _LONGEST,
    }
    try:
        with contextlib.closing(
            client.stream(PODS, pod["metadata"]["name"], "log", query)
        ) as stream:
            printed = b"".join(stream)
    except TrainHubError:
        return ""
    return printed[-LOG_BYTES:].decode(errors="replace")
