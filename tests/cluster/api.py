"""A Kubernetes API as it is spoken: requests, and what exactly is answered."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import config

Object = dict[str, Any]

MERGE = "application/merge-patch+json"
JSON = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status and the body, parsed where it is JSON."""

    code: int
    body: Any
    content_type: str

    @property
    def status(self) -> Object:
        """The code, and what a ``Status`` says of a refusal."""
        told = ("kind", "status", "reason", "message", "details")
        return {"code": self.code, **{key: self.body[key] for key in told if key in self.body}}

    @property
    def refusal(self) -> list[Any]:
        """The code and the reason."""
        return [self.code, self.body.get("reason")]


class Api:
    """One user's way to one cluster.

    Args:
        kubeconfig: names the cluster and the user.
        token: a bearer token instead of the user's credentials.
    """

    def __init__(self, kubeconfig: Path, token: str | None = None) -> None:
        # The package has no types that hold.
        connect: Any = config.new_client_from_config
        self.client = client = connect(str(kubeconfig))
        self.address: str = client.configuration.host
        self.headers: dict[str, str] = {"Accept": "application/json", "User-Agent": "tests/1.0"}
        for known in client.configuration.auth_settings().values():
            self.headers[known["key"]] = known["value"]
        if token is not None:
            self.headers["authorization"] = f"Bearer {token}"
        self._pool: urllib3.PoolManager = client.rest_client.pool_manager

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **query: Any,
    ) -> Answer:
        """Ask; ``body`` is sent as it is when it is text, as JSON otherwise."""
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        headers = {**self.headers, "Accept": accept}
        if data is not None:
            headers["Content-Type"] = content_type
        address = self.address + path + ("?" + urlencode(query) if query else "")
        response = self._pool.request(method, address, body=data, headers=headers)
        kind = response.headers.get("Content-Type", "")
        text = response.data.decode()
        return Answer(response.status, json.loads(text) if "json" in kind else text, kind)

    def lines(self, path: str, **query: Any) -> Generator[str]:
        """The lines of an answer that has no end."""
        address = f"{self.address}{path}?{urlencode(query)}"
        response = self._pool.request("GET", address, headers=self.headers, preload_content=False)
        try:
            buffered = ""
            for piece in response.stream(1):
                buffered += piece.decode()
                if buffered.endswith("\n"):
                    yield buffered
                    buffered = ""
        finally:
            response.close()
