"""Reading what clients write: bodies, and what is said of fields that their kind does not have."""

from __future__ import annotations

import json
from typing import Any

from ..apimachinery import decoding, patch, protobuf, schema, serializer
from ..apimachinery.decoding import Mismatch
from ..apimachinery.resources import Resource
from ..apimachinery.status import (
    Cause,
    bad_request,
    invalid_object,
    unsupported_media_type,
)
from .discovery import FOREIGN_KINDS
from .store import Object

# What Go reads first of an object.
_GO_HEAD = (
    r'struct { APIVersion string "json:\"apiVersion,omitempty\""; '
    r'Kind string "json:\"kind,omitempty\"" }'
)


def kind_of(resource: Resource, subresource: str = "") -> tuple[str, str]:
    """The apiVersion and kind of what is written there."""
    kind = resource.parts[subresource][0] if subresource else resource.kind
    foreign = FOREIGN_KINDS.get(kind)
    return f"{foreign['group']}/{foreign['version']}" if foreign else resource.api_version, kind


class FieldValidation:
    """How strictly one request is read: Ignore, Warn or Strict."""

    def __init__(self, directive: str) -> None:
        self.directive = directive
        # What the client is to be warned of.
        self.warnings: list[str] = []

    def read(self, expected: tuple[str, str], media_type: str, body: bytes) -> Object:
        """The object in a request's body.

        Raises:
            ApiError: 400, 415.
        """
        api_version, kind = expected
        try:
            obj = _parse(media_type, body)
        except ValueError as error:
            raise bad_request(
                f"the object provided is unrecognized (must be of type {kind}): {error} "
                f"({_summary(body)})"
            ) from error
        given = str(obj.get("apiVersion") or api_version), str(obj.get("kind") or kind)
        version = given[0].rpartition("/")[2]
        refusal = f'{given[1]} in version "{version}" cannot be handled as a {kind}: '
        # Every group version has options to delete by, which are all the same.
        if given != expected and (kind, given[1]) != ("DeleteOptions", kind):
            raise bad_request(refusal + _other_kind(given, expected))
        try:
            return self._decode(expected, obj, [])
        except (Mismatch, _Strict) as error:
            raise bad_request(f"{refusal}{error}") from error

    def read_patch(self, body: bytes) -> tuple[Any, list[str]]:
        """The patch in a request's body, and the strict errors in it.

        Raises:
            ApiError: 400.
        """
        try:
            change = serializer.from_json(body)
        except ValueError as error:
            raise bad_request(f"error decoding patch: {error}") from error
        return change, [] if self.directive == "Ignore" else decoding.duplicates(change)

    def patched(
        self, expected: tuple[str, str], obj: Any, media_type: str, change: Any, errors: list[str]
    ) -> Object:
        """What a patch left, decoded.

        Raises:
            ApiError: 400, 422.
        """
        if not isinstance(obj, dict):
            raise bad_request("the patch does not leave an object")
        try:
            return self._decode(expected, obj, errors)
        except (Mismatch, _Strict) as error:
            value, text = json.dumps(obj, separators=(",", ":"), ensure_ascii=False), str(error)
            if media_type == patch.STRATEGIC:
                value, text = patch.go_text(change), getattr(error, "in_patch", text)
            quoted = json.dumps(value, ensure_ascii=False)
            cause = Cause("FieldValueInvalid", f"Invalid value: {quoted}: {text}", "patch")
            raise invalid_object(Resource("", "", "", ""), "", [cause]) from error

    def _decode(self, expected: tuple[str, str], obj: Object, errors: list[str]) -> Object:
        type = schema.of_kind(*expected)
        if type is None:
            return obj
        decoded, found = schema.decode(type, obj, self.directive)
        errors = errors + found
        if errors and self.directive == "Strict":
            raise _Strict("strict decoding error: " + ", ".join(errors))
        self.warnings += errors
        return decoded


class _Strict(ValueError):
    """Fields that the kind does not have, or that stand twice."""


def _parse(media_type: str, body: bytes) -> Object:
    if media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode(body)
    if media_type not in (*serializer.MEDIA_TYPES, ""):
        raise unsupported_media_type(media_type, serializer.MEDIA_TYPES)
    read = serializer.from_yaml if media_type == serializer.YAML else serializer.from_json
    try:
        value = read(body)
        if not isinstance(value, dict):
            given = decoding.json_name(value)
            raise ValueError(f"json: cannot unmarshal {given} into Go value of type {_GO_HEAD}")
    except ValueError as error:
        raise ValueError(f"couldn't get version/kind; json parse error: {error}") from error
    return value


def _other_kind(given: tuple[str, str], expected: tuple[str, str]) -> str:
    if schema.of_kind(*given) is None or given[1] == expected[1]:
        return (
            f'no kind "{given[1]}" is registered for version "{given[0]}" in scheme '
            '"pkg/api/legacyscheme/scheme.go:30"'
        )
    internal = expected[0].rpartition("/")[0].partition(".")[0] or "core"
    return (
        f"converting ({given[0].rpartition('/')[2]}.{given[1]}) to ({internal}.{expected[1]}): "
        "unknown conversion"
    )


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    if body[:1] == b"{":
        text = body.decode(errors="replace")
        return text if len(text) <= 30 else text[:30] + " ..."
    return body.hex() if len(body) <= 30 else body[:30].hex() + " ..."
