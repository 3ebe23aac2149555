"""Images as a notebook handles them."""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.api import session
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.api.follow import ProgressBar
from jupyter_trainhub.errors import Conflict
from jupyter_trainhub.hub.images.descriptions import progress_line
from jupyter_trainhub.hub.images.transfers.waiting import wait_transfer
from jupyter_trainhub.hub.tables import catalogue_table
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from jupyter_trainhub.widgets.still import table_html


class Image:
    """An image of the catalogue by its name. What it tells of itself is as of the last look."""

    def __init__(self, name: str, view: View | None = None) -> None:
        self._view = view or session.hub().catalogue.get(name)
        self.name = str(self._view["name"])

    @property
    def view(self) -> View:
        """All that is known, as the REST interface shows it, as of the last look."""
        return self._view

    def changes(self) -> View:
        """What a saved image has beyond its base: packages, files, what was deleted."""
        return dict(session.hub().catalogue.changes(self.name))

    def recipe(self) -> dict[str, Any]:
        """A Dockerfile, and the files that it needs, that make an image like this saved one."""
        return session.hub().catalogue.recipe(self.name)

    def check(self) -> View:
        """Whether it has what instances and jobs need; starts a short pod of it."""
        return dict(session.hub().fitness.check(image=self.name))

    def tag(self, new_name: str, *, overwrite: bool = False) -> Image:
        """Give it another name, or only another tag, too. Raises Conflict when that is taken."""
        view = session.hub().catalogue.tag(self.name, new_name, overwrite=overwrite)
        return Image(view["name"], view)

    def delete(self) -> None:
        """Delete it from the registry. Raises Conflict while something is made of it."""
        session.hub().catalogue.delete(self.name)

    def __repr__(self) -> str:
        return f"<Image {self.name}>"

    def _repr_html_(self) -> str:
        return table_html(catalogue_table([self._view]))


class Images(Collection[Image]):
    """The catalogue: ``th.images.list("torch")``, ``th.images[name]``, ``len(th.images)``."""

    table = staticmethod(catalogue_table)

    def list(self, search: str = "") -> list[Image]:
        """The images with ``search`` in their name, note or owner; all without it."""
        views = session.hub().catalogue.list(search)["items"]
        return [Image(view["name"], view) for view in views]

    def __getitem__(self, name: str) -> Image:
        """The image called ``name``. Raises NotFound."""
        return Image(name)


def save(instance: str, spec: SnapshotSpec, *, progress: bool) -> Image:
    """Save an instance as an image and return once that is in the registry.

    Raises Conflict when it fails, is cancelled, or secrets were found that ``spec`` does not judge.
    """
    hub = session.hub()
    with ProgressBar(instance, shown=progress) as bar:
        ended = wait_transfer(
            hub.transfers,
            hub.snapshots.save(instance, spec),
            lambda view: bar.show({**view, "message": progress_line(view), "remedy": None}),
        )
        if ended["phase"] != "Succeeded":
            raise Conflict(
                ended["message"] or f"saving {instance} was {ended['phase'].lower()}",
                reason=f"Snapshot{ended['phase']}",
                remedy=ended["remedy"],
            )
        bar.show(ended)
    return Image(ended["result"]["image"])
