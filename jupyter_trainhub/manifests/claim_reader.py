"""The pod through which a volume's files are read when no other pod has it: a Job with one pod.

It ends by itself when nobody has read for a while, and then Kubernetes deletes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests.command import literal
from jupyter_trainhub.manifests.labels import Object, labels
from jupyter_trainhub.manifests.pod import CONTAINER, value

READER = "volume-reader"
FOLDER = "/volume"

# Seconds without a reader after which the pod ends, and after which it ends in any case.
IDLE_SECONDS = 600
_LONGEST = 86400
# Seconds for which an ended Job stays, so that whoever waits for it learns why it ended.
_KEPT_SECONDS = 20
_SIGNS = "/trainhub-reader"
# "nobody", who owns nothing.
_NOBODY = 65534


def reader_name(claim: str) -> str:
    """The name of the Job that reads ``claim``."""
    return f"reader-{hashlib.sha256(claim.encode()).hexdigest()[:16]}"


def reader_job(
    claim: str,
    *,
    image: str,
    owner: str,
    node: str | None = None,
    group: int | None = None,
    as_root: bool = True,
    pull_secrets: Sequence[str] = (),
) -> Object:
    """The Job. ``node`` is where the volume is mounted already, None for any.

    Root with one capability, to read what programs keep for their own user (safetensors writes
    files so). A namespace that is "restricted" allows no root: then it is nobody, in ``group``.
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    name = reader_name(claim)
    user: Object = {"runAsUser": 0, "runAsGroup": 0}
    capabilities: Object = {"drop": ["ALL"], "add": ["DAC_OVERRIDE"]}
    if not as_root:
        user = {"runAsUser": _NOBODY, "runAsGroup": _NOBODY, "runAsNonRoot": True}
        user |= {} if group is None else {"supplementalGroups": [group]}
        capabilities = {"drop": ["ALL"]}
    mark = f"{_SIGNS}/used"
    container: Object = {
        "name": CONTAINER,
        "image": image,
        "command": [
            *("python3", "-I", "-S", "-c", literal(program("wait_for_readers.py").decode())),
            *(mark, str(IDLE_SECONDS)),
        ],
        "env": [value("TRAINHUB_READER", mark)],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [
            {"name": "volume", "mountPath": FOLDER, "readOnly": True},
            {"name": "signs", "mountPath": _SIGNS},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": capabilities,
        },
    }
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {**user, "seccompProfile": {"type": "RuntimeDefault"}},
        # Volumes may be on nodes that are reserved for GPUs.
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        "containers": [container],
        "volumes": [
            {"name": "volume", "persistentVolumeClaim": {"claimName": claim}},
            {"name": "signs", "emptyDir": {"sizeLimit": "1Mi"}},
        ],
    }
    if pull_secrets:
        pod["imagePullSecrets"] = [{"name": secret} for secret in pull_secrets]
    if node is not None:
        field = {"key": "metadata.name", "operator": "In", "values": [node]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        pod["affinity"] = {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}
        }
    its_labels = labels(READER, name, owner)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": its_labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": _LONGEST,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            # A sidecar put in by Istio would keep the pod from ending.
            "template": {
                "metadata": {"labels": {**its_labels, "sidecar.istio.io/inject": "false"}},
                "spec": pod,
            },
        },
    }
