"""TrainHub in a Jupyter server elsewhere: its routes, and the way through it to pods."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jupyter_trainhub.errors import (
    ClusterUnavailable,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh import atomic_file

_TIMEOUT = 30
_BLOCK = 1 << 16


def base_url(text: str) -> str:
    """The URL of a Jupyter server, with a slash at its end. Raises InvalidField."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidField(
            f"{text!r} is not the address of a Jupyter server",
            field="server",
            remedy="Write it as in https://hub.example.org/user/ada/.",
        )
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise InvalidField(
            "the address must hold no token, password or query: every user sees command lines",
            field="server",
            remedy="Leave it out, and name a file with --token-file.",
        )
    path = parts.path.removesuffix("/lab").rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}/"


def is_open(url: str) -> bool:
    """Whether others on the way to ``url`` can read what is sent."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def token_file(url: str) -> Path:
    """Where the token of the Jupyter server at ``url`` is kept."""
    name = quote(url, safe="").replace("%", "_")
    return Path.home() / ".config" / "jupyter_trainhub" / "tokens" / name


def read_token(path: Path) -> str:
    """The token in a file. Raises InvalidField when others may read it, or it has none."""
    try:
        mode = path.stat().st_mode
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidField(
            f"the token cannot be read: {error}",
            field="token_file",
            remedy="Run 'trainhub ssh-config --server URL --write', which asks for it.",
        ) from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise InvalidField(
            f"other users may read {path}",
            field="token_file",
            remedy=f"Run: chmod 600 {path}",
        )
    if not token or not token.isprintable() or " " in token:
        raise InvalidField(
            f"{path} holds no token", field="token_file", remedy="Write the token into it."
        )
    return token


def keep_token(url: str, token: str) -> None:
    """Keep a token for the next time, readable by the user only."""
    atomic_file.replace(token_file(url), token + "\n")


@dataclass(frozen=True)
class JupyterServer:
    """A Jupyter server by its base URL, and the token that it wants."""

    url: str
    token: str = field(repr=False)

    async def get(self, path: str) -> Any:
        """The JSON of ``trainhub/api/<path>``. Raises what the route tells."""
        return await self._fetch("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that a POST gives. Raises what the route tells."""
        return await self._fetch("POST", path, json.dumps(body))

    async def tunnel(self, place: Place, connection: socket.socket, *, sshd: bool = False) -> None:
        """Join ``connection`` to the SSH server of ``place``, until one side ends.

        ``sshd`` means the one in the image.
        """
        from tornado.httpclient import HTTPClientError, HTTPRequest
        from tornado.iostream import StreamClosedError
        from tornado.websocket import WebSocketClosedError, websocket_connect

        url = f"ws{self.url.removeprefix('http')}trainhub/{place.route}/ssh"
        if sshd:
            url += "?sshd=true"
        request = HTTPRequest(url, headers=self._headers(), connect_timeout=_TIMEOUT)
        try:
            websocket = await websocket_connect(request)
        except HTTPClientError as error:
            body = error.response.body if error.response else b""
            raise self._refusal(error.code, body) from None
        except (OSError, StreamClosedError) as error:
            raise self._unreachable(error) from None
        reader, writer = await asyncio.open_connection(sock=connection)

        async def send() -> None:
            try:
                while data := await reader.read(_BLOCK):
                    await websocket.write_message(data, binary=True)
            except (OSError, WebSocketClosedError):
                return
            finally:
                websocket.close()

        sending = asyncio.ensure_future(send())
        try:
            while (message := await websocket.read_message()) is not None:
                writer.write(message.encode() if isinstance(message, str) else message)
                await writer.drain()
        except OSError:
            return
        finally:
            sending.cancel()
            writer.close()

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.token}"}

    async def _fetch(self, method: str, path: str, body: str | None) -> Any:
        from tornado.httpclient import AsyncHTTPClient, HTTPClientError

        try:
            # A redirect leads to a page to log in at, and would carry the token along.
            response = await AsyncHTTPClient().fetch(
                f"{self.url}trainhub/api/{path}",
                method=method,
                body=body,
                headers=self._headers(),
                follow_redirects=False,
                request_timeout=_TIMEOUT,
            )
            return json.loads(response.body or b"null")
        except HTTPClientError as error:
            raise self._refusal(
                error.code, error.response.body if error.response else b""
            ) from None
        except (OSError, ValueError) as error:
            raise self._unreachable(error) from None

    def _refusal(self, code: int, body: bytes) -> TrainHubError:
        if code == 599:
            # Tornado's own code for no answer.
            return self._unreachable("no answer in time")
        try:
            told = json.loads(body)
            message, remedy = str(told["message"]), told["details"]["remedy"]
        except (ValueError, KeyError, TypeError):
            message = remedy = ""
        if not remedy:
            # Not TrainHub's answer: Jupyter's own, or that of a proxy or of JupyterHub before it.
            if code in (301, 302, 303, 401, 403):
                return Forbidden(
                    f"the Jupyter server at {self.url} does not accept the token",
                    field="token_file",
                    remedy="Get a new one, and write it into its file.",
                )
            message = f"the Jupyter server at {self.url} answered with HTTP status {code}"
            remedy = "Check the address, and that TrainHub is installed there."
        kind = {403: Forbidden, 404: NotFound, 409: Conflict}.get(code, ClusterUnavailable)
        return kind(message, remedy=remedy)

    def _unreachable(self, cause: object) -> ClusterUnavailable:
        return ClusterUnavailable(
            f"the Jupyter server at {self.url} does not answer ({cause})",
            remedy="Check the address, and that this machine can reach it.",
        )
