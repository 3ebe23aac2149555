"""What the API server refuses about pods, ConfigMaps, Secrets and Services.

Wordings: kubernetes/pkg/apis/core/validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...apimachinery import names, quantity
from ...apimachinery.status import (
    Cause,
    duplicate,
    invalid,
    not_allowed,
    required,
    too_long,
    unsupported,
)
from ..store import Object

_LARGEST_CONFIG = 1 << 20  # bytes of all values together
_LONGEST_DEADLINE = (1 << 31) - 1  # seconds

# May be asked for in parts, and by more than there is; other resources are counted in pieces.
_NATIVE = ("cpu", "memory", "ephemeral-storage")
# What may change in a pod that exists.
_CHANGEABLE = (
    "activeDeadlineSeconds", "tolerations", "schedulingGates", "terminationGracePeriodSeconds",
)  # fmt: skip


def pod(obj: Object) -> Iterator[Cause]:
    """What is wrong with a pod."""
    return pod_spec(obj["spec"], "spec")


def pod_spec(spec: Object, path: str) -> Iterator[Cause]:
    """What is wrong with a pod's spec, found at ``path``."""
    if not spec.get("containers"):
        yield required(f"{path}.containers")
    volumes: set[Any] = set()
    for i, volume in enumerate(spec.get("volumes") or []):
        yield from _own_name(volume, f"{path}.volumes[{i}].name", volumes)
    known: set[Any] = set()
    for field in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(field) or []):
            yield from _container(container, f"{path}.{field}[{i}]", volumes, known)
    policies, given = ["Always", "OnFailure", "Never"], spec.get("restartPolicy")
    if given not in policies:
        yield unsupported(f"{path}.restartPolicy", given, policies)
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        detail = f"must be between 1 and {_LONGEST_DEADLINE}, inclusive"
        yield invalid(f"{path}.activeDeadlineSeconds", deadline, detail)


def _own_name(item: Object, path: str, known: set[Any]) -> Iterator[Cause]:
    name = item.get("name")
    if not name:
        yield required(path)
    else:
        yield from (invalid(path, name, fault) for fault in names.label(name))
    if name in known:
        yield duplicate(path, name)
    known.add(name)


def _container(container: Object, path: str, volumes: set[Any], known: set[Any]) -> Iterator[Cause]:
    yield from _own_name(container, f"{path}.name", known)
    if not container.get("image"):
        yield required(f"{path}.image")
    policies, given = ["Always", "IfNotPresent", "Never"], container.get("imagePullPolicy")
    if given not in policies:
        yield unsupported(f"{path}.imagePullPolicy", given, policies)
    for i, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            field = f"{path}.volumeMounts[{i}].name"
            yield Cause("FieldValueNotFound", f'Not found: "{mount.get("name")}"', field)
        if not mount.get("mountPath"):
            yield required(f"{path}.volumeMounts[{i}].mountPath")
    yield from _resources(container.get("resources") or {}, f"{path}.resources")


def _resources(resources: Object, path: str) -> Iterator[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for field, amounts in (("limits", limits), ("requests", requests)):
        for name, text in amounts.items():
            yield from _amount(name, text, f"{path}.{field}[{name}]")
    for name, text in requests.items():
        asked, most = quantity.parse(text), quantity.parse(limits.get(name, text))
        if name not in _NATIVE and name not in limits:
            yield required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif asked > most or (asked != most and name not in _NATIVE):
            relation = "less than or equal to" if name in _NATIVE else "equal to"
            detail = f"must be {relation} {name} limit of {limits[name]}"
            yield invalid(f"{path}.requests", text, detail)


def _amount(name: str, text: str, path: str) -> Iterator[Cause]:
    huge = name.startswith("hugepages-")
    if "/" not in name and name not in _NATIVE and not huge:
        yield invalid(path, name, "must be a standard resource type or fully qualified")
        yield invalid(path, name, "must be a standard resource for containers")
    amount = quantity.parse(text)
    if amount < 0:
        yield invalid(path, text, "must be greater than or equal to 0")
    if "/" in name and amount % 1:
        yield invalid(path, text, "must be an integer")


def pod_update(old: Object, new: Object) -> Iterator[Cause]:
    """What may not change in a pod."""

    def fixed(spec: Object) -> Object:
        kept = {k: v for k, v in spec.items() if k not in _CHANGEABLE}
        for field in ("containers", "initContainers"):
            if field in kept:
                kept[field] = [{**c, "image": ""} for c in kept[field]]
        return kept

    if fixed(old["spec"]) != fixed(new["spec"]):
        yield not_allowed(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
            "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
            "be set to 1 if it was previously negative)",
        )


def config(obj: Object) -> Iterator[Cause]:
    """What is wrong with a ConfigMap or Secret."""
    size = 0
    for field in ("data", "binaryData"):
        for key, value in (obj.get(field) or {}).items():
            yield from (invalid(f"{field}[{key}]", key, f) for f in names.config_key(key))
            size += len(str(value).encode())
    if size > _LARGEST_CONFIG:
        yield too_long("", _LARGEST_CONFIG)


def config_update(old: Object, new: Object) -> Iterator[Cause]:
    """What may not change in a ConfigMap or Secret: nothing of one that is ``immutable``."""
    if not old.get("immutable"):
        return
    if not new.get("immutable"):
        yield not_allowed("immutable", "field is immutable when `immutable` is set")
    for field in ("data", "binaryData"):
        if old.get(field) != new.get(field):
            yield not_allowed(field, "field is immutable when `immutable` is set")


def service(obj: Object) -> Iterator[Cause]:
    """What is wrong with a Service."""
    if not obj["spec"].get("ports") and obj["spec"].get("clusterIP") != "None":
        yield required("spec.ports")
