"""Why the scheduler finds no node for a pod, in plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.quantity import describe_memory, parse_quantity


@dataclass(frozen=True)
class Capacity:
    """The largest node of a cluster, in each resource: CPU cores, bytes of memory, GPUs."""

    cpus: float
    memory: int
    gpus: int


def requested(pod: Object, resource: str) -> float:
    """What the containers of ``pod`` ask for of ``resource``: cores, bytes or pieces."""
    containers = pod.get("spec", {}).get("containers", [])
    total = 0.0
    for container in containers:
        bounds = container.get("resources", {})
        amount = {**bounds.get("limits", {}), **bounds.get("requests", {})}.get(resource, "0")
        total += float(parse_quantity(amount))
    return total


def unscheduled(pod: Object, scheduled: Object, largest: Capacity | None) -> str:
    """Why no node takes ``pod``: its condition ``scheduled`` in plain words.

    Where the scheduler speaks of amounts, ``largest`` tells whether waiting can help.
    """
    if scheduled.get("reason") == "SchedulingGated":
        return "It waits for its turn: something has to let it go first."
    message: str = scheduled.get("message", "")
    claim = re.search(r'persistentvolumeclaim "([^"]+)" not found', message)
    if claim:
        return f"There is no claim {claim[1]!r} in the namespace; mount one that exists."
    if "unbound immediate PersistentVolumeClaims" in message:
        return "One of its claims has no volume yet; ask for one that is Bound."
    sentences = [
        _insufficient(pod, int(count), resource, message, largest)
        for count, resource in re.findall(r"(\d+) Insufficient ([\w./-]+?)[,.](?:\s|$)", message)
    ]
    if "didn't match Pod's node affinity/selector" in message:
        sentences.append("No node has the labels that it asks for.")
    if "untolerated taint" in message:
        sentences.append("Nodes are reserved or not ready (they have a taint).")
    if "Too many pods" in message:
        sentences.append("The nodes hold as many pods as they may.")
    return " ".join(sentences) or message or "It waits for a node."


def _insufficient(
    pod: Object, count: int, resource: str, message: str, largest: Capacity | None
) -> str:
    needed = requested(pod, resource)
    amount, word = f"{needed:g}", resource
    most: float | None = None
    if resource == "cpu":
        word, most = "CPUs", largest.cpus if largest else None
    elif resource == "memory":
        amount, word = describe_memory(needed), "of memory"
        most = largest.memory if largest else None
    elif resource.endswith("/gpu"):
        word, most = "GPUs", largest.gpus if largest else None
    if most == 0:
        return f"It needs {amount} {word}, no node has any."
    if most is not None and needed > most:
        bound = describe_memory(most) if resource == "memory" else f"{most:g}"
        return f"It needs {amount} {word}, no node has more than {bound}."
    nodes = re.match(r"\d+/(\d+) nodes", message)
    share = f"{count} of {nodes[1]} nodes" if nodes else f"{count} nodes"
    verb = "has" if share.endswith("1 nodes") else "have"
    free = "that much" if resource == "memory" else "that many"
    return f"It needs {amount} {word}; {share.replace('1 nodes', '1 node')} {verb} not {free} free."
