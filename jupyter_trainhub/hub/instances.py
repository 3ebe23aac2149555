"""Dev instances: create, find, stop, start, delete, reach."""

from __future__ import annotations

import base64
import contextlib
import http.client
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    InvalidField,
    NotFound,
    TrainHubError,
    WaitTimeout,
)
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.events import events_of, warnings
from jupyter_trainhub.hub.images import default_image
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.storage import Storage
from jupyter_trainhub.hub.waiting import wait_until
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS, SECRETS, SERVICES, STATEFUL_SETS
from jupyter_trainhub.manifests.instance import PORT, TOKEN_KEY, instance_objects, prefix
from jupyter_trainhub.manifests.labels import (
    STOPPED_AT,
    STOPPED_BY,
    Object,
    Objects,
    owned_by,
    selector,
    user_name,
)
from jupyter_trainhub.manifests.status import instance_view
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes


@dataclass(frozen=True)
class Endpoint:
    """Where the Jupyter server of an instance listens, and the credential that it wants."""

    host: str
    port: int
    prefix: str
    token: str = field(repr=False)


class Instances:
    """The dev instances of one namespace."""

    def __init__(
        self,
        client: KubeClient,
        config: TrainHubConfig,
        nodes: Nodes,
        storage: Storage,
        user: str,
    ) -> None:
        self.client = client
        self.gpu = config.gpu_resource
        self._config = config
        self._nodes = nodes
        self._storage = storage
        self._user = user

    def create(self, spec: InstanceSpec) -> Object:
        """Create and start an instance; its view. Does not wait until it runs.

        Raises InvalidField for what can never run here, and AlreadyExists. Nothing is left behind
        when it fails in between.
        """
        spec = spec.with_defaults(self._config.instance_defaults)
        spec = self._storage.added_to(spec)
        if self._config.check_fit:
            self._nodes.check(spec)
        image = spec.image or default_image(self._config.default_image, self._nodes.visible())
        objects = instance_objects(
            spec, owner=self._user, image=image, token=secrets.token_urlsafe(32), gpu=self.gpu
        )
        try:
            created = self.client.create(STATEFUL_SETS, objects.stateful_set)
        except AlreadyExists:
            raise AlreadyExists(
                f"there is an instance called {spec.name!r} already",
                field="name",
                remedy="Choose another name, or start or delete the one that is there.",
            ) from None
        try:
            self.client.create(SECRETS, owned_by(objects.secret, created))
            self.client.create(SERVICES, owned_by(objects.service, created))
            started = self._scale(spec.name, 1)
        except BaseException:
            with contextlib.suppress(TrainHubError):
                self.client.delete(
                    STATEFUL_SETS, created["metadata"]["name"], uid=created["metadata"]["uid"]
                )
            raise
        return self._view(started, [])

    def list(self) -> Objects:
        """The views of all instances, by name."""
        pods: dict[str, Objects] = {}
        for pod in self.client.list(PODS, label_selector=selector("instance")):
            pods.setdefault(user_name(pod), []).append(pod)
        views = [
            self._view(found, pods.get(user_name(found), []))
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
        self._find(name)
        return self._view(self._scale(name, 0), self._pods(name))

    def start(self, name: str) -> Object:
        """Start it again. Raises NotFound."""
        self._find(name)
        return self._view(self._scale(name, 1), self._pods(name))

    def delete(self, name: str) -> None:
        """Delete it with all that belongs to it; mounted folders stay. Raises NotFound."""
        found = self._find(name)
        self.client.delete(STATEFUL_SETS, found["metadata"]["name"], uid=found["metadata"]["uid"])

    def endpoint(self, name: str) -> Endpoint:
        """Where its Jupyter server listens. Raises NotFound, or Conflict when it does not run."""
        view = self.get(name)
        addresses = [
            pod["status"]["podIP"]
            for pod in self._pods(name)
            if pod.get("status", {}).get("podIP") and not pod["metadata"].get("deletionTimestamp")
        ]
        if view["phase"] not in ("Starting", "Running") or not addresses:
            raise Conflict(
                f"instance {name!r} does not run, its phase is {view['phase']}"
                f"{': ' + view['message'] if view['message'] else ''}",
                reason="InstanceNotRunning",
                field="name",
                remedy="Start it." if view["phase"] == "Stopped" else "Wait until it runs.",
            )
        secret = self.client.get(SECRETS, to_kubernetes(INSTANCE_PREFIX, name))
        token = base64.b64decode(secret["data"][TOKEN_KEY]).decode()
        return Endpoint(addresses[0], PORT, prefix(name), token)

    def wait_ready(
        self,
        name: str,
        timeout: float = 300.0,
        on_view: Callable[[Object], None] = lambda view: None,
    ) -> Object:
        """The view once its JupyterLab answers, within ``timeout`` seconds.

        Raises NotFound, WaitTimeout, and Conflict when it fails or is stopped.
        """
        end = time.monotonic() + timeout

        def settled(view: Object) -> bool:
            return view["ready"] or view["phase"] in ("Failed", "Stopped")

        view = wait_until(self, "instance", name, settled, timeout=timeout, on_view=on_view)
        while view["ready"] and not _answers(self.endpoint(name)):
            # A cluster that does not run readiness probes calls every running pod ready.
            if time.monotonic() >= end:
                raise WaitTimeout(
                    f"instance {name!r} runs, but its JupyterLab did not answer within "
                    f"{timeout:g} seconds",
                    remedy="Check that this machine can reach the cluster's pods, "
                    "and look at the instance's log.",
                )
            time.sleep(0.2)
            view = self.get(name)
        if not view["ready"]:
            raise Conflict(
                f"instance {name!r} does not run: {view['message'] or view['phase']}",
                reason="InstanceNotRunning",
                remedy="Start it." if view["phase"] == "Stopped" else "Look at its events.",
                details={"phase": view["phase"]},
            )
        return view

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
        }
        return self.client.patch(
            STATEFUL_SETS,
            to_kubernetes(INSTANCE_PREFIX, name),
            {"metadata": {"annotations": annotations}, "spec": {"replicas": replicas}},
        )

    def _view(self, stateful_set: Object, pods: Objects) -> Object:
        view = instance_view(stateful_set, pods, gpu=self.gpu)
        if view["phase"] not in ("Pending", "Starting") or view["reason"] == "Creating":
            return view
        return instance_view(
            stateful_set,
            pods,
            events=warnings(self.client),
            largest=self._nodes.largest(),
            gpu=self.gpu,
        )


def _answers(endpoint: Endpoint) -> bool:
    """Whether the Jupyter server at ``endpoint`` takes requests."""
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=5)
    try:
        connection.request(
            "GET",
            f"{endpoint.prefix}/api/status",
            headers={"Authorization": f"token {endpoint.token}"},
        )
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
