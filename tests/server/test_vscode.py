"""What the proxy understands of VS Code's websockets."""

from __future__ import annotations

from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_trainhub.server import vscode
from tests.server.fakes import FakeHub

HEAD = b"\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("message", "work"),
    [
        (b"\x09" + b"\x00" * 12, False),
        (b"\x01remoteFilesystem\x00writeFile", False),
        (b"\x01$acceptModelChanged", True),
        (b"\x01\x00$acceptTerminalInteraction", True),
        ("text", False),
    ],
)
def test_only_what_a_person_does_counts_as_work(message: str | bytes, work: bool) -> None:
    assert vscode.shows_work(message) is work


def test_the_page_gets_in_without_knowing_the_token() -> None:
    token = "a" * vscode.TOKEN_LENGTH
    first = HEAD + b'R{"type":"auth","auth":"00000000000000000000","data":"x"}'
    filled = vscode.with_token(first, token)
    assert filled == HEAD + b'R{"type":"auth","auth":"' + token.encode() + b'","data":"x"}'
    assert len(filled) == len(first)
    other = b'"00000000000000000000"'
    assert vscode.with_token(other, token) == other
    # That of code-server is for its cookie only.
    assert vscode.with_token(first, "a" * 64) == first


async def test_addresses_that_vs_code_unescaped_lead_back(
    http_server_client: Any, hub: FakeHub
) -> None:
    part = "trainhub/instances/dev/ide/static/a%20b.js?x=%2F"
    with pytest.raises(HTTPClientError) as moved:
        await http_server_client.fetch(f"/a@b/{part}", follow_redirects=False)
    assert moved.value.code == 307
    assert moved.value.response is not None
    assert moved.value.response.headers["Location"] == f"/a%40b/{part}"
