"""What a cluster serves, asked of the cluster itself and never guessed from its version."""

from __future__ import annotations

import threading
import time

from jupyter_trainhub.errors import ClusterUnavailable, NotFound
from jupyter_trainhub.kube.client import KubeClient

# Seconds to connect, and to wait for an answer that takes a server no work.
VERSION_TIMEOUT = (5, 5)
# Seconds after which what was not there is asked for again: it may have been installed.
ABSENT_SECONDS = 60.0


class Discovery:
    """The API groups and resources of one cluster.

    What is there is asked for once, what is not once a minute.
    """

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._resources: dict[str, frozenset[str]] = {}
        self._read_again: dict[str, float] = {}
        self._lock = threading.Lock()

    def version(self) -> str:
        """The version of the API server, such as ``v1.36.2``; it tells it at once or not at all."""
        return str(self._client.read("/version", VERSION_TIMEOUT).get("gitVersion", ""))

    def groups(self) -> dict[str, str]:
        """The API groups besides the core, each with the version that the cluster prefers."""
        found = self._client.read("/apis").get("groups", [])
        return {group["name"]: group["preferredVersion"]["version"] for group in found}

    def serves(self, version: str, plural: str) -> bool:
        """Whether the cluster has the resource ``plural`` in ``version``, such as ``batch/v1``."""
        with self._lock:
            known = self._resources.get(version)
            if plural not in (known or ()) and self._read_again.get(version, 0) < time.monotonic():
                known = None
        if known is None:
            known = self._read(version)
            with self._lock:
                self._resources[version] = known
                self._read_again[version] = time.monotonic() + ABSENT_SECONDS
        return plural in known

    def _read(self, version: str) -> frozenset[str]:
        root = "/apis" if "/" in version else "/api"
        try:
            document = self._client.read(f"{root}/{version}")
        except NotFound:
            return frozenset()
        except ClusterUnavailable as error:
            # An aggregated API whose own server is down answers 503 for its group alone.
            if error.details.get("code") == 503:
                return frozenset()
            raise
        return frozenset(resource["name"] for resource in document.get("resources", []))
