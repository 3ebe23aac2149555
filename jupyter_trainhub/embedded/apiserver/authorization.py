"""Who may do what: role-based access control, as kube-apiserver decides."""

from __future__ import annotations

from collections.abc import Iterator

from ..apimachinery.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    Resource,
)
from ..apimachinery.status import ApiError, forbidden
from .requestinfo import Attributes
from .store import Change, Object, Store
from .user import MASTERS, User

ROLES_AND_BINDINGS = (ROLES, ROLEBINDINGS, CLUSTERROLES, CLUSTERROLEBINDINGS)

# The rules of cluster-admin, which `system:masters` have without them.
EVERYTHING: list[Object] = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
]

# Sets of rules that are kept, one for each user and namespace that asked.
_CACHED = 1000


def allows(rule: Object, asked: Attributes) -> bool:
    """Whether one rule of a role allows it."""

    def has(field: str, *values: str) -> bool:
        given = rule.get(field) or ()
        return "*" in given or any(value in given for value in values)

    if not has("verbs", asked.verb):
        return False
    if asked.path:
        return has("nonResourceURLs", asked.path) or any(
            url.endswith("*") and asked.path.startswith(url.rstrip("*"))
            for url in rule.get("nonResourceURLs") or ()
        )
    any_kind = f"*/{asked.subresource}" if asked.subresource else asked.resource
    return (
        has("apiGroups", asked.group)
        and has("resources", asked.qualified, any_kind)
        and (not rule.get("resourceNames") or asked.name in rule["resourceNames"])
    )


class Authorizer:
    """Decides by the roles and bindings in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: dict[
            tuple[str, tuple[str, ...], str], tuple[list[tuple[Object, str]], str]
        ] = {}
        store.subscribe(self._heard)

    def _heard(self, change: Change) -> None:
        if change.resource in ROLES_AND_BINDINGS:
            self._rules.clear()

    def decide(self, user: User, asked: Attributes) -> tuple[bool, str]:
        """Whether the user may, and why (or why that could not be found out)."""
        if MASTERS in user.groups:
            return True, ""
        rules, problem = self._resolve(user, asked.namespace)
        for rule, reason in rules:
            if allows(rule, asked):
                return True, f"RBAC: allowed by {reason}"
        return False, f"RBAC: {problem}" if problem else ""

    def require(self, user: User, asked: Attributes) -> None:
        """Raise ApiError 403 when the user may not."""
        allowed, reason = self.decide(user, asked)
        if allowed:
            return
        if asked.path:
            what = f'path "{asked.path}"'
        else:
            where = f'in the namespace "{asked.namespace}"' if asked.namespace else (
                "at the cluster scope"
            )  # fmt: skip
            what = f'resource "{asked.qualified}" in API group "{asked.group}" {where}'
        text = f'User "{user.name}" cannot {asked.verb} {what}'
        if reason:
            text += f": {reason}"
        if asked.path:
            raise ApiError(403, "Forbidden", f"forbidden: {text}", {})
        raise forbidden(Resource(asked.group, "", asked.resource, ""), asked.name, text)

    def rules(self, user: User, namespace: str) -> list[Object]:
        """All rules that hold for the user in a namespace ("": for the whole cluster)."""
        granted = [rule for rule, _ in self._resolve(user, namespace)[0]]
        return [*EVERYTHING, *granted] if MASTERS in user.groups else granted

    def _resolve(self, user: User, namespace: str) -> tuple[list[tuple[Object, str]], str]:
        key = (user.name, user.groups, namespace)
        if key not in self._rules:
            if len(self._rules) >= _CACHED:
                self._rules.clear()
            problems: dict[str, None] = {}
            rules = list(self._collect(user, namespace, problems))
            shown = ", ".join(problems)
            self._rules[key] = rules, f"[{shown}]" if len(problems) > 1 else shown
        return self._rules[key]

    def _collect(
        self, user: User, namespace: str, problems: dict[str, None]
    ) -> Iterator[tuple[Object, str]]:
        bindings = list(self._store.list(CLUSTERROLEBINDINGS))
        if namespace:
            bindings += self._store.list(ROLEBINDINGS, namespace)
        for binding in bindings:
            home, role = binding["metadata"].get("namespace", ""), binding["roleRef"]
            for subject in binding.get("subjects") or []:
                if _applies(subject, user, home):
                    break
            else:
                continue
            try:
                rules = self.role_rules(role, home)
            except ApiError:
                problems[f'{role["kind"].lower()}.{ROLES.group} "{role["name"]}" not found'] = None
                continue
            name, who = binding["metadata"]["name"], subject["name"]
            if subject["kind"] == "ServiceAccount":
                who += f"/{subject.get('namespace') or home}"
            reason = (
                f'{binding["kind"]} "{f"{name}/{home}" if home else name}" of {role["kind"]} '
                f'"{role["name"]}" to {subject["kind"]} "{who}"'
            )
            yield from ((rule, reason) for rule in rules)

    def role_rules(self, reference: Object, namespace: str) -> list[Object]:
        """The rules of the role that a binding refers to.

        Raises:
            ApiError: 404, there is no such role.
        """
        if reference["kind"] == "ClusterRole":
            role = self._store.get(CLUSTERROLES, "", reference["name"])
        else:
            role = self._store.get(ROLES, namespace, reference["name"])
        return role.get("rules") or []


def _applies(subject: Object, user: User, namespace: str) -> bool:
    kind, name = subject["kind"], subject["name"]
    if kind == "Group":
        return name in user.groups
    if kind == "ServiceAccount":
        return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{name}"
    return bool(user.name == name)
