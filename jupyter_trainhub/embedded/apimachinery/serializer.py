"""Bodies of requests as clients write them: JSON, YAML, or Kubernetes' protobuf.

What is wrong with one is said as Go's decoders say it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from . import protobuf
from .decoding import Repeated

JSON = "application/json"
YAML = "application/yaml"
MEDIA_TYPES = [JSON, YAML, protobuf.MEDIA_TYPE]

_GO = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes":
        "looking for beginning of object key string",
    "Expecting ':' delimiter": "after object key",
    "Expecting ',' delimiter": "after object key:value pair",
    "Extra data": "after top-level value",
}  # fmt: skip


def from_json(body: bytes) -> Any:
    """The value; its objects know which of their names stood more than once.

    Raises:
        ValueError: it is malformed.
    """
    try:
        return json.loads(body, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].lstrip()
        place = _GO.get(error.msg, error.msg)
        wrong = f"invalid character '{rest[0]}' {place}" if rest else "unexpected end of JSON input"
        raise ValueError(wrong) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    names = [name for name, _ in pairs]
    doubled = Repeated(made)
    doubled.repeated = tuple(dict.fromkeys(n for n in names if names.count(n) > 1))
    return doubled


def _no_constant(name: str) -> Any:
    raise ValueError(f"invalid character '{name[0]}' looking for beginning of value")


def from_yaml(body: bytes) -> Any:
    """The value of YAML, of which JSON is a part.

    Raises:
        ValueError: it is malformed.
    """
    try:
        return json.loads(body)
    except ValueError:
        yaml, loader = _yaml()
    try:
        # All names are texts in JSON.
        return json.loads(json.dumps(yaml.load(body, loader)))
    except yaml.YAMLError as error:
        raise ValueError(f"error decoding YAML: {error}") from error


@cache
def _yaml() -> tuple[Any, Any]:
    # Imported when needed: most clients write JSON.
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML as JSON sees it: dates are texts."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml, Loader
