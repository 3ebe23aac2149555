"""The folders of a pod: its volumes, where it mounts them, and how missing ones are made."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.manifests.command import literal, shell
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.resources import PodSpec
from jupyter_trainhub.specs.storage import Storage

# Where the container that makes folders sees the volumes, by their names.
_ROOTS = "/volumes"


def volumes(spec: PodSpec, site: Site) -> tuple[list[Object], list[Object]]:
    """The volumes of the pod and where its container mounts them."""
    sources: list[Object] = []
    targets: list[Object] = []
    if spec.shared_memory is not None:
        memory = {"medium": "Memory", "sizeLimit": str(spec.shared_memory)}
        sources.append({"name": "shared-memory", "emptyDir": memory})
        targets.append({"name": "shared-memory", "mountPath": "/dev/shm"})
    for name, mount in site.mounts(spec):
        sources.append({"name": name, **_source(mount)})
        target: Object = {"name": name, "mountPath": mount.path}
        if mount.read_only:
            target["readOnly"] = True
        if mount.sub_path is not None and mount.sub_path != ".":
            target["subPath"] = mount.sub_path
        targets.append(target)
    return sources, targets


def _source(mount: Mount) -> Object:
    if mount.host_path is not None:
        # Directory and not DirectoryOrCreate: a folder that is not there is a mistake to report,
        # and a folder made by the node would belong to root.
        return {"hostPath": {"path": mount.host_path, "type": "Directory"}}
    if mount.nfs is not None:
        return {"nfs": {"server": mount.nfs.server, "path": mount.nfs.path}}
    if mount.csi is not None:
        csi: Object = {"driver": mount.csi.driver}
        if mount.csi.read_only:
            csi["readOnly"] = True
        if mount.csi.fs_type is not None:
            csi["fsType"] = mount.csi.fs_type
        if mount.csi.attributes:
            csi["volumeAttributes"] = dict(mount.csi.attributes)
        if mount.csi.secret is not None:
            csi["nodePublishSecretRef"] = {"name": mount.csi.secret}
        return {"csi": csi}
    claim: dict[str, Any] = {"claimName": mount.claim}
    # A folder that may have to be made is read-only in the user's container alone.
    if mount.read_only and not (isinstance(mount, Storage) and mount.create):
        claim["readOnly"] = True
    return {"persistentVolumeClaim": claim}


def make_folders(spec: PodSpec, site: Site, image: str) -> list[Object]:
    """The init container that makes the folders of storages; none where none may be missing."""
    arguments: list[str] = []
    targets: list[Object] = []
    for name, mount in site.mounts(spec):
        if not isinstance(mount, Storage) or mount.create is None or mount.sub_path is None:
            continue
        owner = f"{mount.create.uid}:{mount.create.gid}"
        arguments += [f"{_ROOTS}/{name}", mount.sub_path, owner, mount.create.mode]
        # The volume's root: with a subPath the node would make the folder first, as root's.
        targets.append({"name": name, "mountPath": f"{_ROOTS}/{name}"})
    if not targets:
        return []
    little = {"cpu": "10m", "memory": "32Mi"}
    return [
        {
            "name": "make-folders",
            "image": site.setup_image or image,
            "command": shell("make_folders.sh", *map(literal, arguments)),
            "resources": {"requests": little, "limits": {"memory": "64Mi"}},
            "volumeMounts": targets,
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": {
                "runAsUser": 0,
                "runAsGroup": 0,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"], "add": ["CHOWN", "DAC_OVERRIDE", "FOWNER"]},
            },
        }
    ]
