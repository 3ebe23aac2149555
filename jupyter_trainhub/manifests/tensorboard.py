"""A TensorBoard in the cluster as Kubernetes objects: a Job of one pod, and its Secret.

The pod reads the log folders and nothing else: it changes none of them, has no rights in the
cluster, and ends itself when nobody uses it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.labels import (
    ADMISSION,
    Object,
    labels,
    spec_annotations,
)
from jupyter_trainhub.manifests.pod import CONTAINER, from_field, value
from jupyter_trainhub.manifests.site import ANYWHERE
from jupyter_trainhub.manifests.tensorboard_admission import Admission
from jupyter_trainhub.manifests.volumes import volumes
from jupyter_trainhub.specs.names import TENSORBOARD_PREFIX, to_kubernetes
from jupyter_trainhub.specs.quantity import format_cpu
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

KIND = "tensorboard"
PORT = 6006
PREFIX_KEY = "prefix"
PROGRAM = "serve_tensorboard.py"

_ID = "cluster-"
_FOLDER = "/trainhub"
# Where kubelets look for the words with which a container ends, unless they are told otherwise.
_LAST_WORDS = "/dev/termination-log"
# TensorBoard's links to the folders, and the files of its data server. It hides nothing of the
# image, whose Python may be anywhere, in /tmp even.
_SCRATCH = "/trainhub-scratch"
_SCRATCH_SIZE = "64Mi"
# Bytes that a TensorBoard is given without a word; it may use more where nobody else does.
_USUAL_MEMORY = 256 << 20
# Of its limit, what the program itself may use before it ends with words of its own.
_OWN_SHARE = 15 / 16
# How often one that was killed is started again; disruptions by the cluster do not count.
_RETRIES = 2
# Exit codes of programs that were ended from outside; whatever else it is would be so again.
_KILLED = [137, 143]
_KEPT_SECONDS = 7 * 86400


@dataclass(frozen=True)
class TensorBoardObjects:
    """The Job, suspended, and its Secret, which is to be there before it is released."""

    job: Object
    secret: Object


def kubernetes_name(name: str) -> str:
    """The name of the Job for the user's ``name``."""
    return to_kubernetes(TENSORBOARD_PREFIX, name)


def tensorboard_id(job_name: str) -> str:
    """The id of the TensorBoard whose Job is called ``job_name``."""
    return f"{_ID}{job_name}"


def job_of(id_: str) -> str | None:
    """The name of the Job behind an id; None for one that is not in the cluster."""
    return id_[len(_ID) :] if id_.startswith(_ID) else None


def secret_of(job: Object) -> str:
    """The name of the Secret that the pod of ``job`` reads its prefix from; "" if it has none."""
    container = job["spec"]["template"]["spec"]["containers"][0]
    variables = container.get("env") or ()
    sources = [(item.get("valueFrom") or {}).get("secretKeyRef") for item in variables]
    return str(next((source["name"] for source in sources if source), ""))


def tensorboard_objects(
    spec: TensorBoardSpec,
    admission: Admission,
    *,
    owner: str,
    prefix: str,
    secret: str,
    node: str | None = None,
) -> TensorBoardObjects:
    """The objects of the TensorBoard ``spec``, which must have a name.

    ``prefix`` is the path below which it answers, and its credential; ``secret`` the name of the
    Secret; ``node`` the only one that can have its volumes now, None for any.
    """
    assert spec.name is not None
    its_labels = labels(KIND, spec.name, owner)
    pod = _pod(admission, secret)
    if node is not None:
        pod |= _on(node)
    job: Object = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": kubernetes_name(spec.name),
            "labels": its_labels,
            "annotations": {
                **spec_annotations(spec.to_dict(), owner),
                ADMISSION: json.dumps(admission.to_dict(), sort_keys=True),
            },
        },
        "spec": {
            "suspend": True,
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": _RETRIES,
            "podFailurePolicy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
                    },
                    {
                        "action": "FailJob",
                        "onExitCodes": {
                            "containerName": CONTAINER,
                            "operator": "NotIn",
                            "values": _KILLED,
                        },
                    },
                ]
            },
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            # A sidecar put in by Istio would keep the pod from ending.
            "template": {
                "metadata": {"labels": {**its_labels, "sidecar.istio.io/inject": "false"}},
                "spec": pod,
            },
        },
    }
    return TensorBoardObjects(
        job,
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"name": secret, "labels": its_labels},
            "stringData": {PREFIX_KEY: prefix, PROGRAM: program(PROGRAM).decode()},
        },
    )


