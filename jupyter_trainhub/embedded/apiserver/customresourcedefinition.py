"""What a CustomResourceDefinition must be: defaults, and what is refused.

Wordings are those of Kubernetes' apiextensions-apiserver 1.36; of its checks here are those that
catch the usual mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..apimachinery import conditions, jsonpath
from ..apimachinery.names import dns1035
from ..apimachinery.status import Cause, invalid, not_allowed, required, unsupported
from .store import Object
from .structural import within

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_TYPES = ["array", "boolean", "integer", "number", "object", "string"]
_PRESERVE = (
    "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
    "spec.versions[*].schema instead"
)
_STILL_STORED = (
    "missing from spec.versions; {0} was previously a storage version, and must remain in "
    "spec.versions until a storage migration ensures no data remains persisted in {0} and removes "
    "{0} from status.storedVersions"
)
# What a value's schema must say, by where the value stands.
_UNTYPED = {
    "root": "must not be empty at the root",
    "items": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}


def apply_defaults(obj: Object) -> None:
    """Names, conversion and stored versions, in place."""
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    if names.get("kind"):
        names.setdefault("singular", names["kind"].lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})
    fresh = {"acceptedNames": {"plural": "", "kind": ""}, "conditions": None}
    status = obj["status"] = {**fresh, **(obj.get("status") or {})}
    stored = status.get("storedVersions") or []
    status["storedVersions"] = stored + [
        v["name"] for v in spec.get("versions") or ()
        if v.get("storage") and v.get("name") not in stored
    ]  # fmt: skip


def validate(obj: Object) -> list[Cause]:
    """Everything that is wrong with a definition."""
    spec, name = obj["spec"], obj["metadata"].get("name")
    group, scope, strategy = (spec.get(k) for k in ("group", "scope", "conversion"))
    causes = []
    if name != f"{spec['names'].get('plural', '')}.{group or ''}":
        text = 'must be spec.names.plural+"."+spec.group'
        causes.append(invalid("metadata.name", name, text))
    if not group:
        causes.append(required("spec.group"))
    elif "." not in group:
        text = "should be a domain with at least one dot"
        causes.append(invalid("spec.group", group, text))
    if not scope:
        causes.append(required("spec.scope"))
    elif scope not in ("Cluster", "Namespaced"):
        causes.append(unsupported("spec.scope", scope, ["Cluster", "Namespaced"]))
    causes += _versions(spec.get("versions") or [])
    causes += _names(spec["names"])
    if strategy["strategy"] != "None":
        # Webhooks are not called here.
        field = "spec.conversion.strategy"
        causes.append(unsupported(field, strategy["strategy"], ["None"]))
    if spec.get("preserveUnknownFields"):
        causes.append(invalid("spec.preserveUnknownFields", True, _PRESERVE))
    known = {v.get("name") for v in spec.get("versions") or ()}
    for index, stored in enumerate(obj["status"]["storedVersions"]):
        if stored not in known:
            field, text = f"status.storedVersions[{index}]", _STILL_STORED.format(stored)
            causes.append(invalid(field, stored, text))
    return causes


def validate_update(old: Object, new: Object) -> list[Cause]:
    """What may not change."""
    fields = [".spec.group", ".spec.names.plural"]
    if conditions.is_true(old, "Established"):
        fields += [".spec.scope", ".spec.names.kind"]
    return [
        invalid(field[1:], "".join(jsonpath.find(field, new)), "field is immutable")
        for field in fields
        if jsonpath.find(field, new) != jsonpath.find(field, old)
    ]


def _names(names: Object) -> Iterator[Cause]:
    for field in ("plural", "singular", "kind", "listKind"):
        name, kind = names.get(field, ""), field in ("kind", "listKind")
        if not name:
            yield required(f"spec.names.{field}")
        for fault in dns1035(name.lower() if kind else name) if name else ():
            mixed = "may have mixed case, but should otherwise match: " if kind else ""
            yield invalid(f"spec.names.{field}", name, mixed + fault)


def _versions(given: list[Object]) -> Iterator[Cause]:
    schemas: list[Any] = [(v.get("schema") or {}).get("openAPIV3Schema") for v in given]
    columns = [v.get("additionalPrinterColumns") or [] for v in given]
    # The real server moves what all versions share to the top before it looks.
    one_schema = all(schema == schemas[0] for schema in schemas)
    one_table = all(table == columns[0] for table in columns)
    for index, version in enumerate(given):
        path = f"spec.versions[{index}]"
        if schemas[index] is None:
            yield required(f"{path}.schema.openAPIV3Schema")
        elif not (one_schema and index):
            above = "spec.validation" if one_schema else f"{path}.schema"
            yield from _schema(schemas[index], f"{above}.openAPIV3Schema", "root")
        name = version.get("name", "")
        yield from (invalid(f"{path}.name", name, fault) for fault in dns1035(name))
        if not (one_table and index):
            above = "spec" if one_table else path
            for number, column in enumerate(columns[index]):
                yield from _column(column, f"{above}.additionalPrinterColumns[{number}]")
    if len({v.get("name") for v in given}) != len(given):
        yield invalid("spec.versions", given, "must contain unique version names")
    if sum(bool(v.get("storage")) for v in given) != 1:
        text = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", given, text)


def _column(column: Object, path: str) -> Iterator[Cause]:
    kind, types = column.get("type"), f"must be one of {','.join(_COLUMN_TYPES)}"
    if not column.get("name"):
        yield required(f"{path}.name")
    if kind not in _COLUMN_TYPES:
        yield invalid(f"{path}.type", kind, types) if kind else required(f"{path}.type", types)
    if not column.get("jsonPath"):
        yield required(f"{path}.JSONPath")
        return
    try:
        jsonpath.parse(column["jsonPath"])
    except ValueError as error:
        yield invalid(f"{path}.JSONPath", column["jsonPath"], str(error))


def _schema(schema: Object, path: str, level: str) -> Iterator[Cause]:
    # That a schema is structural: every value has a type.
    kind: Any = schema.get("type")
    free = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    if kind and kind not in _TYPES:
        yield unsupported(f"{path}.type", kind, _TYPES)
    elif kind and level == "root" and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")
    elif not kind and not any(schema.get(word) for word in free):
        yield required(f"{path}.type", _UNTYPED[level])
    if kind == "array" and "items" not in schema:
        yield required(f"{path}.items", "must be specified")
    if schema.get("properties") and schema.get("additionalProperties"):
        text = "additionalProperties and properties are mutual exclusive"
        yield not_allowed(f"{path}.additionalProperties", text)
    if schema.get("x-kubernetes-list-type") == "map" and not schema.get(
        "x-kubernetes-list-map-keys"
    ):
        text = "must not be empty if x-kubernetes-list-type is map"
        yield required(f"{path}.x-kubernetes-list-map-keys", text)
    for below, where in within(schema, path):
        if not (level == "root" and where.endswith(".properties[metadata]")):
            yield from _schema(below, where, "items" if where.endswith(".items") else "field")
