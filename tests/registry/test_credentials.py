"""Passwords are found where docker, podman and Kubernetes keep them, and nowhere else."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.registry.credentials import Credential, Credentials


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


CONFIG = {
    "auths": {
        "https://index.docker.io/v1/": auth("hub", "a:b"),
        "registry.example.com": auth("all", "1"),
        "registry.example.com/team": auth("team", "2"),
        "registry.example.com/team/project": {"username": "project", "password": "3"},
        "*.wild.example.com": auth("wild", "4"),
        "token.example.com": {**auth("<token>", ""), "identitytoken": "long"},
        "http://127.0.0.1:5000/v2/": auth("local", "5"),
        "empty.example.com": {},
    }
}


@pytest.mark.parametrize(
    ("domain", "path", "user"),
    [
        ("docker.io", "library/busybox", "hub"),
        ("registry-1.docker.io", "", "hub"),
        ("registry.example.com", "other/image", "all"),
        ("registry.example.com", "team/image", "team"),
        ("registry.example.com", "teamwork/image", "all"),
        ("registry.example.com", "team/project", "project"),
        ("a.wild.example.com", "x", "wild"),
        ("b.a.wild.example.com", "x", None),
        ("127.0.0.1:5000", "x", "local"),
        ("127.0.0.1:5001", "x", None),
        ("empty.example.com", "x", None),
        ("example.com", "x", None),
    ],
)
def test_the_most_special_entry_counts(domain: str, path: str, user: str | None) -> None:
    found = Credentials.from_docker_config(json.dumps(CONFIG).encode()).find(domain, path)
    assert (found.username if found else None) == user


def test_passwords_with_colons_and_identity_tokens() -> None:
    credentials = Credentials.from_docker_config(CONFIG)
    assert credentials.find("docker.io") == Credential("hub", "a:b")
    found = credentials.find("token.example.com")
    assert found is not None
    assert found.token == "long"


def test_the_old_form_and_the_order_of_configurations() -> None:
    old = Credentials.from_docker_config({"r.example.com": auth("old", "1")})
    new = Credentials.from_docker_config({"auths": {"r.example.com": auth("new", "2")}})
    assert (old + new).find("r.example.com") == Credential("old", "1")
    assert (new + old).find("r.example.com") == Credential("new", "2")


@pytest.mark.parametrize("text", [b"", b"[]", b'{"auths": 3}', b'{"auths": {"a": {"auth": "?"}}}'])
def test_what_is_no_configuration_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Credentials.from_docker_config(text)


def test_passwords_are_not_shown() -> None:
    shown = repr(Credentials.from_docker_config(CONFIG)) + repr(Credential("u", "hidden", "hidden"))
    assert "a:b" not in shown
    assert "hidden" not in shown


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def write(path: Path, config: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
    return path


def test_files_of_podman_come_before_those_of_docker(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Credentials.from_files().find("r.example.com") is None
    write(home / ".docker/config.json", {"auths": {"r.example.com": auth("docker", "1")}})
    assert Credentials.from_files().find("r.example.com") == Credential("docker", "1")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    write(home / "run/containers/auth.json", {"auths": {"r.example.com": auth("podman", "2")}})
    assert Credentials.from_files().find("r.example.com") == Credential("podman", "2")
    given = write(home / "given.json", {"auths": {"r.example.com": auth("given", "3")}})
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(given))
    assert Credentials.from_files().find("r.example.com") == Credential("given", "3")


def test_helpers_are_asked_for_the_user_and_never_for_a_secret(home: Path) -> None:
    helper = home / "docker-credential-vault"
    helper.write_text(
        "#!/bin/sh\nread -r registry\n"
        'case $registry in r.example.com) echo \'{"Username": "u", "Secret": "s"}\' ;;'
        ' https://index.docker.io/v1/) echo \'{"Username": "<token>", "Secret": "t"}\' ;;'
        " *) exit 1 ;; esac\n"
    )
    helper.chmod(0o755)
    config = {
        "credHelpers": {
            "r.example.com": "vault",
            "docker.io": "vault",
            "s.example.com": "../vault",
        },
        "credsStore": "absent",
        "auths": {"o.example.com": auth("own", "1")},
    }
    write(home / ".docker/config.json", config)
    credentials = Credentials.from_files()
    assert credentials.find("r.example.com") == Credential("u", "s")
    assert credentials.find("docker.io") == Credential("", token="t")
    assert credentials.find("s.example.com") is None
    assert credentials.find("o.example.com") == Credential("own", "1")
    assert Credentials.from_docker_config(config).find("r.example.com") is None
