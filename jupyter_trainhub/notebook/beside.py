"""The folder beside a notebook or script, and what of it travels with a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_trainhub.notebook.remark import Remark

Origin = Literal["cell", "module", "data"]

# Bytes that may travel where the site says nothing else.
MAX_BYTES = 10 << 20


@dataclass(frozen=True)
class Beside:
    """The folder of a notebook or script, of which files travel with it.

    ``include`` are globs of files that travel in any case. ``starts_there`` says whether the job
    starts in the folder in which they arrive; else what is opened by a relative path is found where
    the job starts. ``max_bytes`` is what all may have together.
    """

    folder: Path
    include: Sequence[str] = ()
    starts_there: bool = True
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True)
class ShippedFile:
    """A file that travels, by its path below the folder; ``imported_by`` are cells' positions.

    The ``content`` is missing where all files together are too large: then nothing travels.
    """

    name: str
    size: int
    content: bytes
    origin: Origin
    imported_by: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The file on the wire."""
        return {
            "name": self.name,
            "bytes": self.size,
            "origin": self.origin,
            "imported_by": list(self.imported_by),
        }


@dataclass(frozen=True)
class LeftOut:
    """A file, or a folder with ``/`` at its end, that does not travel, and why."""

    name: str
    bytes: int
    reason: str


@dataclass(frozen=True)
class Absent:
    """A top-level module that the image has to have; ``package`` is what pip calls it."""

    module: str
    cell: int | None
    package: str


@dataclass
class Shipment:
    """What travels, what does not, and what should be known of it."""

    files: dict[str, ShippedFile] = field(default_factory=dict)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    absent: list[Absent] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)
