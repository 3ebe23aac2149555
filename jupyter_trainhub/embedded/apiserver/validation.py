"""What the API server refuses about an object's own fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from ..apimachinery import quantity
from ..apimachinery.resources import Resource
from ..apimachinery.status import Cause, invalid, required, unsupported
from . import customresourcedefinition, validation_batch, validation_rbac
from .admission import priority, resourcequota, storage
from .customresources import CustomResource

Object = dict[str, Any]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    r"for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_DNS1035_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
    "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_LABEL_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_QUALIFIED = re.compile(rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")

# Objects larger than this are refused by etcd's default request limit.
MAX_CONFIG_BYTES = 1 << 20


def validate(resource: Resource, obj: Object) -> list[Cause]:
    """Everything that is wrong with a new object.

    Raises:
        ApiError: 400, a quantity that is none (the real server fails to decode such an object).
    """
    causes = _metadata(resource, obj["metadata"])
    if isinstance(resource, CustomResource):
        return causes + resource.validate(obj)
    check = _BY_KIND.get(resource.kind)
    if check:
        causes += check(obj)
    return causes


def validate_update(resource: Resource, old: Object, new: Object) -> list[Cause]:
    """Everything that is wrong with a change, what may not change included."""
    if isinstance(resource, CustomResource):
        return _metadata(resource, new["metadata"]) + resource.validate(new, old)
    causes = validate(resource, new)
    check = _UPDATES.get(resource.kind)
    if check and (old.get("spec") != new.get("spec") or "spec" not in old):
        causes += check(old, new)
    return causes


def _metadata(resource: Resource, metadata: Object) -> list[Cause]:
    causes = []
    name = metadata.get("name") or ""
    if resource.kind == "Namespace":
        if not re.fullmatch(_LABEL, name) or len(name) > 63:
            causes.append(invalid("metadata.name", name, _LABEL_TEXT))
    elif resource.kind == "Service":
        if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) or len(name) > 63:
            causes.append(invalid("metadata.name", name, _DNS1035_TEXT))
    elif resource.group == validation_rbac.GROUP:
        causes += validation_rbac.name(name)
    elif not re.fullmatch(_SUBDOMAIN, name):
        causes.append(invalid("metadata.name", name, _SUBDOMAIN_TEXT))
    elif len(name) > 253:
        causes.append(invalid("metadata.name", name, "must be no more than 253 characters"))
    causes += _labels(metadata.get("labels"), "metadata.labels")
    for key in metadata.get("annotations") or {}:
        if not _QUALIFIED.fullmatch(key.lower()):
            causes.append(invalid("metadata.annotations", key, "name part must be valid"))
    return causes


def _labels(labels: Object | None, path: str) -> list[Cause]:
    causes = []
    for key, value in (labels or {}).items():
        if not _QUALIFIED.fullmatch(key):
            causes.append(invalid(path, key, "name part must consist of alphanumeric characters"))
        if not _LABEL_VALUE.fullmatch(str(value)):
            causes.append(invalid(path, value, _LABEL_VALUE_TEXT))
        elif len(str(value)) > 63:
            causes.append(invalid(path, value, "must be no more than 63 characters"))
    return causes


def _pod(obj: Object) -> list[Cause]:
    return pod_spec(obj["spec"], "spec")


def pod_spec(spec: Object, path: str) -> list[Cause]:
    """What is wrong with a pod's spec, found at ``path``."""
    causes: list[Cause] = []
    containers = spec.get("containers") or []
    if not containers:
        causes.append(required(f"{path}.containers"))
    volumes = {v.get("name") for v in spec.get("volumes") or []}
    names: set[str] = set()
    for field in ("initContainers", "containers"):
        for i, container in enumerate(spec.get(field) or []):
            causes += _container(container, f"{path}.{field}[{i}]", volumes, names)
    if spec.get("restartPolicy") not in ("Always", "OnFailure", "Never"):
        causes.append(
            unsupported(
                f"{path}.restartPolicy", spec["restartPolicy"], ["Always", "OnFailure", "Never"]
            )
        )
    for i, volume in enumerate(spec.get("volumes") or []):
        if not re.fullmatch(_LABEL, str(volume.get("name") or "")):
            causes.append(invalid(f"{path}.volumes[{i}].name", volume.get("name"), _LABEL_TEXT))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        causes.append(
            invalid(
                f"{path}.activeDeadlineSeconds",
                deadline,
                "must be between 1 and 2147483647, inclusive",
            )
        )
    return causes


