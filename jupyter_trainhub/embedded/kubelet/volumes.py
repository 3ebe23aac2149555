"""A pod's volumes, as folders of this machine to mount."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..apimachinery import quantity
from ..apimachinery.resources import (
    CONFIGMAPS,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    SECRETS,
    Resource,
)
from ..apiserver.store import Object, Store
from ..runtime.sandbox import Mount
from .environment import ConfigError, contents, expand, field_value


class MountError(Exception):
    """A volume that cannot be had; the message is kubelet's."""


@dataclass(frozen=True)
class Volume:
    """A prepared volume: a folder or file of this machine, or (``path`` None) memory."""

    path: Path | None
    size: int | None = None
    read_only: bool = False


def prepare(store: Store, pod: Object, directory: Path, pod_ip: str) -> dict[str, Volume]:
    """Make the pod's volumes ready, by name.

    Raises:
        MountError: one is not to be had now.
    """
    prepared = {}
    for volume in pod["spec"].get("volumes") or []:
        name = volume["name"]
        home = directory / "volumes" / name
        kind = next((k for k in volume if k != "name"), "emptyDir")
        try:
            make = _KINDS.get(kind)
            if make is None:
                raise ConfigError(
                    f"the embedded cluster has no volumes of the kind {kind!r}; it has "
                    f"{', '.join(_KINDS)}"
                )
            prepared[name] = make(store, pod, volume.get(kind) or {}, home, pod_ip)
        except (ConfigError, OSError) as error:
            message = f'MountVolume.SetUp failed for volume "{name}" : {error}'
            raise MountError(message) from error
    return prepared


def mounts(
    container: Object, volumes: dict[str, Volume], environment: dict[str, str]
) -> Iterator[Mount]:
    """What one container sees where.

    Raises:
        MountError: a subPath leads out of its volume.
    """
    for mount in container.get("volumeMounts") or []:
        volume = volumes[mount["name"]]
        read_only = bool(mount.get("readOnly")) or volume.read_only
        target = mount["mountPath"]
        if volume.path is None:
            yield Mount(target, None, read_only, volume.size)
            continue
        sub_path = mount.get("subPath") or expand(mount.get("subPathExpr", ""), environment)
        source = _inside(volume.path, sub_path)
        yield Mount(target, str(source), read_only)


def _inside(root: Path, sub_path: str) -> Path:
    if not sub_path:
        return root
    parts = PurePosixPath(sub_path).parts
    found = (root / sub_path).resolve()
    if ".." in parts or not found.is_relative_to(root.resolve()):
        raise MountError(f'subPath "{sub_path}" must lead into its volume')
    if not found.exists():
        found.mkdir(parents=True)
    return found


def _empty_dir(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    limit = source.get("sizeLimit")
    size = int(quantity.parse(limit)) if limit else None
    if source.get("medium") == "Memory":
        return Volume(None, size)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o777)
    return Volume(home)


def _config_map(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    return _written(home, _files(store, pod, CONFIGMAPS, source, "name"), source)


def _secret(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    return _written(home, _files(store, pod, SECRETS, source, "secretName"), source)


def _downward(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    return _written(home, _downward_files(pod, source, pod_ip), source)


def _projected(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    files: dict[str, tuple[bytes, int | None]] = {}
    for part in source.get("sources") or []:
        if "configMap" in part:
            files |= _files(store, pod, CONFIGMAPS, part["configMap"], "name")
        elif "secret" in part:
            files |= _files(store, pod, SECRETS, part["secret"], "name")
        elif "downwardAPI" in part:
            files |= _downward_files(pod, part["downwardAPI"], pod_ip)
        else:
            raise ConfigError(f"projected source {next(iter(part), '')!r} is not served")
    return _written(home, files, source)


def _files(
    store: Store, pod: Object, resource: Resource, source: Object, key: str
) -> dict[str, tuple[bytes, int | None]]:
    name, namespace = source.get(key, ""), pod["metadata"]["namespace"]
    obj = store.find(resource, namespace, name)
    if obj is None:
        if source.get("optional"):
            return {}
        raise ConfigError(f'{resource.kind.lower()} "{name}" not found')
    data = contents(resource, obj)
    if "items" not in source:
        return {k: (v, None) for k, v in data.items()}
    files: dict[str, tuple[bytes, int | None]] = {}
    for item in source["items"]:
        if item["key"] in data:
            files[item["path"]] = (data[item["key"]], item.get("mode"))
        elif not source.get("optional"):
            raise ConfigError(f"references non-existent config key: {item['key']}")
    return files


def _downward_files(
    pod: Object, source: Object, pod_ip: str
) -> dict[str, tuple[bytes, int | None]]:
    return {
        item["path"]: (
            field_value(pod, item["fieldRef"]["fieldPath"], pod_ip).encode(), item.get("mode")
        )
        for item in source.get("items") or []
        if "fieldRef" in item
    }  # fmt: skip


def _written(home: Path, files: dict[str, tuple[bytes, int | None]], source: Object) -> Volume:
    default = source.get("defaultMode", 0o644)
    home.mkdir(parents=True, exist_ok=True)
    for path, (body, mode) in files.items():
        target = home / path
        if ".." in PurePosixPath(path).parts or not target.is_relative_to(home):
            raise ConfigError(f"{path!r} must not lead out of the volume")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.touch(mode=0o600)
        target.write_bytes(body)
        target.chmod(mode if mode is not None else default)
    return Volume(home, read_only=True)


_HOST_PATH_TYPES: dict[str, tuple[str, Callable[[int], bool]]] = {
    "Directory": ("a directory", stat.S_ISDIR),
    "File": ("a file", stat.S_ISREG),
    "Socket": ("a socket", stat.S_ISSOCK),
    "CharDevice": ("a character device", stat.S_ISCHR),
    "BlockDevice": ("a block device", stat.S_ISBLK),
}


def _host_path(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    path, kind = Path(source["path"]), source.get("type") or ""
    if kind in _HOST_PATH_TYPES:
        word, test = _HOST_PATH_TYPES[kind]
        if not path.exists() or not test(path.stat().st_mode):
            raise ConfigError(f"hostPath type check failed: {path} is not {word}")
    elif kind == "FileOrCreate":
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
    elif not path.exists():
        path.mkdir(parents=True, mode=0o755)
    return Volume(path)


def _claim(store: Store, pod: Object, source: Object, home: Path, pod_ip: str) -> Volume:
    namespace, name = pod["metadata"]["namespace"], source["claimName"]
    claim = store.find(PERSISTENTVOLUMECLAIMS, namespace, name)
    bound = claim and store.find(PERSISTENTVOLUMES, "", claim["spec"].get("volumeName", ""))
    if not bound:
        raise ConfigError(f'persistentvolumeclaim "{name}" is not bound')
    spec = bound["spec"]
    place = spec.get("hostPath") or spec.get("local")
    if not place:
        kind = next((k for k in ("nfs", "csi") if k in spec), "unknown")
        raise ConfigError(f"volumes of the kind {kind!r} cannot be mounted by this cluster")
    volume = _host_path(store, pod, place, home, pod_ip)
    return Volume(volume.path, read_only=bool(source.get("readOnly")))


_Make = Callable[[Store, Object, Object, Path, str], Volume]

_KINDS: dict[str, _Make] = {
    "emptyDir": _empty_dir,
    "configMap": _config_map,
    "secret": _secret,
    "downwardAPI": _downward,
    "projected": _projected,
    "hostPath": _host_path,
    "persistentVolumeClaim": _claim,
}
