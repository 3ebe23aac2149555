"""Why a TensorBoard does not run, in words."""

from __future__ import annotations

from typing import NamedTuple

from jupyter_trainhub.hub.tensorboards.state import State
from jupyter_trainhub.hub.tensorboards.view import Phase

_AGAIN = "Start it again."
# Lines of a traceback that do not tell what went wrong.
_INDENTED = (" ", "\t")


class Ending(NamedTuple):
    """One sentence, and what would do."""

    message: str = ""
    remedy: str = ""


def ending(phase: Phase, stopped: str, said: State | None, log: str) -> Ending:
    """The words for a TensorBoard in ``phase``; none for one that runs.

    ``stopped`` are the words of whoever stopped it, ``said`` is the program's last state and
    ``log`` the tail of what it printed.
    """
    if phase == "Running":
        return Ending()
    if phase == "Starting":
        return Ending("TensorBoard is starting.")
    if stopped:
        return Ending(stopped, _AGAIN)
    if said is not None and said.message:
        return Ending(said.message, said.remedy or _AGAIN)
    if phase == "Stopped":
        return Ending("TensorBoard was ended from outside.", _AGAIN)
    line = telling_line(log)
    if not line:
        return Ending(
            "TensorBoard ended at once and said nothing.",
            "Something may have killed it, such as a lack of memory. Start it again.",
        )
    return Ending(f"TensorBoard did not start: {line}", "Correct this, then start it again.")


def telling_line(log: str) -> str:
    """The last line of ``log`` that says something: of a traceback, its exception."""
    lines = [line for line in log.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(_INDENTED)]
    return (told or lines or [""])[-1].strip()
