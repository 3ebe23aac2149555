"""Asking a TensorBoard as its page does."""

from __future__ import annotations

import http.client
import json
import re
from typing import NamedTuple

SECONDS = 300

PLAIN = {"Accept-Encoding": "identity"}


class Place(NamedTuple):
    """Where a TensorBoard answers, ``path`` without a slash at its end, and who may ask."""

    port: int
    path: str
    headers: dict[str, str]


class Client:
    """A browser's connection, kept for the next request where the server keeps it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=SECONDS)

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """The body of the answer; raises RuntimeError where it is no success."""
        headers = {"Accept-Encoding": "gzip", **self._place.headers, **(headers or {})}
        self._connection.request(method, f"{self._place.path}/{path}", body, headers)
        answer = self._connection.getresponse()
        got = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}: {got[:200]!r}")
        return got

    def drain(self, path: str) -> int:
        """The number of bytes of an answer, none of them kept."""
        self._connection.request("GET", f"{self._place.path}/{path}", None, self._place.headers)
        answer = self._connection.getresponse()
        count = 0
        while piece := answer.read(2**18):
            count += len(piece)
        return count


def points(client: Client, tag: str) -> int:
    """How many points of a tag are shown, asked for as the page does."""
    boundary = "b0undary"
    wanted = json.dumps([{"plugin": "scalars", "tag": tag}])
    form = f'--{boundary}\r\nContent-Disposition: form-data; name="requests"\r\n\r\n{wanted}\r\n'
    answer = client.ask(
        "data/plugin/timeseries/timeSeries",
        "POST",
        f"{form}--{boundary}--\r\n".encode(),
        {"Content-Type": f"multipart/form-data; boundary={boundary}", **PLAIN},
    )
    return sum(len(series) for series in json.loads(answer)[0]["runToSeries"].values())


def script(client: Client) -> str:
    """The address of the page's script, as the page names it."""
    found = re.search(rb'src="(index\.js[^"]*)"', client.ask("", headers=PLAIN))
    assert found is not None
    return found[1].decode()
