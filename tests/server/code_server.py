"""Stands in for code-server: its arguments, its cookie, a page, an echoing websocket."""

from __future__ import annotations

import argparse
import os
import pathlib
from typing import Any

from tornado import ioloop, web, websocket


class Page(web.RequestHandler):
    """Lets in who has the cookie, and sends others to log in."""

    def get(self) -> None:
        if self.get_cookie("code-server-session") != os.environ["HASHED_PASSWORD"]:
            self.set_status(401)
            return
        self.finish({"pid": os.getpid(), "folder": self.settings["folder"]})


class Echo(websocket.WebSocketHandler):
    """Sends back what it gets, and a megabyte when asked."""

    def on_message(self, message: Any) -> None:
        self.write_message(b"x" * 2**20 if message == b"large" else message, binary=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    for option in ("--config", "--auth", "--host", "--port"):
        parser.add_argument(option, required=True)
    for flag in ("telemetry", "update-check", "workspace-trust"):
        parser.add_argument(f"--disable-{flag}", action="store_true", required=True)
    parser.add_argument("--ignore-last-opened", action="store_true")
    parser.add_argument("folder")
    options = parser.parse_args()
    if pathlib.Path("broken").exists():
        raise SystemExit("this IDE is broken")
    application = web.Application([("/", Page), ("/ws", Echo)], folder=options.folder)
    application.listen(int(options.port), options.host)
    ioloop.IOLoop.current().start()


if __name__ == "__main__":
    main()
