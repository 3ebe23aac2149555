"""A pod's volumes, as folders of this machine to mount."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ..apimachinery import quantity
from ..apimachinery.resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES
from ..apiserver.store import Object
from ..runtime.sandbox import Mount
from . import atomic_writer, mounter, projection
from .environment import ConfigError, expand_known
from .projection import Sources


class MountError(Exception):
    """A volume that cannot be had; the message is kubelet's."""


@dataclass(frozen=True)
class Volume:
    """A prepared volume: a folder or file of this machine, or (``path`` None) memory."""

    path: Path | None
    size: int | None = None
    """Bytes that it may hold."""
    read_only: bool = False
    mount: tuple[str, ...] = ()
    """What mount(8) has to put at ``path`` before it can be used; empty: nothing."""


async def prepare(sources: Sources, directory: Path) -> dict[str, Volume]:
    """Make the pod's volumes ready, by name. ``directory`` is the pod's.

    Raises:
        MountError: one is not to be had now.
    """
    prepared = {}
    for volume in sources.pod["spec"].get("volumes") or []:
        with _mount_errors(_shown_name(sources, volume)):
            made = _make(sources, volume, directory)
            if made.mount and made.path:
                await mounter.mount(made.mount, made.path)
            prepared[volume["name"]] = made
    return prepared


def refresh(sources: Sources, directory: Path) -> None:
    """Bring the files of a running pod's volumes up to date with the objects that they show.

    Raises:
        MountError: such an object is missing; what was there is kept.
    """
    for volume in sources.pod["spec"].get("volumes") or []:
        if not volume.keys().isdisjoint(projection.KINDS):
            with _mount_errors(volume["name"]):
                _make(sources, volume, directory)


def _shown_name(sources: Sources, volume: Object) -> str:
    """The volume as messages name it: a claim's by the PersistentVolume."""
    source = volume.get("persistentVolumeClaim") or {}
    namespace = sources.pod["metadata"]["namespace"]
    claim = sources.store.find(PERSISTENTVOLUMECLAIMS, namespace, source.get("claimName", ""))
    return str(((claim or {}).get("spec") or {}).get("volumeName") or volume["name"])


