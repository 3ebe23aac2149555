"""What pods of the tests serve; sent to them as text. Argument: the port, on all addresses."""

from __future__ import annotations

import http.server
import socketserver
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    protocol_version = "HTTP/1.1"

    def answer(self, body: bytes, code: int = 200, **headers: str) -> None:
        """Send an answer; names of headers have no hyphens here."""
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        host, port = self.connection.getsockname()
        if path == "/headers":
            lines = [f"{self.command} {self.path}", *(f"{k}: {v}" for k, v in self.headers.items())]
            self.answer("\n".join(lines).encode(), Content_Type="text/plain")
        elif path == "/moved":
            self.answer(b"", 302, Location="/there/?x=1", Access_Control_Allow_Origin="*")
        elif path == "/moved-here":
            self.answer(b"", 302, Location=f"http://{host}:{port}/there")
        elif path == "/page":
            self.answer(PAGE, Content_Type="text/html; charset=utf-8")
        elif path.startswith("/bytes/"):
            self.answer(bytes(int(path.removeprefix("/bytes/"))))
        elif path == "/upgrade":
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", "shout")
            self.end_headers()
            self.close_connection = True
            for line in self.rfile:
                self.wfile.write(line.upper())
        else:
            self.answer(b"none\n", 404, Content_Type="text/plain")

    def do_POST(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            total = 0
            while size := int(self.rfile.readline(), 16):
                total += len(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
        else:
            total = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self.answer(f"{self.command} {total}".encode(), Content_Type="text/plain")

    do_PUT = do_PATCH = do_DELETE = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


PAGE = (
    b'<a href="/x?a=1&amp;b=2">x</a><!-- <a href="/no"> --><img src=rel.png>'
    b"<script>\"<a href='/no'>\"</script><a href='http://example.org/'>o</a>\xc3\xbc"
)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """One thread for each connection."""

    daemon_threads = True


if __name__ == "__main__":
    Server(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()
