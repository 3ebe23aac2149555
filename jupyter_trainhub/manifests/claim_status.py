"""A volume as people see it: its size, who uses it, and why it is not there or does not grow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jupyter_trainhub.manifests.claims import PATH, ROLE
from jupyter_trainhub.manifests.event import event_time
from jupyter_trainhub.manifests.explanation import Explanation, Rule, explain, last_cause
from jupyter_trainhub.manifests.labels import NAME, RUN, Object, owner
from jupyter_trainhub.specs.quantity import describe_memory, parse_quantity

_ASK_ADMIN = "Ask the admin about the storage."

# Events about a claim, of Kubernetes' persistentvolume-controller and of provisioners, as
# "<reason>: <message>". Facts: size, storage_class, modes.
CLAIMING = (
    Rule(
        r"^WaitForFirstConsumer",
        "The volume is made when the first pod asks for it.",
    ),
    Rule(
        r"^WaitForPodScheduled: waiting for pod (?P<pod>\S+)",
        "The volume is made once the pod {pod} has a node.",
        "Look at the job, which says why it waits.",
    ),
    Rule(
        r"storageclass\S* \"(?P<name>[^\"]+)\" not found",
        "There is no StorageClass {name!r}.",
        "Ask the admin to correct claim_storage_class.",
    ),
    Rule(
        r"no storage class is set",
        "No volume fits, and the cluster has no default StorageClass that would make one.",
        "Ask the admin for a StorageClass, or to set claim_storage_class.",
    ),
    Rule(
        r"^ProvisioningFailed.*(?:only supports?.*access ?modes?|access ?modes?.*not supported|"
        r"unsupported access ?mode|MULTI_NODE|ReadWriteMany)",
        "The StorageClass {storage_class!r} makes no volume with the access mode {modes}.",
        "Run on one node, or ask the admin for a StorageClass for several (claim_storage_class).",
    ),
    Rule(
        r"^ProvisioningFailed.*(?:ResourceExhausted|insufficient|not enough|no space|out of space|"
        r"exceeded|are promised to)",
        "The storage has no room for {size}.",
        "Ask for less, or delete volumes that nobody needs.",
    ),
    Rule(
        r"^ProvisioningFailed: .*?(?P<cause>[^:]+)$",
        "The volume cannot be made: {cause}.",
        _ASK_ADMIN,
    ),
    Rule(
        r"^ExternalProvisioning.*provisioner '(?P<name>[^']+)'",
        "{name} is asked to make the volume.",
        "If it takes minutes, ask the admin whether it runs.",
    ),
    Rule(r"^Provisioning:", "The volume is being made.", None),
)
_TROUBLED_GROWTH = re.compile(r"Resize(Failed|Error)")


def claim_view(
    claim: Object,
    *,
    used_by: Sequence[str] = (),
    expandable: bool | None = None,
    events: Iterable[Object] = (),
) -> Object:
    """The contract's view of a volume.

    ``used_by`` are the pods that mount it, ``expandable`` is whether its StorageClass lets volumes
    grow (None: not known), ``events`` are Kubernetes' about this very claim.
    """
    metadata, spec, status = claim["metadata"], claim["spec"], claim.get("status") or {}
    its_labels = metadata.get("labels") or {}
    capacity = (status.get("capacity") or {}).get("storage")
    phase = "Deleting" if metadata.get("deletionTimestamp") else status.get("phase", "Pending")
    why = _why(claim, phase, used_by, list(events))
    return {
        "kind": "volume",
        "claim": metadata["name"],
        "role": its_labels.get(ROLE),
        "job": its_labels.get(NAME),
        "run": its_labels.get(RUN),
        "owner": owner(claim),
        "path": (metadata.get("annotations") or {}).get(PATH),
        "size": requested(claim),
        "capacity": None if capacity is None else int(parse_quantity(capacity)),
        "phase": phase,
        "storage_class": spec.get("storageClassName"),
        "access_modes": spec.get("accessModes") or [],
        "resizable": expandable if phase == "Bound" else False,
        "used_by": list(used_by),
        "created": metadata.get("creationTimestamp"),
        "message": why.message if why else None,
        "remedy": why.remedy if why else None,
    }


def requested(claim: Object) -> int:
    """The bytes that a claim asks for."""
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0")
    return int(parse_quantity(asked))


def may_need_events(claim: Object) -> bool:
    """Whether events tell more of a claim than it does itself: it is not there, or is growing."""
    capacity = ((claim.get("status") or {}).get("capacity") or {}).get("storage", "0")
    return requested(claim) > int(parse_quantity(capacity))


def _why(
    claim: Object, phase: str, used_by: Sequence[str], events: list[Object]
) -> Explanation | None:
    if phase == "Deleting":
        waits = f" once no pod uses it: {', '.join(used_by)}" if used_by else ""
        return Explanation(phase, f"It is deleted{waits}.")
    if phase == "Lost":
        return Explanation(
            phase,
            "The storage has lost the volume and what was in it.",
            "Delete it, and ask the admin what has become of it.",
        )
    told = [(event.get("reason", ""), event.get("message", "")) for event in _in_order(events)]
    if phase == "Bound":
        return _growth(claim, told) if may_need_events(claim) else None
    facts = {
        "size": describe_memory(requested(claim)),
        "storage_class": claim["spec"].get("storageClassName") or "",
        "modes": ", ".join(claim["spec"].get("accessModes") or []),
    }
    for reason, message in reversed(told):
        found = explain(CLAIMING, reason, f"{reason}: {message}", **facts)
        if found:
            return found
    return Explanation(phase, "The volume is not made yet.", "Wait a moment.")


def _growth(claim: Object, told: Sequence[tuple[str, str]]) -> Explanation:
    conditions = [
        (item["type"], item.get("message") or "")
        for item in (claim["status"].get("conditions") or [])
        if item.get("status") == "True"
    ]
    wanted = describe_memory(requested(claim))
    for kind, message in [*conditions, *reversed(told)]:
        if kind == "FileSystemResizePending":
            return Explanation(
                kind,
                f"It has grown to {wanted}, its file system grows when a pod mounts it.",
                "Run a job with it, or look at its files.",
            )
        if _TROUBLED_GROWTH.search(kind):
            return Explanation(
                kind, f"It cannot grow to {wanted}: {last_cause(message)}.", _ASK_ADMIN
            )
    return Explanation("Resizing", f"It grows to {wanted}.")


def _in_order(events: list[Object]) -> list[Object]:
    return sorted(events, key=event_time)
