"""Emits changes of objects on Jupyter's event bus."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_events import EventLogger

SCHEMA_ID = "https://schema.jupyter.org/trainhub/object/v1"
SCHEMA = Path(__file__).with_name("object.yaml")

# Of an object that changes more often than this, only the latest state is told.
PERIOD_SECONDS = 0.05

View = Mapping[str, Any]


class ObjectEvents:
    """Takes changes from any thread and emits them on the event loop, many at a time."""

    def __init__(self, logger: EventLogger, loop: asyncio.AbstractEventLoop) -> None:
        self._logger = logger
        self._loop = loop
        self._lock = threading.Lock()
        self._pending: dict[tuple[str, str], dict[str, Any]] = {}

    def publish(self, kind: str, name: str, action: str, view: View | None) -> None:
        """Tells that an object changed, or was deleted (without a ``view``). Returns at once."""
        event: dict[str, Any] = {"kind": kind, "name": name, "action": action}
        if view is not None:
            event["object"] = dict(view)
        with self._lock:
            first = not self._pending
            self._pending[kind, name] = event
        if first and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.call_later, PERIOD_SECONDS, self._flush)

    def _flush(self) -> None:
        with self._lock:
            events, self._pending = list(self._pending.values()), {}
        for event in events:
            self._logger.emit(schema_id=SCHEMA_ID, data=event)
