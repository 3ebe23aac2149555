"""A run, and what differs between two, as names and sentences for terminals and notebooks."""

from __future__ import annotations

import json
from typing import Any

from jupyter_trainhub.hub.descriptions import Lines
from jupyter_trainhub.hub.jobs.progress.words import progress_sentence
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.specs.quantity import describe_memory


def describe_run(view: View) -> Lines:
    """What there is to say of a run beside its row."""
    git = view["git"]
    lines = [
        ("JOB", view["job"]),
        ("IMAGE", view["image_digest"] or view["spec"].get("image") or ""),
        ("SUBMITTED BY", view["user"] or ""),
        ("FROM RUN", view["from_run"] or ""),
        ("PINNED", "yes" if view["pinned"] else ""),
        ("SIZE", describe_memory(view["size"])),
    ]
    if git is not None:
        changed = ", with changes that are not committed" if git["dirty"] else ""
        lines.append(("COMMIT", f"{git['commit'] or 'none'} {git['branch'] or ''}{changed}"))
        lines.append(("REMOTE", git["remote"] or ""))
    lines.append(("GIT", view.get("remark") or ""))
    lines += [
        (metric.upper(), f"mean {used['mean']:.4g}, at most {used['max']:.4g} {used['unit']}")
        for metric, used in view["metrics_summary"].items()
    ]
    if view["progress"] is not None:
        lines.append(("PROGRESS", progress_sentence(view["progress"])))
    lines.append(("PROBLEM", view["problem"] or ""))
    lines += [("MISSING", f"{lack['what']}: {lack['why']}") for lack in view["missing"]]
    return [(name, sentence) for name, sentence in lines if sentence]


def describe_comparison(found: View, *, everything: bool = False) -> Lines:
    """What differs, one a line; with ``everything`` also fields of both specs that are the same."""
    lines = [
        (entry["field"], _change(entry["a"], entry["b"]))
        for entry in found["spec"]
        if everything or entry["differs"]
    ]
    for part in ("environment", "packages"):
        lines += [
            (f"{part}: {entry['name']}", _change(entry["a"], entry["b"])) for entry in found[part]
        ]
    lines += [
        (f"{entry['metric']} (mean)", _change(_mean(entry["a"]), _mean(entry["b"])))
        for entry in found["metrics"]
    ]
    ends = [(found[side].get("progress") or {}).get("metrics", {}) for side in ("a", "b")]
    lines += [
        (f"training: {name}", _change(ends[0].get(name), ends[1].get(name)))
        for name in dict.fromkeys([*ends[0], *ends[1]])
    ]
    for key in ("image_digest", "phase"):
        if found["a"][key] != found["b"][key]:
            lines.append((key, _change(found["a"][key], found["b"][key])))
    commits = [(found[side]["git"] or {}).get("commit") for side in ("a", "b")]
    if commits[0] != commits[1]:
        lines.append(("commit", _change(*commits)))
    return lines + [("code", f"{piece['file']} {piece['change']}") for piece in found["code"]]


def _mean(used: View | None) -> Any:
    return None if used is None else float(f"{used['mean']:.4g}")


def _change(a: Any, b: Any) -> str:
    return _word(a) if a == b else f"{_word(a)} -> {_word(b)}"


def _word(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
