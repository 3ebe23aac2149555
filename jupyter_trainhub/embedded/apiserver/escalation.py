"""Nobody gives rights that they lack: what may be written into roles and bindings.

Rules and words are kube-apiserver's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, product

from ..apimachinery.resources import CLUSTERROLES, ROLES, Resource
from ..apimachinery.status import forbidden
from .authorization import EVERYTHING, Authorizer, allows
from .requestinfo import Attributes
from .store import Object
from .user import MASTERS, User

_Fields = tuple[tuple[str, str], ...]


def confirm(authorizer: Authorizer, user: User, resource: Resource, obj: Object) -> None:
    """Refuse a role or binding that gives more than the user has.

    Raises:
        ApiError: 403, unless the user may ``escalate`` the role or ``bind`` to it; 404, the role
            of the binding does not exist.
    """
    if MASTERS in user.groups:
        return
    namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")
    if resource in (ROLES, CLUSTERROLES):
        verb, role, kind = "escalate", name, resource
    else:
        verb, role = "bind", obj["roleRef"]["name"]
        kind = CLUSTERROLES if obj["roleRef"]["kind"] == "ClusterRole" else ROLES
    asked = Attributes(verb, kind.group, kind.plural, "", namespace, role)
    if authorizer.decide(user, asked)[0]:
        return
    if verb == "bind":
        rules = authorizer.role_rules(obj["roleRef"], namespace)
    else:
        # What will be gathered is not known: it may be anything.
        rules = EVERYTHING if obj.get("aggregationRule") else obj.get("rules") or []
    lacking = _lacking(authorizer.rules(user, namespace), rules)
    if lacking:
        detail = (
            f'user "{user.name}" (groups={_go(user.groups)}) is attempting to grant RBAC '
            "permissions not currently held:\n" + "\n".join(lacking)
        )
        raise forbidden(resource, name, detail)


def _lacking(held: list[Object], wanted: list[Object]) -> list[str]:
    """What the wanted rules allow and the held ones do not, one line for each resource."""
    verbs: dict[tuple[_Fields, str], list[str]] = {}
    for fields, asked in chain.from_iterable(map(_single, wanted)):
        if not any(allows(own, asked) for own in held):
            # Verbs are told together where a rule has a group and a resource, and no names.
            apart = "" if len(fields) == 2 else asked.verb
            verbs.setdefault((fields, apart), []).append(asked.verb)
    return sorted(
        "{" + ", ".join([*(f"{key}:{_go([value])}" for key, value in fields), f"Verbs:{_go(told)}"])
        + "}"
        for (fields, _), told in verbs.items()
    )  # fmt: skip


def _single(rule: Object) -> Iterator[tuple[_Fields, Attributes]]:
    """Everything that a rule allows, each with the fields that say so."""
    for path, verb in product(rule.get("nonResourceURLs") or (), rule["verbs"]):
        yield (("NonResourceURLs", path),), Attributes(verb, path=path)
    for group, kind, name, verb in product(
        rule.get("apiGroups") or (), rule.get("resources") or (),
        rule.get("resourceNames") or ("",), rule["verbs"],
    ):  # fmt: skip
        resource, _, subresource = kind.partition("/")
        fields: _Fields = (("APIGroups", group), ("Resources", kind))
        if name:
            fields = (*fields, ("ResourceNames", name))
        yield fields, Attributes(verb, group, resource, subresource, "", name)


def _go(values: Iterable[str]) -> str:
    """Strings as Go prints them with ``%q``."""
    return f"[{' '.join(json.dumps(value) for value in values)}]"
