"""The variables of a job's pods.

``RANK`` is the index of the node and ``WORLD_SIZE`` the number of processes in all, as PyTorchJob
sets them; torchrun replaces both for each process. ``PET_`` is the prefix under which torchrun
takes its options. Whatever an operator leaves out of these, the launcher completes.
"""

from __future__ import annotations

from jupyter_trainhub.manifests import claims, pod
from jupyter_trainhub.manifests.frameworks.code import FILES
from jupyter_trainhub.manifests.frameworks.framework import JobRequest
from jupyter_trainhub.manifests.labels import COMPLETION_INDEX, Object

# Seconds: what a program has to end itself after SIGTERM.
GRACE = 30


def platform(request: JobRequest, launched_as: str) -> list[Object]:
    """What the pods of every job get; ``launched_as`` is how the launcher starts the program."""
    spec = request.spec
    values = {
        "PYTHONUNBUFFERED": "1",
        "TRAINHUB_FRAMEWORK": launched_as,
        "TRAINHUB_JOB": spec.name,
        "TRAINHUB_RUN": request.run,
        "TRAINHUB_ATTEMPT": str(request.attempt),
        "TRAINHUB_ATTEMPTS": str(spec.restarts + 1),
        "TRAINHUB_NODES": str(spec.nodes),
        "TRAINHUB_CPUS": f"{spec.cpus:g}",
        "TRAINHUB_GRACE": str(GRACE),
        "TRAINHUB_PEER_TIMEOUT": str(spec.peer_timeout),
    }
    if spec.time_limit is not None:
        values["TRAINHUB_TIME_LIMIT"] = str(spec.time_limit)
    if spec.working_dir is None and any(path.startswith(FILES) for path in request.files):
        # Known to the launcher, once it has unpacked them.
        values["TRAINHUB_WORKING_DIR"] = "$TRAINHUB_FILES"
    if spec.setup:
        values["TRAINHUB_SETUP"] = "1"
    if request.site.runs is not None:
        values["TRAINHUB_RUN_FOLDER"] = f"{request.site.runs}/{request.run}"
    return [
        pod.from_field("POD_IP", "status.podIP"),
        *(pod.value(name, text) for name, text in values.items()),
        *claims.environment(spec),
        *(pod.value(name, text) for name, text in request.site.env.items()),
    ]


def rendezvous(request: JobRequest, address: str) -> list[Object]:
    """How the ranks of an Indexed Job find each other at ``address``, that of rank 0.

    The index comes by fieldRef, because "$(JOB_COMPLETION_INDEX)" does not expand here: the
    controller appends that variable last.
    """
    spec, port = request.spec, str(request.port)
    index = f"metadata.annotations['{COMPLETION_INDEX}']"
    values = {
        "MASTER_ADDR": address,
        "MASTER_PORT": port,
        "WORLD_SIZE": str(spec.world_size),
        "PET_MASTER_ADDR": address,
        "PET_MASTER_PORT": port,
        "PET_NNODES": str(spec.nodes),
        "PET_NPROC_PER_NODE": str(spec.processes),
    }
    return [
        pod.from_field("RANK", index),
        pod.from_field("PET_NODE_RANK", index),
        *(pod.value(name, text) for name, text in values.items()),
    ]
