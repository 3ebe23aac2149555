"""What differs between two runs: pure functions of what their records hold."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.manifests.redaction import redacted
from jupyter_trainhub.notebook.bundle import CELLS, RUNNER

# Lines of a file; the time to compare longer ones grows with the square.
_MOST_LINES = 20_000
# Variables that are other ones in each run.
_OF_THE_RUN = re.compile(r"variables\.(TRAINHUB_|PET_|MASTER_|HOSTNAME$|POD_IP$)")


@dataclass(frozen=True)
class Facts:
    """What of a record is compared: its view, its environment, its code by file, its difference."""

    view: View
    environment: Mapping[str, Any] = field(default_factory=dict)
    code: Mapping[str, bytes] = field(default_factory=dict)
    changes: bytes = b""


def compare(a: Facts, b: Facts) -> View:
    """``{a, b, spec, environment, packages, code, changes, metrics}``.

    ``spec`` holds every field of both, flat: ``{field, a, b, differs}``. ``environment`` and
    ``packages`` hold what differs: ``{name, a, b}``, None for what one lacks. ``code`` holds the
    cells and files that differ: ``{file, cell, change: added|removed|changed, diff}`` with a
    unified difference; ``changes`` is that of the uncommitted changes. ``metrics`` stand side by
    side: ``{metric, unit, a, b}``.
    """
    return {
        "a": a.view,
        "b": b.view,
        "spec": _specs(a.view["spec"], b.view["spec"]),
        "environment": _differing(_facts(a.environment), _facts(b.environment)),
        "packages": _differing(_packages(a.environment), _packages(b.environment)),
        "code": _code(a, b),
        "changes": _unified(_text(a.changes), _text(b.changes), "changes.diff"),
        "metrics": _metrics(a.view["metrics_summary"], b.view["metrics_summary"]),
    }


def _specs(a: View, b: View) -> Views:
    pairs = _pairs(_flat(a), _flat(b))
    # That secrets differ is told, but not what they are.
    hidden = redacted({"a": a, "b": b})
    shown = _pairs(_flat(hidden["a"]), _flat(hidden["b"]))
    return [
        {"field": name, "a": one, "b": other, "differs": pair[1] != pair[2]}
        for (name, one, other), pair in zip(shown, pairs, strict=True)
    ]


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Objects within objects by dotted names; lists as they are."""
    if not isinstance(value, Mapping) or not value:
        return {name: value} if name and value not in ({}, []) else {}
    found: dict[str, Any] = {}
    for key, inner in value.items():
        found |= _flat(inner, f"{name}.{key}" if name else str(key))
    return found


def _facts(environment: Mapping[str, Any]) -> dict[str, Any]:
    found = _flat({name: value for name, value in environment.items() if name != "packages"})
    return {name: value for name, value in found.items() if not _OF_THE_RUN.match(name)}


def _packages(environment: Mapping[str, Any]) -> dict[str, Any]:
    found = environment.get("packages")
    return dict(found) if isinstance(found, Mapping) else {}


def _pairs(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    names = sorted({*a, *b}, key=str.casefold)
    return [(name, a.get(name), b.get(name)) for name in names]


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> Views:
    return [
        {"name": name, "a": one, "b": other} for name, one, other in _pairs(a, b) if one != other
    ]


def _metrics(a: Mapping[str, Any], b: Mapping[str, Any]) -> Views:
    return [
        {"metric": name, "unit": (one or other)["unit"], "a": one, "b": other}
        for name, one, other in _pairs(a, b)
    ]


def _code(a: Facts, b: Facts) -> Views:
    ours, theirs = _pieces(a.code), _pieces(b.code)
    order = {**ours, **theirs}
    found = []
    for piece in sorted(order, key=lambda piece: order[piece][0]):
        one, other = ours.get(piece), theirs.get(piece)
        if one is not None and other is not None and one[1] == other[1]:
            continue
        file, cell = piece
        change = "added" if one is None else "removed" if other is None else "changed"
        title = file if cell is None else f"{file}#{cell}"
        diff = _unified(one[1] if one else "", other[1] if other else "", title)
        # The number that people see; cells are matched by their ids.
        index = (other or one or (0, "", None))[2]
        found.append({"file": file, "cell": index, "change": change, "diff": diff})
    return found


# Where it stands, its text, and the index of the cell.
_Piece = tuple[int, str, int | None]


def _pieces(code: Mapping[str, bytes]) -> dict[tuple[str, str | None], _Piece]:
    """The cells of the notebook and the other files, in order, without what TrainHub brings."""
    found: dict[tuple[str, str | None], _Piece] = {}
    for name, content in sorted(code.items()):
        cells = _cells(content) if name == CELLS else None
        if cells is None:
            if name != RUNNER:
                found[name, None] = (10**6 + len(found), _text(content), None)
            continue
        title, listed = cells
        for position, cell in enumerate(listed):
            text = str(cell.get("source", ""))
            found[title, str(cell.get("id", position))] = (position, text, cell.get("index"))
    return found


def _cells(content: bytes) -> tuple[str, list[Mapping[str, Any]]] | None:
    try:
        document = json.loads(content)
        return str(document["notebook"]), [dict(cell) for cell in document["cells"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _unified(a: str, b: str, title: str) -> str:
    if a == b:
        return ""
    ours, theirs = a.splitlines(), b.splitlines()
    if max(len(ours), len(theirs)) > _MOST_LINES:
        return f"{title} differs; it is too long to show how."
    return "\n".join(difflib.unified_diff(ours, theirs, title, title, lineterm=""))


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
