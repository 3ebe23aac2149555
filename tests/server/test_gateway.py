"""Instances behind an API server's proxy, against small real servers in its place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPHeaders

from jupyter_trainhub.embedded.apiserver.streaming import links
from jupyter_trainhub.hub.access.reach import Endpoint, Gateway
from jupyter_trainhub.server import rewrite
from jupyter_trainhub.server.exchange import Exchange, Request
from jupyter_trainhub.server.pool import ConnectionPool, UpstreamUnreachable
from jupyter_trainhub.server.upstream import Upstream as Target
from tests.server.calls import Fetch, refusal
from tests.server.fakes import FakeHub
from tests.server.upstreams import LAB, PREFIX, Upstream

PATH = "/api/v1/namespaces/lab/pods/dev-dev-0:8888/proxy"
BASE = "/k8s/clusters/c1"
PUBLIC = f"/a%40b{PREFIX}"


def through(url: str) -> str:
    """An address as a real API server changes it."""
    return links.through(url, prefix=PATH, upstream="10.0.0.1:8888", asked="api:6443")


@pytest.mark.parametrize(
    "page",
    [
        f'<a href="{PREFIX}/lab?a=1#b">x</a><img src="/logo.png"><a href="/">root</a>',
        f'<base href="{PREFIX}/"><script src="{PREFIX}/static/a.js">let a = "{PREFIX}"</script>',
        '<a href="tree">relative</a><a href="https://example.org/x">far</a>',
        '<p>no link of "/api/v1/namespaces" here</p>',
    ],
)
def test_a_page_is_as_the_program_wrote_it(page: str) -> None:
    changed = links.rewrite(page, through)
    assert rewrite.page_without_gateway(changed.encode(), PATH).decode() == page


@pytest.mark.parametrize(
    ("location", "public"),
    [
        (f"{PREFIX}/lab?x", f"{PUBLIC}/lab?x"),
        (f"http://10.0.0.1:8888{PREFIX}/lab", f"{PUBLIC}/lab"),
        ("./?folder=/work", "./?folder=/work"),
        ("https://example.org/x", "https://example.org/x"),
    ],
)
@pytest.mark.parametrize("base", ["", BASE])
def test_a_redirection_leads_to_the_public_address(location: str, public: str, base: str) -> None:
    changed = through(location)
    if base and changed != location:
        changed = changed.replace(PATH, base + PATH)
    headers = rewrite.without_gateway([("Location", changed)], PATH)
    kept = dict(rewrite.response_headers(headers, upstream=PREFIX, public=PUBLIC))
    assert kept["Location"] == public


def test_a_program_without_prefix_redirects_below_the_public_one() -> None:
    def public(value: str) -> str:
        return rewrite.location(value, upstream="", public=PUBLIC)

    assert public("/login") == f"{PUBLIC}/login"
    assert public("https://example.org/login") == "https://example.org/login"


def test_what_the_api_server_adds_is_taken_off() -> None:
    headers = [
        ("Cache-Control", "no-cache, private"),
        ("Audit-Id", "1"),
        ("Cache-Control", "max-age=1"),
    ]
    assert rewrite.without_gateway(headers, PATH) == [("Cache-Control", "max-age=1")]
    alone = [("Cache-Control", "no-cache, private")]
    assert rewrite.without_gateway(alone, PATH) == alone


@pytest.fixture
def behind(jp_asyncio_loop: asyncio.AbstractEventLoop, hub: FakeHub) -> Iterator[Upstream]:
    """A running instance called ``dev``, reached below the path of a proxy."""

    async def start() -> Upstream:
        return Upstream(f"{BASE}{PATH}{PREFIX}")

    made = jp_asyncio_loop.run_until_complete(start())
    hub.instances.add("dev")
    hub.instances.endpoints["dev"] = endpoint(made.port)
    yield made
    jp_asyncio_loop.run_until_complete(made.close())


def endpoint(port: int) -> Endpoint:
    gateway = Gateway(f"http://127.0.0.1:{port}{BASE}", PATH, {"Authorization": "Bearer kube"})
    return Endpoint("10.0.0.1", 8888, PREFIX, "right", gateway=gateway)


async def test_both_credentials_are_added(jp_fetch: Fetch, behind: Upstream) -> None:
    got = json.loads((await jp_fetch(*LAB, "echo", params={"a": "1"})).body)
    assert got["uri"] == f"{BASE}{PATH}{PREFIX}/echo?a=1"
    assert got["headers"]["Authorization"] == "Bearer kube"
    assert got["headers"]["X-Trainhub-Token"] == "right"


async def test_websockets_pass(
    jp_ws_fetch: Callable[..., Awaitable[Any]], behind: Upstream
) -> None:
    socket = await jp_ws_fetch(*LAB, "ws")
    await socket.write_message("headers")
    headers = json.loads(await socket.read_message())
    assert headers["Authorization"] == "Bearer kube"
    assert headers["X-Trainhub-Token"] == "right"
    socket.close()


@pytest.mark.parametrize(
    ("code", "message", "status", "words"),
    [
        (403, 'cannot get resource "pods/proxy"', 403, "pods/proxy"),
        (401, "Unauthorized", 403, "credentials"),
        (404, 'pods "dev-dev-0" not found', 503, "pod is gone"),
        (503, "error trying to reach service: connection refused", 503, "does not answer yet"),
        (500, "dial tcp: connect: connection refused", 503, "does not answer yet"),
        (429, "Too many requests, please try again later.", 503, "too busy"),
    ],
)
async def test_a_refusal_of_the_api_server_is_told_in_words(
    jp_fetch: Fetch,
    jp_ws_fetch: Callable[..., Awaitable[Any]],
    behind: Upstream,
    hub: FakeHub,
    code: int,
    message: str,
    status: int,
    words: str,
) -> None:
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "message": message}
    text = message if code == 429 else json.dumps(body)
    async with answering(code, text) as port:
        hub.instances.endpoints["dev"] = endpoint(port)
        answer = await refusal(jp_fetch(*LAB, "echo"))
        assert answer.code == status
        told = json.loads(answer.body)
        assert words in told["message"]
        assert told["details"]["remedy"]
        with pytest.raises(HTTPClientError) as refused:
            await jp_ws_fetch(*LAB, "ws")
        assert refused.value.code == status
    # The next request looks for it anew.
    hub.instances.endpoints["dev"] = endpoint(behind.port)
    assert (await jp_fetch(*LAB, "echo")).code == 200


async def test_the_programs_own_refusal_is_its_own(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.instances.add("dev")
    async with answering(404, '{"message": "no such file"}') as port:
        hub.instances.endpoints["dev"] = endpoint(port)
        answer = await refusal(jp_fetch(*LAB, "echo"))
    assert answer.code == 404
    assert answer.body == b'{"message": "no such file"}'


async def test_an_api_server_that_is_away_comes_back(
    jp_fetch: Fetch, behind: Upstream, hub: FakeHub
) -> None:
    hub.instances.endpoints["dev"] = endpoint(9)
    answer = await refusal(jp_fetch(*LAB, "echo"))
    assert answer.code == 503
    assert "the cluster at" in json.loads(answer.body)["message"]
    hub.instances.endpoints["dev"] = endpoint(behind.port)
    assert (await jp_fetch(*LAB, "echo")).code == 200


class answering:
    """A server that gives each request the same answer; it counts requests and connections."""

    def __init__(self, code: int, body: str, *, requests_each: int = 1) -> None:
        head = f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n"
        self._answer = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        self._each = requests_each
        self.connections = 0

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *failure: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        for _ in range(self._each):
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            writer.write(self._answer)
        else:
            # The next request is read, and the connection closed on it.
            await reader.read(1)
        writer.close()


class Sink:
    """Collects a response."""

    def __init__(self) -> None:
        self.status = 0
        self.body = b""

    async def begin(self, status: int, reason: str, headers: HTTPHeaders) -> None:
        self.status = status

    async def write(self, chunk: bytes) -> None:
        self.body += chunk


async def exchange(pool: ConnectionPool, port: int, method: str = "GET") -> bytes:
    sink = Sink()
    target = Target("127.0.0.1", port, "")
    headers = HTTPHeaders({"Host": "x", "Content-Length": "0"})
    assert await Exchange(target, pool).run(Request(method, "/", headers), sink)
    return sink.body


async def test_a_connection_serves_many_requests(jp_asyncio_loop: Any) -> None:
    server = answering(200, "{}", requests_each=10)
    async with server as port:
        with closing(ConnectionPool()) as pool:
            for _ in range(10):
                assert await exchange(pool, port) == b"{}"
            assert server.connections == 1


async def test_a_connection_that_was_closed_meanwhile_is_replaced(jp_asyncio_loop: Any) -> None:
    server = answering(200, "{}", requests_each=1)
    async with server as port:
        with closing(ConnectionPool()) as pool:
            for _ in range(3):
                assert await exchange(pool, port) == b"{}"
            assert server.connections == 3


async def test_what_may_not_be_sent_twice_gets_a_connection_of_its_own(
    jp_asyncio_loop: Any,
) -> None:
    server = answering(200, "{}", requests_each=9)
    async with server as port:
        with closing(ConnectionPool()) as pool:
            await exchange(pool, port)
            await exchange(pool, port, "DELETE")
            assert server.connections == 2


async def test_a_server_that_never_answers_is_asked_once_more_only(jp_asyncio_loop: Any) -> None:
    server = answering(200, "{}", requests_each=0)
    async with server as port:
        with closing(ConnectionPool()) as pool, pytest.raises(UpstreamUnreachable):
            await exchange(pool, port)
        assert server.connections == 1
