"""How a job failed, as a notebook shows it."""

from __future__ import annotations

from html import escape
from typing import Any

from jupyter_trainhub.hub.descriptions import text
from jupyter_trainhub.hub.jobs.failure_words import describe_failure, failure_sentence
from jupyter_trainhub.hub.views import View


class Failure:
    """Which rank of a job failed first, where in its code, and who only followed.

    ``view`` is all that is known, as the REST interface tells it. It is false where nothing failed.
    """

    def __init__(self, view: View) -> None:
        self.view = view

    @property
    def root(self) -> dict[str, Any] | None:
        """The rank that failed first: ``rank``, ``node``, ``cell``, ``lineno``, ``traceback``, …"""
        root: dict[str, Any] | None = self.view["root"]
        return root

    @property
    def hints(self) -> list[dict[str, Any]]:
        """What is known to help: ``title``, ``remedy`` and the ``line`` of the log that tells."""
        return list(self.view["hints"])

    @property
    def traceback(self) -> str:
        """The traceback of the rank that failed first; empty where there is none."""
        return str(self.root["traceback"]) if self.root else ""

    def __bool__(self) -> bool:
        return bool(self.root or self.view["others"])

    def __repr__(self) -> str:
        if not self:
            return f"<Failure: nothing of {self.view['job']} has failed>"
        lines = text(describe_failure(self.view))
        return f"{lines}\n\n{self.traceback}".rstrip()

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>Nothing of {escape(self.view['job'])} has failed.</p>"
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name.capitalize())}</th>"
            f"<td style='text-align:left'>{escape(sentence)}</td></tr>"
            for name, sentence in describe_failure(self.view)
        )
        trace = f"<pre>{escape(self.traceback)}</pre>" if self.traceback else ""
        log = self.root["log"]["lines"] if self.root else []
        shown = escape("\n".join(log))
        around = f"<details><summary>Log</summary><pre>{shown}</pre></details>" if log else ""
        return f"<table>{rows}</table>{trace}{around}"


def note(view: View) -> str:
    """What is added to an exception: who failed first, with its traceback."""
    remote = (view["root"] or {}).get("traceback") or ""
    return f"{failure_sentence(view)}\n{remote}".strip()
