"""Dev instances as a notebook handles them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from jupyter_trainhub.api import session
from jupyter_trainhub.api.collection import Collection
from jupyter_trainhub.api.follow import ProgressBar
from jupyter_trainhub.hub.access.reach import bracketed
from jupyter_trainhub.hub.descriptions import why
from jupyter_trainhub.hub.tables import instances_table
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.hub.waiting import wait_gone
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.widgets.still import table_html

if TYPE_CHECKING:
    from jupyter_trainhub.api.image import Image


class Instance:
    """A dev instance by its name. What it tells of itself is as of the last look."""

    def __init__(self, name: str, view: View | None = None) -> None:
        self.name = name
        self._view = view or session.hub().instances.get(name)

    @property
    def view(self) -> View:
        """All that is known, as the REST interface shows it, as of the last look."""
        return self._view

    @property
    def phase(self) -> str:
        """The phase now: Pending, Starting, Running, Failed, Stopping or Stopped."""
        return str(self.refresh()._view["phase"])

    @property
    def url(self) -> str:
        """The address of its JupyterLab: through this Jupyter server, or else the pod's own."""
        server = session.JupyterServer.of_this_kernel()
        if server is not None:
            return f"{server.url}{self._view['url']}"
        endpoint = session.hub().instances.endpoint(self.name)
        return f"http://{bracketed(endpoint.host)}:{endpoint.port}{endpoint.prefix}/lab"

    def refresh(self) -> Instance:
        """Look at the cluster. Raises NotFound when it was deleted."""
        self._view = session.hub().instances.get(self.name)
        return self

    def wait_ready(self, timeout: float = 300.0, progress: bool = True) -> Instance:
        """Return once it can be used, within ``timeout`` seconds.

        Raises Conflict when it fails or is stopped, and WaitTimeout.
        """
        with ProgressBar(self.name, shown=progress, done="Running") as bar:
            self._view = session.hub().instances.wait_ready(self.name, timeout, on_view=bar.show)
        return self

    def edit(self, *, restart: bool = False, **changes: Any) -> Instance:
        """Change its spec, such as ``edit(cpus=4)``; what is not named stays.

        A running pod keeps the old spec until it is restarted, which ``restart`` does at once, and
        by which files outside mounted folders are lost. Raises InvalidField, and Conflict when
        somebody else changed it since the last look.
        """
        spec = InstanceSpec.parse({**self._view["spec"], **changes})
        self._view = session.hub().instances.update(
            self.name, spec, version=self._view["version"], restart=restart
        )
        return self

    def check(self, **changes: Any) -> View:
        """What would become of it with ``changes``, which are not made: ``check(gpus=2)``."""
        data = {**self._view["spec"], **changes}
        return session.hub().instances.check(data, edit=True)

    def events(self) -> list[View]:
        """What the cluster did for it, oldest first."""
        return list(session.hub().instances.events(self.name))

    def save(self, image: str | None = None, *, progress: bool = True, **fields: Any) -> Image:
        """Save it as an image, called ``image`` or by a new name; it goes on running.

        ``fields`` are those of a SnapshotSpec: ``note``, ``exclude``, ``secrets``, ``overwrite``,
        ``engine``, ``then``. What is in mounted folders stays there and is not in the image.
        Raises InvalidField, and Conflict when it fails or secrets are found.
        """
        from jupyter_trainhub.api import image as images
        from jupyter_trainhub.specs.snapshot import SnapshotSpec

        spec = SnapshotSpec.parse({"image": image, **fields})
        return images.save(self.name, spec, progress=progress)

    def measure(self, *exclude: str) -> View:
        """What saving it would take along and leave out; ``exclude`` are globs of files."""
        from jupyter_trainhub.specs.snapshot import MeasurementSpec

        spec = MeasurementSpec.parse({"exclude": list(exclude)})
        return session.hub().snapshots.measure(self.name, spec)

    def restart(self) -> Instance:
        """End its pod and start another; files outside mounted folders are lost."""
        self._view = session.hub().instances.restart(self.name)
        return self

    def stop(self) -> Instance:
        """End its pod, so that what it needs is free; its definition stays."""
        self._view = session.hub().instances.stop(self.name)
        return self

    def start(self) -> Instance:
        """Start it again."""
        self._view = session.hub().instances.start(self.name)
        return self

    def delete(self, timeout: float = 60.0) -> None:
        """Delete it; return once its name is free again, after ``timeout`` seconds at the latest.

        Mounted folders stay. Raises WaitTimeout.
        """
        hub = session.hub()
        hub.instances.delete(self.name)
        wait_gone(hub, "instance", self.name, timeout=timeout)

    def __repr__(self) -> str:
        told = why(self._view)
        return f"<Instance {self.name} {self._view['phase']}{f': {told}' if told else ''}>"

    def _repr_html_(self) -> str:
        table = table_html(instances_table([self._view]))
        server = session.JupyterServer.of_this_kernel()
        if server is None or not self._view["ready"]:
            return f"{table}{escape(why(self._view))}"
        # A path, not a whole address: the browser knows the server by another host than we do.
        path = escape(f"{server.base_url}{self._view['url']}", quote=True)
        return f'{table}<a href="{path}" target="_blank" rel="noopener">Open JupyterLab</a>'


class Instances(Collection[Instance]):
    """All dev instances: ``th.instances["dev"]``, ``for instance in th.instances``."""

    table = staticmethod(instances_table)

    def create(self, name: str, **fields: Any) -> Instance:
        """Create and start an instance; ``fields`` are ``cpus``, ``memory``, ``image`` and so on.

        Does not wait until it runs. Raises InvalidField and AlreadyExists.
        """
        view = session.hub().instances.create(InstanceSpec.parse({"name": name, **fields}))
        return Instance(name, view)

    def list(self) -> list[Instance]:
        """Every instance, by name."""
        return [Instance(view["name"], view) for view in session.hub().instances.list()]

    def __getitem__(self, name: str) -> Instance:
        """The instance called ``name``. Raises NotFound."""
        return Instance(name)
