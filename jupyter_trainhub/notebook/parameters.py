"""The values that a job's form sets for the variables of the cell tagged ``parameters``."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping
from typing import Any

from jupyter_trainhub.errors import InvalidField


def assignments(parameters: Mapping[str, Any]) -> str:
    """Python that assigns each of ``parameters``, whose values are JSON's.

    Raises InvalidField, field ``parameters``, for a name that no variable can have and for a value
    that JSON has not.
    """
    lines = []
    for name, value in parameters.items():
        if not name.isidentifier() or keyword.iskeyword(name):
            raise InvalidField(
                f"{name!r} is not the name of a Python variable.",
                field="parameters",
                remedy="Use letters, digits and '_', not starting with a digit.",
            )
        lines.append(f"{name} = {literal(name, value)}\n")
    return "".join(lines)


def literal(name: str, value: Any) -> str:
    """The Python expression for a JSON value; ``name`` is for the error message."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(literal(name, item) for item in value) + "]"
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        items = (f"{key!r}: {literal(name, item)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    raise InvalidField(
        f"the value of {name!r} is a {type(value).__name__}, which JSON cannot express.",
        field="parameters",
        remedy="Give numbers, texts, true, false, null, or lists and objects of these.",
    )