@contextlib.contextmanager
def _mount_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (ConfigError, mounter.MountFailed, OSError, ValueError) as error:
        raise MountError(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error


def mounts(
    container: Object, volumes: dict[str, Volume], environment: dict[str, str]
) -> Iterator[Mount]:
    """What one container sees where.

    Raises:
        ConfigError: a subPath cannot be had.
    """
    for mount in container.get("volumeMounts") or []:
        volume = volumes[mount["name"]]
        read_only = bool(mount.get("readOnly")) or volume.read_only
        if volume.path is None:
            yield Mount(mount["mountPath"], None, read_only, volume.size)
            continue
        sub_path = mount.get("subPath") or expand_known(mount.get("subPathExpr", ""), environment)
        try:
            source = _inside(volume.path, sub_path)
        except (OSError, ValueError) as error:
            # No more is said: it could tell something about the machine's files.
            raise ConfigError(
                f'failed to prepare subPath for volumeMount "{mount["name"]}" of container '
                f'"{container["name"]}"'
            ) from error
        yield Mount(mount["mountPath"], str(source), read_only)


def _inside(root: Path, sub_path: str) -> Path:
    if not sub_path:
        return root
    found, home = (root / sub_path).resolve(), root.resolve()
    if ".." in PurePosixPath(sub_path).parts or not found.is_relative_to(home):
        raise ValueError(sub_path)
    mode = stat.S_IMODE(home.stat().st_mode)
    missing = [p for p in (found, *found.parents) if not p.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        folder.chmod(mode)
    return found


def _make(sources: Sources, volume: Object, directory: Path) -> Volume:
    home = directory / "volumes" / volume["name"]
    kind = next((k for k in volume if k != "name"), "emptyDir")
    source = volume.get(kind) or {}
    if kind in projection.KINDS:
        files = projection.files(sources, kind, source, home)
        atomic_writer.write(home, files, _fs_group(sources.pod))
        return Volume(home, read_only=True)
    if kind == "persistentVolumeClaim":
        return _claim(sources, source, home)
    return _plain(sources.pod, volume["name"], kind, source, home)


def _plain(pod: Object, name: str, kind: str, source: Object, home: Path) -> Volume:
    """A volume that needs no other objects."""
    if kind == "emptyDir":
        return _empty_dir(pod, name, source, home)
    if kind == "hostPath":
        return Volume(_host_path(Path(source["path"]), source.get("type") or ""))
    if kind == "local":
        if not os.path.exists(source["path"]):
            raise ConfigError(f'path "{source["path"]}" does not exist')
        return Volume(Path(source["path"]))
    if kind == "nfs":
        return _nfs(source, [], home)
    if kind == "csi":
        raise ConfigError(
            "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name "
            f"{source.get('driver')} not found in the list of registered CSI drivers"
        )
    raise ConfigError(f"no volume plugin matched: this node has none for {kind}")


def _fs_group(pod: Object) -> int | None:
    """The group that owns the pod's volumes, where this process may give files away."""
    group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
    return int(group) if group is not None and os.geteuid() == 0 else None


def _empty_dir(pod: Object, name: str, source: Object, home: Path) -> Volume:
    limit, group = source.get("sizeLimit"), _fs_group(pod)
    size = int(quantity.parse(limit)) if limit else None
    if source.get("medium") == "Memory":
        if os.geteuid() == 0:
            owner = f",gid={group}" if group is not None else ""
            options = f"mode=0777{owner}" + (f",size={size}" if size is not None else "")
            return Volume(home, mount=("-t", "tmpfs", "-o", options, "tmpfs"))
        if _mounted_once(pod, name):
            return Volume(None, size)
    home.mkdir(parents=True, exist_ok=True)
    if group is not None:
        os.chown(home, -1, group)
    home.chmod(0o777 if group is None else 0o2777)
    return Volume(home, size)


def not_in_memory(pod: Object, prepared: dict[str, Volume]) -> list[str]:
    """The volumes that ask for memory and lie on disk."""
    return [
        volume["name"] for volume in pod["spec"].get("volumes") or []
        if (volume.get("emptyDir") or {}).get("medium") == "Memory"
        and prepared[volume["name"]].path is not None
        and not prepared[volume["name"]].mount
    ]  # fmt: skip


def _mounted_once(pod: Object, name: str) -> bool:
    spec = pod["spec"]
    containers = [*spec["containers"], *(spec.get("initContainers") or [])]
    mounts = [m for c in containers for m in c.get("volumeMounts") or []]
    return [m["name"] for m in mounts].count(name) == 1


_TYPES: dict[str, tuple[str, Callable[[int], bool]]] = {
    "Directory": ("a directory", stat.S_ISDIR),
    "File": ("a file", stat.S_ISREG),
    "Socket": ("a socket file", stat.S_ISSOCK),
    "CharDevice": ("a character device", stat.S_ISCHR),
    "BlockDevice": ("a block device", stat.S_ISBLK),
}


def _host_path(path: Path, kind: str) -> Path:
    if not path.exists():
        if kind in ("", "DirectoryOrCreate"):
            path.mkdir(parents=True, mode=0o755)
        elif kind == "FileOrCreate":
            path.touch(mode=0o644)
    if kind:
        word, test = _TYPES[kind.removesuffix("OrCreate")]
        if not path.exists() or not test(path.stat().st_mode):
            raise ConfigError(f"hostPath type check failed: {path} is not {word}")
    return path


def _nfs(source: Object, options: list[str], home: Path) -> Volume:
    options = [*options, *(["ro"] if source.get("readOnly") else [])]
    given = ("-o", ",".join(options)) if options else ()
    share = f"{source['server']}:{source['path']}"
    return Volume(home, read_only=bool(source.get("readOnly")), mount=("-t", "nfs", *given, share))


# What of a PersistentVolume's spec is not its source.
_NO_SOURCE = {
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "storageClassName",
    "persistentVolumeReclaimPolicy", "volumeAttributesClassName", "volumeMode",
}  # fmt: skip


def _claim(sources: Sources, source: Object, home: Path) -> Volume:
    namespace, name = sources.pod["metadata"]["namespace"], source["claimName"]
    claim = sources.store.find(PERSISTENTVOLUMECLAIMS, namespace, name)
    if claim is None:
        raise ConfigError(f'persistentvolumeclaim "{name}" not found')
    bound = sources.store.find(PERSISTENTVOLUMES, "", claim["spec"].get("volumeName", ""))
    if bound is None or claim["status"].get("phase") != "Bound":
        raise ConfigError(f"error processing PVC {namespace}/{name}: PVC is not bound")
    spec = bound["spec"]
    kind = next((k for k in spec if k not in _NO_SOURCE), "")
    if kind == "nfs":
        made = _nfs(spec["nfs"], spec.get("mountOptions") or [], home)
    else:
        made = _plain(sources.pod, name, kind, spec[kind], home)
    return replace(made, read_only=made.read_only or bool(source.get("readOnly")))
