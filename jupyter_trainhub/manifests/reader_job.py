"""The Job that reads an instance's changes on its node, in a namespace where users have no rights.

Its pod sees all processes and, through them, all files of the node: whoever may enter it owns the
node. It gets no token of the cluster, and its image runs one program, ``jupyter_trainhub.
snapshotter``. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_trainhub.manifests.labels import DOMAIN, Object, labels
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.registry_job import FILES, Access, Program, registry_job

SECONDS = 2 * 3600
# Which instance's snapshot it is about: its namespace, and the transfer's id.
OF = f"{DOMAIN}/reads"
# What is known of the image that the instance runs, as JSON.
FACTS = f"{DOMAIN}/base"

# To look through /proc at a process of others; at files of any user; at attributes trusted.*, in
# which an overlay notes folders that hide those below.
_CAPABILITIES = ["SYS_PTRACE", "DAC_READ_SEARCH", "SYS_ADMIN"]


@dataclass(frozen=True)
class Reading:
    """What is to be read, and where the layer goes: ``target`` is a repository's name.

    ``layers`` is how many the image has that the container runs, and ``keep`` how many of them stay
    below the layer. ``choice`` is what ``inpod/rootfs_diff`` has for options, ``facts`` whatever is
    to be found again in the Job.
    """

    name: str
    of: str
    owner: str
    image: str
    node: str
    container_id: str
    target: str
    access: Access
    layers: int
    keep: int
    choice: Object
    facts: Object
    compression: str = "zstd"
    max_bytes: int = 0
    pull_secrets: Sequence[str] = ()


def job_name(namespace: str, transfer: str) -> str:
    """What the Job about a transfer is called. There is one at most."""
    number = hashlib.sha256(f"{namespace}/{transfer}".encode()).hexdigest()[:16]
    return f"snapshot-{number}"


def container_of(pod: Object) -> str:
    """The id of the instance's container, as its runtime calls it; empty before it has one."""
    for status in pod.get("status", {}).get("containerStatuses") or ():
        if status["name"] == CONTAINER:
            return str(status.get("containerID") or "").rpartition("://")[2]
    return ""


def reader_job(reading: Reading) -> tuple[Object, Object]:
    """The Job, suspended, and its Secret, in the snapshotter's own namespace."""
    numbers = {
        "--layers": reading.layers,
        "--keep": reading.keep,
        "--max-bytes": reading.max_bytes,
    }
    program = Program(
        reading.image,
        [
            "jupyter_trainhub.snapshotter",
            *("--container-id", reading.container_id, "--target", reading.target),
            *(word for key, number in numbers.items() for word in (key, str(number))),
            *("--compression", reading.compression, "--choice", f"{FILES}/choice.json"),
            *reading.access.arguments(),
        ],
        {**reading.access.files(), "choice.json": json.dumps(reading.choice)},
        SECONDS,
        reading.pull_secrets,
    )
    field = {"key": "metadata.name", "operator": "In", "values": [reading.node]}
    return registry_job(
        {
            "name": reading.name,
            "labels": labels("reader", reading.name, reading.owner),
            "annotations": {OF: reading.of, FACTS: json.dumps(reading.facts)},
        },
        program,
        container={
            "securityContext": {
                "runAsUser": 0,
                "readOnlyRootFilesystem": True,
                # Not with allowPrivilegeEscalation: False, which Kubernetes refuses beside
                # SYS_ADMIN.
                "capabilities": {"drop": ["ALL"], "add": _CAPABILITIES},
                "seccompProfile": {"type": "RuntimeDefault"},
                # AppArmor's usual profile keeps it from processes that have none.
                "appArmorProfile": {"type": "Unconfined"},
            }
        },
        pod={
            "hostPID": True,
            # By its name as the cluster knows it: a node's label hostname may be another.
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [{"matchFields": [field]}]
                    }
                }
            },
            # Nodes that take no more pods, as those with GPUs or those that are drained.
            "tolerations": [{"operator": "Exists"}],
        },
    )
