"""The volumes of a job as claims: what is claimed for a run, and where its pods see it.

A claim is nobody's property in Kubernetes' sense: it has no owner reference, so that checkpoints
and models outlive the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_trainhub.manifests.labels import (
    DOMAIN,
    OWNER,
    RUN,
    Object,
    label_value,
    labels,
)
from jupyter_trainhub.manifests.pod import value
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, to_kubernetes
from jupyter_trainhub.specs.quantity import format_memory

VOLUME = "volume"
ROLES = ("checkpoint", "model")
ROLE = f"{DOMAIN}/role"
# Where the pods of its job saw a volume, and the image that they ran.
PATH = f"{DOMAIN}/path"
IMAGE = f"{DOMAIN}/image"

# Where a value of a label ends, and the name of a claim with it.
_LONGEST = 63
_RUN_DIGITS = 8


def claim_name(job: str, run: str, role: str) -> str:
    """The name of the claim that is made for ``run`` of ``job``: ``job-mnist-1a2b3c4d-model``.

    It ends with the run's own digits and the role, so a long name of a job can be cut.
    """
    end = f"-{run[-_RUN_DIGITS:]}-{role}"
    return to_kubernetes(JOB_PREFIX, job)[: _LONGEST - len(end)].rstrip("-") + end


def claim_names(spec: JobSpec, run: str) -> dict[str, str]:
    """The claims of a job's volumes by their roles: those that it names, else those of ``run``."""
    return {
        role: volume.claim or claim_name(spec.name, run, role)
        for role, volume in spec.volumes.items()
    }


def new_claims(
    spec: JobSpec,
    run: str,
    owner: str,
    *,
    image: str = "",
    storage_class: str = "",
    access_modes: Sequence[str] = (),
) -> list[Object]:
    """The claims to make for ``run``: one for each volume of ``spec`` that names none."""
    found = []
    for role, volume in spec.volumes.items():
        if volume.claim is not None:
            continue
        claim: Object = {
            "accessModes": [*access_modes]
            or ["ReadWriteOnce" if spec.nodes == 1 else "ReadWriteMany"],
            "resources": {"requests": {"storage": format_memory(volume.size)}},
        }
        if storage_class:
            claim["storageClassName"] = storage_class
        found.append(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {
                    "name": claim_name(spec.name, run, role),
                    "labels": {
                        **labels(VOLUME, spec.name, owner),
                        ROLE: role,
                        RUN: label_value(run),
                    },
                    "annotations": {OWNER: owner, PATH: volume.path, IMAGE: image},
                },
                "spec": claim,
            }
        )
    return found


def volumes(spec: JobSpec, claims: Mapping[str, str]) -> tuple[list[Object], list[Object]]:
    """The volumes of a job's pods, and where its container mounts them; ``claims`` by roles."""
    sources: list[Object] = []
    targets: list[Object] = []
    for role, volume in spec.volumes.items():
        name = f"{role}-volume"
        sources.append({"name": name, "persistentVolumeClaim": {"claimName": claims[role]}})
        targets.append({"name": name, "mountPath": volume.path})
    return sources, targets


def environment(spec: JobSpec) -> list[Object]:
    """The paths of the volumes: ``TRAINHUB_CHECKPOINT_PATH`` and ``TRAINHUB_MODEL_PATH``."""
    return [
        value(f"TRAINHUB_{role.upper()}_PATH", volume.path) for role, volume in spec.volumes.items()
    ]


def ownership(spec: JobSpec, site: Site) -> Object:
    """Fields of the pod's security context that let a user other than root write to new volumes.

    A new volume belongs to root, and Kubernetes can give it to a group of the pod's; but it does so
    to every claim of the pod. Nothing is changed where the pod also mounts a claim that others use.
    https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
    """
    shared = any(
        mount.kind in ("claim", "csi") and not mount.read_only for _, mount in site.mounts(spec)
    )
    if not spec.volumes or shared or site.volume_group is None:
        return {}
    return {"fsGroup": site.volume_group, "fsGroupChangePolicy": "OnRootMismatch"}
