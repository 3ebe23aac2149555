"""PriorityClasses: the two of the system, and the priority that a pod gets from its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...apimachinery.resources import PODS, PRIORITYCLASSES, Resource
from ...apimachinery.status import Cause, forbidden, invalid, not_allowed, unsupported
from ..store import Object, Store

if TYPE_CHECKING:
    from ..registry import Registry

_HIGHEST_OF_USERS = 1_000_000_000
_PREEMPT = "PreemptLowerPriority"

# Every cluster has these. Source: kubernetes/pkg/apis/scheduling/v1/helpers.go.
SYSTEM_CLASSES: tuple[Object, ...] = tuple(
    {
        "metadata": {"name": name},
        "value": value,
        "description": f"Used for system critical pods that must {what}.",
        "preemptionPolicy": _PREEMPT,
    }
    for name, value, what in (
        ("system-cluster-critical", 2_000_000_000,
         "run in the cluster, but can be moved to another node if necessary"),
        ("system-node-critical", 2_000_001_000, "not be moved from their current node"),
    )
)  # fmt: skip


def ensure(registry: Registry) -> None:
    """Make the system's classes where they are missing."""
    for system_class in SYSTEM_CLASSES:
        if registry.store.find(PRIORITYCLASSES, "", system_class["metadata"]["name"]) is None:
            registry.create(PRIORITYCLASSES, "", system_class)


def resolve(store: Store, pod: Object) -> None:
    """Give a new pod the priority of its class, or of the default class, or none.

    Raises:
        ApiError: 403, there is no such class, or the pod brings another priority than its class.
    """
    spec = pod["spec"]
    name = spec.get("priorityClassName")
    found = store.find(PRIORITYCLASSES, "", name) if name else _default(store)
    if name and not found:
        detail = f"no PriorityClass with name {name} was found"
        raise forbidden(PODS, pod["metadata"]["name"], detail)
    if found:
        spec["priorityClassName"] = found["metadata"]["name"]
    for field, label, value in (
        ("priority", "integer value of priority", found["value"] if found else 0),
        ("preemptionPolicy", "string value of PreemptionPolicy",
         (found or {}).get("preemptionPolicy", _PREEMPT)),
    ):  # fmt: skip
        if spec.setdefault(field, value) != value:
            detail = (
                f"the {label} ({spec[field]}) must not be provided in pod spec; priority admission "
                f"controller computed {value} from the given PriorityClass name"
            )
            raise forbidden(PODS, pod["metadata"]["name"], detail)


def _default(store: Store) -> Object | None:
    defaults = [c for c in store.list(PRIORITYCLASSES) if c.get("globalDefault")]
    return min(defaults, key=lambda c: int(c["value"]), default=None)


def admit(store: Store, resource: Resource, obj: Object) -> None:
    """Refuse a second default class (403)."""
    if resource is not PRIORITYCLASSES or not obj.get("globalDefault"):
        return
    default = _default(store)
    if default and default["metadata"]["name"] != obj["metadata"]["name"]:
        detail = (
            f"PriorityClass {default['metadata']['name']} is already marked as default. Only one "
            "default can exist"
        )
        raise forbidden(resource, obj["metadata"]["name"], detail)


def validate(obj: Object) -> list[Cause]:
    """What is wrong with a PriorityClass."""
    name, value = obj["metadata"]["name"], obj.get("value", 0)
    causes = []
    if name.startswith("system-"):
        if not any((c["metadata"]["name"], c["value"]) == (name, value) for c in SYSTEM_CLASSES):
            detail = (
                "priority class names with 'system-' prefix are reserved for system use only. "
                f"error: {name} is not a known system priority class"
            )
            causes.append(not_allowed("metadata.name", detail))
    elif value > _HIGHEST_OF_USERS:
        detail = f"maximum allowed value of a user defined priority is {_HIGHEST_OF_USERS}"
        causes.append(not_allowed("value", detail))
    policies = [_PREEMPT, "Never"]
    if obj.get("preemptionPolicy") not in policies:
        causes.append(unsupported("preemptionPolicy", obj.get("preemptionPolicy"), policies))
    return causes


def validate_update(old: Object, new: Object) -> list[Cause]:
    """What may not change in a PriorityClass."""
    if old.get("value", 0) != new.get("value", 0):
        return [not_allowed("value", "may not be changed in an update.")]
    if old.get("preemptionPolicy") != new.get("preemptionPolicy"):
        return [invalid("preemptionPolicy", new.get("preemptionPolicy"), "field is immutable")]
    return []
