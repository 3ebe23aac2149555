"""What a record and its process make of a TensorBoard."""

from __future__ import annotations

from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.tensorboards.folders import parse
from jupyter_trainhub.hub.tensorboards.local import process
from jupyter_trainhub.hub.tensorboards.local.ending import Ending, ending
from jupyter_trainhub.hub.tensorboards.local.launching import HOST
from jupyter_trainhub.hub.tensorboards.local.record import Record
from jupyter_trainhub.hub.tensorboards.local.registry import Registry
from jupyter_trainhub.hub.tensorboards.state import State
from jupyter_trainhub.hub.tensorboards.view import (
    Phase,
    TensorBoardEndpoint,
    TensorBoardView,
    make_view,
)

LOG_BYTES = 16 * 1024


def is_up(registry: Registry, record: Record) -> bool:
    """Whether it runs or is about to."""
    return _now(registry, record)[0] in ("Starting", "Running")


def shown(registry: Registry, record: Record) -> TensorBoardView:
    """The view of it."""
    current, said = _now(registry, record)
    why = _ending(registry, record, current, said)
    return make_view(
        record.id,
        "local",
        [parse(text) for text in record.folders],
        current,
        name=record.options.name,
        message=why.message,
        remedy=why.remedy,
        started=record.started,
        idle_seconds=record.settings.idle_seconds,
        reload_interval=record.settings.reload_interval,
        memory_limit=record.settings.memory or None,
        state=said,
    )


def endpoint(registry: Registry, record: Record) -> TensorBoardEndpoint:
    """Where it listens. Raises Conflict when it does not run (yet)."""
    current, said = _now(registry, record)
    if said is None or current != "Running":
        why = _ending(registry, record, current, said)
        raise Conflict(
            why.message,
            reason=f"TensorBoard{current}",
            remedy="Wait a moment." if current == "Starting" else why.remedy,
        )
    return TensorBoardEndpoint(HOST, said.port, record.prefix)


def _now(registry: Registry, record: Record) -> tuple[Phase, State | None]:
    # Asked before the file is read: a process that writes the file and ends in between is
    # Stopped, not Failed.
    running = process.is_running(record.pid, record.birth)
    said = registry.state(record)
    if running:
        return ("Running" if said is not None and said.port else "Starting"), said
    if record.stopped:
        return "Stopped", said
    clean = said is not None and said.port > 0 and said.ended in (None, "idle", "signal")
    return ("Stopped" if clean else "Failed"), said


def _ending(registry: Registry, record: Record, current: Phase, said: State | None) -> Ending:
    log = registry.log_tail(record.id, LOG_BYTES) if current == "Failed" else ""
    return ending(current, record.stopped, said, log)
