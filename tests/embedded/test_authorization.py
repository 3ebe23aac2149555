"""Role-based access control, by rules and requests alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    Resource,
)
from jupyter_trainhub.embedded.apimachinery.status import ApiError
from jupyter_trainhub.embedded.apiserver import escalation, roles
from jupyter_trainhub.embedded.apiserver.authorization import Authorizer, allows
from jupyter_trainhub.embedded.apiserver.registry import Registry
from jupyter_trainhub.embedded.apiserver.requestinfo import Attributes, attributes
from jupyter_trainhub.embedded.apiserver.store import Store
from jupyter_trainhub.embedded.apiserver.tokens import TokenIssuer
from jupyter_trainhub.embedded.apiserver.user import User


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /version", Attributes("get", path="/version")),
        ("GET /api/v1", Attributes("get", path="/api/v1")),
        ("GET /apis/batch/v1", Attributes("get", path="/apis/batch/v1")),
        ("GET /api/v1/pods", Attributes("list", "", "pods")),
        ("GET /api/v1/pods?watch=1", Attributes("watch", "", "pods")),
        ("GET /api/v1/namespaces/n/pods/p", Attributes("get", "", "pods", "", "n", "p")),
        ("GET /api/v1/namespaces/n/pods/p/log", Attributes("get", "", "pods", "log", "n", "p")),
        ("GET /api/v1/namespaces/n", Attributes("get", "", "namespaces", "", "n", "n")),
        ("PUT /api/v1/namespaces/n/finalize",
         Attributes("update", "", "namespaces", "finalize", "n", "n")),
        ("GET /api/v1/namespaces/n/pods/p/proxy/a/b",
         Attributes("get", "", "pods", "proxy", "n", "p")),
        ("POST /apis/batch/v1/namespaces/n/jobs", Attributes("create", "batch", "jobs", "", "n")),
        ("DELETE /api/v1/namespaces/n/pods", Attributes("deletecollection", "", "pods", "", "n")),
        ("GET /api/v1/namespaces/n/secrets?fieldSelector=metadata.name%3Ds",
         Attributes("list", "", "secrets", "", "n", "s")),
    ],
)  # fmt: skip
def test_what_a_request_asks_for(request_line: str, expected: Attributes) -> None:
    method, _, rest = request_line.partition(" ")
    path, _, query = rest.partition("?")
    given = dict([query.replace("%3D", "=").split("=", 1)]) if query else {}
    assert attributes(method, path, given) == expected


POD = Attributes("get", "", "pods", "", "n", "p")


@pytest.mark.parametrize(
    ("rule", "asked", "allowed"),
    [
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}, POD, True),
        ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}, POD, True),
        ({"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}, POD, False),
        ({"verbs": ["get"], "apiGroups": ["apps"], "resources": ["pods"]}, POD, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]}, POD, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["p"]},
         POD, True),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["q"]},
         POD, False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]},
         Attributes("get", "", "pods", "log"), False),
        ({"verbs": ["get"], "apiGroups": [""], "resources": ["*/log"]},
         Attributes("get", "", "pods", "log"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["/api/*"]}, Attributes("get", path="/api/v1"),
         True),
        ({"verbs": ["get"], "nonResourceURLs": ["/api"]}, Attributes("get", path="/api/v1"), False),
        ({"verbs": ["get"], "apiGroups": ["*"], "resources": ["*"]},
         Attributes("get", path="/api"), False),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, POD, False),
    ],
)  # fmt: skip
def test_a_rule_allows_what_it_names(
    rule: dict[str, Any], asked: Attributes, allowed: bool
) -> None:
    assert allows(rule, asked) is allowed


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.sqlite")


def keep(store: Store, resource: Resource, namespace: str, name: str, **body: Any) -> None:
    metadata = {"name": name, "namespace": namespace}
    store.create(resource, {"kind": resource.kind, "metadata": metadata, **body})


def bind(store: Store, namespace: str, name: str, role: str, subject: str) -> None:
    kind, _, who = subject.partition(" ")
    role_kind = "Role" if role == "reader" else "ClusterRole"
    resource = ROLEBINDINGS if namespace else CLUSTERROLEBINDINGS
    keep(store, resource, namespace, name, roleRef={"kind": role_kind, "name": role},
         subjects=[{"kind": kind, "name": who}])  # fmt: skip


READ = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]


def test_bindings_give_and_take_at_once(store: Store) -> None:
    authorizer, ada = Authorizer(store), User("ada", ("team",))
    keep(store, ROLES, "n", "reader", rules=READ)
    assert authorizer.decide(ada, POD) == (False, "")
    bind(store, "n", "b", "reader", "Group team")
    reason = 'RBAC: allowed by RoleBinding "b/n" of Role "reader" to Group "team"'
    assert authorizer.decide(ada, POD) == (True, reason)
    assert not authorizer.decide(User("bob"), POD)[0]
    assert not authorizer.decide(ada, Attributes("get", "", "pods", "", "other", "p"))[0]
    store.delete(ROLEBINDINGS, "n", "b")
    assert not authorizer.decide(ada, POD)[0]


def test_a_service_account_is_meant_in_its_own_namespace(store: Store) -> None:
    authorizer = Authorizer(store)
    keep(store, ROLES, "n", "reader", rules=READ)
    bind(store, "n", "b", "reader", "ServiceAccount robot")
    assert authorizer.decide(User("system:serviceaccount:n:robot"), POD)[0]
    assert not authorizer.decide(User("system:serviceaccount:m:robot"), POD)[0]


def test_a_role_that_is_missing_is_told(store: Store) -> None:
    bind(store, "", "b", "gone", "User ada")
    with pytest.raises(ApiError) as caught:
        Authorizer(store).require(User("ada"), POD)
    assert caught.value.message.endswith(
        'in the namespace "n": RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'
    )


def test_nobody_gives_more_than_they_have(store: Store) -> None:
    authorizer, ada = Authorizer(store), User("ada", ("system:authenticated",))
    keep(store, CLUSTERROLES, "", "pods", rules=READ)
    bind(store, "", "b", "pods", "User ada")
    role = {"metadata": {"name": "r", "namespace": "n"}, "rules": READ}
    escalation.confirm(authorizer, ada, ROLES, role)
    more = [{"verbs": ["get", "delete", "patch"], "apiGroups": [""], "resources": ["pods"]}]
    with pytest.raises(ApiError) as caught:
        escalation.confirm(authorizer, ada, ROLES, {**role, "rules": more})
    assert caught.value.message == (
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "ada" '
        '(groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently '
        'held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}'
    )
    escalate = [{"verbs": ["escalate"], "apiGroups": [ROLES.group], "resources": ["roles"]}]
    keep(store, CLUSTERROLES, "", "escalate", rules=escalate)
    bind(store, "", "c", "escalate", "User ada")
    escalation.confirm(authorizer, ada, ROLES, {**role, "rules": more})


def test_default_roles_are_restored_and_changed_ones_kept(store: Store, tmp_path: Path) -> None:
    registry = Registry(store, TokenIssuer(store, tmp_path / "key"))
    roles.ensure(registry)
    found = store.get(CLUSTERROLES, "", "system:discovery")
    store.update(CLUSTERROLES, {**found, "rules": READ})
    store.delete(CLUSTERROLES, "", "view")
    store.delete(CLUSTERROLEBINDINGS, "", "system:basic-user")
    roles.ensure(registry)
    assert store.get(CLUSTERROLES, "", "system:discovery")["rules"] == READ
    assert store.get(CLUSTERROLES, "", "view")["aggregationRule"]
    assert store.get(CLUSTERROLEBINDINGS, "", "system:basic-user")["subjects"]
