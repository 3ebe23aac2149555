"""A small program to stand behind the proxy."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado import web
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.testing import bind_unused_port
from tornado.websocket import WebSocketHandler

# The prefix of the instance ``dev``, and the same below the base URL in parts.
PREFIX = "/trainhub/instances/dev/lab"
LAB = ("trainhub", "instances", "dev", "lab")
MEBIBYTE = b"x" * 2**20


class Upstream:
    """Serves below ``prefix`` on a port of its own, and tells what it was asked."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        # Set by the test to let a response or a request go on.
        self.go_on = asyncio.Event()
        self.got_first_piece = asyncio.Event()
        self.browser_left = asyncio.Event()
        self.websocket_closed: asyncio.Future[int | None] = (
            asyncio.get_running_loop().create_future()
        )
        self.received = 0
        socket, self.port = bind_unused_port()
        routes = [
            (r"/echo", Echo),
            (r"/page", Page),
            (r"/redirect", Redirect),
            (r"/slow", Slow),
            (r"/big/(\d+)", Big),
            (r"/broken", Broken),
            (r"/small", Small),
            (r"/part", Part),
            (r"/data/plugins_listing", Listing),
            (r"/upload", Upload),
            (r"/ws", EchoSocket),
            (r"/forbidden", Forbidden),
        ]
        application = web.Application(
            [(prefix + path, handler, {"upstream": self}) for path, handler in routes],
            websocket_max_message_size=2**30,
        )
        self.server = HTTPServer(application, max_body_size=2**30)
        self.server.add_socket(socket)

    async def close(self) -> None:
        self.server.stop()
        await self.server.close_all_connections()


class Handler(web.RequestHandler):
    """A handler that knows its upstream."""

    def initialize(self, upstream: Upstream) -> None:
        self.upstream = upstream


class Echo(Handler):
    """Answers with the request."""

    def answer(self) -> None:
        self.set_header("Set-Cookie", "upstream=1; Path=/")
        self.set_header("X-Upstream", "yes")
        self.finish(
            {
                "method": self.request.method,
                "uri": self.request.uri,
                "headers": dict(self.request.headers.get_all()),
                "body": self.request.body.decode(),
            }
        )

    get = head = options = post = put = patch = delete = answer


class Page(Handler):
    """A page with an address of its own and a token in it."""

    def get(self) -> None:
        token = self.request.headers.get("Authorization", "").partition(" ")[2]
        self.finish(f'<base href="{self.upstream.prefix}/"><i>{token}</i>')


class Redirect(Handler):
    """Sends on, to itself or elsewhere."""

    def get(self) -> None:
        self.redirect(self.get_argument("to"))


class Slow(Handler):
    """Says something, and the rest when it is let."""

    async def get(self) -> None:
        self.set_header("Content-Type", "text/plain")
        self.write("first ")
        await self.flush()
        await self.upstream.go_on.wait()
        self.finish("second")

    def on_connection_close(self) -> None:
        self.upstream.browser_left.set()


class Big(Handler):
    """As many mebibytes as asked for."""

    async def get(self, mebibytes: str) -> None:
        try:
            for _ in range(int(mebibytes)):
                self.write(MEBIBYTE)
                await self.flush()
                self.upstream.received += 1
        except StreamClosedError:
            self.upstream.browser_left.set()


class Broken(Handler):
    """Promises more than it sends."""

    async def get(self) -> None:
        self.set_header("Content-Length", "100")
        self.write("only this")
        await self.flush()
        self.detach().close()


class Small(Handler):
    """A small response without an ETag."""

    def get(self) -> None:
        self.set_header("Content-Type", "text/javascript")
        self.finish("let x")

    def compute_etag(self) -> None:
        return None


class Part(Handler):
    """Answers with the part that is asked for."""

    def get(self) -> None:
        first, _, last = self.request.headers["Range"].removeprefix("bytes=").partition("-")
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {first}-{last}/8")
        self.finish(b"abcdefgh"[int(first) : int(last) + 1])


class Listing(Handler):
    """Names a plugin's script, as TensorBoard does."""

    def get(self) -> None:
        module = f"{self.upstream.prefix}/data/plugin/a/index.js"
        self.finish({"a": {"loading_mechanism": {"type": "IFRAME", "module_path": module}}})


@web.stream_request_body
class Upload(Handler):
    """Counts what it gets."""

    def prepare(self) -> None:
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        connection.set_max_body_size(2**30)

    def data_received(self, chunk: bytes) -> None:
        self.upstream.received += len(chunk)
        self.upstream.got_first_piece.set()

    def put(self) -> None:
        self.finish(json.dumps(self.upstream.received))

    post = put


class Forbidden(Handler):
    """Refuses whoever has the wrong token."""

    def get(self) -> None:
        if self.request.headers.get("Authorization") != "token right":
            raise web.HTTPError(403)
        self.finish("welcome")


class EchoSocket(WebSocketHandler):
    """Sends every message back, and closes when asked."""

    def initialize(self, upstream: Upstream) -> None:
        self.upstream = upstream

    def check_origin(self, origin: str) -> bool:
        return False

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[-1] if subprotocols else None

    def on_message(self, message: Any) -> None:
        if message == "close":
            self.close(4001, "as asked")
        elif message == "headers":
            self.write_message(json.dumps(dict(self.request.headers.get_all())))
        else:
            self.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        if not self.upstream.websocket_closed.done():
            self.upstream.websocket_closed.set_result(self.close_code)
