"""The present state of instances and jobs, kept by watching, and told when it changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.events import TELLING
from jupyter_trainhub.hub.nodes import largest
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.reflector import Reflector, without_managed_fields
from jupyter_trainhub.kube.resources import EVENTS, JOBS, NODES, PODS, STATEFUL_SETS, Resource
from jupyter_trainhub.manifests.idle import NO_POLICY, Policy
from jupyter_trainhub.manifests.instance_status import instance_view
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import KIND, Object, selector, user_name
from jupyter_trainhub.manifests.requests import Amounts

OnView = Callable[[str, str, str, Object | None], None]

_Key = tuple[str, str]


class Cluster(Protocol):
    """What is watched."""

    @property
    def client(self) -> KubeClient: ...


class LiveState:
    """Instances and jobs of the namespace as views that are always current.

    ``on_change(kind, name, action, view)`` is called in threads of its own, one call at a time,
    with action ``changed``, or ``deleted`` and no view; it must not call :meth:`stop`. ``kind`` and
    ``name`` narrow it to one kind or one object; ``policy`` is the site's for idle instances.
    """

    def __init__(
        self,
        hub: Cluster,
        on_change: OnView = lambda kind, name, action, view: None,
        *,
        kind: str | None = None,
        name: str | None = None,
        policy: Policy = NO_POLICY,
    ) -> None:
        self._hub = hub
        self._policy = policy
        self._on_change = on_change
        # Reentrant, because on_change may ask for the views.
        self._lock = threading.RLock()
        self._workloads: dict[_Key, Object] = {}
        self._pods: dict[_Key, dict[str, Object]] = {}
        self._pod_keys: dict[str, _Key] = {}
        self._views: dict[_Key, Object] = {}
        self._largest: Amounts | None = None
        self._nodes = self._reflector(NODES, self._node_changed, project=_node)
        self._events = [
            self._reflector(EVENTS, self._event_changed, project=_event, field_selector=selector)
            for selector in TELLING
        ]
        # In this order: when a workload is first looked at, what explains it is mostly there.
        self._explaining = [self._nodes, *self._events]
        self._watching = [
            self._reflector(
                PODS,
                self._pod_changed,
                project=_pod,
                label_selector=selector(kind, name),
                on_synced=self._refresh_all,
            )
        ]
        for watched, resource in (("instance", STATEFUL_SETS), ("job", JOBS)):
            if kind in (None, watched):
                self._watching.append(
                    self._reflector(
                        resource,
                        self._workload_changed(watched),
                        label_selector=selector(watched, name),
                    )
                )

    def start(self) -> None:
        """Begin to watch; returns at once."""
        for reflector in (*self._explaining, *self._watching):
            reflector.start()

    def stop(self) -> None:
        """End all watching; no call of ``on_change`` follows."""
        for reflector in (*self._watching, *self._explaining):
            reflector.stop()

    def wait_synced(self, timeout: float = 30.0) -> bool:
        """Wait until everything was read once, at most ``timeout`` seconds; whether it was."""
        deadline = time.monotonic() + timeout
        return all(
            reflector.synced.wait(max(0.0, deadline - time.monotonic()))
            for reflector in self._watching
        )

    @property
    def failure(self) -> TrainHubError | None:
        """Why the views may be old: the error of a watch that does not work now; else None."""
        failures = (reflector.failure for reflector in self._watching)
        return next((failure for failure in failures if failure is not None), None)

    def views(self, kind: str) -> list[Object]:
        """The views of ``instance`` or ``job``, by name."""
        with self._lock:
            return [view for key, view in sorted(self._views.items()) if key[0] == kind]

    def view(self, kind: str, name: str) -> Object | None:
        """One view; None when there is no such object."""
        with self._lock:
            return self._views.get((kind, name))

    def _reflector(
        self,
        resource: Resource,
        on_change: Callable[[str, str, Object | None], None],
        *,
        project: Callable[[Object], Object] = without_managed_fields,
        label_selector: str | None = None,
        field_selector: str | None = None,
        on_synced: Callable[[], None] = lambda: None,
    ) -> Reflector:
        return Reflector(
            self._hub.client,
            resource,
            label_selector=label_selector,
            field_selector=field_selector,
            project=project,
            on_change=on_change,
            on_synced=on_synced,
        )

    def _workload_changed(self, kind: str) -> Callable[[str, str, Object | None], None]:
        names: dict[str, str] = {}

        def changed(action: str, kubernetes_name: str, item: Object | None) -> None:
            with self._lock:
                if item is None:
                    key = (kind, names.pop(kubernetes_name))
                    self._workloads.pop(key, None)
                    if self._views.pop(key, None) is not None:
                        self._on_change(*key, "deleted", None)
                    return
                names[kubernetes_name] = user_name(item)
                key = (kind, user_name(item))
                self._workloads[key] = item
                self._refresh(key)

        return changed

    def _pod_changed(self, action: str, pod_name: str, pod: Object | None) -> None:
        with self._lock:
            if pod is None:
                key = self._pod_keys.pop(pod_name)
                pods = self._pods.get(key, {})
                pods.pop(pod_name, None)
                if not pods:
                    self._pods.pop(key, None)
            else:
                key = (pod["metadata"]["labels"].get(KIND, ""), user_name(pod))
                self._pod_keys[pod_name] = key
                self._pods.setdefault(key, {})[pod_name] = pod
            self._refresh(key)

    def _event_changed(self, action: str, event_name: str, event: Object | None) -> None:
        if event is None:
            # Events expire after an hour; what they said remains true until the object changes.
            return
        with self._lock:
            uid = event["involvedObject"].get("uid")
            for key, workload in self._workloads.items():
                uids = {workload["metadata"]["uid"]} | {
                    pod["metadata"]["uid"] for pod in self._pods.get(key, {}).values()
                }
                if uid in uids:
                    self._refresh(key)

    def _node_changed(self, action: str, name: str, node: Object | None) -> None:
        size = largest(self._nodes.items().values())
        with self._lock:
            self._largest = size

    def _refresh_all(self) -> None:
        with self._lock:
            for key in list(self._workloads):
                self._refresh(key)

    def _refresh(self, key: _Key) -> None:
        workload = self._workloads.get(key)
        # Without its pods a job would look as if it waited for them.
        if workload is None or not self._watching[0].synced.is_set():
            return
        events = [event for told in self._events for event in told.items().values()]
        pods = list(self._pods.get(key, {}).values())
        if key[0] == "job" and _ended(workload) and any(map(_lives, pods)):
            # The watch on pods is behind that on jobs; how they ended, and why, is about to come.
            return
        if key[0] == "instance":
            view = instance_view(
                workload,
                pods,
                events=events,
                largest=self._largest,
                policy=self._policy,
            )
        else:
            view = job_view(workload, pods, events=events, largest=self._largest)
        if view != self._views.get(key):
            self._views[key] = view
            self._on_change(*key, "changed", view)


def _ended(job: Object) -> bool:
    conditions = job.get("status", {}).get("conditions") or []
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


def _lives(pod: Object) -> bool:
    phase = pod["status"].get("phase")
    return phase not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]


def _pod(item: Object) -> Object:
    metadata, spec = item["metadata"], item.get("spec", {})
    kept = ("name", "uid", "labels", "annotations", "creationTimestamp", "deletionTimestamp")
    return {
        "metadata": {field: metadata[field] for field in kept if field in metadata},
        "spec": {
            "nodeName": spec.get("nodeName"),
            "containers": [
                {field: container.get(field, {}) for field in ("name", "image", "resources")}
                for container in spec.get("containers", [])
            ],
        },
        "status": item.get("status", {}),
    }


def _event(item: Object) -> Object:
    kept = (
        "type",
        "reason",
        "message",
        "involvedObject",
        "lastTimestamp",
        "eventTime",
        "series",
    )
    created = item["metadata"].get("creationTimestamp")
    return {
        "metadata": {"creationTimestamp": created},
        "involvedObject": {},
        **{field: item[field] for field in kept if item.get(field) is not None},
    }


def _node(item: Object) -> Object:
    return {
        "metadata": {"name": item["metadata"]["name"]},
        "spec": {"unschedulable": item.get("spec", {}).get("unschedulable", False)},
        "status": {"allocatable": item.get("status", {}).get("allocatable", {})},
    }
