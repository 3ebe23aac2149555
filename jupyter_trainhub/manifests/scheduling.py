"""Why the scheduler finds no node for a pod, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.explanation import Explanation, Rule, explain, last_cause
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.requests import Amounts
from jupyter_trainhub.specs.quantity import describe_memory, parse_quantity

# What the scheduler says of claims concerns the whole pod, and nothing else it says matters then.
_CLAIMS = (
    Rule(
        r"persistentvolumeclaim \"(?P<name>[^\"]+)\" not found",
        "There is no claim {name!r} in the namespace.",
        "Choose a storage that exists.",
    ),
    Rule(
        r"persistentvolumeclaim \"(?P<name>[^\"]+)\" is being deleted",
        "The claim {name!r} is being deleted.",
        "Choose another storage.",
    ),
    Rule(
        r"unbound immediate PersistentVolumeClaims",
        "One of its claims has no volume yet.",
        "Wait until the claim is Bound, or ask the admin why it is not.",
    ),
    Rule(
        r"waiting for ephemeral volume controller",
        "Its volume is being made.",
        "Wait a moment.",
    ),
)

# What may be said of some of the nodes: sentence and next step.
_NODES = (
    Rule(
        r"didn't match Pod's node affinity/selector",
        "No node has the labels that it asks for.",
        "Choose another GPU model, or ask the admin for the labels of the nodes.",
    ),
    Rule(
        r"untolerated taint.*?node\.kubernetes\.io/(?:not-ready|unreachable)",
        "Nodes are down (they have a taint).",
        "Ask the admin about them.",
    ),
    Rule(
        r"untolerated taint.*?node\.kubernetes\.io/(?P<what>\w+)-pressure",
        "Nodes are short of {what} (they have a taint).",
        "Wait, or ask the admin about them.",
    ),
    Rule(
        r"untolerated taint",
        "Nodes are reserved or not ready (they have a taint).",
        "Ask the admin which nodes you may use.",
    ),
    Rule(r"were unschedulable", "Nodes are closed for maintenance.", "Wait, or ask the admin."),
    Rule(
        r"volume node affinity conflict|didn't find available persistent volumes to bind",
        "Its volume can be reached from other nodes only, which have no room.",
        "Wait for these nodes, or choose a storage that all nodes share.",
    ),
    Rule(r"exceed max volume count", "The nodes hold as many volumes as they may.", "Wait."),
    Rule(
        r"didn't have free ports for the requested pod ports",
        "What uses the nodes' network already has its ports.",
        "Leave out host network.",
    ),
    Rule(
        r"pod anti-affinity rules|topology spread constraints",
        "The cluster's rules keep it off the nodes that have room.",
        "Wait, or ask the admin.",
    ),
    Rule(r"Too many pods", "The nodes hold as many pods as they may.", "Wait, or stop something."),
    Rule(
        r"^0/0 nodes|no nodes available",
        "The cluster has no nodes.",
        "Wait if nodes are added on demand, else ask the admin.",
    ),
)


def requested(pod: Object, resource: str) -> float:
    """What the containers of ``pod`` ask for of ``resource``: cores, bytes or pieces."""
    containers = pod.get("spec", {}).get("containers", [])
    total = 0.0
    for container in containers:
        bounds = container.get("resources", {})
        amount = {**bounds.get("limits", {}), **bounds.get("requests", {})}.get(resource, "0")
        total += float(parse_quantity(amount))
    return total


def unbound(pod: Object, scheduled: Object, events: Iterable[Object]) -> Explanation | None:
    """What Warning events say of the claim for which ``pod`` waits; None where they say nothing."""
    if "unbound" not in scheduled.get("message", ""):
        return None
    sources = (volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or ())
    claims = {source["claimName"] for source in sources if source}
    told = [
        event
        for event in events
        if event.get("type") == "Warning"
        and event["involvedObject"].get("kind") == "PersistentVolumeClaim"
        and event["involvedObject"].get("name") in claims
    ]
    if not told:
        return None
    newest = max(told, key=event_time)
    name, message = newest["involvedObject"]["name"], newest.get("message", "")
    return Explanation(
        "Unschedulable",
        f"Its claim {name!r} has no volume yet: {last_cause(message)}.",
        "Ask for less, delete volumes that nobody needs, or ask the admin about the storage.",
        message or None,
    )


def unscheduled(pod: Object, scheduled: Object, largest: Amounts | None) -> Explanation:
    """Why no node takes ``pod``: its condition ``scheduled`` in plain words.

    Where the scheduler speaks of amounts, ``largest`` tells whether waiting can help: the most of
    each resource that one node has.
    """
    reason, message = scheduled.get("reason") or "Unschedulable", scheduled.get("message", "")
    if reason == "SchedulingGated":
        return Explanation(
            reason,
            "It waits for its turn: something has to let it go first.",
            "Wait; the queue's owner or the admin knows how long.",
            message or None,
        )
    claim = explain(_CLAIMS, reason, message)
    if claim is not None:
        return claim
    # What preemption could do repeats the nodes and would be taken for more of them.
    verdict = message.partition(" preemption:")[0]
    shortages = [
        _insufficient(pod, int(count), resource, verdict, largest)
        for count, resource in re.findall(r"(\d+) Insufficient ([\w./-]+?)[,.](?:\s|$)", verdict)
    ]
    others = [
        (found.message, found.remedy or "")
        for rule in _NODES
        if (found := explain((rule,), reason, verdict)) is not None
    ]
    if len(others) > 1 and others[0][0].endswith("(they have a taint)."):
        # Only the most telling of the rules on taints.
        others = [others[0], *(other for other in others[1:] if "taint" not in other[0])]
    sentences = [*shortages, *others]
    if not sentences:
        return Explanation(reason, message or "It waits for a node.", "Wait.", message or None)
    return Explanation(
        reason, " ".join(sentence for sentence, _ in sentences), sentences[0][1], message
    )


def _insufficient(
    pod: Object, count: int, resource: str, message: str, largest: Amounts | None
) -> tuple[str, str]:
    needed = requested(pod, resource)
    most = None if largest is None else largest.get(resource, 0.0)
    amount, word = f"{needed:g}", "GPUs" if "/" in resource else resource
    if resource == "cpu":
        word = "CPUs"
    elif resource == "memory":
        amount, word = describe_memory(needed), "of memory"
    if most == 0:
        return f"It needs {amount} {word}, no node has any.", "Ask for none."
    if most is not None and needed > most:
        bound = describe_memory(most) if resource == "memory" else f"{most:g}"
        return (
            f"It needs {amount} {word}, no node has more than {bound}.",
            f"Ask for at most {bound}.",
        )
    total = re.match(r"\d+/(\d+) nodes", message)
    verb = "has" if count == 1 else "have"
    share = f"{count} of {total[1]} nodes {verb}" if total else f"{count} nodes {verb}"
    if share == "1 of 1 nodes has":
        share = "the only node has"
    free = "that much" if resource == "memory" else "that many"
    return (
        f"It needs {amount} {word}; {share} not {free} free.",
        "Wait until something ends, or ask for less.",
    )
