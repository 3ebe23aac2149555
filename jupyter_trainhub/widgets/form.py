"""A form of widgets for any JSON Schema of an object, in a notebook's output."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import ipywidgets

from jupyter_trainhub.errors import InvalidField

Schema = Mapping[str, Any]

_STYLE = {"description_width": "13em"}
_WIDE = {"width": "34em"}
_BELOW = {"margin": "0 0 0 14em", "max_width": "20em"}
_FAULT = "<span role='alert' style='color: var(--jp-error-color1)'>{}</span>"
_LINES = {
    "object": "a line each: NAME=value",
    "array": "a line each: a JSON object",
}


class Form:
    """A widget for each property of ``schema``, in its order; ``values`` are what they hold."""

    def __init__(self, schema: Schema) -> None:
        self.fields: dict[str, Any] = {
            name: _field(name, part, required=name in schema.get("required", ()))
            for name, part in schema["properties"].items()
        }
        self._schema = schema["properties"]
        self._faults = {name: ipywidgets.HTML(layout=_BELOW) for name in self.fields}
        self.widget = ipywidgets.VBox(
            [ipywidgets.VBox([field, self._faults[name]]) for name, field in self.fields.items()]
        )
        self.mark({})

    def values(self) -> dict[str, Any]:
        """What was given, as the schema has it; empty fields are left out.

        Raises InvalidField for a line that cannot be read.
        """
        found = {
            name: _value(name, self._schema[name], widget) for name, widget in self.fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def mark(self, errors: Mapping[str, str]) -> None:
        """Say below each field what is wrong with it, by ``errors``, and below the others nothing.

        A part of a field, such as ``mounts.0.path``, counts as the field.
        """
        told: dict[str, list[str]] = {}
        for field, message in errors.items():
            told.setdefault((field or "").partition(".")[0], []).append(message)
        for name, fault in self._faults.items():
            sentences = escape(" ".join(told.get(name, ())))
            fault.value = _FAULT.format(sentences) if sentences else ""
            fault.layout.display = None if sentences else "none"

    def on_change(self, call: Callable[[], None]) -> None:
        """Call ``call`` whenever a field is changed."""
        for widget in self.fields.values():
            widget.observe(lambda change: call(), names="value")


def _field(name: str, part: Schema, *, required: bool) -> Any:
    look: dict[str, Any] = {
        "description": part.get("title", name) + (" *" if required else ""),
        "tooltip": part.get("description", ""),
        "style": _STYLE,
        "layout": _WIDE,
    }
    default, kind = part.get("default"), part.get("type")
    choices = _choices(part)
    if choices:
        empty = [] if default is not None else [("", None)]
        return ipywidgets.Dropdown(options=[*empty, *choices], value=default, **look)
    if kind == "boolean":
        return ipywidgets.Checkbox(value=bool(default), **look)
    if kind == "integer":
        bounds = {"min": part.get("minimum", -(2**31)), "max": part.get("maximum", 2**31)}
        return ipywidgets.BoundedIntText(value=default or 0, **bounds, **look)
    if kind == "number":
        bounds = {"min": part.get("minimum", -1e18), "max": part.get("maximum", 1e18), "step": 0.5}
        return ipywidgets.BoundedFloatText(value=default or 0.0, **bounds, **look)
    if kind == "array" and _choices(part.get("items", {})):
        options = _choices(part["items"])
        return ipywidgets.SelectMultiple(
            options=options, value=tuple(default or ()), rows=min(6, len(options)), **look
        )
    if kind in _LINES:
        return ipywidgets.Textarea(
            value=_text(default), placeholder=_LINES[str(kind)], rows=2, **look
        )
    if part.get("examples"):
        examples = [str(example) for example in part["examples"]]
        return ipywidgets.Combobox(value=default or "", options=examples, **look)
    return ipywidgets.Text(value=default or "", continuous_update=True, **look)


def _choices(part: Schema) -> list[tuple[str, Any]]:
    """Texts and values to choose from."""
    if "enum" in part:
        return [(str(value), value) for value in part["enum"]]
    return [
        (", ".join(filter(None, (one.get("title"), one.get("description")))), one["const"])
        for one in part.get("oneOf", ())
        if "const" in one
    ]


def _value(name: str, part: Schema, widget: Any) -> Any:
    value = widget.value
    if part.get("type") == "array" and not isinstance(value, str):
        return list(value)
    if part.get("type") in _LINES:
        lines = [line for line in value.splitlines() if line.strip()]
        read = _variables if part["type"] == "object" else _objects
        return read(name, lines) or None
    return value.strip() or None if isinstance(value, str) else value


def _variables(field: str, lines: Sequence[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, equals, value = line.partition("=")
        if not equals:
            raise InvalidField(
                f"the line {line!r} has no value", field=field, remedy="Write NAME=value."
            )
        found[name.strip()] = value
    return found


def _objects(field: str, lines: Sequence[str]) -> list[Any]:
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise InvalidField(
            f"a line is not JSON: {error}",
            field=field,
            remedy='Write a line such as {"path": "/mnt/data", "claim": "data"}.',
        ) from None


def _text(default: Any) -> str:
    if isinstance(default, Mapping):
        return "\n".join(f"{name}={value}" for name, value in default.items())
    return "\n".join(json.dumps(item) for item in default or ())
