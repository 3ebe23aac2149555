"""TensorBoard's event files: the scalars that they hold, as far as they are written.

Records of TFRecord, length, checksum, data, checksum, of which each is an ``Event``:
https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details and
https://github.com/tensorflow/tensorboard/blob/2.20/tensorboard/compat/proto/event.proto and
``summary.proto``, ``tensor.proto`` there. Checksums are not looked at.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

# Bytes and records that are read in one look, and the size from which a record holds pictures or
# histograms and no scalars.
_AT_ONCE = 1 << 20
_MOST_RECORDS = 20_000
_LARGEST = 16 * 1024
_HEADER = struct.Struct("<QI")
_FOOTER = 4

# DataType of tensor.proto, how its bytes are read, and the field that holds single values.
_TENSORS = {1: ("<f", 5), 2: ("<d", 6), 3: ("<i", 7), 9: ("<q", 10)}


class Scalar(NamedTuple):
    """A value of a metric; it may be none of the finite numbers."""

    tag: str
    step: int
    value: float


class EventFile:
    """Reads one file on from where it was left."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._at = 0

    def read(self) -> list[Scalar]:
        """The scalars that were added, those of about 1 MiB at most. Raises OSError."""
        found: list[Scalar] = []
        left = _AT_ONCE
        with open(self.path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            for _ in range(_MOST_RECORDS):
                file.seek(self._at)
                header = file.read(_HEADER.size)
                if len(header) < _HEADER.size or left <= 0:
                    break
                length: int = _HEADER.unpack(header)[0]
                end = self._at + _HEADER.size + length + _FOOTER
                if end > size:
                    # It is being written.
                    break
                if length <= _LARGEST:
                    found += _scalars(file.read(length))
                    left -= length
                self._at = end
        return found


def _scalars(event: bytes) -> Iterator[Scalar]:
    """The scalars of an ``Event``: its fields are step 2 and summary 5, whose values are 1."""
    try:
        fields = list(_fields(event))
        step = next((value for number, value in fields if number == 2), 0)
        for number, summary in fields:
            if number != 5 or not isinstance(summary, bytes) or not isinstance(step, int):
                continue
            for inner, value in _fields(summary):
                if inner == 1 and isinstance(value, bytes):
                    scalar = _scalar(value, step)
                    if scalar is not None:
                        yield scalar
    except (IndexError, ValueError, struct.error):
        # It is no event; what follows may be some.
        return


def _scalar(value: bytes, step: int) -> Scalar | None:
    """A ``Summary.Value``: tag 1, simple_value 2, tensor 8."""
    tag, number = "", None
    for field, content in _fields(value):
        if field == 1 and isinstance(content, bytes):
            tag = content.decode(errors="replace")
        elif field == 2 and isinstance(content, bytes):
            number = _unpacked("<f", content)
        elif field == 8 and isinstance(content, bytes):
            number = _tensor(content)
    return Scalar(tag, step, number) if tag and number is not None else None


def _tensor(content: bytes) -> float | None:
    """A ``TensorProto`` of one number: dtype 1, tensor_content 4, and a field for each type."""
    fields = dict(_fields(content))
    type_ = fields.get(1)
    if not isinstance(type_, int) or type_ not in _TENSORS:
        return None
    form, single = _TENSORS[type_]
    raw = fields.get(4) or fields.get(single)
    if isinstance(raw, int):
        return float(raw)
    if isinstance(raw, bytes) and len(raw) == struct.calcsize(form):
        return _unpacked(form, raw)
    return None


def _unpacked(form: str, content: bytes) -> float:
    number = float(struct.unpack(form, content)[0])
    # Single precision has 7 digits; what follows is noise.
    return float(f"{number:.7g}") if form == "<f" else number


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message by their numbers; numbers of a fixed size are given as bytes.

    https://protobuf.dev/programming-guides/encoding/
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value - (1 << 64) if value >= 1 << 63 else value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        else:
            size = {1: 8, 5: 4}.get(kind, len(message) + 1)
        if at + size > len(message):
            raise ValueError("a field is longer than its message")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
        if shift > 63:
            raise ValueError("a number is too long")


def latest(scalars: list[Scalar], most: int) -> tuple[int, dict[str, float | None]]:
    """The greatest step, and the last values of ``most`` metrics: losses first, None if not finite.

    Of no scalars it is step 0.
    """
    values: dict[str, float | None] = {}
    for scalar in scalars:
        values[scalar.tag] = scalar.value if math.isfinite(scalar.value) else None
    names = sorted(values, key=lambda tag: "loss" not in tag.lower())[:most]
    step = max((scalar.step for scalar in scalars), default=0)
    return step, {name: values[name] for name in names}
