"""A job as Kubernetes objects: Indexed Job, headless Service, ConfigMap with what runs.

The recipe is the usual one for torchrun without an operator: every pod has a stable host name by
the Service, knows its node rank by the completion index, and starts through TrainHub's launcher.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.manifests import pod
from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.labels import (
    COMPLETION_INDEX,
    JOB_NAME,
    PORT,
    Object,
    labels,
    spec_annotations,
)
from jupyter_trainhub.manifests.site import ANYWHERE, Site
from jupyter_trainhub.manifests.volumes import volumes
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, to_kubernetes

CODE_FOLDER = "/trainhub"
LAUNCHER = "launch.py"

# A ConfigMap may hold 1 MiB; the rest is for keys, metadata and the JSON around them.
# https://kubernetes.io/docs/concepts/configuration/configmap/
LARGEST_CODE = 960 * 1024

# Below the ephemeral ports of Linux (32768 on) and above the usual services.
PORTS = range(23000, 32000)

# Seconds: what a program has to end itself after SIGTERM, and what the launcher needs on top of it.
GRACE = 30
LAUNCHER_MARGIN = 15

# Seconds that the pod may take from its start on the node until the launcher runs:
# pulling an image.
START_MARGIN = 900


@dataclass(frozen=True)
class JobObjects:
    """The objects of one job. The Job is the owner of the others and starts suspended."""

    job: Object
    service: Object
    config_map: Object


def job_objects(
    spec: JobSpec,
    *,
    owner: str,
    image: str,
    files: Mapping[str, bytes],
    argv: Sequence[str],
    port: int,
    site: Site = ANYWHERE,
) -> JobObjects:
    """The objects that make the job ``spec``.

    ``files`` are shown to every pod below ``/trainhub`` and hold ``launch.py``; ``argv`` is what
    the launcher starts; ``port`` is where the processes of rank 0 are met. Raises InvalidField when
    the files are too large.
    """
    name = to_kubernetes(JOB_PREFIX, spec.name)
    its_labels = labels("job", spec.name, owner)
    metadata: Object = {"name": name, "labels": its_labels}
    config_map, paths = _code(f"{name}-code", its_labels, files)
    template = {
        # A sidecar put in by Istio would outlive the program and keep the pod from finishing.
        "metadata": {"labels": {**its_labels, "sidecar.istio.io/inject": "false"}},
        "spec": _pod(spec, name=name, image=image, argv=argv, port=port, paths=paths, site=site),
    }
    job: Object = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            **metadata,
            "annotations": {**spec_annotations(spec.to_dict(), owner), PORT: str(port)},
        },
        "spec": {
            "suspend": True,
            "completionMode": "Indexed",
            "completions": spec.nodes,
            "parallelism": spec.nodes,
            # One rank that is started again cannot join processes that wait for the old one.
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "template": template,
        },
    }
    service: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "clusterIP": "None",
            # Ranks look for each other before they are ready.
            "publishNotReadyAddresses": True,
            "selector": {JOB_NAME: name},
            "ports": [{"name": "rendezvous", "port": port, "targetPort": port}],
        },
    }
    return JobObjects(job, service, config_map)


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


def taken_ports(jobs: Collection[Object]) -> set[int]:
    """The ports that existing Jobs were given."""
    found = (job["metadata"].get("annotations", {}).get(PORT, "") for job in jobs)
    return {int(port) for port in found if port.isdigit()}


def _code(
    name: str, its_labels: dict[str, str], files: Mapping[str, bytes]
) -> tuple[Object, list[Object]]:
    """The ConfigMap of ``files`` and the paths at which its keys appear."""
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    paths: list[Object] = []
    for number, (path, content) in enumerate(sorted(files.items())):
        key = path if re.fullmatch(r"[A-Za-z0-9][-._A-Za-z0-9]{0,200}", path) else f"file-{number}"
        paths.append({"key": key, "path": path})
        try:
            text[key] = content.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(content).decode()
    size = sum(len(item.encode()) for item in (*text.values(), *binary.values()))
    if size > LARGEST_CODE:
        largest = max(files, key=lambda path: len(files[path]))
        raise InvalidField(
            f"the code is {size // 1024} KiB, a job can carry {LARGEST_CODE // 1024} KiB; "
            f"the largest file is {largest}",
            field="notebook",
            remedy="Put large texts and data into files of a mounted folder and read them there.",
        )
    config_map: Object = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": its_labels},
        "data": text,
    }
    if binary:
        config_map["binaryData"] = binary
    return config_map, paths


def _pod(
    spec: JobSpec,
    *,
    name: str,
    image: str,
    argv: Sequence[str],
    port: int,
    paths: list[Object],
    site: Site,
) -> Object:
    sources, targets = volumes(spec, site)
    container: Object = {
        "command": [
            "python",
            f"{CODE_FOLDER}/{LAUNCHER}",
            "--",
            *(literal(argument) for argument in argv),
        ],
        "env": pod.environment(_environment(spec, name, port), spec.env),
        "resources": pod.resources(spec, site.gpu),
        "volumeMounts": [
            *targets,
            {"name": "code", "mountPath": CODE_FOLDER, "readOnly": True},
        ],
        # Keeps the end of the log as the message where the launcher could not write one itself.
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if spec.working_dir is not None:
        container["workingDir"] = spec.working_dir
    fields: Object = {
        "restartPolicy": "Never",
        # The pod's host name is "<job>-<rank>", and with this subdomain the Service answers for it.
        "subdomain": name,
        "terminationGracePeriodSeconds": GRACE + LAUNCHER_MARGIN,
    }
    if spec.time_limit is not None:
        # The launcher keeps the limit to the second; this ends the pod should the launcher fail to.
        # It is the pod's and not the Job's deadline, which would count the time in the queue.
        fields["activeDeadlineSeconds"] = spec.time_limit + GRACE + LAUNCHER_MARGIN + START_MARGIN
    code = {"name": "code", "configMap": {"name": f"{name}-code", "items": paths}}
    return pod.pod(spec, site, image=image, container=container, volumes=[*sources, code], **fields)


def _environment(spec: JobSpec, name: str, port: int) -> list[Object]:
    # RANK is the node's index and WORLD_SIZE the number of processes, as users of such platforms
    # know them; torchrun replaces both for each process. The index comes by fieldRef, because
    # "$(JOB_COMPLETION_INDEX)" does not expand here: the controller appends that variable last.
    index = f"metadata.annotations['{COMPLETION_INDEX}']"
    address = f"{name}-0.{name}"
    limit = [] if spec.time_limit is None else [("TRAINHUB_TIME_LIMIT", str(spec.time_limit))]
    values = [
        ("PYTHONUNBUFFERED", "1"),
        ("MASTER_ADDR", address),
        ("MASTER_PORT", str(port)),
        ("WORLD_SIZE", str(spec.world_size)),
        ("PET_MASTER_ADDR", address),
        ("PET_MASTER_PORT", str(port)),
        ("PET_NNODES", str(spec.nodes)),
        ("PET_NPROC_PER_NODE", str(spec.processes)),
        ("TRAINHUB_FRAMEWORK", spec.framework),
        ("TRAINHUB_JOB", spec.name),
        ("TRAINHUB_NODES", str(spec.nodes)),
        ("TRAINHUB_CPUS", f"{spec.cpus:g}"),
        ("TRAINHUB_GRACE", str(GRACE)),
        *limit,
    ]
    return [
        pod.from_field("POD_IP", "status.podIP"),
        pod.from_field("RANK", index),
        pod.from_field("PET_NODE_RANK", index),
        *(pod.value(variable, text) for variable, text in values),
    ]
