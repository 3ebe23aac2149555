"""User names and passwords of registries, as docker, podman and Kubernetes keep them.

https://github.com/docker/cli (config.json), containers-auth.json(5), and Kubernetes' documentation
of `kubernetes.io/dockerconfigjson`.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_HUB = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_HUB_KEY = "https://index.docker.io/v1/"  # how docker's helpers call it
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HELPER_SECONDS = 20


@dataclass(frozen=True)
class Credential:
    """What a registry knows a user by: a password, or an identity token for its token server."""

    username: str
    password: str = field(repr=False, default="")
    token: str = field(repr=False, default="")


@dataclass(frozen=True)
class _Config:
    """One configuration file: credentials by `HOST/PATH`, and programs that know more."""

    entries: Mapping[str, Credential] = field(repr=False, default_factory=dict)
    helpers: Mapping[str, str] = field(default_factory=dict)
    store: str = ""
    _asked: dict[str, Credential | None] = field(repr=False, compare=False, default_factory=dict)
    """What the programs have said, for a start of each takes a while."""

    def find(self, domain: str, path: str) -> Credential | None:
        host = _host(domain)
        if name := self.helpers.get(host) or self.store:
            if host not in self._asked:
                self._asked[host] = _ask(name, _HUB_KEY if host == "docker.io" else domain)
            if (found := self._asked[host]) is not None:
                return found
        wanted = f"{host}/{path}".rstrip("/")
        matching = [key for key in self.entries if _matches(key, wanted)]
        # The longest path is the most special one; a name beats a pattern.
        return self.entries[max(matching, key=_rank)] if matching else None


@dataclass(frozen=True)
class Credentials:
    """Credentials of one or several configurations; the first that knows a registry counts."""

    configs: tuple[_Config, ...] = ()

    @classmethod
    def from_docker_config(cls, config: bytes | Mapping[str, Any]) -> Credentials:
        """Those of a `config.json`, of a Secret's `.dockerconfigjson` or of an old `.dockercfg`.

        Programs that it names are not run: whoever wrote a Secret must not choose what runs here.

        Raises:
            ValueError: it is no such document.
        """
        return cls((_parse(config, helpers=False),))

    @classmethod
    def from_files(cls) -> Credentials:
        """Those of the user who runs this; their credential helpers are asked when needed.

        Raises:
            ValueError: one of the files is broken.
        """
        configs = []
        for path in _files():
            try:
                configs.append(_parse(path.read_bytes(), helpers=True))
            except OSError:
                continue
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
        return cls(tuple(configs))

    @classmethod
    def of(cls, domain: str, credential: Credential) -> Credentials:
        """One credential, for one registry."""
        return cls((_Config({_host(domain): credential}),))

    def find(self, domain: str, path: str = "") -> Credential | None:
        """What a registry, and a repository of it, knows the user by; None for nobody."""
        for config in self.configs:
            found = config.find(domain, path)
            if found is not None:
                return found
        return None

    def __add__(self, other: Credentials) -> Credentials:
        return Credentials(self.configs + other.configs)


def _files() -> Iterator[Path]:
    environment = os.environ
    if given := environment.get("REGISTRY_AUTH_FILE"):
        yield Path(given)
    if folder := environment.get("XDG_RUNTIME_DIR"):
        yield Path(folder) / "containers" / "auth.json"
    home = environment.get("DOCKER_CONFIG")
    yield (Path(home) if home else Path.home() / ".docker") / "config.json"


def _parse(config: bytes | Mapping[str, Any], *, helpers: bool) -> _Config:
    found = json.loads(config) if isinstance(config, bytes) else config
    if not isinstance(found, Mapping):
        raise ValueError("no docker configuration: it must be a JSON object")
    # The old .dockercfg is the inner object alone.
    old = not found.keys() & {"auths", "credHelpers", "credsStore"}
    auths = found if old else found.get("auths") or {}
    try:
        entries = {
            _key(key): credential
            for key, entry in auths.items()
            if isinstance(entry, Mapping) and (credential := _credential(entry))
        }
    except (AttributeError, UnicodeError, binascii.Error):
        raise ValueError("no docker configuration: an entry of `auths` cannot be read") from None
    if not helpers:
        return _Config(entries)
    return _Config(
        entries,
        {_host(key): str(name) for key, name in (found.get("credHelpers") or {}).items()},
        str(found.get("credsStore") or ""),
    )


def _credential(entry: Mapping[str, Any]) -> Credential | None:
    username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if packed := entry.get("auth"):
        username, _, password = base64.b64decode(str(packed), validate=True).decode().partition(":")
    token = str(entry.get("identitytoken") or "")
    if not username and not token:
        return None
    return Credential(username, password.rstrip("\0"), token)


def _key(text: str) -> str:
    """`HOST` or `HOST/PATH` of a key such as `https://HOST/v1/`."""
    host, _, path = re.sub(r"^https?://", "", text).partition("/")
    path = re.sub(r"^v[12](/|$)", "", path).strip("/")
    return f"{_host(host)}/{path}".rstrip("/")


def _host(domain: str) -> str:
    host = re.sub(r"^https?://", "", domain).partition("/")[0].lower()
    return "docker.io" if host in _HUB else host


def _matches(key: str, wanted: str) -> bool:
    host, _, path = key.partition("/")
    asked, _, repository = wanted.partition("/")
    # A star stands for one part of a name, as kubelets read it.
    labels, given = host.split("."), asked.split(".")
    fits = len(labels) == len(given) and all(map(fnmatch.fnmatchcase, given, labels))
    return fits and (not path or f"{repository}/".startswith(f"{path}/"))


def _rank(key: str) -> tuple[int, bool]:
    return key.count("/"), "*" not in key


def _ask(helper: str, registry: str) -> Credential | None:
    """What docker-credential-HELPER knows; None where it knows nothing, or is not there."""
    if not _HELPER.fullmatch(helper):
        return None
    try:
        done = subprocess.run(
            [f"docker-credential-{helper}", "get"],
            input=registry.encode(),
            capture_output=True,
            timeout=_HELPER_SECONDS,
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else {}
        username, secret = str(answer.get("Username", "")), str(answer.get("Secret", ""))
    except (OSError, ValueError, AttributeError, subprocess.TimeoutExpired):
        return None
    if username == "<token>":
        return Credential("", token=secret)
    return Credential(username, secret) if username else None
