"""Values as bytes, without pickle: what a notebook's kernel and a job hand each other.

Python's own simple types and their containers, numpy's arrays and scalars, torch's tensors, pandas'
frames, series and indexes. ``value_decoding.py`` reads it.

A value is a JSON tree, with its length before it, and then blobs, the memory of arrays, in the
order in which the tree tells their sizes. In the tree, null, true, numbers, texts and lists are
themselves; everything else is an object with one key, its kind, as in ``{"tuple": [1, 2]}``.

Standard library only, Python 3.8 or later: a job has it too. The libraries are those that the
values are of.
"""

from __future__ import annotations

import collections
import ctypes
import json
import re
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

# numpy: booleans, numbers, dates, fixed-length texts. Neither objects nor records.
DTYPE = re.compile(r"[<>|=][?biufcmMSU]\d+(\[\d*\w+\])?")
_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
# pandas' types whose values are Python's, or missing.
LISTED = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean|string|str|object")
HEADER = struct.Struct(">Q")
_LARGEST_INT = 1 << 63


class Unencodable(Exception):
    """A value has no such form; the message says which part of it, and what would do."""


class TooLarge(Exception):
    """A value takes ``size`` bytes, more than is allowed."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def encode(value: Any, largest: int) -> bytes:
    """``value`` as at most ``largest`` bytes. Raises Unencodable and TooLarge.

    Subclasses of dict become plain dicts; tensors come from their device, without gradients.
    """
    encoder = _Encoder(largest)
    try:
        head = json.dumps(encoder.node(value, "the value"), separators=(",", ":")).encode()
    except RecursionError:
        raise Unencodable("the value is nested too deeply, or holds itself") from None
    size = HEADER.size + len(head) + encoder.size
    if size > largest:
        raise TooLarge(size)
    return b"".join([HEADER.pack(len(head)), head, *encoder.blobs])


class _Encoder:
    """Makes the tree; ``blobs`` are kept up to ``largest`` bytes, and counted beyond."""

    def __init__(self, largest: int) -> None:
        self.blobs: list[bytes] = []
        self.size = 0
        self._largest = largest
        # A library that was not imported cannot have made the value.
        self._numpy, self._torch, self._pandas = map(sys.modules.get, ("numpy", "torch", "pandas"))

    def node(self, value: Any, path: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, float, str):
            return value
        if kind is int:
            return value if -_LARGEST_INT <= value < _LARGEST_INT else {"int": hex(value)}
        if kind is list:
            return self._items(value, path)
        if kind in (tuple, set, frozenset):
            return {kind.__name__: self._items(list(value), path)}
        if kind in _DICTS:
            return {
                "dict": [
                    [self.node(key, f"a key of {path}"), self.node(item, f"{path}[{key!r:.40}]")]
                    for key, item in value.items()
                ]
            }
        if kind in (bytes, bytearray):
            return {kind.__name__: self._blob(len(value), lambda: bytes(value))}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind is range:
            return {"range": [value.start, value.stop, value.step]}
        return self._of_library(value, path)

    def _items(self, items: Sequence[Any], path: str) -> list[Any]:
        return [self.node(item, f"{path}[{number}]") for number, item in enumerate(items)]

    def _blob(self, size: int, read: Callable[[], bytes]) -> int:
        self.size += size
        if self.size <= self._largest:
            self.blobs.append(read())
        return size

    def _of_library(self, value: Any, path: str) -> dict[str, Any]:
        numpy, torch, pandas = self._numpy, self._torch, self._pandas
        if numpy is not None and type(value) is numpy.ndarray:
            return {"array": self._array(value, path)}
        if numpy is not None and isinstance(value, numpy.generic):
            return {"scalar": self._array(numpy.asarray(value), path)}
        if torch is not None and type(value) in (torch.Tensor, torch.nn.Parameter):
            return {"tensor": self._tensor(value, path)}
        if pandas is not None and isinstance(value, pandas.Index):
            return {"index": self._column(value, path)}
        if pandas is not None and type(value) is pandas.Series:
            index = self._column(value.index, f"the index of {path}")
            return {"series": [index, self._column(value, path)]}
        if pandas is not None and type(value) is pandas.DataFrame:
            names = self._column(value.columns, f"the columns of {path}")
            index = self._column(value.index, f"the index of {path}")
            columns = [
                self._column(value.iloc[:, number], f"{path}[{name!r}]")
                for number, name in enumerate(value.columns)
            ]
            return {"frame": [names, index, columns]}
        remedy = "Give numbers, texts, arrays or tensors, or containers of these."
        if torch is not None and isinstance(value, torch.nn.Module):
            remedy = "Give its state_dict()."
        name = f"{type(value).__module__}.{type(value).__qualname__}".replace("builtins.", "")
        raise Unencodable(f"{path} is of the type {name}. {remedy}")

    def _array(self, array: Any, path: str) -> list[Any]:
        if not DTYPE.fullmatch(array.dtype.str) or not array.dtype.itemsize:
            raise Unencodable(
                f"{path} is an array of {array.dtype}. Give numbers, or texts of a fixed length."
            )
        return [array.dtype.str, list(array.shape), self._blob(array.nbytes, array.tobytes)]

    def _tensor(self, tensor: Any, path: str) -> list[Any]:
        torch: Any = self._torch
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            raise Unencodable(f"{path} is a sparse, quantized or meta tensor. Make it dense.")
        size = tensor.numel() * tensor.element_size()

        def memory() -> bytes:
            dense = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
            return ctypes.string_at(dense.data_ptr(), size) if size else b""

        name = str(tensor.dtype).rpartition(".")[2]
        return [name, list(tensor.shape), self._blob(size, memory)]

    def _column(self, column: Any, path: str) -> dict[str, Any]:
        """A series without its index, or an index."""
        pandas: Any = self._pandas
        dtype = str(column.dtype)
        if isinstance(column, pandas.RangeIndex):
            data = self.node(range(column.start, column.stop, column.step), path)
        elif isinstance(column, pandas.MultiIndex):
            raise Unencodable(f"{path} has several levels. Give reset_index() of it.")
        elif dtype == "category":
            parts = column.cat if isinstance(column, pandas.Series) else column
            data = [
                self._column(parts.categories, f"the categories of {path}"),
                self._array(pandas.Series(parts.codes).to_numpy(), path),
                bool(parts.ordered),
            ]
        elif LISTED.fullmatch(dtype):
            values = [None if item is pandas.NA else item for item in column.tolist()]
            data = self._items(values, path)
        else:
            array = column.to_numpy()
            # Whatever is not numpy's own, such as times of a zone, would come as objects.
            data = self._array(array, path)
        return {"dtype": dtype, "data": data, "name": self.node(column.name, f"the name of {path}")}
