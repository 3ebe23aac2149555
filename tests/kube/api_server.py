"""A fake API server: answers that a test has written down, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Answer:
    """What the server sends: one body, or ``chunks`` one after the other, which may wait."""

    status: int = 200
    body: Any = None
    chunks: Iterator[bytes] | None = None
    break_off: bool = False


@dataclass
class ApiServer:
    """Asks ``respond`` for the answer to each request, and notes the request."""

    respond: Callable[[Request], Answer] = lambda request: Answer(404)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def status(code: int, reason: str, message: str = "no") -> Answer:
    """A refusal with a Status object."""
    return Answer(
        code,
        {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code},
    )


def event(kind: str, item: Object) -> bytes:
    """One line of a watch."""
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def item(name: str, version: int, **data: Any) -> Object:
    """An object with the metadata that every object has."""
    metadata = {"name": name, "resourceVersion": str(version), "uid": f"uid-{name}"}
    return {"metadata": metadata, **data}


def page(items: list[Object], version: int, following: str | None = None) -> Answer:
    """A page of a list."""
    metadata = {"resourceVersion": str(version)}
    if following is not None:
        metadata["continue"] = following
    return Answer(body={"metadata": metadata, "items": items})


@contextmanager
def serve() -> Iterator[ApiServer]:
    """An API server on a port of the loopback."""
    fake = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _answer(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            request = Request(
                self.command,
                url.path,
                {name: values[0] for name, values in parse_qs(url.query).items()},
                {name.title(): value for name, value in self.headers.items()},
                json.loads(self.rfile.read(length) or b"null"),
            )
            fake.requests.append(request)
            answer = fake.respond(request)
            self.send_response(answer.status)
            if answer.chunks is None:
                body = answer.body if isinstance(answer.body, bytes) else _json(answer.body)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for chunk in answer.chunks:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
                if answer.break_off:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # Streams may still wait for their test; they end with the process.
    server.block_on_close = False
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()
