"""What the files of volumes hold that show objects: ConfigMaps, Secrets, the pod itself, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..apimachinery.resources import CONFIGMAPS, SECRETS, Resource
from ..apimachinery.status import ApiError
from ..apiserver.store import Object, Store
from ..apiserver.tokens import TokenIssuer
from .atomic_writer import File, read
from .environment import ConfigError, contents, field_value, resource_value

Files = dict[str, File]

_DEFAULT_MODE = 0o644


@dataclass(frozen=True)
class Sources:
    """Where the contents come from."""

    store: Store
    tokens: TokenIssuer
    pod: Object
    address: str


def files(sources: Sources, kind: str, volume: Object, home: Path) -> Files:
    """The files of a volume of one of the ``KINDS``. ``home`` is where they were written last.

    Raises:
        ConfigError: what they show is missing and not optional.
    """
    mode = volume.get("defaultMode", _DEFAULT_MODE)
    parts = volume.get("sources") or [] if kind == "projected" else [{kind: volume}]
    found: Files = {}
    for part in parts:
        for name, source in part.items():
            if name == "serviceAccountToken":
                found[source["path"]] = _token(sources, source, home, mode)
            elif name == "downwardAPI":
                found |= _downward(sources, source, mode)
            elif name in _OBJECTS:
                found |= _object(sources, name, source, mode)
            else:
                raise ConfigError(f"projected source {name} is not served by this node")
    return found


# A source in a projected volume names its Secret by `name`, a volume by `secretName`.
_OBJECTS: dict[str, tuple[Resource, str, str]] = {
    "configMap": (CONFIGMAPS, "name", "configmap references non-existent config key"),
    "secret": (SECRETS, "secretName", "references non-existent secret key"),
}
KINDS = ("configMap", "secret", "downwardAPI", "projected")


def _object(sources: Sources, kind: str, source: Object, mode: int) -> Files:
    resource, key, missing = _OBJECTS[kind]
    name = source.get(key) or source.get("name", "")
    obj = sources.store.find(resource, sources.pod["metadata"]["namespace"], name)
    if obj is None:
        if source.get("optional"):
            return {}
        raise ConfigError(f'{resource.kind.lower()} "{name}" not found')
    data = contents(resource, obj)
    items = source.get("items")
    if items is None:
        return {k: File(v, mode) for k, v in data.items()}
    found = {}
    for item in items:
        if item["key"] in data:
            found[item["path"]] = File(data[item["key"]], item.get("mode", mode))
        elif not source.get("optional"):
            raise ConfigError(f"{missing}: {item['key']}")
    return found


def _downward(sources: Sources, source: Object, mode: int) -> Files:
    found, pod = {}, sources.pod
    for item in source.get("items") or []:
        if "fieldRef" in item:
            text = field_value(pod, item["fieldRef"]["fieldPath"], sources.address)
        else:
            text = resource_value(sources.store, pod, {}, item["resourceFieldRef"])
        found[item["path"]] = File(text.encode(), item.get("mode", mode))
    return found


def _token(sources: Sources, source: Object, home: Path, mode: int) -> File:
    previous = read(home).get(source["path"])
    try:
        token = sources.tokens.for_pod(
            sources.pod, source, previous.body.decode() if previous else ""
        )
    except ApiError as error:
        raise ConfigError(f"failed to fetch token: {error}") from error
    return File(token.encode(), mode)
