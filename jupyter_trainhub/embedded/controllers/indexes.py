"""Sets of completion indexes as a Job's status writes them: ``0-2,5``."""

from __future__ import annotations


def parse(text: str | None) -> set[int]:
    """From ``0-2,5``."""
    indexes: set[int] = set()
    for part in filter(None, (text or "").split(",")):
        first, _, last = part.partition("-")
        indexes.update(range(int(first), int(last or first) + 1))
    return indexes


def text_of(indexes: set[int]) -> str:
    """To ``0-2,5``: runs of three or more as a range."""
    parts: list[str] = []
    run: list[int] = []
    for index in [*sorted(indexes), None]:
        if run and index != run[-1] + 1:
            parts.append(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)))
            run = []
        if index is not None:
            run.append(index)
    return ",".join(parts)
