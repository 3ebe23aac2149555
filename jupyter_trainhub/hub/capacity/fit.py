"""Does a pod fit: on which nodes now, on which once others have stopped, and what hinders it.

Pure: Kubernetes objects in, words and numbers out. What counts is what kube-scheduler's filters
count: requests, taints, labels, ports and the number of pods of a node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.capacity.request import Request, words
from jupyter_trainhub.hub.capacity.room import NodeRoom, Room
from jupyter_trainhub.manifests.pod import GPU
from jupyter_trainhub.manifests.requests import Amounts

Verdict = Literal["now", "later", "never", "unknown"]

GIB = 1024**3
# Blockers that are told; a cluster may have thousands of nodes.
MOST_BLOCKERS = 50
# The least that is suggested: with less a JupyterLab hardly starts.
_LEAST: Amounts = {"cpu": 0.1, "memory": GIB / 4}
_FIELDS = {"cpu": "cpus", "memory": "memory"}


@dataclass(frozen=True)
class Fit:
    """Whether a request fits. Counts of nodes are None where they cannot be known."""

    verdict: Verdict
    message: str
    remedy: str | None = None
    field: str | None = None
    nodes_now: int | None = None
    nodes_when_free: int | None = None
    nodes_total: int | None = None
    largest: Room | None = None
    largest_when_free: Room | None = None
    suggestion: dict[str, Any] | None = None
    blockers: Sequence[tuple[str, Sequence[str]]] = ()


UNKNOWN = Fit(
    "unknown",
    "The nodes of the cluster may not be seen from here, so whether it fits cannot be told.",
    "Create it: the cluster decides.",
)


def fit(
    request: Request,
    nodes: Sequence[NodeRoom],
    *,
    complete: bool = True,
    grows: bool = False,
    bounds: Mapping[str, float] | None = None,
    gpus: Collection[str] = (GPU,),
) -> Fit:
    """Whether and where ``request`` fits.

    ``complete`` says whether the pods of all namespaces are counted; ``grows``, whether the cluster
    may get larger nodes than it has; ``bounds`` is the most that quotas and limits allow one pod,
    by resource; ``gpus`` are the names of the GPUs that count where the request names none.
    """
    gpus = (request.gpu,) if request.gpu else gpus
    now = [node for node in nodes if node.takes(request, node.free)]
    when_free = [node for node in nodes if node.takes(request, node.free_without_users)]
    facts: dict[str, Any] = {
        "nodes_now": len(now) if complete else None,
        "nodes_when_free": len(when_free),
        "nodes_total": len(nodes),
        "largest": _largest(request, nodes, gpus) if complete else None,
        "largest_when_free": _largest(request, nodes, gpus, without_users=True),
        "blockers": _blockers(request, nodes),
    }
    possible = [node for node in nodes if node.would_take(request)]
    if not possible:
        if not nodes or grows:
            return Fit(
                "later",
                "No node that is there is large enough." if nodes else "The cluster has no nodes.",
                "The cluster may add one; wait for it." if grows else "Ask the admin for a node.",
                **facts,
            )
        blamed, message, remedy = never(request, nodes)
        sentence = f"{message[:1].upper()}{message[1:]}."
        return Fit("never", sentence, remedy, blamed, **facts)
    if not complete:
        return Fit("unknown", *_unseen(len(when_free), len(nodes)), **facts)
    suggestion = _suggestion(request, nodes, bounds or {})
    facts["suggestion"] = suggestion
    if now:
        where = "" if len(nodes) == 1 else f" on {len(now)} of {len(nodes)} nodes"
        return Fit("now", f"It fits{where} now.", **facts)
    smaller = f"With {_describe(suggestion)} it starts now." if suggestion else None
    if when_free:
        would = "the node" if len(nodes) == 1 else f"{len(when_free)} of {len(nodes)} nodes"
        message = f"No room is free now; {would} would have it once others stop."
        return Fit("later", message, smaller or "Wait, or stop something.", **facts)
    hindered = "; ".join(f"{node.name} {node.passing(request)[0]}" for node in possible[:3])
    message = f"The nodes that are large enough take no pods now: {hindered}."
    return Fit("later", message, smaller or "Wait, or ask the admin.", **facts)


def never(request: Request, nodes: Sequence[NodeRoom]) -> tuple[str, str, str]:
    """Field, sentence and remedy for a request that none of ``nodes`` could ever take."""
    open_nodes = [node for node in nodes if not node.lasting(request)]
    if not open_nodes:
        if request.node_selector:
            wanted = ", ".join(f"{key}={value}" for key, value in request.node_selector.items())
            if not any(node.selected(request) for node in nodes):
                return (
                    "gpu_model",
                    f"no node has the label {wanted}",
                    "Choose another model, or ask the admin to label the nodes.",
                )
        reasons = sorted({reason for node in nodes for reason in node.lasting(request)})
        return (
            "gpu_model" if request.node_selector else "spec",
            f"every node is reserved for others: {', '.join(reasons[:3])}",
            "Ask the admin which nodes are for you.",
        )
    for resource, amount in sorted(request.amounts.items()):
        most = max(node.free_without_users.get(resource, 0.0) for node in open_nodes)
        if amount <= most:
            continue
        asked, bound = (words(resource, n, request.gpu or "") for n in (amount, most))
        return (
            _FIELDS.get(resource, "gpus" if resource == request.gpu else "spec"),
            f"{asked} for one pod, the largest node has {bound}",
            f"Ask for at most {bound}."
            if most
            else "Ask for none, or use a cluster that has them.",
        )
    return (
        "cpus",
        "no single node has that many CPUs, memory and GPUs together",
        "Ask for less of one of them; the cluster's overview shows each node.",
    )


def require(request: Request, nodes: Sequence[NodeRoom], count: int) -> None:
    """Raise InvalidField unless ``nodes``, were they empty, have room for ``count`` such pods."""
    room = sum(node.count(request) for node in nodes)
    if room >= count or not nodes:
        return
    if room == 0:
        blamed, message, remedy = never(request, nodes)
        raise InvalidField(message, field=blamed, remedy=remedy)
    raise InvalidField(
        f"{count} pods of this size were asked for, the cluster has room for {room}",
        field="nodes",
        remedy=f"Ask for at most {room} nodes, or for less on each.",
    )


def _unseen(fitting: int, total: int) -> tuple[str, str]:
    where = "the node" if total == 1 else f"{fitting} of {total} nodes"
    return (
        f"It fits on {where} when free; what is in use there may not be seen from here.",
        "Create it: the cluster decides.",
    )


def _largest(
    request: Request,
    nodes: Sequence[NodeRoom],
    gpus: Collection[str],
    *,
    without_users: bool = False,
) -> Room | None:
    """What the node with most room could take: of GPUs if there are any wanted, else of both."""
    rooms = [
        node.room(gpus, node.free_without_users if without_users else node.free)
        for node in nodes
        if node.is_open(request, node.free_without_users if without_users else node.free)
    ]
    most_cpus = max((room.cpus for room in rooms), default=0.0) or 1.0
    most_memory = max((room.memory for room in rooms), default=0) or 1
    wants_gpus = request.gpu is not None

    def size(room: Room) -> tuple[float, float]:
        share = room.cpus / most_cpus + room.memory / most_memory
        return (room.gpus if wants_gpus else 0, share)

    return max(rooms, key=size, default=None)


def _blockers(request: Request, nodes: Iterable[NodeRoom]) -> Sequence[tuple[str, Sequence[str]]]:
    told = [(node.name, node.reasons(request)) for node in nodes]
    hindered = [(name, reasons) for name, reasons in told if reasons]
    # The nodes that are nearest to taking it first.
    return sorted(hindered, key=lambda entry: len(entry[1]))[:MOST_BLOCKERS]


def _suggestion(
    request: Request, nodes: Sequence[NodeRoom], bounds: Mapping[str, float]
) -> dict[str, Any] | None:
    """The smallest change of size with which some node takes the request now; None without one."""
    sizes = {name for name in ("cpu", "memory", request.gpu) if name and request.amounts.get(name)}
    found: list[tuple[int, float, dict[str, Any]]] = []
    for node in nodes:
        if not node.takes(request.without(sizes), node.free):
            continue
        changes: Amounts = {}
        for name in sizes:
            wanted = request.amounts[name]
            possible = min(node.free.get(name, 0.0), bounds.get(name, wanted))
            if wanted > possible:
                changes[name] = _rounded(name, possible)
        if changes and all(amount >= _LEAST.get(name, 1) for name, amount in changes.items()):
            lost = sum(1 - amount / request.amounts[name] for name, amount in changes.items())
            found.append((len(changes), lost, _size(changes)))
        elif not changes:
            return None
    return min(found, key=lambda change: change[:2])[2] if found else None


def _rounded(resource: str, amount: float) -> float:
    """``amount`` cut to a number that people would write."""
    if resource == "memory":
        unit = GIB if amount >= GIB else GIB / 8
    elif resource == "cpu":
        unit = 1.0 if amount >= 2 else 0.1
    else:
        unit = 1.0
    # Floating point makes 0.3 / 0.1 a little less than 3.
    return round(int(amount / unit + 1e-6) * unit, 3)


def _size(changes: Amounts) -> dict[str, Any]:
    size = {_FIELDS.get(name, "gpus"): amount for name, amount in changes.items()}
    return {
        field: size[field] if field == "cpus" else int(size[field])
        for field in ("cpus", "memory", "gpus")
        if field in size
    }


def _describe(size: Mapping[str, Any]) -> str:
    resources = {"cpus": "cpu", "memory": "memory", "gpus": GPU}
    return " and ".join(words(resources[key], amount, GPU) for key, amount in size.items())
