"""The port at which the processes of a job meet."""

from __future__ import annotations

import zlib
from collections.abc import Collection

from jupyter_trainhub.errors import ClusterRefused
from jupyter_trainhub.manifests.labels import PORT, Object, natural

# Below the ephemeral ports of Linux (32768 on) and above the usual services.
PORTS = range(23000, 32000)


def choose_port(name: str, taken: Collection[int]) -> int:
    """A port for the job ``name`` that is not in ``taken``.

    Pods of two jobs on one machine may share its network, as those with host network do. The name
    decides where the search begins, so that two jobs created at once do not choose the same one.
    """
    start = zlib.crc32(name.encode()) % len(PORTS)
    for step in range(len(PORTS)):
        port = PORTS[(start + step) % len(PORTS)]
        if port not in taken:
            return port
    raise ClusterRefused(
        f"all {len(PORTS)} ports for jobs are taken",
        reason="NoFreePort",
        remedy="Delete jobs that have ended.",
    )


def taken_ports(owners: Collection[Object]) -> set[int]:
    """The ports that the owners of existing jobs were given."""
    return {natural(owner["metadata"].get("annotations", {}).get(PORT, "")) for owner in owners}
