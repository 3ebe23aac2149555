"""Something that a person should know about a notebook before it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Remark:
    """A message about a cell; ``cell`` is its position in the notebook from 0, None for all of it.

    The message says what is wrong and what would do. ``line`` counts the cell's lines from 1 and
    stands in the message too; ``code`` names the kind of remark for programs, such as
    ``cuda-device``.
    """

    cell: int | None
    message: str
    line: int | None = None
    code: str | None = None

    @classmethod
    def at(cls, cell: int | None, line: int, message: str, code: str | None = None) -> Remark:
        """A remark on one line."""
        return cls(cell, f"line {line}: {message}", line, code)

    def of(self, cell: int | None) -> Remark:
        """The same for a cell whose position was not known yet."""
        return replace(self, cell=cell)

    def to_dict(self) -> dict[str, Any]:
        """The remark on the wire; ``line`` and ``code`` are there where they are known."""
        found: dict[str, Any] = {"cell": self.cell, "message": self.message}
        if self.line is not None:
            found["line"] = self.line
        if self.code is not None:
            found["code"] = self.code
        return found

    def __str__(self) -> str:
        return self.message if self.cell is None else f"cell {self.cell + 1}: {self.message}"
