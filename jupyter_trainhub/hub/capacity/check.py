"""What would become of an instance if it were made now: room, quotas, and the cluster's own word.

Nothing is made. Where rights to look are missing, less is told; the dry run still tells most.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from jupyter_trainhub.errors import AlreadyExists, Forbidden, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.capacity.fit import UNKNOWN, Fit, Verdict, fit
from jupyter_trainhub.hub.capacity.quota import INSTANCE_OBJECTS, Share, bounds, needs, shares
from jupyter_trainhub.hub.capacity.refusal import Refusal, refusal
from jupyter_trainhub.hub.capacity.request import Request
from jupyter_trainhub.hub.capacity.room import holds_room, rooms
from jupyter_trainhub.hub.nodes import Nodes
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import (
    LIMIT_RANGES,
    PODS,
    RESOURCE_QUOTAS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
    Resource,
)
from jupyter_trainhub.manifests.instance import InstanceObjects
from jupyter_trainhub.manifests.labels import Object, Objects, owner, selector, user_name
from jupyter_trainhub.manifests.pod import GPU


@dataclass(frozen=True)
class Check:
    """What is known before anything is made."""

    fit: Fit
    shares: Sequence[Share]
    refusal: Refusal | None
    gpu: str = GPU

    def verdict(self) -> tuple[Verdict, str, str | None]:
        """When it would start, why, and what would do; the firmest obstacle counts."""
        short = [share for share in self.shares if not share.fits]
        too_much = next((share for share in short if share.needed > share.hard), None)
        if self.refusal is not None and self.refusal.lasting:
            return "never", self.refusal.message, self.refusal.remedy
        if self.fit.verdict == "never":
            return "never", self.fit.message, self.fit.remedy
        if too_much is not None:
            remedy = "Ask for less, or ask the admin for more quota."
            return "never", too_much.sentence(self.gpu), remedy
        if short:
            return "later", short[0].sentence(self.gpu), "Stop something or ask for less."
        if self.refusal is not None:
            return "later", self.refusal.message, self.refusal.remedy
        return self.fit.verdict, self.fit.message, self.fit.remedy

    def require(self) -> None:
        """Raise the error for what can never start: InvalidField, or what the cluster refused."""
        verdict, message, remedy = self.verdict()
        if verdict != "never":
            return
        if self.refusal is not None and self.refusal.lasting:
            raise self.refusal.raised()
        raise InvalidField(message, field=self._field() or "spec", remedy=remedy)

    def _field(self) -> str | None:
        if self.fit.verdict == "never":
            return self.fit.field
        counted = next((s.counted for s in self.shares if s.needed > s.hard), "")
        return {"cpu": "cpus", "memory": "memory", self.gpu: "gpus"}.get(counted)

    def view(self) -> Object:
        """The check as the REST interface shows it."""
        verdict, message, remedy = self.verdict()
        found = self.fit
        return {
            "verdict": verdict,
            "message": message,
            "remedy": remedy,
            "nodes_now": found.nodes_now,
            "nodes_when_free": found.nodes_when_free,
            "nodes_total": found.nodes_total,
            "largest": found.largest.view() if found.largest else None,
            "largest_when_free": (
                found.largest_when_free.view() if found.largest_when_free else None
            ),
            "suggestion": found.suggestion if verdict in ("later", "never") else None,
            "blockers": [
                {"node": node, "reasons": list(reasons)} for node, reasons in found.blockers
            ],
            "quota": [share.view() for share in self.shares],
            "refusal": self.refusal.view() if self.refusal else None,
            "errors": [],
        }


def invalid(error: InvalidField) -> Object:
    """The check of a spec that is not valid."""
    empty = ("nodes_now", "nodes_when_free", "nodes_total", "largest", "largest_when_free")
    return {
        "verdict": "never",
        "message": error.message,
        "remedy": error.remedy,
        **dict.fromkeys((*empty, "suggestion", "refusal")),
        "blockers": [],
        "quota": [],
        "errors": [dict(cause) for cause in error.causes],
    }


def check(
    client: KubeClient,
    nodes: Nodes,
    objects: InstanceObjects,
    *,
    present: Object | None = None,
    patch: Object | None = None,
    pod_only: bool = False,
    grows: bool = False,
) -> Check:
    """Look at what would become of ``objects``.

    ``present`` is the StatefulSet that ``patch`` would change, whose pod gives its place. With
    ``pod_only`` the dry run is of the pod alone. ``grows``: see :func:`hub.fit.fit`.
    """
    template = objects.stateful_set["spec"]["template"]
    pod = template["spec"]
    request = Request.of(pod)
    gpu = request.gpu or GPU
    acts: list[Callable[[], Object]] = []
    if present is not None and patch is not None:
        name = present["metadata"]["name"]
        acts.append(lambda: client.patch(STATEFUL_SETS, name, patch, dry_run=True))
    elif not pod_only:
        for resource, body in (
            (STATEFUL_SETS, objects.stateful_set),
            (SECRETS, objects.secret),
            (SERVICES, objects.service),
        ):
            acts.append(lambda r=resource, b=body: client.create(r, b, dry_run=True))  # type: ignore[misc]
    # Quotas, limits, Pod Security and most policies look at pods and not at what makes them.
    acts.append(lambda: client.create(PODS, _pod(objects.stateful_set), dry_run=True))
    with ThreadPoolExecutor(len(acts) + 4, thread_name_prefix="trainhub-check") as pool:
        looking = pool.submit(nodes.occupancy)
        quotas = pool.submit(_visible, client, RESOURCE_QUOTAS)
        limits = pool.submit(_visible, client, LIMIT_RANGES)
        pods = pool.submit(_own_pods, client, present)
        answers = [pool.submit(_said, client.namespace, act) for act in acts]
    own = [found for found in pods.result() if holds_room(found)]
    needed = needs(pod, None if present is not None else INSTANCE_OBJECTS)
    freed = needs(own[0]["spec"]) if own else None
    found_shares = shares(quotas.result(), pod, needed, freed)
    occupancy = looking.result()
    found_fit = UNKNOWN
    if occupancy is not None:
        uids = [one["metadata"]["uid"] for one in own]
        found_fit = fit(
            request,
            rooms(occupancy.nodes, occupancy.pods, without=uids),
            complete=occupancy.complete,
            grows=grows,
            bounds=bounds(found_shares, limits.result()),
            gpus=nodes.gpus,
        )
    said = [answer.result() for answer in answers]
    return Check(
        found_fit, found_shares, _first(client, objects, said, found_shares, own, gpu), gpu
    )


def name_taken(client: KubeClient, stateful_set: Object) -> AlreadyExists:
    """The error for a name that is in use, which says by whom."""
    message = f"there is an instance called {user_name(stateful_set)!r} already"
    remedy = "Choose another name, or start or delete the one that is there."
    with contextlib.suppress(TrainHubError):
        whose = owner(client.get(STATEFUL_SETS, stateful_set["metadata"]["name"]))
        if whose != owner(stateful_set):
            message, remedy = f"{message}; it belongs to {whose}", "Choose another name."
    return AlreadyExists(message, field="name", remedy=remedy)


def _first(
    client: KubeClient,
    objects: InstanceObjects,
    said: Sequence[Refusal | None],
    found: Sequence[Share],
    own: Objects,
    gpu: str,
) -> Refusal | None:
    """The refusal to tell of."""
    for position, one in enumerate(said):
        if one is None:
            continue
        last = position == len(said) - 1
        if isinstance(one.error, AlreadyExists):
            if position > 0:
                # A Secret or Service of an instance that is going away; it is replaced.
                continue
            taken = name_taken(client, objects.stateful_set)
            return Refusal("name", taken.message, taken.remedy, True, taken)
        if last and isinstance(one.error, Forbidden) and one.is_rights:
            # Whoever may make StatefulSets need not be allowed to make pods.
            continue
        if one.is_quota:
            short = next((share for share in found if not share.fits), None)
            if own and short is None:
                # The dry run cannot know that the present pod goes away first.
                continue
            return replace(one, message=short.sentence(gpu)) if short else one
        return one
    return None


def _pod(stateful_set: Object) -> Object:
    template = stateful_set["spec"]["template"]
    name = f"{stateful_set['metadata']['name']}-"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**template["metadata"], "generateName": name},
        "spec": template["spec"],
    }


def _said(namespace: str, act: Callable[[], Object]) -> Refusal | None:
    try:
        act()
    except TrainHubError as error:
        return refusal(error, namespace)
    return None


def _visible(client: KubeClient, resource: Resource) -> Objects:
    try:
        return list(client.list(resource))
    except (Forbidden, NotFound):
        return []


def _own_pods(client: KubeClient, present: Object | None) -> Objects:
    if present is None:
        return []
    return list(client.list(PODS, label_selector=selector("instance", user_name(present))))
