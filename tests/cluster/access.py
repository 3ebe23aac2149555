"""Accounts, roles and the questions about them, as tests write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import Kubectl

GROUP = "rbac.authorization.k8s.io"
VERSION = f"{GROUP}/v1"
AUTHENTICATION = "/apis/authentication.k8s.io/v1"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"

# Whose version a TokenRequest has, although it is posted to a core object.
TOKEN_REQUEST = "authentication.k8s.io/v1"


def role(name: str, *rules: tuple[str, str], group: str = "", **more: Any) -> dict[str, Any]:
    """A Role by its rules' verbs and resources."""
    listed = [
        {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}
        for verbs, resources in rules
    ]
    return {"apiVersion": VERSION, "kind": "Role", "metadata": {"name": name}, "rules": listed}


def binding(name: str, role: str, *subjects: str, kind: str = "Role") -> dict[str, Any]:
    """A RoleBinding; subjects are written as ``User ada``."""
    return {
        "apiVersion": VERSION,
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role},
        "subjects": [dict(zip(("kind", "name"), s.split(), strict=True)) for s in subjects],
    }


def account(name: str, **more: Any) -> dict[str, Any]:
    """A ServiceAccount."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, **more}


def ask(kubectl: Kubectl, path: str, kind: str, **spec: Any) -> dict[str, Any]:
    """The status of a review, or of another question that is posted."""
    version = "/".join(path.split("/")[2:4]) if path.startswith("/apis/") else TOKEN_REQUEST
    body = {"apiVersion": version, "kind": kind, "spec": spec}
    answer = kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))
    status: dict[str, Any] = json.loads(answer)["status"]
    return status


def token(kubectl: Kubectl, name: str, **spec: Any) -> str:
    """A token of a service account in the namespace."""
    path = f"/api/v1/namespaces/{kubectl.namespace}/serviceaccounts/{name}/token"
    return str(ask(kubectl, path, "TokenRequest", **spec)["token"])


def by_token(kubectl: Kubectl, token: str, folder: Path) -> Kubectl:
    """kubectl with nothing but a token, in the same namespace; its kubeconfig is put there."""
    config = yaml.safe_load(kubectl.kubeconfig.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return Kubectl(path, kubectl.namespace)
