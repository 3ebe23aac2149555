"""What the API server refuses about roles and bindings."""

from __future__ import annotations

from ...apimachinery.resources import ROLES
from ...apimachinery.status import Cause, invalid, required, unsupported
from ..store import Object


def role(obj: Object) -> list[Cause]:
    """What is wrong with a Role or ClusterRole."""
    causes = []
    for i, rule in enumerate(obj.get("rules") or []):
        path, urls = f"rules[{i}]", rule.get("nonResourceURLs")
        if not rule.get("verbs"):
            causes.append(required(f"{path}.verbs", "verbs must contain at least one value"))
        if urls:
            for wrong, detail in (
                (obj["kind"] == "Role", "namespaced rules cannot apply to non-resource URLs"),
                (any(rule.get(f) for f in ("apiGroups", "resources", "resourceNames")),
                 "rules cannot apply to both regular resources and non-resource URLs"),
            ):  # fmt: skip
                if wrong:
                    causes.append(invalid(f"{path}.nonResourceURLs", urls, detail))
            continue
        for field, word in (("apiGroups", "api group"), ("resources", "resource")):
            if not rule.get(field):
                detail = f"resource rules must supply at least one {word}"
                causes.append(required(f"{path}.{field}", detail))
    return causes


def binding(obj: Object) -> list[Cause]:
    """What is wrong with a RoleBinding or ClusterRoleBinding."""
    reference = obj["roleRef"]
    kinds = ["Role", "ClusterRole"] if obj["kind"] == "RoleBinding" else ["ClusterRole"]
    causes = []
    for field, allowed in (("apiGroup", [ROLES.group]), ("kind", kinds)):
        if reference.get(field) not in allowed:
            causes.append(unsupported(f"roleRef.{field}", reference.get(field) or "", allowed))
    if not reference.get("name"):
        causes.append(required("roleRef.name"))
    for i, subject in enumerate(obj.get("subjects") or []):
        causes += _subject(subject, f"subjects[{i}]", obj["kind"] == "RoleBinding")
    return causes


def _subject(subject: Object, path: str, namespaced: bool) -> list[Cause]:
    kind, who, group = (subject.get(field) or "" for field in ("kind", "name", "apiGroup"))
    causes = [] if who else [required(f"{path}.name")]
    if kind not in ("ServiceAccount", "User", "Group"):
        causes.append(unsupported(f"{path}.kind", kind, ["ServiceAccount", "User", "Group"]))
    elif group != (wanted := "" if kind == "ServiceAccount" else ROLES.group):
        causes.append(unsupported(f"{path}.apiGroup", group, [wanted]))
    elif kind == "ServiceAccount" and not namespaced and not subject.get("namespace"):
        causes.append(required(f"{path}.namespace"))
    return causes


def binding_update(old: Object, new: Object) -> list[Cause]:
    """What may not change in a binding."""
    if old["roleRef"] == new["roleRef"]:
        return []
    # As Go shows a type whose fields have no names of their own in JSON.
    names = {"apiGroup": "APIGroup", "kind": "Kind", "name": "Name"}
    shown = {label: new["roleRef"].get(field, "") for field, label in names.items()}
    return [invalid("roleRef", shown, "cannot change roleRef")]
