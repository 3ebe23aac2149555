"""Objects checked by the schemas of their definitions, as an API server does it strictly."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import yaml

FILES = {
    "MPIJob": "kubeflow.org_mpijobs.yaml",
    "PyTorchJob": "kubeflow.org_pytorchjobs.yaml",
    "TrainJob": "trainer.kubeflow.org_trainjobs.yaml",
}


def definition(kind: str) -> dict[str, Any]:
    """The CustomResourceDefinition of ``kind``."""
    text = (Path(__file__).parent / FILES[kind]).read_text()
    found: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return found


def check_custom(item: dict[str, Any]) -> None:
    """Fails where ``item`` does not fit, or has a field that the definition does not know."""
    _validator(item["kind"], item["apiVersion"].partition("/")[2]).validate(item)


@cache
def _validator(kind: str, version: str) -> jsonschema.Draft7Validator:
    versions = definition(kind)["spec"]["versions"]
    (schema,) = [
        entry["schema"]["openAPIV3Schema"] for entry in versions if entry["name"] == version
    ]
    schema["properties"]["metadata"] = {"type": "object"}
    return jsonschema.Draft7Validator(_strict(schema))


def _strict(schema: Any) -> Any:
    """A schema of OpenAPI as JSON Schema without room for unknown fields."""
    if isinstance(schema, list):
        return [_strict(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {
        key: {name: _strict(entry) for name, entry in value.items()}
        if key == "properties"
        else _strict(value)
        for key, value in schema.items()
    }
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("type", None)
    elif (
        "properties" in schema
        and "type" in schema
        and not schema.get("x-kubernetes-preserve-unknown-fields")
    ):
        strict.setdefault("additionalProperties", False)
    return strict
