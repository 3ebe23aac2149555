"""Objects as people may see them: without what Kubernetes notes for itself, code and secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from jupyter_trainhub.manifests.labels import Object

HIDDEN = "***"

# Names of variables whose values are nobody else's business. The launcher goes by the same
# (``inpod/launch/environment.py``).
_SECRET = re.compile(
    r"TOKEN|KEY|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE|PRIVATE|SIGNATURE|DSN", re.IGNORECASE
)
_PASSWORD_IN_URL = re.compile(r"(?<=//)[^/\s@]*:[^/\s@]*(?=@)")
_CONTENT = ("data", "binaryData", "stringData")


def redacted(item: Object) -> Object:
    """``item`` without managed fields, contents of files, and values that look like secrets."""
    kind = item.get("kind")
    shown = {key: _content(kind, value) if key in _CONTENT else _hidden(value)
             for key, value in item.items()}  # fmt: skip
    metadata = shown.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            metadata["annotations"] = {
                name: _annotation(text) for name, text in annotations.items()
            }
    return shown


def _content(kind: object, values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    if kind == "Secret":
        return dict.fromkeys(values, HIDDEN)
    # As applied, it was left out already.
    return {name: text if re.fullmatch(r"\(\d+ characters\)", str(text)) else
            f"({len(str(text))} characters)" for name, text in values.items()}  # fmt: skip


def _hidden(value: Any) -> Any:
    """``value`` with its variables hidden, in Kubernetes' form and in that of our specs."""
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):
        return {**value, "value": _variable(value["name"], value["value"])}
    return {key: _variables(item) if key == "env" else _hidden(item) for key, item in value.items()}


def _variables(env: Any) -> Any:
    if not isinstance(env, dict):
        return _hidden(env)
    return {name: _variable(name, text) for name, text in env.items()}


def _variable(name: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return HIDDEN if text and _SECRET.search(name) else _PASSWORD_IN_URL.sub(HIDDEN, text)


def _annotation(text: Any) -> Any:
    """An annotation; one that holds an object, as our specs and kubectl's do, is hidden alike."""
    try:
        held = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text
    return json.dumps(_hidden(held), sort_keys=True) if isinstance(held, dict) else text
