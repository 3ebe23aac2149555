"""Something that a person should know about a notebook before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Remark:
    """A message about a cell; ``cell`` is its position in the notebook from 0, None for all of it.

    The message says what is wrong and what would do.
    """

    cell: int | None
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The remark on the wire."""
        return {"cell": self.cell, "message": self.message}

    def __str__(self) -> str:
        return self.message if self.cell is None else f"cell {self.cell + 1}: {self.message}"
