"""Who may do what, as any Kubernetes 1.36 decides it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.access import (
    AUTHENTICATION,
    AUTHORIZATION,
    GROUP,
    VERSION,
    account,
    ask,
    binding,
    by_token,
    role,
    token,
)
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


@pytest.fixture
def limited(kubectl: Kubectl, tmp_path: Path) -> Kubectl:
    """kubectl as a service account that may read pods."""
    kubectl.apply(
        account("limited"),
        role("reader", ("get list watch", "pods")),
        binding("reader", "reader", "ServiceAccount limited"),
    )
    return by_token(kubectl, token(kubectl, "limited"), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ("delete pod p", 'pods "p" is forbidden: User "{me}" cannot delete resource "pods" in API '
                         'group "" in the namespace "{namespace}"'),
        ("get nodes", 'nodes is forbidden: User "{me}" cannot list resource "nodes" in API group '
                      '"" at the cluster scope'),
        ("get --raw /api/v1/namespaces/{namespace}/pods/p/log",
         'pods "p" is forbidden: User "{me}" cannot get resource "pods/log" in API group "" in the '
         'namespace "{namespace}"'),
        ("get --raw /logs", 'forbidden: User "{me}" cannot get path "/logs"'),
        ("get statefulset s", 'statefulsets.apps "s" is forbidden: User "{me}" cannot get resource '
                              '"statefulsets" in API group "apps" in the namespace "{namespace}"'),
        ("get configmaps --as other",
         'users "other" is forbidden: User "{me}" cannot impersonate resource "users" in API group '
         '"" at the cluster scope'),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused(limited: Kubectl, arguments: str, refused: str) -> None:
    names = {"namespace": limited.namespace,
             "me": f"system:serviceaccount:{limited.namespace}:limited"}  # fmt: skip
    done = limited.run(*arguments.format(**names).split())
    assert done.returncode == 1
    assert refused.format(**names) in done.stderr


def test_what_is_allowed_is_done(limited: Kubectl) -> None:
    assert limited.get("pods")["items"] == []
    assert limited.run("get", "--raw", "/version").returncode == 0
    assert limited.run("get", "--raw", "/apis").returncode == 0


def test_names_and_subresources_are_told_apart(kubectl: Kubectl) -> None:
    kubectl.apply(
        role("one", ("get delete", "configmaps"), resourceNames=["mine"]),
        role("log", ("get", "pods/log")),
        binding("one", "one", "User ada"),
        binding("log", "log", "Group team"),
    )

    def allowed(verb: str, resource: str, name: str = "", subresource: str = "") -> bool:
        asked = {"namespace": kubectl.namespace, "verb": verb, "resource": resource,
                 "name": name, "subresource": subresource}  # fmt: skip
        status = ask(kubectl, f"{AUTHORIZATION}/subjectaccessreviews", "SubjectAccessReview",
                     user="ada", groups=["team"], resourceAttributes=asked)  # fmt: skip
        return bool(status["allowed"])

    # Roles are looked up in what the server has heard of them, a moment after they are made.
    eventually(lambda: allowed("get", "configmaps", "mine") and allowed("get", "pods", "p", "log"))
    assert not allowed("get", "configmaps", "other")
    assert not allowed("list", "configmaps")
    assert not allowed("get", "pods", "p")
    assert not allowed("get", "pods", "p", "exec")


def test_an_answer_says_by_which_binding(kubectl: Kubectl) -> None:
    kubectl.apply(binding("viewer", "view", "User ada", kind="ClusterRole"))
    asked = {"namespace": kubectl.namespace, "verb": "list", "resource": "pods"}
    review = f"{AUTHORIZATION}/namespaces/{kubectl.namespace}/localsubjectaccessreviews"

    def status() -> dict[str, Any]:
        return ask(kubectl, review, "LocalSubjectAccessReview", user="ada",
                   resourceAttributes=asked)  # fmt: skip

    eventually(lambda: status()["allowed"])
    where = f"viewer/{kubectl.namespace}"
    reason = f'RBAC: allowed by RoleBinding "{where}" of ClusterRole "view" to User "ada"'
    assert status() == {"allowed": True, "reason": reason}


@pytest.mark.parametrize(
    ("name", "may", "may_not"),
    [
        ("view", ["get pods", "list jobs.batch"], ["get secrets", "create pods", "get roles"]),
        ("edit", ["create pods", "get secrets", "delete jobs.batch"], ["create roles"]),
        ("admin", ["create pods", "create roles", "create rolebindings"],
         ["update resourcequotas", "delete namespaces"]),
    ],
)  # fmt: skip
def test_the_roles_that_every_cluster_has(
    kubectl: Kubectl, name: str, may: list[str], may_not: list[str]
) -> None:
    kubectl.apply(binding("bound", name, "User ada", kind="ClusterRole"))

    def allowed(what: str) -> bool:
        verb, _, kind = what.partition(" ")
        resource, _, group = kind.partition(".")
        if resource.startswith("role"):
            group = GROUP
        asked = {"namespace": kubectl.namespace, "verb": verb, "resource": resource, "group": group}
        status = ask(kubectl, f"{AUTHORIZATION}/subjectaccessreviews", "SubjectAccessReview",
                     user="ada", resourceAttributes=asked)  # fmt: skip
        return bool(status["allowed"])

    eventually(lambda: allowed(may[0]))
    assert [what for what in may if not allowed(what)] == []
    assert [what for what in may_not if allowed(what)] == []


@pytest.fixture
def gathered(kubectl: Kubectl) -> Iterator[str]:
    """A label by which ClusterRoles are gathered; the roles go with the test."""
    name = kubectl.namespace
    for made, more in (
        ("part", {"rules": role("", ("get", "widgets"), group="example.com")["rules"]}),
        ("whole", {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {name: "yes"}}]},
                   "rules": []}),
    ):  # fmt: skip
        metadata = {"name": f"{name}-{made}", "labels": {name: "yes"} if made == "part" else {}}
        kubectl.apply({"apiVersion": VERSION, "kind": "ClusterRole", "metadata": metadata, **more})
    yield name
    kubectl("delete", "clusterrole", f"{name}-part", f"{name}-whole")


def test_a_clusterrole_gathers_the_rules_of_others(kubectl: Kubectl, gathered: str) -> None:
    def rules() -> Any:
        return kubectl.get("clusterrole", f"{gathered}-whole").get("rules")

    wanted = [{"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["widgets"]}]
    eventually(lambda: rules() == wanted)
    kubectl("label", "clusterrole", f"{gathered}-part", f"{gathered}-")
    eventually(lambda: not rules())


def test_nobody_gives_rights_that_they_lack(kubectl: Kubectl) -> None:
    kubectl.apply(
        role("rights", ("create update patch get", "roles rolebindings"), group=GROUP),
        role("pods", ("get", "pods")),
        binding("rights", "rights", "User ada"),
        binding("pods", "pods", "User ada"),
    )
    eventually(lambda: kubectl.run("get", "role", "rights", "--as", "ada").returncode == 0)

    def give(body: dict[str, Any]) -> str:
        stdin = json.dumps(body)
        return kubectl.run("create", "--as", "ada", "-f", "-", stdin=stdin).stderr

    assert give(role("held", ("get", "pods"))) == ""
    refusal = 'user "ada" (groups=["system:authenticated"]) is attempting to grant RBAC permissions'
    said = give(role("more", ("get delete patch", "pods")))
    assert f'roles.{GROUP} "more" is forbidden: {refusal} not currently held:\n' in said
    assert '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "patch"]}' in said
    said = give(binding("all", "cluster-admin", "User ada", kind="ClusterRole"))
    assert f'rolebindings.{GROUP} "all" is forbidden: {refusal} not currently held:\n' in said
    assert '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}' in said


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (role("a", ("", "pods")), "rules[0].verbs: Required value: verbs must contain"),
        (role("a", ("get", "")), "rules[0].resources: Required value: resource rules must supply"),
        ({**role("a"), "rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]},
         "namespaced rules cannot apply to non-resource URLs"),
        (binding("a", "r", "Robot x"), 'subjects[0].kind: Unsupported value: "Robot": supported '
                                       'values: "ServiceAccount", "User", "Group"'),
        (binding("a", "r", kind="Job"), 'roleRef.kind: Unsupported value: "Job"'),
    ],
    ids=["no verb", "no resource", "path in a Role", "subject", "role"],
)  # fmt: skip
def test_bad_roles_and_bindings_are_refused(
    kubectl: Kubectl, body: dict[str, Any], cause: str
) -> None:
    done = kubectl.run("create", "-f", "-", stdin=json.dumps(body))
    assert done.returncode == 1
    assert cause in done.stderr


def test_a_binding_keeps_its_role(kubectl: Kubectl) -> None:
    kubectl.apply(binding("b", "view", "User ada", kind="ClusterRole"))
    changed = binding("b", "edit", "User ada", kind="ClusterRole")
    done = kubectl.run("replace", "-f", "-", stdin=json.dumps(changed))
    assert "roleRef: Invalid value:" in done.stderr
    assert "cannot change roleRef" in done.stderr


def test_who_one_is_when_acting_as_another(kubectl: Kubectl) -> None:
    def me(*arguments: str) -> dict[str, Any]:
        stdin = json.dumps({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"})
        path = f"{AUTHENTICATION}/selfsubjectreviews"
        answer = kubectl("create", "--raw", path, *arguments, "-f", "-", stdin=stdin)
        info: dict[str, Any] = json.loads(answer)["status"]["userInfo"]
        return info

    assert me("--as", "ada", "--as-group", "a", "--as-group", "b") == {
        "username": "ada", "groups": ["a", "b", "system:authenticated"]
    }  # fmt: skip
    assert me("--as", "system:serviceaccount:x:y")["groups"] == [
        "system:serviceaccounts", "system:serviceaccounts:x", "system:authenticated"
    ]  # fmt: skip


def test_rules_of_ones_own_are_told(limited: Kubectl) -> None:
    path = f"{AUTHORIZATION}/selfsubjectrulesreviews"
    status = ask(limited, path, "SelfSubjectRulesReview", namespace=limited.namespace)
    assert {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["pods"]} in (
        status["resourceRules"]
    )
    paths = {url for rule in status["nonResourceRules"] for url in rule["nonResourceURLs"]}
    assert {"/api", "/apis/*", "/version", "/healthz"} <= paths
    assert status["incomplete"] is False


def test_kubectl_makes_roles_and_asks_about_them(kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,jobs.batch")
    robot = f"system:serviceaccount:{kubectl.namespace}:robot"
    subject = f"--serviceaccount={kubectl.namespace}:robot"
    kubectl("create", "rolebinding", "reader", "--role=reader", subject)
    eventually(
        lambda: kubectl.run("auth", "can-i", "list", "jobs", "--as", robot).stdout == "yes\n"
    )
    assert kubectl.run("auth", "can-i", "delete", "jobs", "--as", robot).stdout == "no\n"
    assert "jobs.batch" in kubectl("auth", "can-i", "--list", "--as", robot)
    assert robot in kubectl("auth", "whoami", "--as", robot)
    assert kubectl("create", "token", "robot").count(".") == 2


def test_a_command_in_a_pod_is_created_however_it_is_sent(kubectl: Kubectl, image: str) -> None:
    """kubectl opens a websocket, by GET; the right to ``get`` is not enough."""
    container = {"name": "main", "image": image, "command": ["true"]}
    gates = [{"name": "example.com/stay"}]
    kubectl.apply(
        role("look", ("get", "pods pods/exec")),
        binding("look", "look", "User ada"),
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
         "spec": {"containers": [container], "schedulingGates": gates}},
    )  # fmt: skip
    eventually(lambda: kubectl.run("get", "pod", "p", "--as", "ada").returncode == 0)
    done = kubectl.run("exec", "p", "--as", "ada", "--", "true")
    assert 'User "ada" cannot create resource "pods/exec" in API group ""' in done.stderr
