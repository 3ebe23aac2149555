"""Kubernetes quantities: ``500m``, ``2Gi``, ``1e3``."""

from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, InvalidOperation
from functools import lru_cache

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9),
    "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
}  # fmt: skip
_PATTERN = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+)?([KMGTPE]i|[numkMGTPE])?")


@lru_cache(maxsize=1024)
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
    if sample.endswith("i") and value == value.to_integral_value() and abs(value) >= 1024:
        number, unit = int(value), ""
        for suffix in _BINARY:
            if number % 1024:
                break
            number, unit = number // 1024, suffix
        return f"{number}{unit}"
    return format_decimal(value)


def format_decimal(value: Decimal) -> str:
    """The canonical decimal text: ``300m``, ``2``, ``1500``; no finer than nano."""
    for suffix, unit in reversed(_DECIMAL.items()):
        scaled = value / unit
        if suffix == "n" or scaled == scaled.to_integral_value():
            return f"{int(scaled.to_integral_value(ROUND_UP))}{suffix if value else ''}"
    raise AssertionError(value)


def canonical(text: str) -> str:
    """The text by which Kubernetes answers with a quantity that it read.

    Raises:
        ValueError: as for ``parse``.
    """
    value = parse(text)
    match = _PATTERN.fullmatch(text)
    assert match is not None
    exponent, suffix = match[2], match[3] or ""
    if suffix in _BINARY:
        return format_like(value, suffix)
    if exponent:
        power = max(p for p in range(-9, 31, 3) if value % Decimal(10) ** p == 0 or p == -9)
        return f"{int(value.scaleb(-power))}" + (f"e{power}" if power and value else "")
    digits = match[1].lstrip("+-")
    whole, _, fraction = digits.partition(".")
    kept = len(fraction) % 3 == 0 and digits[0] != "0" and not (whole + fraction).endswith("000")
    # A fraction that is thousandths of its unit already stands as it was given.
    return text if fraction and kept else format_decimal(value)
