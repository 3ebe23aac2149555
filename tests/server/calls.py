"""Calling routes and reading their refusals."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

Fetch = Callable[..., Awaitable[HTTPResponse]]
SOON = 10


class Refused(Exception):
    """An answer that is an error: its status and its JSON."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


async def call(
    fetch: Fetch, method: str, *path: str, body: Any = None, params: dict[str, str] | None = None
) -> Any:
    """The JSON of a route's answer; ``params`` are those of the query. Raises Refused."""
    options: dict[str, Any] = {"method": method, "params": params or {}}
    if method in ("POST", "PATCH", "PUT"):
        options["body"] = body if isinstance(body, str) else json.dumps(body or {})
    try:
        response = await fetch("trainhub", "api", *path, **options)
    except HTTPClientError as error:
        answer = error.response.body if error.response is not None else b"null"
        raise Refused(error.code, json.loads(answer)) from None
    return json.loads(response.body) if response.body else None


async def refusal(call: Awaitable[HTTPResponse]) -> HTTPResponse:
    """The response to a request that has to fail."""
    with pytest.raises(HTTPClientError) as refused:
        await call
    assert refused.value.response is not None
    return refused.value.response


async def log_in(fetch: Fetch) -> str:
    """The cookies that a browser has afterwards."""
    response = await fetch("api", "status")
    return "; ".join(value.partition(";")[0] for value in response.headers.get_list("Set-Cookie"))


def ask(path: str, headers: dict[str, str]) -> bytes:
    """A bare GET, for a connection that is read as slowly as one likes."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
