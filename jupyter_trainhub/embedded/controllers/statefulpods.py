"""The pods and claims of StatefulSets: how they are made, and what can be read off them."""

from __future__ import annotations

import copy
from typing import Any

from ..apimachinery import conditions
from ..apimachinery.ownerreferences import owned_by
from ..apiserver.store import Object

REVISION = "controller-revision-hash"


def ordinals(obj: Object) -> range:
    """The ordinals that a set's pods have."""
    start = (obj["spec"].get("ordinals") or {}).get("start", 0)
    return range(start, start + obj["spec"]["replicas"])


def ordinal(pod: Object) -> int:
    """A pod's ordinal: the end of its name."""
    return int(pod["metadata"]["name"].rpartition("-")[2])


def revision(pod: Object) -> str:
    """The name of the revision that a pod was made from."""
    return str((pod["metadata"].get("labels") or {}).get(REVISION, ""))


def ready_since(pod: Object) -> str:
    """Since when a pod runs and is ready; empty when it is not."""
    if pod["status"].get("phase") != "Running":
        return ""
    found = conditions.find(pod, "Ready")
    return str(found["lastTransitionTime"]) if found and found["status"] == "True" else ""


def healthy(pod: Object) -> bool:
    """Whether a pod is ready and stays."""
    return bool(ready_since(pod)) and "deletionTimestamp" not in pod["metadata"]


def pod_of(obj: Object, ordinal: int, template: Object, revision: str) -> Object:
    """The pod of one ordinal, from the template of one revision."""
    template = copy.deepcopy(template)
    owner = obj["metadata"]["name"]
    name = f"{owner}-{ordinal}"
    metadata, spec = template.get("metadata") or {}, template["spec"]
    spec["hostname"] = name
    if obj["spec"].get("serviceName"):
        spec["subdomain"] = obj["spec"]["serviceName"]
    for claim in obj["spec"].get("volumeClaimTemplates") or []:
        volume = claim["metadata"]["name"]
        source = {"persistentVolumeClaim": {"claimName": f"{volume}-{name}"}}
        others = [v for v in spec.get("volumes") or [] if v["name"] != volume]
        spec["volumes"] = [*others, {"name": volume, **source}]
    body: dict[str, Any] = {
        "name": name,
        "generateName": f"{owner}-",
        "labels": {
            **(metadata.get("labels") or {}),
            "apps.kubernetes.io/pod-index": str(ordinal),
            REVISION: revision,
            "statefulset.kubernetes.io/pod-name": name,
        },
        "ownerReferences": [owned_by(obj)],
    }
    for field in ("annotations", "finalizers"):
        if metadata.get(field):
            body[field] = metadata[field]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": body, "spec": spec}


def claims_of(obj: Object, ordinal: int) -> list[Object]:
    """The claims that one ordinal's pod mounts."""
    selected = (obj["spec"].get("selector") or {}).get("matchLabels") or {}
    claims = []
    for template in obj["spec"].get("volumeClaimTemplates") or []:
        given = template["metadata"]
        metadata = {k: given[k] for k in ("annotations",) if given.get(k)}
        metadata["name"] = f"{given['name']}-{obj['metadata']['name']}-{ordinal}"
        metadata["labels"] = {**(given.get("labels") or {}), **selected}
        claims.append({"metadata": metadata, "spec": copy.deepcopy(template["spec"])})
    return claims


def claim_owners(obj: Object, pod: Object, claim: Object) -> list[Object]:
    """With whom a pod's claim is to go, by the set's retention policy."""
    policy = obj["spec"]["persistentVolumeClaimRetentionPolicy"]
    condemned = ordinal(pod) not in ordinals(obj)

    def reference(owner: Object) -> Object:
        full = owned_by(owner)
        return {k: full[k] for k in ("apiVersion", "kind", "name", "uid")}

    mine = [reference(obj), reference(pod)]
    others = [
        r for r in claim["metadata"].get("ownerReferences") or []
        if r["uid"] not in {m["uid"] for m in mine}
    ]  # fmt: skip
    if policy["whenScaled"] == "Delete" and condemned:
        return [*others, mine[1]]
    return [*others, mine[0]] if policy["whenDeleted"] == "Delete" else others
