"""The objects that stand for jobs, found in the cluster: each job is one or several attempts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_trainhub.errors import Conflict, Forbidden, NotFound
from jupyter_trainhub.hub.jobs.frameworks import Served, kind_of, resources
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import JOBS, Resource
from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.registry import framework_of
from jupyter_trainhub.manifests.labels import (
    RUN,
    STOPPED_AT,
    Object,
    Objects,
    attempt,
    selector,
    user_name,
)


@dataclass(frozen=True)
class Attempts:
    """The owners of one job's attempts, the oldest first: the last one is the job."""

    owners: tuple[Object, ...]

    @classmethod
    def of(cls, owners: Iterable[Object]) -> Attempts:
        """The attempts in order; of two with one number the later one comes last."""

        def age(owner: Object) -> tuple[int, str]:
            return attempt(owner), str(owner["metadata"].get("creationTimestamp"))

        return cls(tuple(sorted(owners, key=age)))

    @property
    def newest(self) -> Object:
        """The attempt that counts."""
        return self.owners[-1]

    @property
    def earlier(self) -> tuple[Object, ...]:
        """Those before it, which have failed."""
        return self.owners[:-1]

    @property
    def framework(self) -> Framework:
        """The framework of the newest one."""
        return framework_of(self.newest)

    @property
    def run(self) -> str:
        """The run that all of them belong to."""
        annotations = self.newest["metadata"].get("annotations", {})
        return str(annotations.get(RUN) or "")

    @property
    def stopped(self) -> bool:
        """Whether a user has stopped it."""
        return STOPPED_AT in self.newest["metadata"].get("annotations", {})


class Owners:
    """The owners of jobs in one namespace, of every kind that the cluster serves."""

    def __init__(self, client: KubeClient, served: Served) -> None:
        self._client = client
        self._served = served

    def all(self) -> dict[str, Attempts]:
        """The attempts at every job, by the user's name of it."""
        found: dict[str, Objects] = {}
        for owner in self._list(selector("job")):
            found.setdefault(user_name(owner), []).append(owner)
        return {name: Attempts.of(owners) for name, owners in found.items()}

    def of(self, name: str) -> Attempts:
        """The attempts at one job. Raises NotFound."""
        attempts = self.present(name)
        if not attempts.owners:
            raise NotFound(
                f"there is no job {name!r}", field="name", remedy="Look at the list of jobs."
            )
        return attempts

    def present(self, name: str) -> Attempts:
        """The attempts at one job, none where there is no such job."""
        return Attempts.of(self._list(selector("job", name)))

    def get(self, owner: Object) -> Object:
        """``owner`` as it is now. Raises NotFound."""
        resource = framework_of(owner).resource
        return typed(self._client.get(resource, owner["metadata"]["name"]), resource)

    def patch(self, owner: Object, body: Object) -> Object:
        """``owner`` after a merge patch; see :meth:`KubeClient.patch`."""
        resource = framework_of(owner).resource
        return typed(self._client.patch(resource, owner["metadata"]["name"], body), resource)

    def delete(self, owner: Object) -> None:
        """Delete this very ``owner``, where it is still there, and what it owns."""
        metadata = owner["metadata"]
        resource = framework_of(owner).resource
        # Conflict: another one has its name.
        with contextlib.suppress(NotFound, Conflict):
            self._client.delete(resource, metadata["name"], uid=metadata["uid"])

    def resources(self) -> Sequence[Resource]:
        """The resources whose objects may be jobs here."""
        return resources(self._served)

    def _list(self, label_selector: str) -> Iterator[Object]:
        for resource in self.resources():
            try:
                for item in self._client.list(resource, label_selector=label_selector):
                    if is_job(item):
                        yield typed(item, resource)
            except (Forbidden, NotFound):
                # Other kinds than Jobs may be gone meanwhile, or be nobody's business here.
                if resource == JOBS:
                    raise


def is_job(owner: Object) -> bool:
    """Whether an object stands for a job: operators give our labels to Jobs of their own, too."""
    references = owner["metadata"].get("ownerReferences") or ()
    return not any(reference.get("controller") for reference in references)


def is_deleted(owner: Object) -> bool:
    """Whether an object is there only until what it owns, or holds it, is gone."""
    return "deletionTimestamp" in owner["metadata"]


def typed(item: Object, resource: Resource) -> Object:
    """``item`` with its kind, which an API server leaves out in lists."""
    return {"apiVersion": resource.version, "kind": kind_of(resource), **item}
