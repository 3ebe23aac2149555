"""One thing in full, as names and sentences, for terminals and notebooks alike. Pure."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.hub.request import words
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.pod import GPU

Lines = list[tuple[str, str]]

_KEPT = {
    "kept": "kept",
    "lost": "lost when it stops",
    "memory": "in memory, lost when it stops",
    "image": "from the image, anew at each start",
}
_VERDICTS = {
    "now": "It starts now",
    "later": "It has to wait",
    "never": "It cannot start",
    "unknown": "It cannot be told",
}


def text(lines: Lines) -> str:
    """The lines with aligned names."""
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"{name.ljust(width)}   {sentence}".rstrip() for name, sentence in lines)


def describe_check(check: View, gpu: str = GPU) -> Lines:
    """A check: when it starts, why, what would do, and the facts behind it."""
    lines = [("VERDICT", _VERDICTS[check["verdict"]])]
    if check["errors"]:
        return lines + [(error["field"], error["message"]) for error in check["errors"]]
    lines.append(("WHY", check["message"]))
    if check["remedy"]:
        lines.append(("DO", check["remedy"]))
    refusal = check["refusal"]
    if refusal and refusal["message"] != check["message"]:
        lines.append(("REFUSED", _sentences(refusal["message"], refusal["remedy"])))
    if check["nodes_total"] is not None:
        now = "?" if check["nodes_now"] is None else check["nodes_now"]
        lines.append(
            ("NODES", f"{now} now, {check['nodes_when_free']} when free, "
                      f"of {check['nodes_total']}")
        )  # fmt: skip
    for name, key in (("LARGEST NOW", "largest"), ("LARGEST WHEN FREE", "largest_when_free")):
        if check[key]:
            lines.append((name, _room(check[key], gpu)))
    lines += [("QUOTA", _share(share, gpu)) for share in check["quota"]]
    return lines + [
        ("NODE", f"{blocker['node']}: {'; '.join(blocker['reasons'])}")
        for blocker in check["blockers"]
    ]


def describe_instance(view: View) -> Lines:
    """What there is to say of an instance beside its row: why, what would do, what is kept."""
    lines = []
    if view["message"]:
        lines.append(("WHY", _sentences(view["message"], view.get("remedy"))))
    if view.get("restart_needed"):
        lines.append(("RESTART", "It runs with an older spec; restart it for the present one."))
    return lines + [
        (
            folder["path"],
            _sentences(
                f"{_KEPT[folder['kept']]}{', read only' if folder['read_only'] else ''}",
                f"({folder['source']})" if folder["source"] else None,
            ),
        )
        for folder in view.get("folders") or ()
    ]


def _sentences(first: str, second: str | None) -> str:
    return f"{first} {second}" if second else first


def _room(room: dict[str, Any], gpu: str) -> str:
    parts = [words("cpu", room["cpus"], gpu), words("memory", room["memory"], gpu)]
    if room["gpus"]:
        model = f" ({room['gpu_model']})" if room["gpu_model"] else ""
        parts.append(words(gpu, room["gpus"], gpu) + model)
    return f"{', '.join(parts)} on {room['node']}"


def _share(share: dict[str, Any], gpu: str) -> str:
    counted = share["resource"].rpartition("requests.")[2].rpartition("limits.")[2]
    hard, used, needed = (words(counted, share[key], gpu) for key in ("hard", "used", "needed"))
    mark = "" if share["fits"] else " (too much)"
    return f"{share['name']}: {used} of {hard} in use, {needed} needed{mark}"
