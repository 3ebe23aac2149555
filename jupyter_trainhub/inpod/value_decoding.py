"""Values out of the bytes that ``value_encoding.py`` makes of them.

Reading runs no code of the data's, and takes little more memory than the data is long. A library is
imported for the first value that is of it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

from .value_encoding import DTYPE, HEADER, LISTED

# fmt: off
_KINDS = frozenset({
    "int", "tuple", "set", "frozenset", "dict", "bytes", "bytearray", "complex", "range",
    "array", "scalar", "tensor", "index", "series", "frame",
})
# fmt: on


class Unreadable(Exception):
    """Bytes are no value, or one of a library that is not here; the message says which."""


def decode(data: bytes) -> Any:
    """The value that :func:`encode` gave ``data`` for. Raises Unreadable."""
    try:
        (length,) = HEADER.unpack_from(data)
        decoder = _Decoder(data, HEADER.size + length)
        value = decoder.value(json.loads(data[HEADER.size : HEADER.size + length]))
        if decoder.position != len(data):
            raise ValueError("bytes are left over")
        return value
    except ImportError as error:
        raise Unreadable(
            f"it is of the package {error.name}, which is not installed here"
        ) from None
    except Exception as error:
        # Whatever foreign data provokes, in numpy, torch and pandas too.
        raise Unreadable(f"it is damaged ({type(error).__name__}: {error})") from None


class _Decoder:
    """Reads the tree; each blob is read once, so that many nodes cannot share one."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def value(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        ((kind, content),) = node.items()
        if kind not in _KINDS:
            raise ValueError(f"{kind!r} is no kind of value")
        read: Callable[[Any], Any] = getattr(self, f"_{kind}")
        return read(content)

    def _blob(self, size: int) -> bytes:
        begin, self.position = self.position, self.position + size
        if size < 0 or self.position > len(self._data):
            raise ValueError("it ends too early")
        return self._data[begin : self.position]

    def _int(self, text: str) -> int:
        return int(text, 16)

    def _tuple(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(map(self.value, items))

    def _set(self, items: list[Any]) -> set[Any]:
        return set(map(self.value, items))

    def _frozenset(self, items: list[Any]) -> frozenset[Any]:
        return frozenset(map(self.value, items))

    def _dict(self, items: list[Any]) -> dict[Any, Any]:
        return {self.value(key): self.value(item) for key, item in items}

    def _bytes(self, size: int) -> bytes:
        return self._blob(size)

    def _bytearray(self, size: int) -> bytearray:
        return bytearray(self._blob(size))

    def _complex(self, parts: list[float]) -> complex:
        return complex(*parts)

    def _range(self, parts: list[int]) -> range:
        return range(*parts)

    def _array(self, content: list[Any]) -> Any:
        numpy = importlib.import_module("numpy")
        dtype, shape, size = content
        if not DTYPE.fullmatch(dtype):
            raise ValueError(f"an array of {dtype}")
        return numpy.frombuffer(self._blob(size), dtype).reshape(shape).copy()

    def _scalar(self, content: list[Any]) -> Any:
        return self._array(content)[()]

    def _tensor(self, content: list[Any]) -> Any:
        torch = importlib.import_module("torch")
        name, shape, size = content
        dtype = getattr(torch, name)
        data = bytearray(self._blob(size))
        flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        return flat.reshape(shape)

    def _column(self, column: dict[str, Any]) -> Any:
        """An index."""
        pandas = importlib.import_module("pandas")
        dtype, data, name = column["dtype"], column["data"], self.value(column["name"])
        if dtype == "category":
            categories, codes, ordered = data
            known = self._column(categories)
            values = pandas.Categorical.from_codes(self._array(codes), known, ordered=ordered)
            return pandas.Index(values, name=name)
        if isinstance(data, dict):
            return pandas.RangeIndex(self.value(data), name=name)
        if LISTED.fullmatch(dtype):
            return pandas.Index(self.value(data), dtype=dtype, name=name)
        return pandas.Index(self._array(data), name=name)

    _index = _column

    @staticmethod
    def _values(column: Any) -> Any:
        pandas = importlib.import_module("pandas")
        if isinstance(column, pandas.RangeIndex):
            # An index is a few bytes, whatever its length; as values it would fill the memory.
            raise ValueError("a range for a column")
        return column.array

    def _series(self, content: list[Any]) -> Any:
        pandas = importlib.import_module("pandas")
        index, values = map(self._column, content)
        return pandas.Series(self._values(values), index=index, name=values.name)

    def _frame(self, content: list[Any]) -> Any:
        pandas = importlib.import_module("pandas")
        names, index, columns = content
        labels, rows = self._column(names), self._column(index)
        found = {
            number: self._values(self._column(column)) for number, column in enumerate(columns)
        }
        frame = pandas.DataFrame(found, index=rows)
        frame.columns = labels
        return frame
