"""What need not be looked up for every request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """What was found in the last ``seconds``; what could not be found is looked for anew."""

    def __init__(self, find: Callable[[], T], seconds: float) -> None:
        self._find, self._seconds = find, seconds
        self._found: tuple[float, T] | None = None

    def __call__(self) -> T:
        found = self._found
        if found is None or time.monotonic() - found[0] >= self._seconds:
            found = self._found = (time.monotonic(), self._find())
        return found[1]
