"""Requests in Kubernetes' protobuf, as Go clients send them.

An object's message is laid out by the field numbers of its type. Source: the ``generated.proto``
files of k8s.io/api, and https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from . import schema
from .resources import Object
from .schema import Type

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
# What a body begins with; a runtime.Unknown follows.
MAGIC = b"k8s\0"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def decode(body: bytes) -> Object:
    """The object in a request's body, as JSON would give it.

    Raises:
        ValueError: the body is no protobuf of a known kind.
    """
    if not body.startswith(MAGIC):
        raise ValueError("provided data does not appear to be a protobuf message, expected prefix "
                         "[107 56 115 0]")  # fmt: skip
    try:
        envelope = dict(_records(body[len(MAGIC) :]))
        identity = {n: text.decode() for n, text in _records(envelope[1])}
        head = {"apiVersion": identity.get(1, ""), "kind": identity.get(2, "")}
        # Every group version has options to delete by, which are all the same.
        version = "v1" if head["kind"] == "DeleteOptions" else head["apiVersion"]
        type = schema.of_kind(version, head["kind"])
        if type is None:
            raise ValueError(f'no kind "{head["kind"]}" is registered for "{head["apiVersion"]}"')
        return head | _message(type, envelope.get(2, b""))
    except (KeyError, IndexError, AttributeError, TypeError, struct.error) as error:
        raise ValueError("unexpected EOF") from error


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _records(data: bytes) -> Iterator[tuple[int, Any]]:
    # Field numbers and values: an int, or bytes for what has a length or is fixed.
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            given, at = _varint(data, at)
            yield number, given
            continue
        if wire == 2:
            length, at = _varint(data, at)
        else:
            length = {1: 8, 5: 4}[wire]
        if at + length > len(data):
            raise IndexError(at)
        yield number, data[at : at + length]
        at += length


def _message(type: Type, data: bytes) -> Object:
    inlined = {name for inner in type.inlined.values() for name in inner.fields}
    by_number = {f.number: (n, f.type) for n, f in type.fields.items() if n not in inlined}
    made: Object = {}
    for number, given in _records(data):
        if number in type.inlined:
            made |= _message(type.inlined[number], given)
            continue
        if number not in by_number:
            continue
        name, inner = by_number[number]
        if inner.kind == "list" and inner.items:
            made.setdefault(name, []).append(_value(inner.items, given))
        elif inner.kind == "map" and inner.items:
            entry = dict(_records(given))
            key = entry.get(1, b"").decode()
            made.setdefault(name, {})[key] = _map_value(inner.items, entry.get(2, b""))
        else:
            made[name] = _value(inner, given)
    return made


def _map_value(items: Type, given: Any) -> Any:
    # A map cannot hold lists: those are messages with one repeated field.
    if items.kind == "list" and items.items:
        return [_value(items.items, inner) for _, inner in _records(given)]
    return _value(items, given)


def _value(type: Type, given: Any) -> Any:
    if type.kind == "object":
        return _message(type, given)
    return _VALUES[type.kind](given)


def _integer(given: int) -> int:
    # Negative ones are the two's complement of 64 bits.
    return given - (1 << 64) if given >> 63 else given


def _quantity(given: bytes) -> str:
    text: bytes = dict(_records(given)).get(1, b"0")
    return text.decode()


def _time(given: bytes) -> str | None:
    # A time that nobody set is an empty message.
    if not given:
        return None
    parts = dict(_records(given))
    seconds, nanos = _integer(parts.get(1, 0)), parts.get(2, 0)
    moment = _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if nanos else "%Y-%m-%dT%H:%M:%SZ")


def _int_or_string(given: bytes) -> int | str:
    parts = dict(_records(given))
    if parts.get(1, 0) == 0:
        return _integer(parts.get(2, 0))
    text: bytes = parts.get(3, b"")
    return text.decode()


def _any(given: bytes) -> Any:
    # RawExtension, FieldsV1 and JSON hold JSON in their first field.
    raw = dict(_records(given)).get(1)
    return json.loads(raw) if raw else None


_VALUES: dict[str, Callable[[Any], Any]] = {
    "string": bytes.decode,
    "integer": _integer,
    "boolean": bool,
    "number": lambda given: struct.unpack("<d", given)[0],
    "bytes": lambda given: base64.b64encode(given).decode(),
    "quantity": _quantity,
    "time": _time,
    "intOrString": _int_or_string,
    "any": _any,
}
