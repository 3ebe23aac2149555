"""One thing in full, as names and sentences, for terminals and notebooks alike. Pure."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.hub.capacity.request import words
from jupyter_trainhub.hub.jobs.progress.words import progress_sentence
from jupyter_trainhub.hub.printable import printable
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
    return printable(
        "\n".join(f"{name.ljust(width)}   {sentence}".rstrip() for name, sentence in lines)
    )


def describe_check(check: View) -> Lines:
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
            lines.append((name, _room(check[key])))
    lines += [("QUOTA", _share(share)) for share in check["quota"]]
    return lines + [
        ("NODE", f"{blocker['node']}: {'; '.join(blocker['reasons'])}")
        for blocker in check["blockers"]
    ]


def why(view: View) -> str:
    """Why an instance or a job is in its phase, and the next step; empty without a reason."""
    message = view["message"] or ""
    if message and message[-1] not in ".!?":
        message += "."
    return _sentences(message, view["remedy"]) if message else ""


def describe_instance(view: View) -> Lines:
    """What there is to say of an instance beside its row: what would do, what is kept."""
    lines = _explained(view)
    if view["restart_needed"]:
        lines.append(("RESTART", "It runs with an older spec; restart it for the present one."))
    return lines + [
        (
            folder["path"],
            _sentences(
                f"{_KEPT[folder['kept']]}{', read only' if folder['read_only'] else ''}",
                f"({folder['source']})" if folder["source"] else None,
            ),
        )
        for folder in view["folders"]
    ]


def describe_job(view: View) -> Lines:
    """What there is to say of a job beside its row: how it came here, how each pod stands."""
    several = view["attempts"] > 1
    lines = _explained(view)
    if view["progress"] is not None:
        lines.append(("PROGRESS", progress_sentence(view["progress"])))
    if several:
        lines.append(("ATTEMPT", f"{view['attempt']} of {view['attempts']}"))
    lines += [
        (volume["role"].upper(), f"{volume['path']} on {volume['claim']}")
        for volume in view["volumes"]
    ]
    for step in view["history"]:
        turn = f", attempt {step['attempt']}" if several else ""
        said = f": {step['message']}" if step["message"] else ""
        lines.append((step["at"], f"{step['phase']}{turn}{said}"))
    return lines + [
        (
            f"RANK {pod['rank']}",
            _sentences(
                f"{pod['phase']}{' on ' + pod['node'] if pod['node'] else ''}",
                f"({pod['message']})" if pod["message"] else None,
            ),
        )
        for pod in view["pods"]
    ]


def _explained(view: View) -> Lines:
    return [("WHY", why(view))] if why(view) else []


def _sentences(first: str, second: str | None) -> str:
    return f"{first} {second}" if second else first


def _room(room: dict[str, Any]) -> str:
    parts = [words("cpu", room["cpus"], GPU), words("memory", room["memory"], GPU)]
    if room["gpus"]:
        model = f" ({room['gpu_model']})" if room["gpu_model"] else ""
        parts.append(words(GPU, room["gpus"], GPU) + model)
    return f"{', '.join(parts)} on {room['node']}"


def _share(share: dict[str, Any]) -> str:
    counted = share["resource"].rpartition("requests.")[2].rpartition("limits.")[2]
    # Our pods ask for no other devices than GPUs, by whatever name.
    gpu = counted if "/" in counted and not counted.startswith("count/") else GPU
    hard, used, needed = (words(counted, share[key], gpu) for key in ("hard", "used", "needed"))
    mark = "" if share["fits"] else " (too much)"
    return f"{share['name']}: {used} of {hard} in use, {needed} needed{mark}"
