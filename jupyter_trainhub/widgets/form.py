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
# What a field of several lines takes, by the kind of what is in it.
_LINES = {
    "variables": "a line each: NAME=value",
    "values": "a line each: NAME=JSON value",
    "objects": "a line each: a JSON object",
    "texts": "a line each",
    "json": "a JSON object",
}


class Form:
    """A widget for each property of ``schema``; ``values`` are what they hold.

    With ``first`` those fields come first, in their order, and the others are folded away.
    """

    def __init__(self, schema: Schema, first: Sequence[str] = ()) -> None:
        self.fields: dict[str, Any] = {
            name: _field(name, part, required=name in schema.get("required", ()))
            for name, part in schema["properties"].items()
        }
        self._schema = schema["properties"]
        self._faults = {name: ipywidgets.HTML(layout=_BELOW) for name in self.fields}
        shown = [name for name in first if name in self.fields] or list(self.fields)
        folded = [name for name in self.fields if name not in shown]
        self._more = ipywidgets.Accordion([self._rows(folded)], titles=["More"])
        parts = [self._rows(shown), *([self._more] if folded else [])]
        self.widget = ipywidgets.VBox(parts)
        self._folded = frozenset(folded)
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
            if sentences and name in self._folded:
                self._more.selected_index = 0

    def _rows(self, names: Sequence[str]) -> Any:
        rows = [ipywidgets.VBox([self.fields[name], self._faults[name]]) for name in names]
        return ipywidgets.VBox(rows)

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
        if default is None:
            choices = [("", None), ("yes", True), ("no", False)]
            return ipywidgets.Dropdown(options=choices, value=None, **look)
        return ipywidgets.Checkbox(value=bool(default), **look)
    if kind == "integer" and default is not None:
        bounds = {"min": part.get("minimum", -(2**31)), "max": part.get("maximum", 2**31)}
        return ipywidgets.BoundedIntText(value=default, **bounds, **look)
    if kind == "number" and default is not None:
        bounds = {"min": part.get("minimum", -1e18), "max": part.get("maximum", 1e18), "step": 0.5}
        return ipywidgets.BoundedFloatText(value=default, **bounds, **look)
    if kind == "array" and _choices(part.get("items", {})):
        options = _choices(part["items"])
        return ipywidgets.SelectMultiple(
            options=options, value=tuple(default or ()), rows=min(6, len(options)), **look
        )
    lines = _kind_of_lines(part)
    if lines:
        return ipywidgets.Textarea(value=_text(default), placeholder=_LINES[lines], rows=2, **look)
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


def _kind_of_lines(part: Schema) -> str | None:
    """Which of ``_LINES`` a field takes; None for a field of one line."""
    if part.get("type") == "object":
        plain = part.get("additionalProperties", {}).get("type") == "string"
        return "variables" if plain else "values"
    if part.get("type") == "array":
        return "texts" if part.get("items", {}).get("type") == "string" else "objects"
    return "json" if "$ref" in part else None


def _value(name: str, part: Schema, widget: Any) -> Any:
    value = widget.value
    if part.get("type") == "array" and not isinstance(value, str):
        return list(value)
    if not isinstance(value, str):
        return value
    kind = _kind_of_lines(part)
    text = value.strip()
    if kind is None and part.get("type") in ("integer", "number"):
        return _number(name, text) if text else None
    if kind is None:
        return text or None
    lines = [line for line in value.splitlines() if line.strip()]
    if kind == "variables":
        return _variables(name, lines) or None
    if kind == "values":
        return {key: _json(text) for key, text in _variables(name, lines).items()} or None
    if kind == "texts":
        return lines or None
    return (
        (_objects(name, lines) if kind == "objects" else _objects(name, [text])[0])
        if text
        else None
    )


def _number(field: str, text: str) -> int | float:
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise InvalidField(
            f"{text!r} is not a number", field=field, remedy="Write a number, or leave it empty."
        ) from None


def _json(text: str) -> Any:
    """The JSON value that ``text`` is, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


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
    return "\n".join(item if isinstance(item, str) else json.dumps(item) for item in default or ())
