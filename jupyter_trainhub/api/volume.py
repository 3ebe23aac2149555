"""Volumes of jobs as a notebook handles them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_trainhub.api import session
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.hub.tables import files_table, volumes_table
from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.hub.volumes.download import blocking, download
from jupyter_trainhub.hub.volumes.naming import claim_of
from jupyter_trainhub.specs.quantity import parse_memory
from jupyter_trainhub.widgets.still import table_html


class Folder:
    """A folder of a volume as of the last look; the last value of a cell shows it as a table."""

    def __init__(self, view: View) -> None:
        self.path = str(view["path"])
        self.items: Views = view["items"]
        self.truncated = bool(view["truncated"])

    def __iter__(self) -> Iterator[View]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return files_table(self.items).text()

    def _repr_html_(self) -> str:
        return table_html(files_table(self.items))


class Volume:
    """A volume by the name of its claim. What it tells of itself is as of the last look."""

    def __init__(self, claim: str, view: View | None = None) -> None:
        self._view = view or session.hub().volumes.get(claim)
        self.claim = claim

    @classmethod
    def of_job(cls, job: str, role: str) -> Volume:
        """The ``checkpoint`` or ``model`` volume of a job, also of one that was deleted."""
        return cls(claim_of(session.hub(), job, role))

    @property
    def view(self) -> View:
        """All that is known, as the REST interface shows it, as of the last look."""
        return self._view

    def files(self, path: str = "") -> Folder:
        """A folder of it. Raises NotFound, and Conflict where the volume cannot be read."""
        return Folder(blocking(session.hub().volumes.files.list(self.claim, path)))

    def download(self, path: str, destination: str | Path = ".", *, resume: bool = True) -> Path:
        """Copy a file of it here, or a folder as a tar file; where it lies now.

        ``resume`` goes on with what an earlier download of the same file left.
        """
        files = session.hub().volumes.files
        return download(files, self.claim, path, Path(destination), resume=resume)

    def resize(self, size: str | int) -> Volume:
        """Make it larger: ``volume.resize("20Gi")``. Raises Conflict where it cannot grow."""
        self._view = session.hub().volumes.resize(self.claim, parse_memory(size))
        return self

    def delete(self) -> None:
        """Delete it with what is in it. Raises Conflict while a pod uses it."""
        session.hub().volumes.delete(self.claim)

    def __repr__(self) -> str:
        return f"<Volume {self.claim}>"

    def _repr_html_(self) -> str:
        return table_html(volumes_table([self._view]))


class Volumes(Collection[Volume]):
    """The volumes of jobs: ``th.volumes.list()``, ``th.volumes[claim]``, ``len(th.volumes)``."""

    table = staticmethod(volumes_table)

    def list(self) -> list[Volume]:
        """Every volume, the newest first."""
        return [Volume(view["claim"], view) for view in session.hub().volumes.list()]

    def __getitem__(self, claim: str) -> Volume:
        """The volume of this claim. Raises NotFound."""
        return Volume(claim)
