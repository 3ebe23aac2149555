"""What the program that is a TensorBoard says of itself (``inpod/serve_tensorboard``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_trainhub.hub.tensorboards.view import Note, TensorBoardEndpoint

# Below the prefix of the TensorBoard.
STATE_PATH = "/trainhub/state"
_ANSWER_SECONDS = 5.0


class State(NamedTuple):
    """The state of a program, live or its last.

    ``port`` is 0 until it listens; ``started`` is seconds since the epoch; ``loader`` is ``fast``
    or ``slow``; ``events`` says that an event file was seen; ``memory`` is bytes, with its loader;
    ``idle`` is seconds since the last request; ``requests`` counts them; ``ended`` says why it
    ended: ``idle``, ``memory``, ``signal``, ``failure``, or None. ``message`` and ``remedy`` are
    the words of a failure.
    """

    pid: int
    port: int
    started: float
    version: str
    loader: str
    notes: tuple[Note, ...]
    events: bool
    memory: int
    idle: float
    requests: int
    ended: str | None
    message: str
    remedy: str


def parse_state(data: object) -> State | None:
    """The state in a JSON value; what is missing is empty. None for something else altogether."""
    if not isinstance(data, Mapping) or not isinstance(data.get("pid"), int):
        return None

    def value(name: str, default: Any) -> Any:
        found = data.get(name, default)
        # A whole number of seconds is written without a point.
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        return found if isinstance(found, kinds) else default

    notes = [note for note in value("notes", []) if isinstance(note, Mapping)]
    return State(
        pid=data["pid"],
        port=value("port", 0),
        started=value("started", 0.0),
        version=value("version", ""),
        loader=value("loader", ""),
        notes=tuple(Note(id=str(note["id"]), message=str(note.get("message"))) for note in notes),
        events=value("events", False),
        memory=value("memory", 0),
        idle=value("idle", 0.0),
        requests=value("requests", 0),
        ended=value("ended", "") or None,
        message=value("message", ""),
        remedy=value("remedy", ""),
    )


def read(file: Path) -> State | None:
    """The state in ``file``; None where there is none (yet) or it cannot be read."""
    try:
        return parse_state(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError):
        return None


def ask(endpoint: TensorBoardEndpoint, timeout: float = _ANSWER_SECONDS) -> State | None:
    """The state as the program tells it; None where it does not within ``timeout`` seconds.

    Asking is no use of the TensorBoard.
    """
    connection = HTTPConnection(endpoint.host, endpoint.port, timeout=timeout)
    try:
        connection.request("GET", f"{endpoint.prefix}{STATE_PATH}")
        response = connection.getresponse()
        body = response.read()
        return parse_state(json.loads(body)) if response.status == 200 else None
    except (OSError, HTTPException, ValueError, KeyError):
        return None
    finally:
        connection.close()
