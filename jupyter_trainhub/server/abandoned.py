"""Requests that start a pod, which is ended when nobody waits for it any more."""

from __future__ import annotations

import threading

from jupyter_trainhub.server.base import ApiHandler


class AbandonableHandler(ApiHandler):
    """A handler that knows whether who asked has gone away."""

    def initialize(self) -> None:
        """Nobody has gone away yet."""
        self.unwanted = threading.Event()

    def on_connection_close(self) -> None:
        """Who asked does not wait any more."""
        self.unwanted.set()
        super().on_connection_close()
