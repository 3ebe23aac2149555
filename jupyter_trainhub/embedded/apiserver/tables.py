"""Objects as the rows that kubectl prints (``meta.k8s.io/v1 Table``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..apimachinery import clock
from ..apimachinery.resources import Resource

Object = dict[str, Any]
Cells = list[Any]

# Columns per kind; a name that ends in `*` is shown only with `-o wide`.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "Pod": ("Name", "Ready", "Status", "Restarts", "Age", "IP*", "Node*", "Nominated Node*",
            "Readiness Gates*"),
    "Job": ("Name", "Status", "Completions", "Duration", "Age", "Containers*", "Images*",
            "Selector*"),
    "StatefulSet": ("Name", "Ready", "Age", "Containers*", "Images*"),
    "Event": ("Last Seen", "Type", "Reason", "Object", "Subobject*", "Source*", "Message",
              "First Seen*", "Count*", "Name*"),
    "Service": ("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector*"),
    "PersistentVolumeClaim": ("Name", "Status", "Volume", "Capacity", "Access Modes",
                              "StorageClass", "VolumeAttributesClass", "Age", "VolumeMode*"),
    "PersistentVolume": ("Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim",
                         "StorageClass", "VolumeAttributesClass", "Reason", "Age", "VolumeMode*"),
    "Node": ("Name", "Status", "Roles", "Age", "Version", "Internal-IP*", "External-IP*",
             "OS-Image*", "Kernel-Version*", "Container-Runtime*"),
    "Namespace": ("Name", "Status", "Age"),
    "ConfigMap": ("Name", "Data", "Age"),
    "Secret": ("Name", "Type", "Data", "Age"),
    "ServiceAccount": ("Name", "Secrets", "Age"),
    "ResourceQuota": ("Name", "Request", "Limit", "Age"),
}  # fmt: skip


def table(resource: Resource, objects: list[Object], metadata: Object, include: str) -> Object:
    """A Table of the objects; rows carry what ``include`` says: Metadata, Object or None."""
    columns = _COLUMNS.get(resource.kind, ("Name", "Age"))
    cells = _CELLS.get(resource.kind, _plain)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [_column(name) for name in columns],
        "rows": [
            {"cells": cells(obj), "object": _included(obj, include)} for obj in objects
        ],
    }  # fmt: skip


def _column(name: str) -> Object:
    shown = name.rstrip("*")
    return {
        "name": shown,
        "type": "string",
        "format": "name" if shown == "Name" and name == shown else "",
        "description": "",
        "priority": 1 if name.endswith("*") else 0,
    }


def _included(obj: Object, include: str) -> Object | None:
    if include == "None":
        return None
    if include == "Object":
        return obj
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": obj["metadata"],
    }


def _plain(obj: Object) -> Cells:
    return [obj["metadata"]["name"], _age(obj)]


def _age(obj: Object) -> str:
    return _ago(obj["metadata"].get("creationTimestamp"))


def _ago(time: str | None) -> str:
    return clock.duration(clock.seconds_since(time)) if time else "<unknown>"


def _selector(labels: Object | None) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or "<none>"


def _template(obj: Object) -> tuple[str, str]:
    containers = obj["spec"]["template"]["spec"].get("containers") or []
    names = ",".join(c["name"] for c in containers)
    return names, ",".join(c["image"] for c in containers)


def _pod(obj: Object) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    statuses = status.get("containerStatuses") or []
    ready = sum(1 for s in statuses if s.get("ready"))
    restarts = sum(s.get("restartCount", 0) for s in statuses)
    last = [
        s["lastState"]["terminated"]["finishedAt"]
        for s in statuses
        if (s.get("lastState") or {}).get("terminated")
    ]
    return [
        obj["metadata"]["name"],
        f"{ready}/{len(spec['containers'])}",
        pod_status(obj),
        f"{restarts} ({_ago(max(last))} ago)" if restarts and last else str(restarts),
        _age(obj),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        "<none>",
    ]


def pod_status(obj: Object) -> str:
    """The word that kubectl shows for a pod: the phase, or the reason that says more."""
    status = obj.get("status") or {}
    reason: str = status.get("reason") or status.get("phase") or "Unknown"
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    initial = status.get("initContainerStatuses") or []
    for index, entry in enumerate(initial):
        state = entry.get("state") or {}
        ended = state.get("terminated")
        if ended and ended["exitCode"] == 0:
            continue
        if ended:
            reason = "Init:" + _ended(ended)
        elif (state.get("waiting") or {}).get("reason", "PodInitializing") != "PodInitializing":
            reason = "Init:" + state["waiting"]["reason"]
        else:
            reason = f"Init:{index}/{len(initial)}"
        break
    else:
        reason = _containers_word(status, reason)
    if "deletionTimestamp" in obj["metadata"]:
        return "Terminating"
    return reason


def _containers_word(status: Object, reason: str) -> str:
    running = False
    for entry in reversed(status.get("containerStatuses") or []):
        state = entry.get("state") or {}
        if (state.get("waiting") or {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated"):
            reason = _ended(state["terminated"])
        elif state.get("running") and entry.get("ready"):
            running = True
    if reason == "Completed" and running:
        return "Running"
    return reason


def _ended(state: Object) -> str:
    if state.get("reason"):
        return str(state["reason"])
    if state.get("signal"):
        return f"Signal:{state['signal']}"
    return f"ExitCode:{state['exitCode']}"


def _job(obj: Object) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    true = {c["type"] for c in status.get("conditions") or [] if c["status"] == "True"}
    word = "Running"
    if "Complete" in true:
        word = "Complete"
    elif "Failed" in true:
        word = "Failed"
    elif "deletionTimestamp" in obj["metadata"]:
        word = "Terminating"
    elif "Suspended" in true:
        word = "Suspended"
    elif "FailureTarget" in true:
        word = "FailureTarget"
    elif "SuccessCriteriaMet" in true:
        word = "SuccessCriteriaMet"
    took = ""
    if status.get("startTime"):
        ended = status.get("completionTime")
        seconds = clock.seconds_since(status["startTime"])
        took = clock.duration(seconds - (clock.seconds_since(ended) if ended else 0))
    names, images = _template(obj)
    completions = spec.get("completions")
    wanted = completions if completions is not None else f"1 of {spec['parallelism']}"
    return [
        obj["metadata"]["name"],
        word,
        f"{status.get('succeeded', 0)}/{wanted}",
        took,
        _age(obj),
        names,
        images,
        _selector((spec.get("selector") or {}).get("matchLabels")),
    ]


def _statefulset(obj: Object) -> Cells:
    status = obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{obj['spec'].get('replicas', 0)}",
        _age(obj),
        *_template(obj),
    ]


def _event(obj: Object) -> Cells:
    involved = obj.get("involvedObject") or {}
    source = obj.get("source") or {}
    component = source.get("component") or obj.get("reportingComponent") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    first = obj.get("firstTimestamp") or obj.get("eventTime")
    return [
        _ago(obj.get("lastTimestamp") or first),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{involved.get('kind', '').lower()}/{involved.get('name', '')}",
        involved.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or "").strip(),
        _ago(first),
        obj.get("count") or 1,
        obj["metadata"]["name"],
    ]


def _service(obj: Object) -> Cells:
    spec = obj["spec"]
    ports = ",".join(f"{p['port']}/{p['protocol']}" for p in spec.get("ports") or [])
    return [
        obj["metadata"]["name"], spec["type"], spec.get("clusterIP") or "<none>", "<none>",
        ports or "<none>", _age(obj), _selector(spec.get("selector")),
    ]  # fmt: skip


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX",
          "ReadWriteOncePod": "RWOP"}  # fmt: skip


def _claim(obj: Object) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    bound = status.get("phase") == "Bound"
    modes = ",".join(_MODES.get(m, m) for m in status.get("accessModes") or []) if bound else ""
    return [
        obj["metadata"]["name"],
        "Terminating" if "deletionTimestamp" in obj["metadata"] else status.get("phase", ""),
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "") if bound else "",
        modes,
        spec.get("storageClassName") or "",
        "<unset>",
        _age(obj),
        spec.get("volumeMode", ""),
    ]


def _volume(obj: Object) -> Cells:
    spec, status = obj["spec"], obj.get("status") or {}
    claim = spec.get("claimRef")
    return [
        obj["metadata"]["name"],
        (spec.get("capacity") or {}).get("storage", ""),
        ",".join(_MODES.get(m, m) for m in spec.get("accessModes") or []),
        spec.get("persistentVolumeReclaimPolicy", ""),
        status.get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName") or "",
        "<unset>",
        status.get("reason", ""),
        _age(obj),
        spec.get("volumeMode", ""),
    ]


def _node(obj: Object) -> Cells:
    status = obj.get("status") or {}
    ready = any(
        c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or []
    )
    word = "Ready" if ready else "NotReady"
    if obj["spec"].get("unschedulable"):
        word += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = sorted(k.removeprefix(prefix) for k in labels if k.startswith(prefix))
    info = status.get("nodeInfo") or {}
    internal = [a["address"] for a in status.get("addresses") or [] if a["type"] == "InternalIP"]
    return [
        obj["metadata"]["name"], word, ",".join(roles) or "<none>", _age(obj),
        info.get("kubeletVersion", ""), internal[0] if internal else "<none>", "<none>",
        info.get("osImage", ""), f"{info.get('kernelVersion')} ({info.get('architecture')})",
        info.get("containerRuntimeVersion", ""),
    ]  # fmt: skip


def _namespace(obj: Object) -> Cells:
    return [obj["metadata"]["name"], obj["status"]["phase"], _age(obj)]


def _config(obj: Object) -> Cells:
    size = len(obj.get("data") or {}) + len(obj.get("binaryData") or {})
    return [obj["metadata"]["name"], size, _age(obj)]


def _secret(obj: Object) -> Cells:
    return [obj["metadata"]["name"], obj["type"], len(obj.get("data") or {}), _age(obj)]


def _service_account(obj: Object) -> Cells:
    return [obj["metadata"]["name"], len(obj.get("secrets") or []), _age(obj)]


def _quota(obj: Object) -> Cells:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}

    def part(limits: bool) -> str:
        names = sorted(n for n in hard if n.startswith("limits.") == limits)
        return ", ".join(f"{n}: {used.get(n, '0')}/{hard[n]}" for n in names)

    return [obj["metadata"]["name"], part(False), part(True), _age(obj)]


_CELLS: dict[str, Callable[[Object], Cells]] = {
    "Pod": _pod,
    "Job": _job,
    "StatefulSet": _statefulset,
    "Event": _event,
    "Service": _service,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "Node": _node,
    "Namespace": _namespace,
    "ConfigMap": _config,
    "Secret": _secret,
    "ServiceAccount": _service_account,
    "ResourceQuota": _quota,
}
