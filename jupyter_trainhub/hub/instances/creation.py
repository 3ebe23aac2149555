"""Making the objects of an instance: all of them, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from jupyter_trainhub.errors import AlreadyExists, Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.capacity.check import name_taken
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import SECRETS, SERVICES, STATEFUL_SETS, Resource
from jupyter_trainhub.manifests.instance import InstanceObjects
from jupyter_trainhub.manifests.labels import Object, owned_by, user_name


def make(client: KubeClient, objects: InstanceObjects, start: Callable[[], Object]) -> Object:
    """Create ``objects``, then ``start`` the StatefulSet; what that returns.

    Raises AlreadyExists for a name in use. Nothing is left behind when it fails in between.
    """
    try:
        created = client.create(STATEFUL_SETS, objects.stateful_set)
    except AlreadyExists:
        raise name_taken(client, objects.stateful_set) from None
    try:
        _create_owned(client, SECRETS, owned_by(objects.secret, created))
        _create_owned(client, SERVICES, owned_by(objects.service, created))
        return start()
    except BaseException as error:
        with contextlib.suppress(TrainHubError):
            client.delete(
                STATEFUL_SETS, created["metadata"]["name"], uid=created["metadata"]["uid"]
            )
        if isinstance(error, NotFound):
            raise Conflict(
                f"instance {user_name(created)!r} was deleted while it was made",
                field="name",
                remedy="Create it again.",
            ) from None
        raise


def _create_owned(client: KubeClient, resource: Resource, body: Object) -> None:
    """Create what belongs to a new instance, in the place of what an old one left."""
    try:
        client.create(resource, body)
    except AlreadyExists:
        name = body["metadata"]["name"]
        with contextlib.suppress(NotFound):
            left = client.get(resource, name)
            owners = left["metadata"].get("ownerReferences") or []
            if not any(owner.get("kind") == "StatefulSet" for owner in owners):
                raise
            # The garbage collector takes its time after an instance of this name was deleted.
            client.delete(resource, name, uid=left["metadata"]["uid"])
        client.create(resource, body)
