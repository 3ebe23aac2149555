"""A TensorBoard as it is shown, computed from its record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal, NamedTuple, TypedDict

from jupyter_trainhub.hub.tensorboards.registry import Record

Phase = Literal["Starting", "Running", "Failed", "Stopped"]


class TensorBoardView(TypedDict):
    """A TensorBoard as it goes over the wire.

    ``url`` is relative to the Jupyter server's base URL, ``folders`` are absolute.
    """

    kind: Literal["tensorboard"]
    id: str
    name: str
    folders: list[str]
    phase: Phase
    message: str
    url: str
    started: str


class TensorBoardEndpoint(NamedTuple):
    """Where a TensorBoard listens; ``prefix`` is its path, without a slash at the end."""

    host: str
    port: int
    prefix: str


def phase(*, running: bool, listened: bool) -> Phase:
    """What became of a process: whether it is ``running``, and whether it ever ``listened``."""
    if running:
        return "Running" if listened else "Starting"
    return "Stopped" if listened else "Failed"


def view(record: Record, phase: Phase, message: str) -> TensorBoardView:
    """The view of a record in a phase."""
    return TensorBoardView(
        kind="tensorboard",
        id=record.id,
        name=", ".join(link_names(record.folders)),
        folders=list(record.folders),
        phase=phase,
        message=message,
        url=f"trainhub/tensorboards/{record.id}/",
        started=record.started,
    )


def link_names(folders: Sequence[str]) -> list[str]:
    """A short name for each of ``folders``, under which TensorBoard lists its runs.

    ``folders`` are absolute and all different. The last part of the path; where two are the same,
    as many parts as it takes to tell them apart.
    """
    paths = [PurePath(folder) for folder in folders]
    depths = [1] * len(paths)
    while True:
        names = [
            "-".join(path.parts[1:][-depth:]) or "root"
            for path, depth in zip(paths, depths, strict=True)
        ]
        counts = Counter(names)
        growing = [
            position
            for position, name in enumerate(names)
            if counts[name] > 1 and depths[position] < len(paths[position].parts)
        ]
        if not growing:
            return [
                name if counts[name] == 1 else f"{name}-{position}"
                for position, name in enumerate(names)
            ]
        for position in growing:
            depths[position] += 1
