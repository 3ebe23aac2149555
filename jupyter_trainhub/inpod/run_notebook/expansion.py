"""What IPython replaces in the line of a magic: ``{expression}`` and ``$name``."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Any

# Not between single quotes. As IPython.utils.text.DollarFormatter.
_DOLLAR = re.compile(r"(.*?)\$(\$?[\w.]+)(?=([^']*'[^']*')*[^']*$)")


def expand(namespace: dict[str, Any], text: str) -> str:
    """``text`` with Python values put in; unchanged where one cannot be had, as IPython does it."""
    try:
        return "".join(_pieces(dict(namespace), text))
    except Exception:
        return text


def _pieces(namespace: dict[str, Any], text: str) -> Iterator[str]:
    formatter = string.Formatter()
    for literal, field, rest, conversion in formatter.parse(text):
        end = 0
        for match in _DOLLAR.finditer(literal):
            doubled = match[2].startswith("$")
            yield match[1] + (match[2] if doubled else format(eval(match[2], namespace)))
            end = match.end()
        yield literal[end:]
        if field is not None:
            # What would be a format is the second half of a slice.
            value = eval(f"{field}:{rest}" if rest else field, namespace)
            yield format(formatter.convert_field(value, conversion))
