"""The JSONPath of printer columns and field selectors, as Kubernetes' client-go reads it.

``.a.b``, ``['a']``, ``[0]``, ``[-1:]``, ``[*]``, ``.*`` and ``[?(@.type=="Ready")]``.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

Step = Callable[[Any], list[Any]]

_STEP = re.compile(
    r"\.?(?P<every>\*)|\.?\[(?:(?P<all>\*)|(?P<first>-?\d*)(?P<colon>:)?(?P<last>-?\d*)"
    r"|(?P<quoted>'[^']*'|\"[^\"]*\")"
    r"|\?\(\s*@(?P<path>[^=!<>\s]*)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+?))?\s*\))\]"
    r"|\.?(?P<field>(?:\\.|[^.\[\]{}\\*\s])+)"
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def find(path: str, value: Any) -> list[Any]:
    """Everything that the path leads to; nothing where something on the way is missing.

    Raises:
        ValueError: the text is no such path.
    """
    found = [value]
    for step in parse(path):
        found = [inner for outer in found for inner in step(outer)]
    return found


@lru_cache(maxsize=512)
def parse(path: str) -> tuple[Step, ...]:
    """The path's steps.

    Raises:
        ValueError: the text is no such path.
    """
    steps, position = [], 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise ValueError(f"unrecognized JSONPath {path!r}")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["field"] is not None:
        return _field(re.sub(r"\\(.)", r"\1", match["field"]))
    if match["quoted"]:
        return _field(match["quoted"][1:-1])
    if match["path"] is not None:
        return _filter(match["path"], match["operator"], match["value"])
    if match["every"] or match["all"]:
        return lambda v: list(v.values()) if isinstance(v, dict) else _list(v)
    if match["colon"]:
        part = slice(*(int(n) if n else None for n in (match["first"], match["last"])))
        return lambda v: _list(v)[part]
    index = int(match["first"])
    return lambda v: _list(v)[index:][:1] if index >= -len(_list(v)) else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _field(name: str) -> Step:
    return lambda v: [v[name]] if isinstance(v, dict) and name in v else []


def _filter(path: str, compare: str | None, text: str | None) -> Step:
    if compare is None or text is None:
        return lambda v: [item for item in _list(v) if find(path, item)]
    wanted = text[1:-1] if text[0] in "'\"" else json.loads(text)
    test = _OPERATORS[compare]

    def matches(item: Any) -> bool:
        found = find(path, item)
        return bool(found) and type(found[0]) is type(wanted) and test(found[0], wanted)

    return lambda v: [item for item in _list(v) if matches(item)]
