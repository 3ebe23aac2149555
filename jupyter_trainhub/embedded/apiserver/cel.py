"""The rules of custom resources (``x-kubernetes-validations``), in the Common Expression Language.

Google's CEL library runs them; it is loaded when the first rule is met. It has CEL's own functions,
strings and optionals. A rule that uses Kubernetes' libraries (``quantity``, ``url``, ...) does not
compile: ``uncompiled`` tells of it, and it counts as kept. Values have their JSON types, so a rule
that compares a ``date-time`` with a timestamp finds no such operator, and counts as kept too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ..apimachinery.status import Cause, invalid
from .store import Object
from .structural import ABSENT, JSON_TYPES, ROOT, children, within

_REASONS = {"FieldValueForbidden": "Forbidden", "FieldValueRequired": "Required value",
            "FieldValueDuplicate": "Duplicate value"}  # fmt: skip
_OLD_SELF = re.compile(r"\boldSelf\b")


class NotCompiled(Exception):
    """The library cannot compile the expression; the text is its reason."""


def rules(schema: Object, path: str = "openAPIV3Schema") -> Iterator[tuple[str, Object]]:
    """All rules of a schema, each with the path of the schema that has it."""
    for rule in schema.get("x-kubernetes-validations") or ():
        yield path, rule
    for below, where in within(schema, path):
        yield from rules(below, where)


def uncompiled(schema: Object) -> list[str]:
    """A line for each rule that cannot be run here."""
    found = []
    for path, rule in rules(schema):
        try:
            _program(_rule(rule, True))
        except NotCompiled as error:
            found.append(f"{path}: {rule['rule']}: {error}")
    return found


def validate(schema: Object, value: Any, path: str = "", old: Any = ABSENT) -> Iterator[Cause]:
    """The rules that a value breaks; those about transitions only where it has a past."""
    if value is None:
        return
    for rule in schema.get("x-kubernetes-validations") or ():
        transition = bool(_OLD_SELF.search(rule["rule"]))
        new = old is ABSENT and not rule.get("optionalOldSelf")
        if new if transition else path and old == value:
            continue
        try:
            yield from _broken(rule, value, path, old)
        except NotCompiled:
            continue
    for below, inner, where, before in children(schema, value, path, old, brackets=True):
        yield from validate(below, inner, where, before)


def _broken(rule: Object, value: Any, path: str, old: Any) -> Iterator[Cause]:
    given = {"self": value, "oldSelf": None if old is ABSENT else old}
    text = (rule.get("message") or rule["rule"]).strip()
    kept, error = _evaluate(_rule(rule, old is not ABSENT), given)
    if error:
        kind = JSON_TYPES[type(value)]
        yield invalid(path or ROOT, kind, f"{error} evaluating rule: {text}")
        return
    if kept:
        return
    place = (path + rule.get("fieldPath", "")).removeprefix(".") or ROOT
    detail = text if rule.get("message") else f"failed rule: {text}"
    if rule.get("messageExpression"):
        said, error = _evaluate(rule["messageExpression"], given)
        detail = detail if error else str(said).strip()
    reason = rule.get("reason", "FieldValueInvalid")
    if reason == "FieldValueInvalid" and not isinstance(value, (dict, list)):
        yield invalid(place, value, detail)
    else:
        yield Cause(reason, f"{_REASONS.get(reason, 'Invalid value')}: {detail}", place)


def _rule(rule: Object, has_past: bool) -> str:
    text: str = rule["rule"]
    if not rule.get("optionalOldSelf"):
        return text
    return _OLD_SELF.sub("optional.of(oldSelf)" if has_past else "optional.none()", text)


def _evaluate(expression: str, given: Object) -> tuple[Any, str]:
    # The value, and the error where there is none.
    if "__" in expression:
        given = {name: _escaped(value) for name, value in given.items()}
    result = _program(expression).eval(data=given)
    if result.type().name() != "ERROR":
        return result.value(), ""
    error = str(result.value()).partition(": ")[2]
    if error.startswith("No matching overloads"):
        return True, ""
    return None, re.sub(r'^Key not found in map : "(.*)"$', r"no such key: \1", error)


@lru_cache(maxsize=1024)
def _program(expression: str) -> Any:
    try:
        return _environment().compile(expression)
    except (ImportError, RuntimeError) as error:
        reason = re.sub(r"^.*?<input>:\d+:\d+: ", "", str(error).splitlines()[0])
        raise NotCompiled(reason) from error


@lru_cache(maxsize=1)
def _environment() -> Any:
    from cel_expr_python import cel  # type: ignore[import-untyped]
    from cel_expr_python.ext import (  # type: ignore[import-untyped]
        ext_optional,
        ext_strings,
    )

    return cel.NewEnv(
        variables={"self": cel.Type.DYN, "oldSelf": cel.Type.DYN},
        extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()],
    )


_RESERVED = re.compile(
    "true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|"
    "namespace|return|var|void|while"
)
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def _escaped(value: Any) -> Any:
    # A rule names a field that is no identifier, or a reserved one, in another way.
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {name: _escaped(inner) for name, inner in value.items()}
    for name in value:
        other = re.sub(r"__|[-./]", lambda m: _ESCAPES[m[0]], name)
        made.setdefault(f"__{name}__" if _RESERVED.fullmatch(name) else other, made[name])
    return made
