"""What the API server refuses about StatefulSets.

Wordings: kubernetes/pkg/apis/apps/validation.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...apimachinery.status import Cause, invalid, not_allowed, required
from ..store import Object
from .core import pod_spec

_CHANGEABLE = (
    "replicas", "template", "updateStrategy", "minReadySeconds", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "ordinals",
)  # fmt: skip


def statefulset(obj: Object) -> Iterator[Cause]:
    """What is wrong with a StatefulSet."""
    spec, template = obj["spec"], obj["spec"]["template"]["spec"]
    claims = [{"name": c["metadata"]["name"]} for c in spec.get("volumeClaimTemplates") or []]
    volumes = [*(template.get("volumes") or []), *claims]
    yield from pod_spec({**template, "volumes": volumes}, "spec.template.spec")
    if not spec.get("selector"):
        yield required("spec.selector")
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not wanted.items() <= labels.items():
        detail = "`selector` does not match template `labels`"
        yield invalid("spec.template.metadata.labels", labels, detail)
    if spec["replicas"] < 0:
        detail = "must be greater than or equal to 0"
        yield invalid("spec.replicas", spec["replicas"], detail)


def statefulset_update(old: Object, new: Object) -> Iterator[Cause]:
    """What may not change in a StatefulSet."""
    fields = set(old["spec"]) | set(new["spec"])
    if any(old["spec"].get(f) != new["spec"].get(f) for f in fields if f not in _CHANGEABLE):
        yield not_allowed(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
            "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
            "'minReadySeconds' are forbidden",
        )
