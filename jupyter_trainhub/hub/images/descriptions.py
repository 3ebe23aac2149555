"""What is measured, moved and found of images, as names and sentences for terminals. Pure."""

from __future__ import annotations

from jupyter_trainhub.hub.descriptions import Lines
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.fitness import Fitness
from jupyter_trainhub.registry.changes import Amount, Changes
from jupyter_trainhub.specs.quantity import describe_memory

_STEPS = {
    "measure": "Measuring",
    "read": "Reading",
    "base": "Copying the base",
    "upload": "Uploading",
    "verify": "Verifying",
    None: "Waiting",
}
_SHOWN = 20  # lines of one kind


def describe_measurement(found: View) -> Lines:
    """What saving an instance would take along, leave out and not see."""
    deleted = f", {found['deleted']} deleted" if found["deletions_known"] else ""
    lines = [
        ("IMAGE", found["image"]),
        ("BASE", found["base"]["name"] if found["base"] else "unknown"),
        ("SAVED", f"{_amount(found)}{deleted}"),
        *_tree(found["tree"]),
        *(
            ("NOT SAVED", f"{entry['path']} ({entry['title'] or entry['kind']})")
            for entry in found["not_saved"]
            if entry["kind"] == "volume"
        ),
        *(("LEFT OUT", f"{entry['pattern']}: {_amount(entry)}") for entry in found["excluded"]),
        *(
            ("SECRET", f"{entry['path']}{_line(entry['line'])}: {entry['kind']}")
            for entry in found["secrets"][:_SHOWN]
        ),
    ]
    if found["unreadable"]["files"]:
        lines.append(("UNREADABLE", f"{found['unreadable']['files']} files"))
    return lines + [("NOTE", warning) for warning in found["warnings"]]


def describe_changes(found: Changes) -> Lines:
    """What an image has beyond its base: packages, and the files that no package explains."""
    lines = [("FILES", f"{_amount(found)}, {len(found['deleted'])} deleted")]
    for manager, packages in found["packages"].items():
        for package in packages:
            version = f" {package['version']}" if package.get("version") else ""
            lines.append((manager.upper(), f"{package['change']} {package['name']}{version}"))
    return lines + [("OTHER", f"{entry['path']}: {_amount(entry)}") for entry in found["rest"]]


def describe_fitness(fitness: Fitness) -> Lines:
    """What an image can be used for, and what it has."""
    fit = [use for use, ok in fitness["ok"].items() if ok]
    lines = [("FIT FOR", ", ".join(fit) or "nothing")]
    for item in fitness["items"]:
        words = [item["state"], item["value"], item["message"]]
        lines.append((item["title"], ": ".join(word for word in words if word)))
    return lines


def progress_line(transfer: View) -> str:
    """How far a transfer is, in one line."""
    progress = transfer["progress"]
    parts = [_STEPS.get(transfer["step"], "Working")]
    if progress["files"]:
        parts.append(f"{progress['files']}{_of(progress['total_files'])} files")
    total = progress["total_bytes"]
    parts.append(
        describe_memory(progress["bytes"]) + (f" of {describe_memory(total)}" if total else "")
    )
    if progress["sent"]:
        parts.append(f"{describe_memory(progress['sent'])} sent")
    if transfer["message"]:
        parts.append(transfer["message"])
    return ", ".join(parts)


def _tree(folders: list[View], depth: int = 0) -> Lines:
    lines: Lines = []
    for folder in folders:
        name = folder["path"] or "other folders"
        lines.append(("", f"{'  ' * depth}{name}: {_amount(folder)}"))
        lines += _tree(folder.get("children") or [], depth + 1)
    return lines


def _amount(entry: View | Amount | Changes) -> str:
    files = "1 file" if entry["files"] == 1 else f"{entry['files']} files"
    return f"{files}, {describe_memory(entry['bytes'])}"


def _line(number: int | None) -> str:
    return "" if number is None else f":{number}"


def _of(total: int | None) -> str:
    return f" of {total}" if total else ""