def _container(container: Object, path: str, volumes: set[Any], names: set[str]) -> list[Cause]:
    causes = []
    name = container.get("name")
    if not name:
        causes.append(required(f"{path}.name"))
    elif not re.fullmatch(_LABEL, name):
        causes.append(invalid(f"{path}.name", name, _LABEL_TEXT))
    elif name in names:
        causes.append(Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{path}.name"))
    names.add(str(name))
    if not container.get("image"):
        causes.append(required(f"{path}.image"))
    policies = ["Always", "IfNotPresent", "Never"]
    if container.get("imagePullPolicy") not in policies:
        given = container.get("imagePullPolicy")
        causes.append(unsupported(f"{path}.imagePullPolicy", given, policies))
    for i, mount in enumerate(container.get("volumeMounts") or []):
        if mount.get("name") not in volumes:
            field = f"{path}.volumeMounts[{i}].name"
            causes.append(Cause("FieldValueNotFound", f'Not found: "{mount.get("name")}"', field))
        if not mount.get("mountPath"):
            causes.append(required(f"{path}.volumeMounts[{i}].mountPath"))
    resources = container.get("resources") or {}
    causes += _requests_within_limits(resources, f"{path}.resources.requests")
    return causes


def _requests_within_limits(resources: Object, path: str) -> Iterable[Cause]:
    limits = resources.get("limits") or {}
    for name, text in (resources.get("requests") or {}).items():
        if name in limits and quantity.parse(text) > quantity.parse(limits[name]):
            yield invalid(
                path, text, f"must be less than or equal to {name} limit of {limits[name]}"
            )


def _job(obj: Object) -> list[Cause]:
    spec = obj["spec"]
    return [
        *validation_batch.job_spec(spec),
        *pod_spec(spec["template"]["spec"], "spec.template.spec"),
        *validation_batch.restart_policy(spec),
    ]


def _statefulset(obj: Object) -> list[Cause]:
    spec, template = obj["spec"], obj["spec"]["template"]["spec"]
    claims = [{"name": c["metadata"]["name"]} for c in spec.get("volumeClaimTemplates") or []]
    volumes = [*(template.get("volumes") or []), *claims]
    causes = pod_spec({**template, "volumes": volumes}, "spec.template.spec")
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    if not spec.get("selector"):
        causes.append(required("spec.selector"))
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        causes.append(
            invalid(
                "spec.template.metadata.labels",
                labels,
                "`selector` does not match template `labels`",
            )
        )
    if spec["replicas"] < 0:
        causes.append(
            invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
        )
    return causes


def _config(obj: Object) -> list[Cause]:
    causes = []
    size = 0
    for field in ("data", "binaryData"):
        for key, value in (obj.get(field) or {}).items():
            if not _CONFIG_KEY.fullmatch(key):
                detail = (
                    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
                    " (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation"
                    " is '[-._a-zA-Z0-9]+')"
                )
                causes.append(invalid(f"{field}[{key}]", key, detail))
            size += len(str(value).encode())
    if size > MAX_CONFIG_BYTES:
        causes.append(
            Cause(
                "FieldValueTooLong", f"Too long: may not be more than {MAX_CONFIG_BYTES} bytes", ""
            )
        )
    return causes


def _service(obj: Object) -> list[Cause]:
    causes = []
    headless = obj["spec"].get("clusterIP") == "None"
    if not obj["spec"].get("ports") and not headless:
        causes.append(required("spec.ports"))
    return causes


_BY_KIND: dict[str, Callable[[Object], list[Cause]]] = {
    "CustomResourceDefinition": customresourcedefinition.validate,
    "Pod": _pod,
    "Job": _job,
    "StatefulSet": _statefulset,
    "ConfigMap": _config,
    "Secret": _config,
    "PersistentVolumeClaim": storage.validate_claim,
    "PersistentVolume": storage.validate_volume,
    "StorageClass": storage.validate_class,
    "Service": _service,
    "ResourceQuota": resourcequota.validate,
    "PriorityClass": priority.validate,
    "Role": validation_rbac.role,
    "ClusterRole": validation_rbac.role,
    "RoleBinding": validation_rbac.binding,
    "ClusterRoleBinding": validation_rbac.binding,
}


def _pod_update(old: Object, new: Object) -> list[Cause]:
    # Only these may change in a pod that exists; nodeName is set by binding.
    def fixed(spec: Object) -> Object:
        kept = {
            k: v
            for k, v in spec.items()
            if k not in ("activeDeadlineSeconds", "tolerations", "schedulingGates",
                         "terminationGracePeriodSeconds", "nodeName")
        }  # fmt: skip
        for field in ("containers", "initContainers"):
            if field in kept:
                kept[field] = [{**c, "image": ""} for c in kept[field]]
        return kept

    if fixed(old["spec"]) == fixed(new["spec"]):
        return []
    detail = (
        "pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
        "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
        "set to 1 if it was previously negative)"
    )
    return [Cause("FieldValueForbidden", f"Forbidden: {detail}", "spec")]


def _job_update(old: Object, new: Object) -> list[Cause]:
    return list(validation_batch.job_update(old, new))


def _statefulset_update(old: Object, new: Object) -> list[Cause]:
    changeable = (
        "replicas", "template", "updateStrategy", "minReadySeconds", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "ordinals",
    )  # fmt: skip
    fields = set(old["spec"]) | set(new["spec"])
    if all(old["spec"].get(f) == new["spec"].get(f) for f in fields if f not in changeable):
        return []
    detail = (
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
        "'minReadySeconds' are forbidden"
    )
    return [Cause("FieldValueForbidden", f"Forbidden: {detail}", "spec")]


_UPDATES: dict[str, Callable[[Object, Object], list[Cause]]] = {
    "CustomResourceDefinition": customresourcedefinition.validate_update,
    "Pod": _pod_update,
    "Job": _job_update,
    "StatefulSet": _statefulset_update,
    "PriorityClass": priority.validate_update,
    "PersistentVolumeClaim": storage.validate_claim_update,
    "StorageClass": storage.validate_class_update,
    "RoleBinding": validation_rbac.binding_update,
    "ClusterRoleBinding": validation_rbac.binding_update,
}
