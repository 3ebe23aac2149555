"""Registries that want to know who asks: passwords, tokens, and what is never told to others."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.registry.authentication import Authentication, Challenge, challenges
from jupyter_trainhub.registry.client import Endpoint, Repository, catalogue
from jupyter_trainhub.registry.credentials import Credential
from jupyter_trainhub.registry.failures import RegistryError
from jupyter_trainhub.registry.source import BytesSource
from tests.distribution import Distribution
from tests.registry.gate import Answer, Gate, gate
from tests.registry.token_server import TokenServer, certificate

# bcrypt of "secret"
HTPASSWD = "ada:$2b$04$S/2ZsOslAmEuLRZe.DbcrupBiOQhlCysLb5wgkTFNaUuAT7KKxl.C\n"
ADA = Credential("ada", "secret")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Basic realm="r, s"', [Challenge("basic", {"realm": "r, s"})]),
        (
            'Bearer realm="https://a/t",service="s",scope="repository:x:pull,push"',
            [
                Challenge(
                    "bearer",
                    {"realm": "https://a/t", "service": "s", "scope": "repository:x:pull,push"},
                )
            ],
        ),
        (
            'Negotiate, Bearer realm=r , Basic realm="b"',
            [
                Challenge("negotiate", {}),
                Challenge("bearer", {"realm": "r"}),
                Challenge("basic", {"realm": "b"}),
            ],
        ),
        ("", []),
    ],
)
def test_challenges(header: str, found: list[Challenge]) -> None:
    assert challenges([header]) == found


@pytest.fixture
def with_password(start: Callable[..., Distribution], tmp_path: Path) -> Distribution:
    """A registry that knows ada's password."""
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    return start(auth={"htpasswd": {"realm": "tests", "path": str(tmp_path / "htpasswd")}})


def test_password(with_password: Distribution) -> None:
    endpoint = Endpoint(with_password.url, credential=ADA)
    repository = Repository(with_password.host, "a/b", endpoint)
    digest = repository.upload(BytesSource(b"x" * 1000))
    assert b"".join(repository.blob(digest, 1000).stored()) == b"x" * 1000
    assert list(catalogue(endpoint)) == ["a/b"]


@pytest.mark.parametrize(
    ("credential", "words"),
    [
        (None, "wants a user name and a password"),
        (Credential("ada", "wrong"), "does not accept the password of 'ada'"),
    ],
)
def test_wrong_password(
    with_password: Distribution, credential: Credential | None, words: str
) -> None:
    endpoint = Endpoint(with_password.url, credential=credential)
    repository = Repository(with_password.host, "a/b", endpoint)
    for ask in (
        lambda: repository.resolve("v1"),
        lambda: repository.upload(BytesSource(b"x")),
        repository.check_push,
        lambda: list(catalogue(endpoint)),
    ):
        with pytest.raises(RegistryError, match=words) as caught:
            ask()
        assert caught.value.reason == "Unauthorized"
        assert caught.value.remedy
        assert with_password.host in caught.value.message
        assert "wrong" not in str(caught.value)


@pytest.fixture
def tokens(tmp_path: Path) -> TokenServer:
    """ada owns `team`, and anybody may read `open`."""
    rights = {
        "ada": {"team/a": {"pull", "push", "delete"}, "open": {"push"}},
        "": {"open": {"pull"}},
    }
    return TokenServer(tmp_path / "tokens", rights, {"ada": "secret", "bob": "b"})


@pytest.fixture
def with_tokens(start: Callable[..., Distribution], tokens: TokenServer) -> Iterator[Gate]:
    """A gate that is the token server, and before the registry that believes it."""
    with gate() as made:
        made.upstream = start(**tokens.settings(f"{made.url}/token")).host
        made.rules.append(tokens)
        yield made


def of(door: Gate, path: str, credential: Credential | None = ADA) -> Repository:
    endpoint = Endpoint(door.url, credential=credential, retries=(0.01,))
    return Repository(door.host, path, endpoint)


@pytest.mark.parametrize("credential", [ADA, Credential("", token="identity-ada")], ids=repr)
def test_tokens_are_got_once_for_what_is_asked(
    with_tokens: Gate, tokens: TokenServer, credential: Credential
) -> None:
    repository = of(with_tokens, "team/a", credential)
    digest = repository.upload(BytesSource(b"x" * 1000))
    assert repository.upload(BytesSource(b"y")) != digest
    assert [form["scope"] for form in tokens.asked] == [["repository:team/a:pull,push"]]
    assert repository.has_blob(digest)
    assert [form["scope"] for form in tokens.asked][1:] == [["repository:team/a:pull"]]
    for request in with_tokens.seen:
        assert "secret" not in request.path
        assert "identity" not in request.path


