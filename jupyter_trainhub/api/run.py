"""Runs as a notebook handles them."""

from __future__ import annotations

from pathlib import Path

from jupyter_trainhub.api import session
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.api.job import Job
from jupyter_trainhub.hub.tables import runs_table
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.widgets.still import table_html


class Run:
    """What is kept of one run, by its name. What it tells of itself is as of the last look."""

    def __init__(self, name: str, view: View | None = None) -> None:
        self.name = name
        self._view = view or session.hub().runs.get(name)

    @property
    def view(self) -> View:
        """All that is known, as the REST interface shows it, as of the last look."""
        return self._view

    def files(self) -> list[str]:
        """The paths of the files in the record."""
        return [file["path"] for file in session.hub().runs.files(self.name)]

    def read(self, path: str) -> bytes:
        """A file of the record. Raises NotFound."""
        with session.hub().runs.open(self.name, path) as file:
            return file.read()

    def logs(
        self, rank: int | None = None, attempt: int | None = None, tail: int | None = None
    ) -> str:
        """The saved log: of one rank, or of all with ``[rank] `` before each line."""
        log = session.hub().runs.log(self.name, rank, attempt, tail, records=False)
        return b"".join(log).decode(errors="replace")

    def compare(self, other: Run | str) -> View:
        """What differs between this run and another one."""
        name = other if isinstance(other, str) else other.name
        return session.hub().runs.compare(self.name, name)

    def submit(self, name: str | None = None) -> Job:
        """Submit it again, code and spec, as a new job called ``name``."""
        view = session.hub().runs.submit(self.name, name)
        return Job(view["name"], view)

    def export(self, folder: str | Path) -> Path:
        """Copy the record to the new ``folder``, or into one that is there; where it went."""
        target = Path(folder).expanduser().absolute()
        return session.hub().runs.export(
            self.name, target / self.name if target.is_dir() else target
        )

    def pin(self, pinned: bool = True) -> Run:
        """Keep it whatever the site's policy is, or no longer."""
        self._view = session.hub().runs.pin(self.name, pinned)
        return self

    def delete(self) -> None:
        """Delete the record. Raises Conflict while the job runs."""
        session.hub().runs.delete(self.name)

    def __repr__(self) -> str:
        return f"<Run {self.name} {self._view['phase']}>"

    def _repr_html_(self) -> str:
        return table_html(runs_table([self._view]))


class Runs(Collection[Run]):
    """All runs: ``th.runs.list("resnet")``, ``th.runs[name]``, ``len(th.runs)``."""

    table = staticmethod(runs_table)

    def list(self, search: str = "") -> list[Run]:
        """The runs in which each word of ``search`` occurs, the newest first."""
        return [Run(view["run"], view) for view in session.hub().runs.list(search)]

    def __getitem__(self, name: str) -> Run:
        """The run called ``name``. Raises NotFound."""
        return Run(name)
