"""What others may know of this TensorBoard."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Memory goes up and down all the time; a change of a smaller part is none.
_MEMORY_PART = 1 / 16


class StateFile:
    """The state, and the file that shows it to who cannot ask; ``passing`` gives what changes."""

    def __init__(self, path: Path | None, passing: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._passing = passing
        self._lock = threading.Lock()
        self._notes: dict[str, str] = {}
        self._written = ""
        self._values: dict[str, Any] = {
            "pid": os.getpid(),
            "port": 0,
            "started": 0.0,
            "version": "",
            "loader": "",
            "events": False,
            "memory": 0,
            "ended": None,
            "message": "",
            "remedy": "",
        }

    def set(self, **values: Any) -> None:
        """Changes values, and the file if it is to be seen."""
        with self._lock:
            memory = values.get("memory")
            known = self._values["memory"]
            if memory is not None and abs(memory - known) < known * _MEMORY_PART:
                del values["memory"]
            self._values.update(values)
            self._write()

    def note(self, id_: str, message: str | None) -> None:
        """Sets a note, or takes it away."""
        with self._lock:
            if message is None:
                self._notes.pop(id_, None)
            else:
                self._notes[id_] = message
            self._write()

    def value(self) -> dict[str, Any]:
        """The whole state."""
        with self._lock:
            return {**self._lasting(), **self._passing()}

    def _lasting(self) -> dict[str, Any]:
        notes = [{"id": id_, "message": message} for id_, message in self._notes.items()]
        return {**self._values, "notes": notes}

    def _write(self) -> None:
        content = json.dumps(self._lasting())
        if self._path is None or content == self._written:
            return
        # A full disk must not end what runs; the next change is another try.
        with contextlib.suppress(OSError):
            handle, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({**self._lasting(), **self._passing()}, file)
            os.replace(draft, self._path)
            self._written = content
