"""How a registry learns who asks: nobody, a password (Basic), or a token of its token server.

https://distribution.github.io/distribution/spec/auth/token/ and .../spec/auth/oauth/
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from urllib.request import parse_http_list

from .credentials import Credential
from .failures import RegistryError

_CLIENT = "jupyter-trainhub"
_SECONDS = 60.0  # a token's life where its server does not tell it
_MARGIN = 0.8  # of that life, a token is used

Fetch = Callable[[str, str, dict[str, str], bytes | None], tuple[int, bytes]]
"""Asks a token server: method, URL, headers, body -> status, body."""


@dataclass(frozen=True)
class Challenge:
    """What a registry wants: `scheme` in small letters, and its parameters."""

    scheme: str
    parameters: dict[str, str]


def challenges(headers: list[str]) -> list[Challenge]:
    """The challenges of WWW-Authenticate headers (RFC 9110, 11.6.1)."""
    found: list[Challenge] = []
    for item in (item for header in headers for item in parse_http_list(header)):
        words, _, value = item.partition("=")
        scheme, space, name = words.strip().partition(" ")
        if space or not value:
            found.append(Challenge(scheme.lower(), {}))
        name = (name if space else scheme).strip().lower()
        if found and value:
            found[-1].parameters[name] = value.strip().strip('"')
    return found


class Authentication:
    """Of one user at one registry. Thread safe; tokens are kept until they expire."""

    def __init__(self, credential: Credential | None, fetch: Fetch, host: str, plain: bool) -> None:
        """`plain`: the registry itself is asked by HTTP, and so may be its token server."""
        self._credential, self._fetch, self._host, self._plain = credential, fetch, host, plain
        self._challenge: Challenge | None = None
        self._tokens: dict[tuple[str, ...], tuple[str, float]] = {}
        self._named: dict[tuple[str, ...], list[str]] = {}  # scopes as the registry calls them
        self._lock = threading.Lock()

    @property
    def user(self) -> str | None:
        """Who asks, for messages; None is nobody."""
        if self._credential is None:
            return None
        return self._credential.username or "(identity token)"

    def header(self, scopes: tuple[str, ...]) -> str:
        """The Authorization header for some scopes; empty where none is known to be wanted.

        Raises:
            RegistryError: the token server gives no token.
        """
        challenge = self._challenge
        if challenge is None:
            return ""
        if challenge.scheme == "basic":
            return _basic(self._credential)
        with self._lock:
            token, until = self._tokens.get(scopes, ("", 0.0))
            if time.monotonic() >= until:
                token, life = self._token(challenge, scopes)
                self._tokens[scopes] = token, time.monotonic() + life * _MARGIN
            return f"Bearer {token}"

    def answer(self, headers: list[str], scopes: tuple[str, ...], sent: str) -> bool:
        """Take note of a 401; whether asking again could do. `sent` is the header it refused."""
        offered = {challenge.scheme: challenge for challenge in challenges(headers)}
        bearer, basic = offered.get("bearer"), offered.get("basic")
        if bearer is not None and bearer.parameters.get("realm"):
            with self._lock:
                self._challenge = bearer
                self._named[scopes] = bearer.parameters.get("scope", "").split()
                token = self._tokens.get(scopes, ("", 0.0))[0]
                if sent == f"Bearer {token}":  # else another thread has got a new one by now
                    self._tokens.pop(scopes, None)
            return True
        if basic is None or not _basic(self._credential):
            return False
        self._challenge = basic
        return sent != _basic(self._credential)

    def _token(self, challenge: Challenge, scopes: tuple[str, ...]) -> tuple[str, float]:
        realm, credential = challenge.parameters["realm"], self._credential
        secure = realm.startswith("https://")
        if not secure and not (self._plain and realm.startswith("http://")):
            raise RegistryError(
                f"{self._host}: its token server, {realm!r}, is not asked: that is no https:// URL",
                remedy="Ask the registry's administrator to correct the realm.",
            )
        # What the registry names counts too: some call a repository otherwise than we do.
        named = [scope for scope in self._named.get(scopes, []) if not _covered(scope, scopes)]
        wanted = [*scopes, *named]
        service = [("service", name) for name in [challenge.parameters.get("service")] if name]
        if credential is not None and credential.token:
            form = [
                *service,
                ("scope", " ".join(wanted)),
                ("grant_type", "refresh_token"),
                ("client_id", _CLIENT),
                ("refresh_token", credential.token),
            ]
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            body = urllib.parse.urlencode(form).encode()
            status, answer = self._fetch("POST", realm, kind, body)
        else:
            query = urllib.parse.urlencode([*service, *(("scope", scope) for scope in wanted)])
            url = f"{realm}{'&' if '?' in realm else '?'}{query}"
            basic = _basic(credential)
            headers = {"Authorization": basic} if basic else {}
            status, answer = self._fetch("GET", url, headers, None)
        return self._read(status, answer)

    def _read(self, status: int, answer: bytes) -> tuple[str, float]:
        if status in (400, 401, 403):
            who = f"the password of {self.user!r}" if self.user else "anonymous users"
            raise RegistryError(
                f"{self._host}: its token server does not accept {who}",
                remedy="Correct the user name or the password; a token may have expired."
                if self.user
                else "Log in to it (docker login), or name a Secret with the password.",
                reason="Unauthorized",
                status=status,
            )
        try:
            found = json.loads(answer) if status == 200 else {}
            token = str(found.get("token") or found.get("access_token") or "")
            life = float(found.get("expires_in") or _SECONDS)
        except (ValueError, AttributeError, TypeError, RecursionError):
            token, life = "", 0.0
        if not token:
            raise RegistryError(
                f"{self._host}: its token server gives no token (status {status})",
                remedy="Try again later; the token server's log says more.",
                reason="Unavailable",
                status=status,
                transient=status >= 500 or status == 429,
            )
        return token, life


def _basic(credential: Credential | None) -> str:
    if credential is None or not credential.username:
        return ""
    pair = f"{credential.username}:{credential.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _covered(scope: str, scopes: tuple[str, ...]) -> bool:
    resource, _, actions = scope.rpartition(":")
    return any(
        other.rpartition(":")[0] == resource
        and set(actions.split(",")) <= set(other.rpartition(":")[2].split(","))
        for other in scopes
    )
