"""A fake Prometheus: answers range queries from a table and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class FakePrometheus:
    """``answer(query)`` gives the result of a query: ``[(labels, points), …]``."""

    def __init__(self, answer: Callable[[str], list[tuple[dict[str, str], Any]]]) -> None:
        self.asked: list[dict[str, str]] = []
        self.tokens: set[str | None] = set()
        self.failure: tuple[int, bytes] | None = None
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked = {name: found[0] for name, found in parse_qs(body).items()}
                fake.asked.append(asked)
                fake.tokens.add(self.headers["Authorization"])
                status, text = fake.failure or (200, fake.answered(answer(asked["query"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @staticmethod
    def answered(found: list[tuple[dict[str, str], Any]]) -> bytes:
        result = [{"metric": labels, "values": points} for labels, points in found]
        data = {"resultType": "matrix", "result": result}
        return json.dumps({"status": "success", "data": data}).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
