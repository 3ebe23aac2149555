"""IPython's own reading of a cell: what is a magic, a shell command or a request for help."""

from __future__ import annotations

import io
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager


def _lines(text: str) -> list[str]:
    return io.StringIO(text).readlines()


class LineKeepingTransformer(TransformerManager):
    """IPython's transformer, with as many lines after it as before.

    Raises SyntaxError for more commands in a cell than it takes.
    """

    def transform_cell(self, cell: str) -> str:
        # IPython itself also splits at form feeds and Unicode's separators, inside of texts as
        # well, where a magic below is not found any more. Python's lines end with "\n" only.
        lines = _lines(cell if cell.endswith("\n") else f"{cell}\n")
        steps: list[Any] = [*self.cleanup_transforms, *self.line_transforms]
        try:
            for step in (*steps, self.do_token_transforms):
                lines = _lines("".join(step(lines)))
            return "".join(lines)
        except RuntimeError as error:
            raise SyntaxError("more commands of IPython than it takes in one cell") from error

    def do_one_token_transform(self, lines: list[str]) -> tuple[bool, list[str]]:
        changed, after = super().do_one_token_transform(lines)  # type: ignore[no-untyped-call]
        missing = len(lines) - len(after)
        if changed and missing > 0:
            # A magic that was continued over several lines is now one line.
            first = next(
                (i for i, (old, new) in enumerate(zip(lines, after, strict=False)) if old != new),
                len(after) - 1,
            )
            after = [*after[: first + 1], *["\n"] * missing, *after[first + 1 :]]
        return changed, after
