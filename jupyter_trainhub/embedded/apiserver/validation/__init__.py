"""What the API server refuses about an object's own fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ...apimachinery.resources import Resource
from ...apimachinery.status import Cause
from .. import customresourcedefinition
from ..admission import priority, resourcequota, storage
from ..customresources import CustomResource
from ..store import Object
from . import apps, batch, core, objectmeta, rbac


def validate(resource: Resource, obj: Object) -> list[Cause]:
    """Everything that is wrong with a new object."""
    causes = [*objectmeta.validate(resource, obj["metadata"])]
    if isinstance(resource, CustomResource):
        return causes + resource.validate(obj)
    check = _CHECKS.get(resource.kind)
    return [*causes, *check(obj)] if check else causes


def validate_update(resource: Resource, old: Object, new: Object) -> list[Cause]:
    """Everything that is wrong with a change, what may not change included."""
    causes = [*objectmeta.validate_update(old["metadata"], new["metadata"])]
    if isinstance(resource, CustomResource):
        causes += objectmeta.validate(resource, new["metadata"])
        return causes + resource.validate(new, old)
    causes += validate(resource, new)
    check = _UPDATES.get(resource.kind)
    if check and (old.get("spec") != new.get("spec") or "spec" not in old):
        causes += check(old, new)
    return causes


_CHECKS: dict[str, Callable[[Object], Iterable[Cause]]] = {
    "CustomResourceDefinition": customresourcedefinition.validate,
    "Pod": core.pod,
    "Job": batch.job,
    "StatefulSet": apps.statefulset,
    "ConfigMap": core.config,
    "Secret": core.config,
    "PersistentVolumeClaim": storage.validate_claim,
    "PersistentVolume": storage.validate_volume,
    "StorageClass": storage.validate_class,
    "Service": core.service,
    "ResourceQuota": resourcequota.validate,
    "PriorityClass": priority.validate,
    "Role": rbac.role,
    "ClusterRole": rbac.role,
    "RoleBinding": rbac.binding,
    "ClusterRoleBinding": rbac.binding,
}

_UPDATES: dict[str, Callable[[Object, Object], Iterable[Cause]]] = {
    "CustomResourceDefinition": customresourcedefinition.validate_update,
    "Pod": core.pod_update,
    "Job": batch.job_update,
    "StatefulSet": apps.statefulset_update,
    "ConfigMap": core.config_update,
    "Secret": core.config_update,
    "PriorityClass": priority.validate_update,
    "PersistentVolumeClaim": storage.validate_claim_update,
    "StorageClass": storage.validate_class_update,
    "RoleBinding": rbac.binding_update,
    "ClusterRoleBinding": rbac.binding_update,
}
