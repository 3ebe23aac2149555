"""The present state of instances, jobs and TensorBoards, kept by watching, told when it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub import watched
from jupyter_trainhub.hub.events import TELLING
from jupyter_trainhub.hub.jobs.attempts import Attempts, is_job, typed
from jupyter_trainhub.hub.jobs.frameworks import resources
from jupyter_trainhub.hub.nodes import largest
from jupyter_trainhub.hub.watches import Watches
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.discovery import Discovery
from jupyter_trainhub.kube.resources import EVENTS, JOBS, NODES, PODS, STATEFUL_SETS, Resource
from jupyter_trainhub.manifests.idle import NO_POLICY, Policy
from jupyter_trainhub.manifests.instance_status import instance_view
from jupyter_trainhub.manifests.job_status import job_view
from jupyter_trainhub.manifests.labels import KIND, Object, attempt, selector, user_name
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.manifests.tensorboard_status import tensorboard_view

OnView = Callable[[str, str, str, Object | None], None]

_Key = tuple[str, str]


class Cluster(Protocol):
    """What is watched."""

    @property
    def client(self) -> KubeClient: ...

    @property
    def discovery(self) -> Discovery: ...


class LiveState:
    """Instances, jobs and TensorBoards of the namespace as views that are always current.

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
        self._policy = policy
        self._on_change = on_change
        # Reentrant, because on_change may ask for the views.
        self._lock = threading.RLock()
        self._workloads: dict[_Key, dict[str, Object]] = {}
        self._pods: dict[_Key, dict[str, Object]] = {}
        self._pod_keys: dict[str, _Key] = {}
        self._views: dict[_Key, Object] = {}
        self._largest: Amounts | None = None
        self._watches = Watches(hub.client)
        self._nodes = self._watches.add(
            NODES, self._node_changed, explains=True, project=watched.node
        )
        # Events come first: when a workload is looked at, what explains it is mostly there.
        self._events = [
            self._watches.add(
                EVENTS,
                self._event_changed,
                explains=True,
                project=watched.event,
                field_selector=field_selector,
            )
            for field_selector in TELLING
        ]
        self._pod_watch = self._watches.add(
            PODS,
            self._pod_changed,
            project=watched.pod,
            label_selector=selector(kind, name),
            on_synced=self._refresh_all,
        )
        if kind in (None, "instance"):
            self._watches.add(
                STATEFUL_SETS,
                self._workload_changed("instance", STATEFUL_SETS),
                label_selector=selector("instance", name),
            )
        if kind in (None, "tensorboard"):
            self._watches.add(
                JOBS,
                self._workload_changed("tensorboard", JOBS),
                label_selector=selector("tensorboard", name),
            )
        if kind in (None, "job"):
            self._watches.add(
                JOBS, self._workload_changed("job", JOBS), label_selector=selector("job", name)
            )
            self._watches.add_found(
                lambda: [item for item in resources(hub.discovery) if item != JOBS],
                lambda resource: self._workload_changed("job", resource),
                label_selector=selector("job", name),
            )

    def start(self) -> None:
        """Begin to watch; returns at once."""
        self._watches.start()

    def stop(self) -> None:
        """End all watching; no call of ``on_change`` follows."""
        self._watches.stop()

    def wait_synced(self, timeout: float = 30.0) -> bool:
        """Wait until everything was read once, at most ``timeout`` seconds; whether it was."""
        return self._watches.wait_synced(timeout)

    @property
    def failure(self) -> TrainHubError | None:
        """Why the views may be old: the error of a watch that does not work now; else None."""
        return self._watches.failure

    def views(self, kind: str) -> list[Object]:
        """The views of ``instance``, ``job`` or ``tensorboard``, by name."""
        with self._lock:
            return [view for key, view in sorted(self._views.items()) if key[0] == kind]

    def view(self, kind: str, name: str) -> Object | None:
        """One view; None when there is no such object."""
        with self._lock:
            return self._views.get((kind, name))

    def _workload_changed(
        self, kind: str, resource: Resource
    ) -> Callable[[str, str, Object | None], None]:
        keys: dict[str, _Key] = {}

        def changed(action: str, kubernetes_name: str, item: Object | None) -> None:
            identity = f"{resource.plural}/{kubernetes_name}"
            with self._lock:
                if item is None:
                    key = keys.pop(kubernetes_name, None)
                    if key is not None:
                        self._drop(key, identity)
                elif kind != "job" or is_job(item):
                    key = keys[kubernetes_name] = (kind, user_name(item))
                    workload = typed(item, resource) if kind == "job" else item
                    self._workloads.setdefault(key, {})[identity] = workload
                    self._refresh(key)

        return changed

    def _drop(self, key: _Key, identity: str) -> None:
        workloads = self._workloads[key]
        del workloads[identity]
        if workloads:
            self._refresh(key)
            return
        del self._workloads[key]
        if self._views.pop(key, None) is not None:
            self._on_change(*key, "deleted", None)

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
            for key, workloads in self._workloads.items():
                uids = {
                    item["metadata"]["uid"]
                    for item in (*workloads.values(), *self._pods.get(key, {}).values())
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
        workloads = self._workloads.get(key)
        # Without its pods a job would look as if it waited for them.
        if workloads is None or not self._pod_watch.synced.is_set():
            return
        events = [event for told in self._events for event in told.items().values()]
        pods = list(self._pods.get(key, {}).values())
        if key[0] == "instance":
            (workload,) = workloads.values()
            view = instance_view(
                workload, pods, events=events, largest=self._largest, policy=self._policy
            )
        elif key[0] == "tensorboard":
            # Others may have put the same label on a Job of theirs.
            *_, workload = workloads.values()
            view = tensorboard_view(workload, pods, events=events, largest=self._largest)
        else:
            attempts = Attempts.of(workloads.values())
            if _is_behind(attempts, pods):
                return
            view = job_view(
                attempts.newest,
                pods,
                earlier=attempts.earlier,
                events=events,
                largest=self._largest,
            )
        if view != self._views.get(key):
            self._views[key] = view
            self._on_change(*key, "changed", view)


def _is_behind(attempts: Attempts, pods: Iterable[Object]) -> bool:
    """Whether the watch on pods is behind that on jobs: how they ended, and why, is yet to come.

    Kubernetes calls a Job ended when all its pods have, and failing when one has, or is gone;
    operators need not wait for them.
    """
    framework, newest = attempts.framework, attempts.newest
    if framework.resource != JOBS:
        return False
    state = framework.state(newest)
    living = sum(_lives(pod) for pod in pods if attempt(pod) == attempt(newest))
    return living > 0 if state.outcome else state.failing and living == framework.nodes(newest)


def _lives(pod: Object) -> bool:
    phase = pod["status"].get("phase")
    return phase not in ("Succeeded", "Failed") and "deletionTimestamp" not in pod["metadata"]
