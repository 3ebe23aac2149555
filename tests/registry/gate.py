"""A proxy before a registry that fails as networks, proxies and registries do, when told to."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PIECE = 64 << 10


@dataclass
class Request:
    """What somebody asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """Given instead of the registry's."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class CutRequest:
    """The registry gets so many bytes of the body, and the client no answer."""

    after: int


@dataclass
class CutAnswer:
    """The registry does what it is asked, and the client gets so many bytes of its answer's body.

    With -1 not even the head of the answer.
    """

    after: int


Act = Answer | CutRequest | CutAnswer
Rule = Callable[[Request], Act | None]
"""What is done with a request; None: the next rule decides, and at last the registry."""


@dataclass
class Gate:
    """Where it listens, what it does, and what it saw."""

    host: str = ""
    upstream: str = ""
    rules: list[Rule] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    pause: float = 0.0
    """Seconds between two pieces that are taken of a body."""

    @property
    def url(self) -> str:
        """Of the registry, as seen through the gate."""
        return f"http://{self.host}"

    def once(self, method: str, part: str, *acts: Act) -> None:
        """Do that with the next requests of that method whose path holds ``part``, one each."""
        left = list(acts)

        def rule(request: Request) -> Act | None:
            return (
                left.pop(0) if left and request.method == method and part in request.path else None
            )

        self.rules.append(rule)

    def count(self, method: str, part: str = "") -> int:
        """How many requests there were."""
        return sum(one.method == method and part in one.path for one in self.seen)


@contextmanager
def gate(upstream: str = "") -> Iterator[Gate]:
    """A gate before the registry at ``HOST:PORT``, or before none."""
    made = Gate(upstream=upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Silence."""

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            length = int(self.headers.get("Content-Length") or 0)
            body = b""
            while made.pause and len(body) < length:
                body += self.rfile.read(min(_PIECE, length - len(body)))
                time.sleep(made.pause)
            body += self.rfile.read(length - len(body))
            request = Request(self.command, self.path, dict(self.headers.items()), body)
            made.seen.append(request)
            act = next((found for rule in list(made.rules) if (found := rule(request))), None)
            if isinstance(act, Answer):
                self.reply(act.status, act.headers, act.body)
            else:
                self.forward(request, act)

        def forward(self, request: Request, act: CutRequest | CutAnswer | None) -> None:
            onward = http.client.HTTPConnection(made.upstream, timeout=20)
            try:
                if isinstance(act, CutRequest):
                    onward.putrequest(request.method, request.path, skip_host=True)
                    for name, value in request.headers.items():
                        onward.putheader(name, value)
                    onward.endheaders(request.body[: act.after])
                    self.close_connection = True
                    return
                onward.request(request.method, request.path, request.body, request.headers)
                answer = onward.getresponse()
                body = answer.read()
            except OSError:
                self.close_connection = True  # as a connection to a dead registry ends
                return
            finally:
                onward.close()
            if isinstance(act, CutAnswer) and act.after < 0:
                self.close_connection = True
                return
            headers = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in ("connection", "transfer-encoding", "date")
            }
            cut = act.after if isinstance(act, CutAnswer) else len(body)
            self.reply(answer.status, headers, body[:cut], len(body))
            self.close_connection |= isinstance(act, CutAnswer)

        def reply(
            self, status: int, headers: dict[str, str], body: bytes, length: int | None = None
        ) -> None:
            self.send_response_only(status)
            given = {name.lower() for name in headers}
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in given and status not in (204, 304):
                self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _PIECE)
    made.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
