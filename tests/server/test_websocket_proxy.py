"""Websockets to instances, against a small real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.server.calls import SOON, Fetch, log_in
from tests.server.upstreams import LAB, PREFIX, Upstream

Connect = Callable[..., Awaitable[Any]]


async def test_messages_pass_both_ways_and_the_instance_chooses_the_protocol(
    jp_ws_fetch: Connect, upstream: Upstream
) -> None:
    socket = await jp_ws_fetch(*LAB, "ws", subprotocols=["a", "v1.kernel"], max_message_size=2**30)
    assert socket.selected_subprotocol == "v1.kernel"
    for message in ("text", b"\x00binary", "y" * 11 * 2**20):
        await socket.write_message(message, binary=isinstance(message, bytes))
        assert await asyncio.wait_for(socket.read_message(), SOON) == message
    await socket.write_message("headers")
    headers = json.loads(await socket.read_message())
    assert headers["Authorization"] == "token right"
    assert not {"Cookie", "Origin"} & headers.keys()
    socket.close(1000)
    assert await asyncio.wait_for(upstream.websocket_closed, SOON) == 1000


async def test_the_instances_close_code_reaches_the_browser(
    jp_ws_fetch: Connect, upstream: Upstream
) -> None:
    socket = await jp_ws_fetch(*LAB, "ws")
    await socket.write_message("close")
    assert await asyncio.wait_for(socket.read_message(), SOON) is None
    assert (socket.close_code, socket.close_reason) == (4001, "as asked")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("none", {}, 404),
        ("ws", {"Authorization": "token wrong"}, 403),
        ("ws", {"Authorization": "", "Origin": "http://evil.example"}, 403),
    ],
)
async def test_a_websocket_is_refused_with_a_status(
    jp_ws_fetch: Connect, upstream: Upstream, path: str, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*LAB, path, headers=headers)
    assert refused.value.code == status


async def test_another_sites_page_opens_no_websocket(
    jp_fetch: Fetch, upstream: Upstream, jp_http_port: int
) -> None:
    cookie = await log_in(jp_fetch)
    url = f"ws://127.0.0.1:{jp_http_port}/a%40b{PREFIX}/ws"
    good = await websocket_connect(
        HTTPRequest(url, headers={"Cookie": cookie, "Origin": f"http://127.0.0.1:{jp_http_port}"})
    )
    good.close()
    with pytest.raises(HTTPClientError) as refused:
        await websocket_connect(
            HTTPRequest(url, headers={"Cookie": cookie, "Origin": "http://evil.example"})
        )
    assert refused.value.code == 403
