"""Changing an instance's spec, and telling whether its pod is of the present one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from jupyter_trainhub.manifests.labels import DOMAIN, SPEC, Object

EDITED_BY = f"{DOMAIN}/edited-by"
EDITED_AT = f"{DOMAIN}/edited-at"
# On the template and thereby on its pods: what the pod was made of. The controller's own
# "controller-revision-hash" is behind until it has seen a change, and absent while stopped.
REVISION = f"{DOMAIN}/revision"


def with_revision(stateful_set: Object) -> Object:
    """A copy of ``stateful_set`` whose pods tell of which template they are."""
    spec, template = stateful_set["spec"], stateful_set["spec"]["template"]
    metadata = template["metadata"]
    annotations = {**metadata.get("annotations", {}), REVISION: _digest(template["spec"])}
    template = {**template, "metadata": {**metadata, "annotations": annotations}}
    return {**stateful_set, "spec": {**spec, "template": template}}


def restart_needed(stateful_set: Object, pods: Iterable[Object]) -> bool:
    """Whether a pod that goes on running was made of an older spec."""
    wanted = _revision(stateful_set["spec"].get("template", {}))
    return wanted is not None and any(
        _revision(pod) != wanted
        for pod in pods
        if not pod["metadata"].get("deletionTimestamp")
        and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
    )


def version(stateful_set: Object) -> str:
    """What changes with the spec, and with nothing else.

    The object's own resourceVersion also changes with its status and with notes of activity.
    """
    metadata = stateful_set["metadata"]
    return _digest([metadata.get("uid"), metadata.get("annotations", {}).get(SPEC)])


def edit_patch(present: Object, wanted: Object, by: str, at: str) -> Object:
    """The JSON merge patch (RFC 7396) that gives ``present`` the spec of ``wanted``.

    It applies to ``present`` as it was read alone; ``by`` and ``at`` tell who changed it and when.
    """
    annotations = {**wanted["metadata"]["annotations"], EDITED_BY: by, EDITED_AT: at}
    spec, new = present["spec"], wanted["spec"]
    return {
        "metadata": {
            "resourceVersion": present["metadata"].get("resourceVersion"),
            "annotations": annotations,
        },
        "spec": {
            "template": _merge_patch(spec["template"], new["template"]),
            **{key: new[key] for key in ("updateStrategy",) if key in new},
        },
    }


def _merge_patch(present: Any, wanted: Any) -> Any:
    """``wanted`` with null for what ``present`` has besides, which the API server then defaults."""
    if not isinstance(present, dict) or not isinstance(wanted, dict):
        return wanted
    gone: Object = {key: None for key in present if key not in wanted}
    return {**gone, **{key: _merge_patch(present.get(key), wanted[key]) for key in wanted}}


def _revision(thing: Object) -> str | None:
    found: str | None = (thing.get("metadata", {}).get("annotations") or {}).get(REVISION)
    return found


def _digest(document: Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
