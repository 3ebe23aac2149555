"""``run.json`` as it is found: the pods of a run may have written it over, and so may other users.

What is not of its type is left out, so that one broken record breaks no list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.log_places import absolute_paths
from jupyter_trainhub.manifests.progress_reading import finite, finite_metrics
from jupyter_trainhub.manifests.submission import GitState
from jupyter_trainhub.manifests.usage import METRICS, UNITS

Check = Callable[[Any], Any]


def record_of(document: Any, run: str) -> View | None:
    """The record of ``run``; None where ``document`` is none."""
    if not isinstance(document, dict) or not isinstance(document.get("job"), str):
        return None
    return {"phase": "", "pods": [], "spec": {}, **_checked(document, _FIELDS), "run": run}


def _checked(document: Mapping[str, Any], fields: Mapping[str, Check]) -> View:
    found = {name: check(document[name]) for name, check in fields.items() if name in document}
    return {name: value for name, value in found.items() if value is not None}


def _is(type_: type) -> Check:
    return lambda value: value if isinstance(value, type_) else None


def _each(fields: Mapping[str, Check], *needed: str) -> Check:
    """Of a list the objects that have the fields that are ``needed``."""

    def check(value: Any) -> list[View]:
        listed = value if isinstance(value, list) else []
        found = [_checked(item, fields) for item in listed if isinstance(item, dict)]
        return [item for item in found if all(name in item for name in needed)]

    return check


def _time(value: Any) -> str | None:
    """RFC 3339, in whole or parts of seconds."""
    try:
        zone = datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo
    except (AttributeError, ValueError):
        return None
    return value if zone is not None else None


def _texts(value: Any) -> list[str] | None:
    whole = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return value if whole else None


def _git(value: Any) -> View | None:
    return GitState.from_dict(value).to_dict() if isinstance(value, dict) else None


def _summary(value: Any) -> View:
    listed = value if isinstance(value, dict) else {}
    return {
        metric: {"unit": UNITS[metric], "max": used["max"], "mean": used["mean"]}
        for metric in METRICS
        if isinstance(used := listed.get(metric), dict)
        and all(isinstance(used.get(name), int | float) for name in ("max", "mean"))
    }


def _progress(value: Any) -> View | None:
    """How far it came: numbers, or None where they are none."""
    if not isinstance(value, dict) or _time(value.get("at")) is None:
        return None
    numbers = ("fraction", "step", "total", "epoch", "epochs")
    return {
        **{name: finite(value.get(name)) for name in numbers},
        "unit": "step",
        "rate": None,
        "remaining": None,
        "metrics": finite_metrics(value.get("metrics")),
        "at": value["at"],
        "source": str(value.get("source")),
        "stalled": False,
    }


_TEXT, _NUMBER, _FLAG, _OBJECT = _is(str), _is(int), _is(bool), _is(dict)
_POD: Mapping[str, Check] = {
    **dict.fromkeys(("name", "role", "node", "phase", "image_digest"), _TEXT),
    **dict.fromkeys(("rank", "attempt", "exit_code"), _NUMBER),
    **dict.fromkeys(("started", "finished"), _time),
}
_VOLUME: Mapping[str, Check] = {
    **dict.fromkeys(("role", "path", "claim"), _TEXT),
    "size": _NUMBER,
}
_FIELDS: Mapping[str, Check] = {
    **dict.fromkeys(("job", "from_run", "owner", "user", "phase", "reason", "message"), _TEXT),
    **dict.fromkeys(("restart", "framework", "backend", "remark", "image_digest"), _TEXT),
    **dict.fromkeys(("created", "started", "finished"), _time),
    **dict.fromkeys(("attempt", "attempts", "nodes"), _NUMBER),
    **dict.fromkeys(("pinned", "complete"), _FLAG),
    **dict.fromkeys(("spec", "error"), _OBJECT),
    "argv": _texts,
    "cluster": _TEXT,
    "git": _git,
    "metrics_summary": _summary,
    "progress": _progress,
    **dict.fromkeys(("log_folders", "log_runs"), absolute_paths),
    "missing": _each(dict.fromkeys(("what", "why"), _TEXT), "what", "why"),
    "pods": _each(_POD, "name", "rank"),
    "volumes": _each(_VOLUME, "role", "claim"),
}
