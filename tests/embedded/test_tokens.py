"""Tokens of service accounts: what they are bound to, and how long they are good."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded import certificate
from jupyter_trainhub.embedded.apimachinery.resources import PODS, SERVICEACCOUNTS
from jupyter_trainhub.embedded.apimachinery.status import ApiError
from jupyter_trainhub.embedded.apiserver.store import Store
from jupyter_trainhub.embedded.apiserver.tokens import ISSUER, TokenIssuer

HOUR = 3600
LIFE = 3607  # seconds
MOUNTED = {"path": "token", "expirationSeconds": LIFE}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store.sqlite")
    metadata = {"name": "robot", "namespace": "n", "uid": "1"}
    store.create(SERVICEACCOUNTS, {"kind": "ServiceAccount", "metadata": metadata})
    spec = {"serviceAccountName": "robot"}
    store.create(PODS, {"kind": "Pod", "metadata": {**metadata, "uid": "2"}, "spec": spec})
    return store


@pytest.fixture
def issuer(store: Store, tmp_path: Path) -> TokenIssuer:
    return TokenIssuer(store, certificate.ensure(tmp_path)[1])


def ask(issuer: TokenIssuer, **spec: Any) -> str:
    return str(issuer.request("n", "robot", {"spec": spec})["status"]["token"])


def test_a_token_is_its_accounts(issuer: TokenIssuer) -> None:
    user = issuer.user(ask(issuer), [ISSUER])
    assert user is not None
    assert (user.name, user.uid) == ("system:serviceaccount:n:robot", "1")
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:n")
    assert list(user.extra) == ["authentication.kubernetes.io/credential-id"]


def test_a_token_is_for_its_audience_only(issuer: TokenIssuer) -> None:
    token = ask(issuer, audiences=["vault"])
    assert issuer.user(token, [ISSUER]) is None
    assert issuer.user(token, ["vault"]) is not None


def test_a_token_ends(issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 2 * HOUR)
    assert issuer.user(ask(issuer), [ISSUER]) is None
    assert issuer.user(ask(issuer, expirationSeconds=3 * HOUR), [ISSUER]) is not None


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_nobody_signed_is_nobodys(issuer: TokenIssuer, token: str) -> None:
    assert issuer.user(token, [ISSUER]) is None


@pytest.mark.parametrize("gone", [SERVICEACCOUNTS, PODS], ids=["account", "pod"])
def test_a_pods_token_dies_with_what_it_is_bound_to(
    issuer: TokenIssuer, store: Store, gone: Any
) -> None:
    token = issuer.for_pod(store.get(PODS, "n", "robot"), MOUNTED)
    user = issuer.user(token, [ISSUER])
    assert user is not None
    assert user.extra["authentication.kubernetes.io/pod-uid"] == ["2"]
    old = store.delete(gone, "n", "robot")
    assert issuer.user(token, [ISSUER]) is None
    # Another one of that name is not the one that the token was for.
    store.create(gone, {**old, "metadata": {**old["metadata"], "uid": "3"}})
    assert issuer.user(token, [ISSUER]) is None


@pytest.mark.parametrize(("age", "kept"), [(0.5, True), (0.79, True), (0.81, False)])
def test_a_pods_token_is_replaced_when_most_of_its_life_is_over(
    issuer: TokenIssuer, store: Store, monkeypatch: pytest.MonkeyPatch, age: float, kept: bool
) -> None:
    pod, now = store.get(PODS, "n", "robot"), time.time()
    first = issuer.for_pod(pod, MOUNTED)
    monkeypatch.setattr(time, "time", lambda: now + age * LIFE)
    assert (issuer.for_pod(pod, MOUNTED, first) == first) is kept


@pytest.mark.parametrize(
    ("spec", "code", "words"),
    [
        ({"expirationSeconds": 60}, 422, "may not specify a duration less than 10 minutes"),
        ({"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "x"}}, 404, 'pods "x"'),
        ({"boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": "robot", "uid": "9"}},
         409, "the UID in the bound object reference (9) does not match the UID in record (2)"),
        ({"boundObjectRef": {"apiVersion": "v1", "kind": "Job", "name": "x"}}, 400, "Kind=Job"),
    ],
)  # fmt: skip
def test_what_cannot_be_bound_is_refused(
    issuer: TokenIssuer, spec: dict[str, Any], code: int, words: str
) -> None:
    with pytest.raises(ApiError) as caught:
        ask(issuer, **spec)
    assert caught.value.code == code
    assert words in caught.value.message
