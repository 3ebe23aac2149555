"""Reading a client's JSON into an object of a type, as Go's decoder and Kubernetes' types do."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import timezone
from typing import TYPE_CHECKING, Any

from . import clock, quantity

if TYPE_CHECKING:
    from .schema import Type

_PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_BITS = {"int32": 31, "int64": 63, "int": 63}


class Repeated(dict[str, Any]):
    """A JSON object in which the names in ``repeated`` stood more than once."""

    repeated: tuple[str, ...] = ()


class Mismatch(ValueError):
    """A value that its field cannot hold; the text is the one that Go's decoder gives.

    ``in_patch`` is what Kubernetes says of it in a strategic merge patch.
    """

    def __init__(self, text: str, go: str = "", in_patch: str = "") -> None:
        super().__init__(text)
        self.in_patch = in_patch or text
        self._go = go
        self._struct = ""
        self._path: list[str] = []

    def within(self, type: Type, field: str) -> None:
        """Note that the value stands in that field."""
        self._struct = self._struct or type.go.rpartition(".")[2]
        self._path.insert(0, field)

    def __str__(self) -> str:
        text, path = super().__str__(), ".".join(self._path)
        if not self._go:
            return text
        where = f"struct field {self._struct}.{path} of" if path else "value of"
        return f"json: cannot unmarshal {text} into Go {where} type {self._go}"


def value(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    """The value in its canonical form; strict errors go to ``errors``.

    A type without a Go name is a custom resource's, whose values the schema's validation judges.

    Raises:
        Mismatch: the type cannot hold the value.
    """
    if given is None:
        return zero(type) if type.go else None
    return _READERS[type.kind](type, given, path, errors)


def zero(type: Type) -> Any:
    """What Go writes of a value that nobody set."""
    if type.kind == "object":
        return {name: zero(inner) for name, inner in type.always.items()}
    return _ZEROES.get(type.kind)


_ZEROES = {"string": "", "integer": 0, "number": 0, "boolean": False, "quantity": "0",
           "intOrString": 0}  # fmt: skip


def duplicates(given: Any, path: str = "") -> list[str]:
    """The strict errors of JSON that has no type: a patch."""
    prefix = f"{path}." if path else ""
    found = _repeated(given, prefix)
    if isinstance(given, dict):
        for name, inner in given.items():
            found += duplicates(inner, prefix + name)
    elif isinstance(given, list):
        for i, inner in enumerate(given):
            found += duplicates(inner, f"{path}[{i}]")
    return found


def _repeated(given: Any, prefix: str) -> list[str]:
    return [f'duplicate field "{prefix}{name}"' for name in getattr(given, "repeated", ())]


def _object(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    if not isinstance(given, dict):
        return _refuse(type, given)
    made: dict[str, Any] = {}
    prefix = f"{path}." if path else ""
    errors += _repeated(given, prefix)
    for name, inner in given.items():
        field = type.fields.get(name)
        if field is None:
            if type.preserve_unknown:
                made[name] = inner
            else:
                errors.append(f'unknown field "{prefix}{name}"')
        elif inner is not None or not field.type.go:
            try:
                result = value(field.type, inner, prefix + name, errors)
            except Mismatch as mismatch:
                mismatch.within(type, name)
                raise
            if result or field.empty != "omit":
                made[name] = result
    for name, missing in type.always.items():
        if name not in made:
            made[name] = zero(missing)
    return made


def _list(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    if not isinstance(given, list) or type.items is None:
        return _refuse(type, given)
    items = type.items
    return [value(items, inner, f"{path}[{i}]", errors) for i, inner in enumerate(given)]


def _map(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    if not isinstance(given, dict) or type.items is None:
        return _refuse(type, given)
    errors += _repeated(given, f"{path}.")
    items = type.items
    return {name: value(items, inner, f"{path}.{name}", errors) for name, inner in given.items()}


def _plain(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    fits = given.__class__ in _PLAIN[type.kind]
    if fits and type.go in _BITS:
        fits = -1 << _BITS[type.go] <= given < 1 << _BITS[type.go]
    return given if fits else _refuse(type, given)


_PLAIN = {"string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float)}
# By Python's types: what JSON has, as Go's decoder and as Kubernetes' converter name it.
_JSON_NAMES = {bool: "bool", str: "string", list: "array", int: "number", float: "number"}
_GO_KINDS = {bool: "bool", str: "string", list: "slice", int: "int64", float: "float64"}
_RESTORED = {"list": "slice from", "map": "map from", "object": "struct from:"}


def json_name(value: Any) -> str:
    """What Go's decoder calls a value of this type."""
    return _JSON_NAMES.get(value.__class__, "object")


def _refuse(type: Type, given: Any) -> Any:
    if not type.go:
        return given
    name = json_name(given)
    if name == "number" and type.kind == "integer":
        name = f"number {given}"
    found = _GO_KINDS.get(given.__class__, "map")
    if type.kind in _RESTORED:
        in_patch = f"cannot restore {_RESTORED[type.kind]} {found}"
    elif (type.kind, found) in (("string", "int64"), ("integer", "float64")):
        in_patch = f"cannot convert {found} to {type.go}"
    else:
        kinds = {"string": "string", "boolean": "bool"}
        in_patch = f"unrecognized type: {kinds.get(type.kind, type.go)}"
    raise Mismatch(name, type.go, in_patch)


def _refuse_whole(given: Any, go: str) -> Any:
    # What a type's own decoder says knows nothing of the field around it.
    name = json_name(given)
    raise Mismatch(f"json: cannot unmarshal {name} into Go value of type {go}")


def _any(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    return given


def _quantity(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    try:
        return quantity.canonical(str(given))
    except ValueError as error:
        raise Mismatch(str(error)) from None


def _int_or_string(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    fits = not type.go or given.__class__ in (int, str)
    return given if fits else _refuse_whole(given, "int32")


def _time(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    if not isinstance(given, str):
        return _refuse_whole(given, "string")
    micro = type.go.endswith("MicroTime")
    if _PLAIN_TIME.fullmatch(given) and not micro:
        return given
    try:
        moment = clock.parse(given).astimezone(timezone.utc)
    except ValueError:
        layout = f"2006-01-02T15:04:05{'.000000' if micro else ''}Z07:00"
        raise Mismatch(
            f'parsing time "{given}" as "{layout}": cannot parse "{given}" as "2006"'
        ) from None
    return moment.strftime("%Y-%m-%dT%H:%M:%S" + (".%fZ" if micro else "Z"))


def _bytes(type: Type, given: Any, path: str, errors: list[str]) -> Any:
    if not isinstance(given, str):
        return _refuse(type, given)
    text = given.replace("\n", "").replace("\r", "")
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        wrong = re.search("[^A-Za-z0-9+/=]", text)
        position = wrong.start() if wrong else len(text) - len(text) % 4
        raise Mismatch(f"illegal base64 data at input byte {position}") from None
    return text


_READERS: dict[str, Callable[[Type, Any, str, list[str]], Any]] = {
    "object": _object, "list": _list, "map": _map, "string": _plain, "boolean": _plain,
    "integer": _plain, "number": _plain, "any": _any, "quantity": _quantity,
    "intOrString": _int_or_string, "time": _time, "bytes": _bytes,
}  # fmt: skip
