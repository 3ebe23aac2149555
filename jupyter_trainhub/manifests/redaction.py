"""Objects as people may see them: without what Kubernetes notes for itself, code and secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jupyter_trainhub.manifests.labels import Object

HIDDEN = "***"

# Names of variables whose values are nobody else's business. The launcher goes by the same
# (``inpod/launch/environment.py``).
_SECRET = re.compile(
    r"TOKEN|KEY|SECRET|PASSW|PASSPHRASE|CREDENTIAL|AUTH|COOKIE|PRIVATE|SIGNATURE|DSN|WEBHOOK|"
    r"CONN(ECTION)?_?STR|(?<![A-Z])PAT(?![A-Z])|_PWD$",
    re.IGNORECASE,
)
# Who logs in, with the password: some services take a token for the name.
_LOGIN_IN_URL = re.compile(r"(?<=://)[^/\s]+(?=@)")
_CONTENT = ("data", "binaryData", "stringData")


def redacted(item: Object) -> Object:
    """``item`` without managed fields, contents of files, and values that look like secrets."""
    kind = item.get("kind")
    shown = {key: _content(kind, value) if key in _CONTENT else _field(key, value)
             for key, value in item.items()}  # fmt: skip
    if isinstance(shown.get("metadata"), dict):
        shown["metadata"].pop("managedFields", None)
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
    return {key: _field(key, item) for key, item in value.items()}


def _field(key: str, value: Any) -> Any:
    if key == "annotations" and isinstance(value, dict):
        # Of the object, and of the templates in it.
        return {name: _annotation(text) for name, text in value.items()}
    return _variables(value) if key == "env" else _hidden(value)


def _variables(env: Any) -> Any:
    if not isinstance(env, dict):
        return _hidden(env)
    return {name: _variable(name, text) for name, text in env.items()}


def _variable(name: str, text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return HIDDEN if text and _SECRET.search(name) else _LOGIN_IN_URL.sub(HIDDEN, text)


def _annotation(text: Any) -> Any:
    """An annotation; one that holds an object, as our specs and kubectl's do, is hidden alike."""
    try:
        held = json.loads(text)
        return json.dumps(redacted(held), sort_keys=True) if isinstance(held, dict) else text
    except (TypeError, ValueError):
        return text
    except RecursionError:
        # Nobody looks so deep, secrets or not.
        return HIDDEN


# Names of secrets as programs print them, with their values; and tokens that tell by their looks.
_ASSIGNED = re.compile(
    r"\b([A-Z0-9_]{0,64}(?:TOKEN|_KEY|SECRET|PASSW(?:OR)?D|CREDENTIALS?)[A-Z0-9_]{0,64}"
    r"['\"]?\s{0,8}[=:]\s{0,8}['\"]?)"
    r"[^\s'\",)}\]]{4,}"
)
_LOOKS_SECRET = re.compile(
    r"\b(?:hf_|gh[pousr]_|github_pat_|glpat-|sk-|xox[abp]-|AKIA|eyJ)[A-Za-z0-9_.-]{16,}"
    r"|(?<=Bearer )\S{8,}"
)
_SHORTEST_SECRET = 6


def redacted_text(text: str, env: Mapping[str, Any]) -> str:
    """Text of a program without logins in URLs and values that look like secrets.

    ``env`` are the variables that it was given: values of those that name secrets are hidden, too.
    """
    for name, value in env.items():
        long = isinstance(value, str) and len(value) >= _SHORTEST_SECRET
        if long and value in text and _SECRET.search(name):
            text = text.replace(value, HIDDEN)
    text = _LOGIN_IN_URL.sub(HIDDEN, text)
    return _LOOKS_SECRET.sub(HIDDEN, _ASSIGNED.sub(rf"\g<1>{HIDDEN}", text))