def test_a_mount_asks_for_both_repositories(with_tokens: Gate, tokens: TokenServer) -> None:
    digest = of(with_tokens, "open").upload(BytesSource(b"shared"))
    assert of(with_tokens, "team/a").mount(digest, "open")
    assert tokens.asked[-1]["scope"] == ["repository:team/a:pull,push", "repository:open:pull"]
    assert not of(with_tokens, "team/a").mount(digest, "secret/of/others")


def test_what_tokens_do_not_allow(with_tokens: Gate) -> None:
    digest = of(with_tokens, "open").upload(BytesSource(b"shared"))
    assert of(with_tokens, "open", None).has_blob(digest)
    with pytest.raises(RegistryError, match="wants a user name") as caught:
        of(with_tokens, "open", None).check_push()
    assert caught.value.reason == "Unauthorized"
    with pytest.raises(RegistryError, match="does not allow this to 'bob'") as caught:
        of(with_tokens, "team/a", Credential("bob", "b")).check_push()
    assert caught.value.reason == "Forbidden"
    with pytest.raises(RegistryError, match="does not accept the password of 'ada'") as caught:
        of(with_tokens, "team/a", Credential("ada", "wrong")).check_push()
    assert caught.value.reason == "Unauthorized"


def test_a_token_that_expires_in_the_middle_of_an_upload(
    with_tokens: Gate, tokens: TokenServer, small_chunks: tuple[int, ...]
) -> None:
    refused = Answer(401, {"WWW-Authenticate": f'Bearer realm="{with_tokens.url}/token"'})
    # Two chunks pass; at the third the token is not good any more.
    counted = iter(range(100))
    with_tokens.rules.append(
        lambda request: refused if request.method == "PATCH" and next(counted) == 2 else None
    )
    data = os.urandom(5 * small_chunks[0])
    digest = of(with_tokens, "team/a").upload(BytesSource(data))
    assert b"".join(of(with_tokens, "team/a").blob(digest, len(data)).stored()) == data
    assert len([form for form in tokens.asked if "push" in form["scope"][0]]) == 2
    assert with_tokens.count("POST", "/uploads/") == 2  # the first one had no token


def test_an_object_store_gets_no_credential(with_tokens: Gate) -> None:
    digest = of(with_tokens, "team/a").upload(BytesSource(b"stored"))
    with gate() as store:
        store.once("GET", "/bucket", Answer(200, body=b"stored"))
        sent = Answer(307, {"Location": f"{store.url}/bucket?signature=1"})
        with_tokens.once("GET", digest, sent)
        blob = of(with_tokens, "team/a").blob(digest, 6)
        assert b"".join(blob.stored()) == b"stored"
        assert "Authorization" not in store.seen[0].headers
    assert "Authorization" in with_tokens.seen[-1].headers


def test_a_password_goes_to_no_token_server_without_tls() -> None:
    def fetch(*_: object) -> tuple[int, bytes]:
        raise AssertionError("asked")

    authentication = Authentication(ADA, fetch, "registry.example.com", plain=False)
    assert authentication.answer(['Bearer realm="http://thief.example.com"'], ("scope",), "")
    with pytest.raises(RegistryError, match="no https:// URL"):
        authentication.header(("scope",))


@pytest.fixture
def with_tls(tmp_path: Path) -> Iterator[Distribution]:
    """A registry whose certificate no system trusts; `certificate.pem` is beside it."""
    pem, key = certificate(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tls = {"addr": f"127.0.0.1:{port}", "tls": {"certificate": str(pem), "key": str(key)}}
    server = Distribution(tmp_path / "registry", {"http": tls}, port)
    yield server.start()
    server.stop()


@pytest.mark.parametrize(
    ("scheme", "trusted", "words"),
    [
        ("https", "no", "certificate of .* cannot be trusted: self-signed certificate"),
        ("https", "ca", ""),
        ("https", "any", ""),
        ("http", "no", "answers by HTTPS only"),
    ],
)
def test_tls(with_tls: Distribution, tmp_path: Path, scheme: str, trusted: str, words: str) -> None:
    endpoint = Endpoint(
        f"{scheme}://{with_tls.host}",
        ca=str(tmp_path / "certificate.pem") if trusted == "ca" else None,
        verify=trusted != "any",
    )
    repository = Repository(with_tls.host, "a", endpoint)
    if words:
        with pytest.raises(RegistryError, match=words) as caught:
            repository.resolve("v1")
        assert caught.value.remedy
    else:
        assert repository.resolve("v1") is None
