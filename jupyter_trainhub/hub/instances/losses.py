"""What is lost when an instance's pod ends, in words. Pure."""

from __future__ import annotations

from typing import Literal

from jupyter_trainhub.hub.views import View

Act = Literal["stop", "restart", "delete"]

_VERBS = {"stop": "Stopping", "restart": "Restarting", "delete": "Deleting"}
# In these there is, or was a moment ago, a pod in which somebody may have worked.
_USED = ("Running", "Failed")


def losses(view: View, act: Act) -> str | None:
    """What ``act`` would lose of the instance; None when nothing is."""
    used = view["phase"] in _USED
    begun = f"{_VERBS[act]} {view['name']}"
    kept = [folder["path"] for folder in view.get("folders") or () if folder["kept"] == "kept"]
    parts = []
    if used:
        outside = f"outside {_listed(kept)}" if kept else "that are not in a mounted folder"
        parts.append(
            f"{begun} ends its programs. Files {outside} are gone unless saved as an image."
        )
    if act == "delete":
        stays = f" What is in {_listed(kept)} stays." if kept else ""
        subject = "It removes" if used else f"{begun} removes"
        parts.append(f"{subject} its definition, too.{stays}" if used else f"{subject} it.{stays}")
    return " ".join(parts) or None


def _listed(paths: list[str]) -> str:
    if len(paths) < 2:
        return "".join(paths)
    return f"{', '.join(paths[:-1])} and {paths[-1]}"
