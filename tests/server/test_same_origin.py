"""Who may send requests through the proxy."""

from __future__ import annotations

import pytest

from jupyter_trainhub.server.same_origin import is_same_origin

HOST = "hub.example:8000"


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("POST", {"Sec-Fetch-Site": "same-origin"}, True),
        ("GET", {"Sec-Fetch-Site": "same-origin"}, True),
        ("POST", {"Sec-Fetch-Site": "same-site"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),
        ("POST", {"Sec-Fetch-Site": "none"}, False),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket"}, False),
        # A browser that says where a request is from is believed over what else it says.
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"}, False),
        ("POST", {"Origin": f"http://{HOST}"}, True),
        ("POST", {"Origin": "http://HUB.example:8000"}, True),
        ("POST", {"Origin": "http://evil.example"}, False),
        ("POST", {"Origin": "null"}, False),
        ("POST", {"Referer": f"https://{HOST}/lab"}, True),
        ("POST", {"Referer": "https://evil.example/"}, False),
        ("GET", {"Origin": "http://evil.example"}, False),
        ("POST", {}, False),
        ("DELETE", {}, False),
        ("GET", {}, True),
    ],
)
def test_same_origin(method: str, headers: dict[str, str], expected: bool) -> None:
    assert is_same_origin(method, headers, HOST) is expected
