"""JSON that others have written: annotations, messages of programs, files that pods can reach."""

from __future__ import annotations

import json
import math
from typing import Any


def parse(text: str | bytes) -> Any:
    """The document. Raises ValueError for what is none, also where it is nested too deeply.

    It holds no NaN and nothing infinite: Python reads and writes those, but no browser takes them.
    """
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON")
    return number
