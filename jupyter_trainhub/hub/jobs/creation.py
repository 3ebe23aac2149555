"""The objects of one attempt, brought into the cluster: all of them or none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from jupyter_trainhub.errors import AlreadyExists, ClusterRefused, Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.jobs.attempts import Owners, typed
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS, SECRETS, SERVICES
from jupyter_trainhub.manifests.frameworks.framework import Framework, JobObjects
from jupyter_trainhub.manifests.labels import RELEASED_AT, STOPPED_AT, Object, owned_by, user_name

_CHILDREN = {"Service": SERVICES, "ConfigMap": CONFIG_MAPS, "Secret": SECRETS}

# How often a change is tried again that others made impossible meanwhile. Controllers write the
# status of a new object several times within a second.
TRIES = 20


class Creation:
    """Creates owners with their children."""

    def __init__(self, client: KubeClient, owners: Owners) -> None:
        self._client = client
        self._owners = owners

    def create(
        self,
        framework: Framework,
        objects: JobObjects,
        check: Callable[[], None] = lambda: None,
    ) -> Object:
        """The owner of ``objects``, released once everything that its pods need is there.

        ``check`` is asked before that and may raise. Raises AlreadyExists where the name is taken.
        Nothing is left behind when it fails.
        """
        resource = framework.resource
        try:
            made = self._client.create(resource, objects.owner)
        except AlreadyExists:
            raise name_taken(user_name(objects.owner)) from None
        owner = typed(made, resource)
        try:
            return self.complete(framework, owner, objects, check)
        except BaseException:
            with contextlib.suppress(TrainHubError):
                self._owners.delete(owner)
            raise

    def complete(
        self,
        framework: Framework,
        owner: Object,
        objects: JobObjects,
        check: Callable[[], None] = lambda: None,
    ) -> Object:
        """``owner`` released, after the children that it lacks are created.

        Raises AlreadyExists where another job has children of these names.
        """
        for child in objects.children:
            self._create_child(owned_by(child, owner))
        check()
        return self._release(framework, owner)

    def _create_child(self, child: Object) -> None:
        resource = _CHILDREN.get(child["kind"])
        if resource is None:
            raise ClusterRefused(
                f"a job cannot have a {child['kind']}",
                remedy=f"Its framework may make {', '.join(_CHILDREN)}.",
            )
        for _ in range(TRIES):
            with contextlib.suppress(AlreadyExists):
                self._client.create(resource, child)
                return
            with contextlib.suppress(NotFound, Conflict):
                found = self._client.get(resource, child["metadata"]["name"])
                if _controller(found) == _controller(child):
                    return
                if _controller(found) in self._present(child):
                    raise name_taken(user_name(child))
                # An earlier job of this name is gone, and the garbage collector is not done yet.
                self._client.delete(
                    resource, child["metadata"]["name"], uid=found["metadata"]["uid"]
                )
        raise name_taken(user_name(child))

    def _present(self, child: Object) -> set[str]:
        try:
            return {owner["metadata"]["uid"] for owner in self._owners.of(user_name(child)).owners}
        except NotFound:
            return set()

    def _release(self, framework: Framework, owner: Object) -> Object:
        for _ in range(TRIES):
            if STOPPED_AT in owner["metadata"].get("annotations", {}):
                # Its user was quicker.
                return owner
            # Of this very version: who stops it in between must not be overruled.
            metadata = {
                "resourceVersion": owner["metadata"]["resourceVersion"],
                "annotations": {RELEASED_AT: now()},
            }
            body = {"metadata": metadata, "spec": framework.suspension(suspended=False)}
            with contextlib.suppress(Conflict):
                return self._owners.patch(owner, body)
            owner = self._owners.get(owner)
        raise Conflict(
            f"job {user_name(owner)!r} is being changed all the time",
            remedy="Submit it again.",
        )


def name_taken(name: str) -> AlreadyExists:
    """The error for a job's name that another one has."""
    return AlreadyExists(
        f"there is a job called {name!r} already",
        field="name",
        remedy="Choose another name, or delete the job that is there.",
    )


def _controller(child: Object) -> str:
    references = child["metadata"].get("ownerReferences") or ()
    return next((str(item["uid"]) for item in references if item.get("controller")), "")
