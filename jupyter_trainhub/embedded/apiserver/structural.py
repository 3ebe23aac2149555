"""Structural schemas of custom resources: what they default, and what they refuse.

Wordings are those of Kubernetes' apiextensions-apiserver and kube-openapi 1.36. What a schema does
not name is dropped by decoding (``apimachinery/schema.py``).
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..apimachinery.status import Cause, invalid, required, too_long, too_many, unsupported
from .store import Object

# Stands for "there was no value", which is something else than null.
ABSENT: Any = object()

ROOT = "<nil>"

# What JSON calls the values that Python parses it into.
JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array",
               dict: "object", type(None): "null"}  # fmt: skip


def within(schema: Object, path: str) -> Iterator[tuple[Object, str]]:
    """The schemas directly within a schema, each with its path."""
    for name, below in (schema.get("properties") or {}).items():
        yield below, f"{path}.properties[{name}]"
    for word in ("items", "additionalProperties"):
        if isinstance(below := schema.get(word), dict):
            yield below, f"{path}.{word}"


def children(
    schema: Object, value: Any, path: str = "", old: Any = ABSENT, brackets: bool = False
) -> Iterator[tuple[Object, Any, str, Any]]:
    """Each value within a value: its schema, itself, its path, and what it was before.

    Only what can be told apart has a past: fields, values of maps, and items of lists with keys.
    ``brackets`` writes the path of a map's value as ``labels[a]``, not ``labels.a``.
    """
    if isinstance(value, dict):
        fields, others = schema.get("properties") or {}, schema.get("additionalProperties")
        before = old if isinstance(old, dict) else {}
        for name, inner in value.items():
            below = fields.get(name, others)
            if isinstance(below, dict):
                named = name in fields or not brackets
                where = (f"{path}.{name}" if path else name) if named else f"{path}[{name}]"
                yield below, inner, where, before.get(name, ABSENT)
    elif isinstance(value, list) and isinstance(below := schema.get("items"), dict):
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        past = {_key(item, keys): item for item in old} if keys and isinstance(old, list) else {}
        for index, inner in enumerate(value):
            yield below, inner, f"{path}[{index}]", past.get(_key(inner, keys), ABSENT)


def _key(item: Any, keys: Sequence[str]) -> str:
    named = {k: item.get(k) for k in keys} if keys and isinstance(item, dict) else item
    return json.dumps(named, sort_keys=True, separators=(",", ":"))


def apply_defaults(schema: Object, value: Any) -> None:
    """Give fields that are missing (or null, and may not be) their defaults, in place."""
    if isinstance(value, dict):
        for name, below in (schema.get("properties") or {}).items():
            if value.get(name, ABSENT) is None and not below.get("nullable"):
                del value[name]
            if name not in value and "default" in below:
                value[name] = copy.deepcopy(below["default"])
    for below, inner, _, _ in children(schema, value):
        apply_defaults(below, inner)


def validate(schema: Object, value: Any, path: str = "", old: Any = ABSENT) -> Iterator[Cause]:
    """What is wrong with a value. What has not changed is not judged again (ratcheting)."""
    if path and old is not ABSENT and old == value:
        return
    if value is None:
        if not schema.get("nullable"):
            yield from _type(schema, value, path)
        return
    yield from _type(schema, value, path)
    yield from _junctors(schema, value, path)
    yield from _bounds(schema, value, path)
    if "enum" in schema and value not in schema["enum"]:
        yield unsupported(path, value, [_text(v) for v in schema["enum"]])
    if isinstance(value, list):
        yield from _duplicates(schema, value, path)
    for below, inner, where, before in children(schema, value, path, old):
        yield from validate(below, inner, where, before)
    if isinstance(value, dict):
        needed = list(schema.get("required") or ())
        if schema.get("x-kubernetes-embedded-resource"):
            needed += [f for f in ("apiVersion", "kind") if f not in needed]
        for name in needed:
            if name not in value:
                yield required(f"{path}.{name}" if path else name)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _type(schema: Object, value: Any, path: str) -> Iterator[Cause]:
    mixed = schema.get("x-kubernetes-int-or-string")
    wanted = ["integer", "string"] if mixed else [schema["type"]] if "type" in schema else []
    given, form = JSON_TYPES[type(value)], schema.get("format")
    fits = {given}
    if given == "integer" or (given == "number" and value.is_integer()):
        fits |= {"integer", "number"}
    if wanted and not fits & set(wanted):
        name = ",".join(wanted)
        if form and given not in ("string", "array", "null"):
            name, given = form, {"integer": "int64", "number": "float64"}.get(given, "")
        detail = f'{path} in body must be of type {name}: "{given}"'
        yield Cause("FieldValueTypeInvalid", f'Invalid value: "{given}": {detail}', path)
    elif form in ("int32", "int64") and given == "integer":
        limit = 1 << (31 if form == "int32" else 63)
        if not -limit <= value < limit:
            detail = f"Checked value must be of type integer with format {form} in {path}"
            yield invalid(ROOT, "", detail)
    elif isinstance(value, str) and not _well_formed(form, value):
        yield invalid(path, value, f'{path} in body must be of type {form}: "{value}"')


def _junctors(schema: Object, value: Any, path: str) -> Iterator[Cause]:
    for word, text in (("anyOf", "at least one schema (anyOf)"),
                       ("oneOf", "one and only one schema (oneOf)")):  # fmt: skip
        tried = [list(validate(s, value, path)) for s in schema.get(word) or ()]
        valid = sum(not causes for causes in tried)
        if tried and valid != 1 and (word == "oneOf" or not valid):
            detail = f'"{path}" must validate {text}'
            if word == "oneOf":
                many = f"Found {valid} valid alternatives" if valid else "Found none valid"
                detail += f". {many}"
            yield invalid(ROOT, "", detail)
            if not valid:
                yield from min(tried, key=len)
    tried = [list(validate(s, value, path)) for s in schema.get("allOf") or ()]
    if any(tried):
        for causes in tried:
            yield from causes
        none = ". None validated" if all(tried) else ""
        yield invalid(ROOT, "", f'"{path}" must validate all the schemas (allOf){none}')
    if "not" in schema and not list(validate(schema["not"], value, path)):
        yield invalid(ROOT, "", f'"{path}" must not validate the schema (not)')


_NUMBER = (int, float)
# keyword -> the types it speaks of, whether a value (or its size) satisfies it, what is said if not
_BOUNDS: dict[str, tuple[Any, Callable[[Any, Any], bool], str]] = {
    "minLength": (str, lambda v, n: len(v) >= n, "should be at least {} chars long"),
    "pattern": (str, lambda v, p: bool(_compiled(p).search(v)), "should match '{}'"),
    "multipleOf": (_NUMBER, lambda v, n: float(v / n).is_integer(), "should be a multiple of {}"),
    "minimum": (_NUMBER, lambda v, n: v >= n, "should be greater than or equal to {}"),
    "maximum": (_NUMBER, lambda v, n: v <= n, "should be less than or equal to {}"),
    "minItems": (list, lambda v, n: len(v) >= n, "should have at least {} items"),
    "minProperties": (dict, lambda v, n: len(v) >= n, "should have at least {} properties"),
}
_EXCLUSIVE: dict[str, tuple[str, Callable[[Any, Any], bool], str]] = {
    "minimum": ("exclusiveMinimum", lambda v, n: v > n, "should be greater than {}"),
    "maximum": ("exclusiveMaximum", lambda v, n: v < n, "should be less than {}"),
}


def _bounds(schema: Object, value: Any, path: str) -> Iterator[Cause]:
    longest = schema.get("maxLength")
    if isinstance(value, str) and longest is not None and len(value) > longest:
        yield too_long(path, longest)
        return
    most = schema.get("maxItems" if isinstance(value, list) else "maxProperties")
    if isinstance(value, (list, dict)) and most is not None and len(value) > most:
        yield too_many(path, len(value), most)
    for word, (types, satisfied, text) in _BOUNDS.items():
        limit = schema.get(word)
        if limit is None or not isinstance(value, types) or isinstance(value, bool):
            continue
        if word in _EXCLUSIVE and schema.get(_EXCLUSIVE[word][0]):
            _, satisfied, text = _EXCLUSIVE[word]
        if not satisfied(value, limit):
            shown = len(value) if isinstance(value, (list, dict)) else value
            yield invalid(path, shown, f"{path} in body {text.format(limit)}")


def _compiled(pattern: str) -> re.Pattern[str]:
    # Go's `$` is the text's very end; Python's also stands before a last line break.
    return re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", pattern))


def _duplicates(schema: Object, value: list[Any], path: str) -> Iterator[Cause]:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
    if kind not in ("set", "map"):
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        key = _key(item, keys or ())
        if key in seen:
            yield Cause("FieldValueDuplicate", f"Duplicate value: {key}", f"{path}[{index}]")
        seen.add(key)


_UUID = r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_MOMENT = r"(?i)\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d(\.\d+)?(z|[-+]\d\d:?\d\d)?"
_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
# Formats told by a pattern, and by a function that raises ValueError; others are not looked at.
_PATTERNS = {
    "date-time": _MOMENT, "datetime": _MOMENT, "date": r"\d{4}-\d\d-\d\d", "uuid": _UUID,
    "duration": r"[-+]?(\d+(\.\d*)?\s*[a-zµ]+\s*)+|0", "email": r"[^@\s]+@[^@\s]+",
    "hostname": rf"(?i){_LABEL}(\.{_LABEL})*", "uri": r"(?i)([a-z][-+.a-z0-9]*:|/)\S*",
    "mac": r"(?i)([0-9a-f]{2}[:-]){5}[0-9a-f]{2}", "k8s-short-name": _LABEL,
    "k8s-long-name": r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?",
}  # fmt: skip
_READERS: dict[str, Callable[[str], Any]] = {
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address, "cidr": lambda v: ipaddress.ip_network(v, strict=False),
    "byte": lambda v: b64decode(v, validate=True),
}  # fmt: skip


def _well_formed(form: str | None, value: str) -> bool:
    if form in _PATTERNS:
        return bool(re.fullmatch(_PATTERNS[form], value))
    try:
        _READERS.get(form or "", str)(value)
    except ValueError:
        return False
    return True
