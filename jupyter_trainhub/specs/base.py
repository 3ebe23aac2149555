"""What specs have in common: strict fields, errors that name the field, a schema for forms."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, core_schema
from typing_extensions import Self

from jupyter_trainhub.errors import Cause, InvalidField


class _FormSchema(GenerateJsonSchema):
    """JSON Schema in which an optional field is simply one that may be left out.

    Pydantic writes ``anyOf: [type, null]`` with ``default: null``, for which form generators draw a
    choice of two.
    """

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        generated = super().default_schema(schema)
        if generated.get("default", ...) is None:
            del generated["default"]
        return generated


class Spec(BaseModel):
    """Base of the specs: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    form_order: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def parse(cls, data: Any) -> Self:
        """A spec from JSON-like ``data``. Raises InvalidField naming every field at fault."""
        if not isinstance(data, Mapping):
            raise InvalidField(
                "the spec must be an object of fields", field="spec", remedy="Send a JSON object."
            )
        try:
            return cls.model_validate(dict(data))
        except ValidationError as error:
            raise invalid_field(cls, error) from None

    def to_dict(self) -> dict[str, Any]:
        """The spec as JSON, without what was left out; :meth:`parse` takes it back."""
        return self.model_dump(mode="json", exclude_none=True)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Self:
        """The same spec with ``defaults`` for the fields that its author did not set.

        Raises InvalidField when a default does not fit.
        """
        given = self.model_dump(mode="json", exclude_unset=True)
        return self.parse({**defaults, **given})

    @classmethod
    def form_schema(cls, defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """JSON Schema for a form; ``defaults`` are the site's and replace those of the spec."""
        schema = cls.model_json_schema(schema_generator=_FormSchema)
        fields = schema["properties"]
        for name, value in (defaults or {}).items():
            if name in fields:
                fields[name]["default"] = value
        first = {name: fields[name] for name in cls.form_order}
        return {**schema, "properties": {**first, **fields}}


def invalid_field(spec: type[Spec], error: ValidationError) -> InvalidField:
    """The domain error for pydantic's: one cause for each field at fault, the first one on top."""
    causes = [Cause(field=_path(problem), message=_sentence(problem)) for problem in error.errors()]
    first = error.errors()[0]
    return InvalidField(
        causes[0]["message"],
        field=causes[0]["field"],
        remedy=_remedy(spec, first),
        causes=causes,
    )


def _path(problem: ErrorDetails) -> str:
    location = [str(part) for part in problem["loc"]]
    context = problem.get("ctx") or {}
    if isinstance(context.get("error"), FieldError):
        location.append(context["error"].field)
    return ".".join(location) or "spec"


def _sentence(problem: ErrorDetails) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"there is no field called {problem['loc'][-1]!r}"
    if kind == "missing":
        return "a value is needed"
    if kind == "value_error":
        return str((problem.get("ctx") or {}).get("error", problem["msg"]))
    return problem["msg"][:1].lower() + problem["msg"][1:]


def _remedy(spec: type[Spec], problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
        near = difflib.get_close_matches(name, spec.model_fields, n=1)
        known = ", ".join(spec.model_fields)
        return f"Did you mean {near[0]!r}?" if near else f"The fields are {known}."
    context = problem.get("ctx") or {}
    if isinstance(context.get("error"), FieldError):
        return str(context["error"].remedy)
    field = spec.model_fields.get(name)
    return (field.description if field else None) or "Correct this field."


class FieldError(ValueError):
    """Raised by a validator of several fields: says which is at fault and what would do."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.field = field
        self.remedy = remedy
