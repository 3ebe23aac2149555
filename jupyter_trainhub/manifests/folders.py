"""What is kept where: the folders of an instance, and what becomes of them when it stops."""

from __future__ import annotations

import posixpath
from typing import Literal, TypedDict

from jupyter_trainhub.manifests.instance import START_VOLUME
from jupyter_trainhub.manifests.labels import STORAGES, Object, json_annotation
from jupyter_trainhub.manifests.pod import CONTAINER

Kept = Literal["kept", "lost", "memory", "image"]

# Volumes that show what Kubernetes knows, and hold nothing of the user's.
_SHOWN = ("secret", "configMap", "projected", "downwardAPI")


class Folder(TypedDict):
    """A folder of an instance.

    ``kept``: on a storage (``kept``), gone with the pod (``lost``, ``memory``) or in the image it
    starts from (``image``). ``source``: where it lies, in words.
    """

    path: str
    title: str
    kept: Kept
    read_only: bool
    source: str


def folders(stateful_set: Object) -> list[Folder]:
    """The folders of the instance that ``stateful_set`` makes: what is mounted, then the rest."""
    pod = stateful_set["spec"]["template"]["spec"]
    titles = json_annotation(stateful_set, STORAGES)
    volumes = {volume["name"]: volume for volume in pod.get("volumes") or ()}
    container = next(item for item in pod["containers"] if item["name"] == CONTAINER)
    found = [
        _folder(mount, volumes[mount["name"]], str(titles.get(mount["name"], "")))
        for mount in container.get("volumeMounts") or ()
        if mount["name"] in volumes and _is_the_users(volumes[mount["name"]])
    ]
    if not any(folder["path"] == "/dev/shm" for folder in found):
        found.append(_memory("/dev/shm"))
    return [*found, _rest(container)]


def _is_the_users(volume: Object) -> bool:
    return volume["name"] != START_VOLUME and volume.keys().isdisjoint(_SHOWN)


def _folder(mount: Object, volume: Object, title: str) -> Folder:
    path = mount["mountPath"]
    if volume.get("emptyDir", {}).get("medium") == "Memory":
        return _memory(path)
    return {
        "path": path,
        "title": title or posixpath.basename(path),
        "kept": "lost" if "emptyDir" in volume else "kept",
        "read_only": _read_only(mount, volume),
        "source": source(volume, mount.get("subPath", "")),
    }


def _memory(path: str) -> Folder:
    return {
        "path": path,
        "title": "Shared memory",
        "kept": "memory",
        "read_only": False,
        "source": "memory of the pod",
    }


def _rest(container: Object) -> Folder:
    return {
        "path": "/",
        "title": "Everything else",
        "kept": "lost",
        "read_only": bool(container.get("securityContext", {}).get("readOnlyRootFilesystem")),
        "source": f"container of the image {container.get('image', '')}".rstrip(),
    }


def _read_only(mount: Object, volume: Object) -> bool:
    sources = (volume.get(kind, {}) for kind in ("persistentVolumeClaim", "nfs", "csi"))
    return bool(mount.get("readOnly")) or any(source.get("readOnly") for source in sources)


def source(volume: Object, sub_path: str = "") -> str:
    """Where the folder ``sub_path`` of a volume lies, in words: ``NFS nas:/export/users/ada``."""
    if "nfs" in volume:
        export = volume["nfs"]
        return f"NFS {export['server']}:{posixpath.join(export['path'], sub_path).rstrip('/')}"
    if "hostPath" in volume:
        path = posixpath.join(volume["hostPath"]["path"], sub_path)
        return f"folder {path.rstrip('/') or '/'} of the node"
    if "persistentVolumeClaim" in volume:
        whole = f"claim {volume['persistentVolumeClaim']['claimName']}"
    elif "csi" in volume:
        whole = f"volume of the CSI driver {volume['csi']['driver']}"
    else:
        whole = "disk of the node" if "emptyDir" in volume else "volume of the pod"
    return f"{whole}, folder {sub_path}" if sub_path else whole
