"""Dev instances: create, find, stop, start, delete, reach."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.access.reach import Endpoint, Reach, running_pod
from jupyter_trainhub.hub.capacity.check import Check, check, invalid
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.events import events_of, telling
from jupyter_trainhub.hub.idle.policy import policy_of
from jupyter_trainhub.hub.images.default import default_image
from jupyter_trainhub.hub.instances.creation import make
from jupyter_trainhub.hub.instances.editing import (
    change,
    end_pods,
    require_started,
    require_version,
)
from jupyter_trainhub.hub.instances.readiness import wait_ready
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.policy import Policy
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.discovery import Discovery
from jupyter_trainhub.kube.resources import PODS, STATEFUL_SETS
from jupyter_trainhub.manifests.instance import InstanceObjects, instance_objects
from jupyter_trainhub.manifests.instance_status import instance_view
from jupyter_trainhub.manifests.labels import (
    STOPPED_AT,
    STOPPED_BY,
    STOPPED_REASON,
    Object,
    Objects,
    owner,
    selector,
    user_name,
)
from jupyter_trainhub.manifests.revision import edit_patch, with_revision
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

# Stands for a name that its user has still to choose.
_UNNAMED = "unnamed"


class Instances:
    """The dev instances of one namespace."""

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        nodes: Nodes,
        policy: Policy,
        reach: Reach,
        user: str,
    ) -> None:
        self.client = client
        self.discovery = Discovery(client)
        self._config = config
        self._nodes = nodes
        self._policy = policy
        self._reach = reach
        self._user = user
        self._idle = policy_of(config)

    def check(self, data: Object, *, edit: bool = False) -> Object:
        """What would become of an instance with the spec ``data``; nothing is made.

        It may have no name yet. With ``edit`` it is the present instance of that name as it would
        be after the change.
        """
        named = bool(data.get("name"))
        try:
            spec = InstanceSpec.parse(data if named else {**data, "name": _UNNAMED})
            present = self._find(spec.name) if edit else None
            objects = self._objects(spec, owner(present) if present else self._user)
        except InvalidField as error:
            return invalid(error)
        patch = edit_patch(present, objects.stateful_set, self._user, now()) if present else None
        return self._check(objects, present=present, patch=patch, pod_only=not named).view()

    def create(self, spec: InstanceSpec) -> Object:
        """Create and start an instance; its view. Does not wait until it runs.

        Raises InvalidField for what can never run here, Forbidden for what the cluster does not
        let be, and AlreadyExists. Nothing is left behind when it fails in between.
        """
        objects = self._objects(spec, self._user)
        self._check(objects, pod_only=True).require()
        return self._view(make(self.client, objects, lambda: self._scale(spec.name, 1)), [])

    def update(
        self, name: str, spec: InstanceSpec, *, version: str | None = None, restart: bool = False
    ) -> Object:
        """Change the spec of an instance; its view. A running pod keeps the old one until then.

        ``version`` is that of the view which was edited; ``restart`` ends the pod now. Raises
        InvalidField, NotFound, and Conflict when it was changed by somebody else meanwhile.
        """
        if spec.name != name:
            raise InvalidField(
                "an instance keeps its name",
                field="name",
                remedy="Create another one with the new name, and delete this one.",
            )
        found = self._find(name)
        require_version(found, version)
        wanted = self._objects(spec, owner(found))
        patch = edit_patch(found, wanted.stateful_set, self._user, now())
        self._check(wanted, present=found, patch=patch).require()
        changed = change(
            self.client,
            lambda: self._find(name),
            wanted.stateful_set,
            begun_with=version,
            by=self._user,
        )
        if restart and changed["spec"].get("replicas"):
            end_pods(self.client, changed, self._pods(name))
        return self._view(changed, self._pods(name))

    def restart(self, name: str) -> Object:
        """End its pod; another of the present spec takes its place. Raises NotFound and Conflict.

        A pod that was started by somebody else in between is left alone.
        """
        found = self._find(name)
        require_started(found)
        end_pods(self.client, found, self._pods(name))
        return self.get(name)

    def list(self) -> Objects:
        """The views of all instances, by name."""
        pods: dict[str, Objects] = {}
        for pod in self.client.list(PODS, label_selector=selector("instance")):
            pods.setdefault(user_name(pod), []).append(pod)
        events = telling(self.client)
        views = [
            self._view(found, pods.get(user_name(found), []), events)
            for found in self.client.list(STATEFUL_SETS, label_selector=selector("instance"))
        ]
        return sorted(views, key=lambda view: str(view["name"]))

    def get(self, name: str) -> Object:
        """The view of one instance. Raises NotFound."""
        return self._view(self._find(name), self._pods(name))

    def events(self, name: str) -> Iterable[Object]:
        """What the cluster did for an instance, oldest first. Raises NotFound."""
        return events_of(self.client, self._find(name))

    def stop(self, name: str) -> Object:
        """End its pod and keep all else: what it needs is free, its definition stays."""
        found = self._find(name)
        if found["spec"].get("replicas"):
            found = self._scale(name, 0)
        return self._view(found, self._pods(name))

    def start(self, name: str) -> Object:
        """Start it again; an old pod ends first. Raises NotFound, Conflict while it is deleted."""
        found = self._find(name)
        require_version(found, None)
        if not found["spec"].get("replicas"):
            found = self._scale(name, 1)
        return self._view(found, self._pods(name))

    def delete(self, name: str) -> None:
        """Delete it with all that belongs to it; mounted folders stay. Raises NotFound."""
        found = self._find(name)
        self.client.delete(STATEFUL_SETS, found["metadata"]["name"], uid=found["metadata"]["uid"])

    def pod(self, name: str) -> str:
        """The name of its running pod. Raises NotFound, or Conflict when it does not run."""
        found: str = self.running(name)["metadata"]["name"]
        return found

    def endpoint(self, name: str) -> Endpoint:
        """Where its Jupyter server listens. Raises NotFound, or Conflict when it does not run."""
        return self._reach.lab(name, self.running(name))

    def running(self, name: str) -> Object:
        """Its running pod, as the cluster has it. Raises NotFound, or Conflict as above."""
        return running_pod(name, self.get(name), self._pods(name))

    def wait_ready(
        self,
        name: str,
        timeout: float = 300.0,
        on_view: Callable[[Object], None] = lambda view: None,
    ) -> Object:
        """The view once it can be used, within ``timeout`` seconds.

        Raises NotFound, WaitTimeout, and Conflict when it fails or is stopped.
        """
        return wait_ready(self, name, timeout, on_view)

    def _objects(self, spec: InstanceSpec, owner: str) -> InstanceObjects:
        spec, site = self._policy.admit(spec)
        image = spec.image or default_image(self._config.default_image, self._nodes.visible())
        objects = instance_objects(
            spec, owner=owner, image=image, token=secrets.token_urlsafe(32), site=site
        )
        return replace(objects, stateful_set=with_revision(objects.stateful_set))

    def _check(self, objects: InstanceObjects, **how: Any) -> Check:
        grows = not self._config.check_fit
        return check(self.client, self._nodes, objects, grows=grows, **how)

    def _find(self, name: str) -> Object:
        with contextlib.suppress(NotFound, InvalidField):
            return self.client.get(STATEFUL_SETS, to_kubernetes(INSTANCE_PREFIX, name))
        raise NotFound(
            f"there is no instance {name!r}", field="name", remedy="Look at the list of instances."
        )

    def _pods(self, name: str) -> Objects:
        return [*self.client.list(PODS, label_selector=selector("instance", name))]

    def _scale(self, name: str, replicas: int) -> Object:
        stopped = replicas == 0
        annotations = {
            STOPPED_BY: self._user if stopped else None,
            STOPPED_AT: now() if stopped else None,
            STOPPED_REASON: None,
        }
        return self.client.patch(
            STATEFUL_SETS,
            to_kubernetes(INSTANCE_PREFIX, name),
            {"metadata": {"annotations": annotations}, "spec": {"replicas": replicas}},
        )

    def _view(self, stateful_set: Object, pods: Objects, events: Objects | None = None) -> Object:
        if events is None:
            events = telling(self.client)
        view = instance_view(stateful_set, pods, events=events, policy=self._idle)
        if view["reason"] != "Unschedulable":
            return view
        largest = self._nodes.largest()
        return instance_view(stateful_set, pods, events=events, largest=largest, policy=self._idle)
