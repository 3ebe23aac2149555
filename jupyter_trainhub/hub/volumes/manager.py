"""The volumes of jobs: claimed for a run, listed, made larger, deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    AlreadyExists,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
)
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.hub.volumes.files import Files
from jupyter_trainhub.hub.volumes.readers import Readers
from jupyter_trainhub.hub.volumes.usage import mounting, names
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import EVENTS, PERSISTENT_VOLUME_CLAIMS, STORAGE_CLASSES
from jupyter_trainhub.manifests.claim_status import claim_view, may_need_events
from jupyter_trainhub.manifests.claims import VOLUME, claim_names, new_claims
from jupyter_trainhub.manifests.labels import (
    KIND,
    RUN,
    Object,
    Objects,
    label_value,
    owner,
    selector,
)
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.quantity import describe_memory, format_memory

_LIST = "Look at 'trainhub get volumes'."


class Volumes:
    """The volumes of jobs in one namespace. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, nodes: Nodes, user: str) -> None:
        self._client = client
        self._config = config
        self._user = user
        self._readers = Readers(client, config, nodes, user)

    @cached_property
    def files(self) -> Files:
        """What is in them."""
        return Files(self._client, self._readers, self._find)

    def ensure(self, spec: JobSpec, run: str, *, image: str = "") -> dict[str, str]:
        """The claims of a job's volumes by their roles; those that it does not name are made.

        ``image`` is what its pods run. Raises InvalidField for a claim that the job cannot have,
        and what the cluster refuses; then nothing is left behind.
        """
        for role, volume in spec.volumes.items():
            if volume.claim is not None:
                self._check(volume.claim, spec.nodes, f"{role}_volume.claim")
        made: Objects = []
        try:
            for claim in new_claims(
                spec,
                run,
                self._user,
                image=image or spec.image or "",
                storage_class=self._config.claim_storage_class,
                access_modes=self._config.claim_access_modes,
            ):
                with contextlib.suppress(AlreadyExists):
                    made.append(self._client.create(PERSISTENT_VOLUME_CLAIMS, claim))
        except BaseException:
            self._discard(made)
            raise
        return claim_names(spec, run)

    def discard(self, run: str) -> None:
        """Delete the volumes that were made for ``run``, although its own pods still have them.

        Kubernetes keeps a volume until the last pod that mounts it has ended.
        """
        chosen = f"{selector(VOLUME)},{RUN}={label_value(run)}"
        self._discard(self._client.list(PERSISTENT_VOLUME_CLAIMS, label_selector=chosen))

    def list(self, job: str | None = None) -> Objects:
        """The views of all volumes, or of those made for ``job``, the newest first."""
        chosen = selector(VOLUME, job)
        claims = [*self._client.list(PERSISTENT_VOLUME_CLAIMS, label_selector=chosen)]
        views = self._views(claims)
        return sorted(views, key=lambda view: (view["created"] or "", view["claim"]), reverse=True)

    def get(self, claim: str) -> Object:
        """The view of one volume. Raises NotFound."""
        return self._views([self._find(claim)])[0]

    def resize(self, claim: str, size: int) -> Object:
        """Make a volume larger, to ``size`` bytes; its view. The storage takes its time for it.

        Raises NotFound, InvalidField for a smaller size, and Conflict where it cannot grow.
        """
        view = self.get(claim)
        least = view["capacity"] or view["size"]
        if size < least:
            raise InvalidField(
                f"a volume can grow only, and {claim!r} has {describe_memory(least)}",
                field="size",
                remedy=f"Give more than {format_memory(least)}.",
            )
        if view["phase"] != "Bound":
            raise Conflict(
                f"the volume {claim!r} cannot grow: {view['message'] or view['phase']}",
                reason="VolumeNotBound",
                field="size",
                remedy=view["remedy"] or "Wait until it is there.",
            )
        change = {"spec": {"resources": {"requests": {"storage": format_memory(size)}}}}
        try:
            changed = self._client.patch(PERSISTENT_VOLUME_CLAIMS, claim, change)
        except Forbidden as error:
            # Kubernetes' admission plugin PersistentVolumeClaimResize.
            if "must support resize" not in error.message:
                raise
            raise Conflict(
                f"volumes of the StorageClass {view['storage_class']!r} cannot grow",
                reason="NotResizable",
                field="size",
                remedy="Start the next job with a larger volume, or ask the admin to set "
                "allowVolumeExpansion.",
            ) from None
        return self._views([changed])[0]

    def delete(self, claim: str) -> None:
        """Delete a volume with all that is in it. Raises NotFound, and Conflict while pods use it.

        Only volumes that were made for jobs.
        """
        found = self._find(claim)
        if not _of_a_job(found):
            raise Forbidden(
                f"the claim {claim!r} was not made for a job",
                field="claim",
                remedy="Delete it as it was made, such as with kubectl.",
            )
        pods = names(mounting(self._client).get(claim, []))
        if pods:
            raise Conflict(
                f"the volume {claim!r} is used by {', '.join(pods)}",
                reason="VolumeInUse",
                field="claim",
                remedy="Stop what uses it first.",
            )
        self._discard([found])

    def _find(self, claim: str) -> Object:
        with contextlib.suppress(NotFound):
            found = self._client.get(PERSISTENT_VOLUME_CLAIMS, claim)
            if _of_a_job(found) or "claim" in self._config.allowed_mounts:
                return found
        raise NotFound(f"there is no volume {claim!r}", field="claim", remedy=_LIST)

    def _check(self, claim: str, nodes: int, field: str) -> None:
        """Raise InvalidField for a claim that a job on ``nodes`` nodes cannot have."""
        try:
            found = self._find(claim)
        except NotFound as error:
            remedy = f"{_LIST} Leave it out for a new one."
            raise InvalidField(error.message, field=field, remedy=remedy) from None
        status, modes = found.get("status") or {}, set(found["spec"].get("accessModes") or [])
        allowed = "claim" in self._config.allowed_mounts
        usual = set(self._config.claim_access_modes)
        wrong: tuple[str, str] | None = None
        if owner(found) != self._user and not allowed:
            wrong = (f"belongs to {owner(found) or 'somebody else'}", "Choose one of your own.")
        elif found["metadata"].get("deletionTimestamp"):
            wrong = ("is being deleted", "Choose another, or leave it out for a new one.")
        elif status.get("phase") == "Lost":
            wrong = ("has been lost by the storage", "Leave it out for a new one.")
        elif modes <= {"ReadOnlyMany"}:
            wrong = ("can be read only", "Choose another, or leave it out for a new one.")
        elif nodes > 1 and "ReadWriteMany" not in modes and not (usual and usual <= modes):
            wrong = (
                f"can be mounted by one node at a time, and the job has {nodes}",
                "Ask for 1 node, or leave it out for a new one.",
            )
        if wrong is not None:
            raise InvalidField(f"the volume {claim!r} {wrong[0]}", field=field, remedy=wrong[1])

    def _views(self, claims: Iterable[Object]) -> Objects:
        claims = list(claims)
        if not claims:
            return []
        pods = mounting(self._client)
        classes = self._expandable()
        return [
            claim_view(
                claim,
                used_by=names(pods.get(claim["metadata"]["name"], [])),
                expandable=classes.get(claim["spec"].get("storageClassName") or ""),
                events=self._events(claim) if may_need_events(claim) else (),
            )
            for claim in claims
        ]

    def _expandable(self) -> dict[str, bool]:
        """Whether volumes can grow, by StorageClass; nothing where classes may not be read."""
        with contextlib.suppress(Forbidden):
            return {
                item["metadata"]["name"]: bool(item.get("allowVolumeExpansion"))
                for item in self._client.list(STORAGE_CLASSES)
            }
        return {}

    def _events(self, claim: Object) -> Objects:
        with contextlib.suppress(Forbidden):
            about = f"involvedObject.uid={claim['metadata']['uid']}"
            return [*self._client.list(EVENTS, field_selector=about)]
        return []

    def _discard(self, claims: Iterable[Object]) -> None:
        for claim in claims:
            name, uid = claim["metadata"]["name"], claim["metadata"]["uid"]
            self._readers.delete(name)
            with contextlib.suppress(NotFound):
                self._client.delete(PERSISTENT_VOLUME_CLAIMS, name, uid=uid)


def _of_a_job(claim: Object) -> bool:
    return bool(claim["metadata"].get("labels", {}).get(KIND) == VOLUME)
