"""Quantities read and print as Kubernetes' do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_trainhub.embedded.apimachinery import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [("500m", "0.5"), ("2", "2"), ("2Gi", str(2 << 30)), ("1e3", "1000"), ("1.5G", "1500000000"),
     ("0", "0"), ("100k", "100000"), (3, "3")],
)  # fmt: skip
def test_parse(text: object, value: str) -> None:
    assert quantity.parse(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "lots", "1 Gi", "1.2.3", "Gi", "1KiB"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="regular expression"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("value", "sample", "text"),
    [("0.3", "500m", "300m"), ("3", "500m", "3"), ("1500", "2", "1500"), ("2000", "2", "2k"),
     (str(3 << 30), "8Gi", "3Gi"), (str(3 << 20), "8Gi", "3Mi"), ("0", "8Gi", "0")],
)  # fmt: skip
def test_format_is_canonical(value: str, sample: str, text: str) -> None:
    assert quantity.format_like(Decimal(value), sample) == text
