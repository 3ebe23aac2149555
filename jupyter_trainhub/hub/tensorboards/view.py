"""A TensorBoard as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypedDict

from jupyter_trainhub.hub.tensorboards.folders import LogFolder, title

if TYPE_CHECKING:
    from jupyter_trainhub.hub.access.reach import Gateway
    from jupyter_trainhub.hub.tensorboards.state import State

Phase = Literal["Starting", "Running", "Failed", "Stopped"]
Where = Literal["local", "cluster", "found"]


class Note(TypedDict):
    """Something to know about a TensorBoard that runs nevertheless."""

    id: str
    message: str


class MemoryView(TypedDict):
    """Bytes in use, loader included, and the most it may use; None: not known, no limit."""

    used: int | None
    limit: int | None


class TensorBoardView(TypedDict):
    """A TensorBoard as it goes over the wire.

    ``url`` is relative to the Jupyter server's base URL; ``folders`` are texts (``PATH`` or
    ``NAME:PATH``); ``waiting`` says that it runs and has seen no event file yet. ``message`` says
    why one has failed or was stopped, ``remedy`` what would do. ``idle_seconds`` 0 is never.
    """

    kind: Literal["tensorboard"]
    id: str
    name: str
    where: Where
    owner: str
    folders: list[str]
    phase: Phase
    message: str
    remedy: str
    url: str
    started: str
    waiting: bool
    idle_seconds: int
    reload_interval: int
    memory: MemoryView
    notes: list[Note]
    version: str | None
    job: str | None


class TensorBoardEndpoint(NamedTuple):
    """Where a TensorBoard listens; ``prefix`` is its path, without a slash at the end.

    With a ``gateway`` the address is not reached from here.
    """

    host: str
    port: int
    prefix: str
    gateway: Gateway | None = None


def make_view(
    id_: str,
    where: Where,
    folders: Sequence[LogFolder],
    phase: Phase,
    *,
    name: str = "",
    owner: str = "",
    message: str = "",
    remedy: str = "",
    started: str = "",
    idle_seconds: int = 0,
    reload_interval: int = 0,
    memory_limit: int | None = None,
    state: State | None = None,
    notes: Sequence[Note] = (),
    job: str | None = None,
) -> TensorBoardView:
    """The view of a TensorBoard; ``state`` is what its program says of itself, where it is known.

    ``memory_limit`` is bytes. ``notes`` are added to those of the program.
    """
    live = state if phase == "Running" else None
    return TensorBoardView(
        kind="tensorboard",
        id=id_,
        name=name or title(folders),
        where=where,
        owner=owner,
        folders=[str(folder) for folder in folders],
        phase=phase,
        message=message,
        remedy=remedy,
        url=f"trainhub/tensorboards/{id_}/",
        started=started,
        waiting=live is not None and not live.events,
        idle_seconds=idle_seconds,
        reload_interval=reload_interval,
        memory={
            "used": live.memory or None if live is not None else None,
            "limit": memory_limit or None,
        },
        notes=[*(live.notes if live is not None else ()), *notes],
        version=state.version or None if state is not None else None,
        job=job,
    )
