"""Plain HTTP to the cluster's distribution API, as a user of the cluster."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import urllib3
import yaml

from tests.registry.packing import MANIFEST, Layout, digest


class RegistryClient:
    """Asks as the user of a kubeconfig; what it sends and gets is looked at by the tests."""

    def __init__(self, kubeconfig: Path) -> None:
        document = yaml.safe_load(kubeconfig.read_text())
        self.url = str(document["clusters"][0]["cluster"]["server"])
        self.host = self.url.removeprefix("https://")
        self.token = str(document["users"][0]["user"]["token"])
        given = document["clusters"][0]["cluster"]["certificate-authority-data"]
        self.certificate = base64.b64decode(given).decode()
        context = ssl.create_default_context(cadata=self.certificate)
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False)

    @property
    def credentials(self) -> str:
        """As command lines take them."""
        return f"anybody:{self.token}"

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Ask for a path below ``/v2/``, or for a Location."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        authorization = {"Authorization": f"Bearer {self.token}"}
        url = path if path.startswith("/") else f"/v2/{path}"
        return self._pool.request(
            method, self.url + url, body=body, headers={**authorization, **named}, redirect=False
        )

    def error(self, answer: urllib3.BaseHTTPResponse) -> tuple[int, str]:
        """Status and code of a failure."""
        (error,) = answer.json()["errors"]
        assert error["message"]
        return answer.status, str(error["code"])

    def begin(self, name: str) -> str:
        """Begin an upload; where it goes on."""
        answer = self.ask("POST", f"{name}/blobs/uploads/")
        assert answer.status == 202
        return str(answer.headers["Location"])

    def push_blob(self, name: str, data: bytes) -> None:
        """Push a blob at once."""
        answer = self.ask("PUT", f"{self.begin(name)}?digest={digest(data)}", data)
        assert answer.status == 201, answer.data

    def push(self, name: str, tag: str, made: Layout, descriptor: dict[str, Any]) -> str:
        """Push an image of a layout under a tag; its digest."""
        document = made.blobs[descriptor["digest"]]
        parts = json.loads(document)
        for part in (parts["config"], *parts["layers"]):
            self.push_blob(name, made.blobs[part["digest"]])
        answer = self.ask("PUT", f"{name}/manifests/{tag}", document, Content_Type=MANIFEST)
        assert answer.status == 201, answer.data
        return str(answer.headers["Docker-Content-Digest"])
