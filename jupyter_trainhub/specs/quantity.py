"""Amounts of memory and CPU, read and written as Kubernetes does.

The notation is that of Kubernetes' ``resource.Quantity``: a decimal number with a suffix ``n u m k
M G T P E`` (powers of ten), ``Ki Mi Gi Ti Pi Ei`` (powers of 1024) or a decimal exponent (``1e3``).
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

_SUFFIXES: dict[str, Decimal] = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?")
_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")

# The least memory that any process can start with; less is nearly always a unit forgotten.
LEAST_MEMORY = 4 * 1024**2
LEAST_CPU = 0.001
# Kubernetes keeps amounts as 64-bit integers.
_LARGEST = 2**63 - 1


def parse_quantity(text: str | int | float) -> Decimal:
    """The number that a Kubernetes quantity stands for: ``"500m"`` is 0.5, ``"2Gi"`` is 2147483648.

    Raises ValueError with a sentence that shows the right notation.
    """
    match = _QUANTITY.fullmatch(str(text).strip())
    try:
        if match is None:
            raise InvalidOperation
        number, suffix = Decimal(match[1]), match[2] or ""
        if suffix in _SUFFIXES:
            return number * _SUFFIXES[suffix]
        return number.scaleb(int(suffix[1:]))
    except InvalidOperation:
        raise ValueError(
            f"{str(text)!r} is not an amount; write a number with a unit of Kubernetes, "
            "such as 2Gi, 512Mi or 1.5G for memory and 2, 0.5 or 500m for CPUs"
        ) from None


def parse_memory(value: str | int | float) -> int:
    """Bytes from a quantity such as ``"2Gi"``, rounded up to a whole byte. Raises ValueError."""
    amount = parse_quantity(value)
    if amount < LEAST_MEMORY:
        raise ValueError(
            f"{value} is less than 4 MiB of memory; give a unit, such as {value}Gi"
            if amount > 0 and amount == amount.to_integral_value() and str(value).isdigit()
            else f"{value} is less than 4 MiB of memory; give at least 4Mi"
        )
    return int(_countable(amount).to_integral_value(rounding="ROUND_CEILING"))


def format_memory(size: int) -> str:
    """``size`` bytes as the shortest exact quantity: 2147483648 is ``2Gi``, 1500 is ``1500``."""
    for power, suffix in zip(range(6, 0, -1), _BINARY, strict=True):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{suffix}"
    return str(size)


def describe_memory(size: float) -> str:
    """``size`` bytes for people, one decimal at most: 25171644416 is ``23.4Gi``."""
    for power, suffix in zip(range(6, 0, -1), _BINARY, strict=True):
        if size >= 1024**power:
            return f"{round(size / 1024**power, 1):g}{suffix}"
    return f"{size:g} bytes" if size else "0"


def parse_cpu(value: str | int | float) -> float:
    """Cores from a quantity such as ``"500m"`` or ``0.5``, to a thousandth. Raises ValueError."""
    amount = parse_quantity(value)
    if amount < Decimal(str(LEAST_CPU)):
        raise ValueError(f"{value} is not enough CPU for a process; give at least 0.001")
    return float(_countable(amount).quantize(Decimal("0.001"), rounding="ROUND_CEILING"))


def _countable(amount: Decimal) -> Decimal:
    if amount > _LARGEST:
        raise ValueError("this is more than Kubernetes can count; give less")
    return amount


def format_cpu(cores: float) -> str:
    """``cores`` as a quantity: 2.0 is ``2``, 0.5 is ``500m``."""
    thousandths = round(cores * 1000)
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def _not_a_flag(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("give a number or a text such as 2Gi")
    return value


Memory = Annotated[
    int,
    BeforeValidator(lambda value: parse_memory(_not_a_flag(value))),
    PlainSerializer(format_memory, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?([kMGTPE]|[KMGTPE]i)?$",
            "examples": ["512Mi", "2Gi", "1.5G"],
        }
    ),
]
"""Bytes. Read from a Kubernetes quantity, written as one in JSON, so that a form shows ``2Gi``."""

Cpu = Annotated[
    float,
    BeforeValidator(lambda value: parse_cpu(_not_a_flag(value))),
    Field(le=100_000),
    WithJsonSchema(
        {"type": "number", "minimum": LEAST_CPU, "maximum": 100_000, "examples": [0.5, 4]}
    ),
]
"""Cores. Read from a number or a Kubernetes quantity (``"500m"``), written as a number."""
