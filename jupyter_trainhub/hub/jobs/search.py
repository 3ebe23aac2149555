"""Finding jobs by words."""

from __future__ import annotations

from jupyter_trainhub.manifests.labels import Object

FIELDS = ("name", "category", "project", "description", "owner", "framework", "phase")


def matches(view: Object, text: str) -> bool:
    """Whether each word of ``text`` occurs in what people know a job by, in any case.

    That is its name, category, project, description, owner, framework, phase, image, and its
    priority as ``priority:5``.
    """
    known = [str(view.get(field) or "") for field in FIELDS]
    known.append(str(view["spec"].get("image") or ""))
    if view.get("priority") is not None:
        known.append(f"priority:{view['priority']}")
    lines = "\n".join(known).casefold()
    return all(word in lines for word in text.casefold().split())