def _pod(admission: Admission, secret: str) -> Object:
    sources, targets = volumes(PodSpec(mounts=[*admission.mounts]), ANYWHERE)
    for source in sources:
        # Where the volume itself is read-only, a node cannot make a subfolder that is missing.
        for kind in source.keys() & {"nfs", "csi", "persistentVolumeClaim"}:
            source[kind]["readOnly"] = True
    container: Object = {
        "name": CONTAINER,
        "image": admission.image,
        "command": _command(admission),
        "workingDir": _SCRATCH,
        "env": [
            from_field("POD_IP", "status.podIP"),
            {
                "name": "TRAINHUB_TENSORBOARD_PREFIX",
                "valueFrom": {"secretKeyRef": {"name": secret, "key": PREFIX_KEY}},
            },
            value("TRAINHUB_TERMINATION_LOG", _LAST_WORDS),
            value("HOME", _SCRATCH),
            value("TMPDIR", _SCRATCH),
            value("PYTHONUNBUFFERED", "1"),
            value("PYTHONDONTWRITEBYTECODE", "1"),
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        # Whoever may read the pod would learn the prefix from a probe that asks for a page.
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1, "failureThreshold": 5},
        "resources": _resources(admission),
        "volumeMounts": [
            *targets,
            {"name": "trainhub", "mountPath": _FOLDER, "readOnly": True},
            {"name": "scratch", "mountPath": _SCRATCH},
        ],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            # Root without it cannot read what jobs keep for their own user.
            "capabilities": {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]},
        },
    }
    items = [{"key": PROGRAM, "path": PROGRAM}]
    groups = {} if admission.group is None else {"supplementalGroups": [admission.group]}
    pod: Object = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {**groups, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [
            *sources,
            {
                "name": "trainhub",
                "secret": {"secretName": secret, "items": items, "defaultMode": 0o444},
            },
            {"name": "scratch", "emptyDir": {"sizeLimit": _SCRATCH_SIZE}},
        ],
    }
    if admission.pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in admission.pull_secrets]
    return pod


def _command(admission: Admission) -> list[str]:
    # On the pod's own address: on a cluster whose pods share one network two of them on 0.0.0.0
    # would collide.
    limit = 0 if admission.memory is None else int(admission.memory * _OWN_SHARE)
    return [
        *("python3", f"{_FOLDER}/{PROGRAM}", "--host", "$(POD_IP)", "--port", str(PORT)),
        *("--idle-seconds", str(admission.idle_seconds)),
        *("--reload-interval", str(admission.reload_interval)),
        *("--memory", str(limit), "--state-file", f"{_SCRATCH}/state.json"),
        # In one word with it: a name may begin with a dash.
        *(
            literal(f"--folder={name}:{path}" if name else f"--folder={path}")
            for name, path in admission.folders
        ),
    ]


def _resources(admission: Admission) -> Object:
    limit = admission.memory
    asked = _USUAL_MEMORY if limit is None else min(limit, _USUAL_MEMORY)
    requests = {"cpu": format_cpu(admission.cpus), "memory": str(asked)}
    return {"requests": requests} | ({} if limit is None else {"limits": {"memory": str(limit)}})


def _on(node: str) -> Object:
    """Fields of a pod that puts it on ``node``, which may be reserved for GPUs."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
    }
