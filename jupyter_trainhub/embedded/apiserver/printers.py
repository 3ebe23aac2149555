"""What kubectl prints of each built-in kind: its columns, and how their cells are filled.

Names, order and contents are those of Kubernetes' own printers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..apimachinery import clock, jsonpath
from . import pod_printer
from .store import Object

# What a cell shows: the first thing that a JSONPath leads to (after `|`: what else), or a function.
Cell = str | Callable[[Object], Any]


def _age(obj: Object) -> str:
    return ago(obj["metadata"].get("creationTimestamp"))


def ago(time: str | None) -> str:
    """How long ago that was, as kubectl shows it."""
    return clock.duration(clock.seconds_since(time)) if time else "<unknown>"


def _joined(*paths: str) -> Callable[[Object], str]:
    """A cell that shows everything that the paths lead to, with commas between."""
    return lambda obj: ",".join(str(v) for p in paths for v in jsonpath.find(p, obj))


def _counted(*paths: str) -> Callable[[Object], int]:
    """A cell that shows how many entries there are in the maps and lists."""
    return lambda obj: sum(len(v or ()) for p in paths for v in jsonpath.find(p, obj))


def _labels(path: str) -> Callable[[Object], str]:
    """A cell that shows a map as a label selector."""

    def cell(obj: Object) -> str:
        found = jsonpath.find(path, obj)
        labels = (found[0] if found else None) or {}
        return ",".join(f"{k}={v}" for k, v in sorted(labels.items())) or "<none>"

    return cell


def _job_word(obj: Object) -> str:
    found = (obj.get("status") or {}).get("conditions") or []
    true = {c["type"] for c in found if c["status"] == "True"}
    for word in ("Complete", "Failed"):
        if word in true:
            return word
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    words = ("Suspended", "FailureTarget", "SuccessCriteriaMet")
    return next((word for word in words if word in true), "Running")


def _job_completions(obj: Object) -> str:
    spec, done = obj["spec"], (obj.get("status") or {}).get("succeeded", 0)
    completions = spec.get("completions")
    return f"{done}/1 of {spec['parallelism']}" if completions is None else f"{done}/{completions}"


def _job_duration(obj: Object) -> str:
    status = obj.get("status") or {}
    if not status.get("startTime"):
        return ""
    ended = clock.parse(status.get("completionTime") or clock.now())
    return clock.duration((ended - clock.parse(status["startTime"])).total_seconds())


def _set_ready(obj: Object) -> str:
    ready = (obj.get("status") or {}).get("readyReplicas", 0)
    return f"{ready}/{obj['spec'].get('replicas', 0)}"


def _event_object(obj: Object) -> str:
    involved = obj.get("involvedObject") or {}
    return f"{involved.get('kind', '').lower()}/{involved.get('name', '')}"


def _event_source(obj: Object) -> str:
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def _event_time(*fields: str) -> Callable[[Object], str]:
    return lambda obj: ago(next((obj[f] for f in fields if obj.get(f)), None))


def _service_ports(obj: Object) -> str:
    ports = [f"{p['port']}/{p['protocol']}" for p in obj["spec"].get("ports") or []]
    return ",".join(ports) or "<none>"


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
          "ReadWriteOncePod": "RWOP"}  # fmt: skip


def _modes(path: str) -> Callable[[Object], str]:
    return lambda obj: ",".join(_MODES.get(mode, mode) for mode in jsonpath.find(path, obj))


def _claim_word(obj: Object) -> str:
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    return str((obj.get("status") or {}).get("phase", ""))


def _volume_claim(obj: Object) -> str:
    claim = obj["spec"].get("claimRef")
    return f"{claim['namespace']}/{claim['name']}" if claim else ""


def _node_word(obj: Object) -> str:
    ready = jsonpath.find('.status.conditions[?(@.type=="Ready")].status', obj)
    word = "Ready" if ready == ["True"] else "NotReady"
    return word + (",SchedulingDisabled" if obj["spec"].get("unschedulable") else "")


def _node_roles(obj: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(k.removeprefix(prefix) for k in labels if k.startswith(prefix))
    return ",".join(roles) or "<none>"


def _node_kernel(obj: Object) -> str:
    info = (obj.get("status") or {}).get("nodeInfo") or {}
    return f"{info.get('kernelVersion')} ({info.get('architecture')})"


def _quota(limits: bool) -> Callable[[Object], str]:
    def cell(obj: Object) -> str:
        status = obj.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        names = sorted(n for n in hard if n.startswith("limits.") == limits)
        return ", ".join(f"{n}: {used.get(n, '0')}/{hard[n]}" for n in names)

    return cell


def _storage_class(obj: Object) -> str:
    key = "storageclass.kubernetes.io/is-default-class"
    default = (obj["metadata"].get("annotations") or {}).get(key) == "true"
    return f"{obj['metadata']['name']} (default)" if default else str(obj["metadata"]["name"])


def _subjects(kind: str) -> Callable[[Object], str]:
    def cell(obj: Object) -> str:
        found = [s for s in obj.get("subjects") or [] if s["kind"] == kind]
        return ", ".join("/".join(filter(None, (s.get("namespace"), s["name"]))) for s in found)

    return cell


def _controller(obj: Object) -> str:
    for owner in obj["metadata"].get("ownerReferences") or []:
        group = owner["apiVersion"].rpartition("/")[0]
        return f"{owner['kind'].lower()}.{group}/{owner['name']}"
    return "<none>"


_NAME = ("Name", ".metadata.name")
_AGED = ("Age", _age)
PLAIN: tuple[tuple[Any, ...], ...] = (
    _NAME, ("Created At", ".metadata.creationTimestamp", "date"),
)  # fmt: skip
_TEMPLATE = (
    ("Containers*", _joined(".spec.template.spec.containers[*].name")),
    ("Images*", _joined(".spec.template.spec.containers[*].image")),
)
_BINDING = (
    _NAME, ("Role", lambda obj: f"{obj['roleRef']['kind']}/{obj['roleRef']['name']}"), _AGED,
    ("Users*", _subjects("User")), ("Groups*", _subjects("Group")),
    ("ServiceAccounts*", _subjects("ServiceAccount")),
)  # fmt: skip

# Columns per kind: a name (with `*`: shown only with `-o wide`), the cell, and its type if that is
# not "string". Kinds that are not here have a name and a date.
COLUMNS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "Pod": (
        _NAME, ("Ready", pod_printer.ready), ("Status", pod_printer.status_shown),
        ("Restarts", pod_printer.restarts_shown), _AGED,
        ("IP*", ".status.podIP|<none>"), ("Node*", ".spec.nodeName|<none>"),
        ("Nominated Node*", ".status.nominatedNodeName|<none>"),
        ("Readiness Gates*", lambda obj: "<none>"),
    ),
    "Job": (
        _NAME, ("Status", _job_word), ("Completions", _job_completions),
        ("Duration", _job_duration), _AGED, *_TEMPLATE,
        ("Selector*", _labels(".spec.selector.matchLabels")),
    ),
    "StatefulSet": (
        _NAME, ("Ready", _set_ready), _AGED, *_TEMPLATE,
    ),
    "Event": (
        ("Last Seen", _event_time("lastTimestamp", "firstTimestamp", "eventTime")),
        ("Type", ".type"), ("Reason", ".reason"), ("Object", _event_object),
        ("Subobject*", ".involvedObject.fieldPath"), ("Source*", _event_source),
        ("Message", lambda obj: (obj.get("message") or "").strip()),
        ("First Seen*", _event_time("firstTimestamp", "eventTime")),
        ("Count*", lambda obj: obj.get("count") or 1), ("Name*", ".metadata.name"),
    ),
    "Service": (
        _NAME, ("Type", ".spec.type"), ("Cluster-IP", ".spec.clusterIP|<none>"),
        ("External-IP", lambda obj: "<none>"), ("Port(s)", _service_ports), _AGED,
        ("Selector*", _labels(".spec.selector")),
    ),
    "PersistentVolumeClaim": (
        _NAME, ("Status", _claim_word), ("Volume", ".spec.volumeName"),
        ("Capacity", ".status.capacity.storage"),
        ("Access Modes", _modes(".status.accessModes[*]")),
        ("StorageClass", ".spec.storageClassName"),
        ("VolumeAttributesClass", ".spec.volumeAttributesClassName|<unset>"), _AGED,
        ("VolumeMode*", ".spec.volumeMode"),
    ),
    "PersistentVolume": (
        _NAME, ("Capacity", ".spec.capacity.storage"),
        ("Access Modes", _modes(".spec.accessModes[*]")),
        ("Reclaim Policy", ".spec.persistentVolumeReclaimPolicy"), ("Status", ".status.phase"),
        ("Claim", _volume_claim), ("StorageClass", ".spec.storageClassName"),
        ("VolumeAttributesClass", ".spec.volumeAttributesClassName|<unset>"),
        ("Reason", ".status.reason"), _AGED, ("VolumeMode*", ".spec.volumeMode"),
    ),
    "Node": (
        _NAME, ("Status", _node_word), ("Roles", _node_roles), _AGED,
        ("Version", ".status.nodeInfo.kubeletVersion"),
        ("Internal-IP*", '.status.addresses[?(@.type=="InternalIP")].address|<none>'),
        ("External-IP*", '.status.addresses[?(@.type=="ExternalIP")].address|<none>'),
        ("OS-Image*", ".status.nodeInfo.osImage"), ("Kernel-Version*", _node_kernel),
        ("Container-Runtime*", ".status.nodeInfo.containerRuntimeVersion"),
    ),
    "Namespace": (_NAME, ("Status", ".status.phase"), _AGED),
    "ConfigMap": (_NAME, ("Data", _counted(".data", ".binaryData")), _AGED),
    "Secret": (_NAME, ("Type", ".type"), ("Data", _counted(".data")), _AGED),
    "ServiceAccount": (_NAME, ("Secrets", _counted(".secrets")), _AGED),
    "ResourceQuota": (_NAME, ("Request", _quota(False)), ("Limit", _quota(True)), _AGED),
    "PriorityClass": (
        _NAME, ("Value", lambda obj: obj.get("value", 0), "integer"),
        ("Global-Default", lambda obj: bool(obj.get("globalDefault")), "boolean"), _AGED,
        ("PreemptionPolicy", ".preemptionPolicy"),
    ),
    "StorageClass": (
        ("Name", _storage_class), ("Provisioner", ".provisioner"),
        ("ReclaimPolicy", ".reclaimPolicy"), ("VolumeBindingMode", ".volumeBindingMode"),
        ("AllowVolumeExpansion", lambda obj: bool(obj.get("allowVolumeExpansion"))), _AGED,
    ),
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "ControllerRevision": (
        _NAME, ("Controller", _controller), ("Revision", ".revision"), _AGED,
    ),
}  # fmt: skip
