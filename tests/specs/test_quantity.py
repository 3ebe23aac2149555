from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_trainhub.specs.quantity import (
    describe_memory,
    format_cpu,
    format_memory,
    parse_cpu,
    parse_memory,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2Gi", 2 * 1024**3),
        ("1.5G", 1_500_000_000),
        ("500m", Decimal("0.5")),
        ("1e3", 1000),
        ("1E3", 1000),
        ("2E", 2 * 10**18),
        ("12", 12),
        (0.25, Decimal("0.25")),
    ],
)
def test_quantities_mean_what_they_mean_to_kubernetes(text: str | float, value: object) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["", "2GB", "two", "1.2.3", "Gi", "-", "1 000", "0x10"])
def test_what_is_no_quantity_is_refused_with_the_right_notation(text: str) -> None:
    with pytest.raises(ValueError, match="such as 2Gi"):
        parse_quantity(text)


@pytest.mark.parametrize(("size", "text"), [(2 * 1024**3, "2Gi"), (1536 * 1024**2, "1536Mi")])
def test_memory_is_written_as_it_is_read(size: int, text: str) -> None:
    assert format_memory(size) == text
    assert parse_memory(text) == size


def test_a_forgotten_unit_is_pointed_out() -> None:
    with pytest.raises(ValueError, match="such as 2Gi"):
        parse_memory("2")


def test_cpus_are_thousandths_rounded_up() -> None:
    assert parse_cpu("500m") == 0.5
    assert parse_cpu(0.0015) == 0.002
    assert (format_cpu(2.0), format_cpu(0.5)) == ("2", "500m")


def test_memory_is_described_for_people() -> None:
    assert describe_memory(25_171_644_416) == "23.4Gi"
    assert describe_memory(0) == "0"


@pytest.mark.parametrize("amount", [10**400, 1e308, "9" * 5000, "1e900000", "8Ei"])
def test_what_kubernetes_cannot_count_is_refused(amount: str | float) -> None:
    for parse in (parse_memory, parse_cpu):
        with pytest.raises(ValueError, match="more than Kubernetes can count"):
            parse(amount)
