"""Kubernetes quantities: ``500m``, ``2Gi``, ``1e3``."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, InvalidOperation

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9),
    "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
}  # fmt: skip
_PATTERN = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+)?([KMGTPE]i|[numkMGTPE])?")


def parse(text: object) -> Decimal:
    """The value in base units (cores, bytes, pieces).

    Raises:
        ValueError: the text is no quantity; the message is the one Kubernetes gives.
    """
    match = _PATTERN.fullmatch(str(text))
    try:
        if match is None:
            raise InvalidOperation
        number = Decimal(match[1] + (match[2] or ""))
    except InvalidOperation:
        raise ValueError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)"
            "([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ) from None
    suffix = match[3] or ""
    return number * (_BINARY[suffix] if suffix in _BINARY else _DECIMAL[suffix])


def format_like(value: Decimal, sample: str) -> str:
    """The canonical text of ``value``, in the format (binary or decimal) of ``sample``."""
    if sample.endswith("i") and value == value.to_integral_value() and value:
        number, unit = int(value), ""
        for suffix in _BINARY:
            if number % 1024:
                break
            number, unit = number // 1024, suffix
        return f"{number}{unit}"
    return format_decimal(value)


def format_decimal(value: Decimal) -> str:
    """The canonical decimal text: ``300m``, ``2``, ``1500``."""
    if value != value.to_integral_value():
        # Kubernetes keeps no finer than nano; thousandths are the finest in use.
        return f"{int((value * 1000).to_integral_value(ROUND_UP))}m"
    number, units = int(value), ["", "k", "M", "G", "T", "P", "E"]
    step = 0
    while number and number % 1000 == 0 and step < len(units) - 1:
        number, step = number // 1000, step + 1
    return f"{number}{units[step]}"
