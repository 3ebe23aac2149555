"""All TensorBoards that a user can see: on this machine, in the cluster, and those of others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, TrainHubError
from jupyter_trainhub.hub.tensorboards.found import FoundTensorBoards
from jupyter_trainhub.hub.tensorboards.local import LocalTensorBoards, Options, TensorBoardConfig
from jupyter_trainhub.hub.tensorboards.view import TensorBoardEndpoint, TensorBoardView

if TYPE_CHECKING:
    from jupyter_trainhub.hub.hub import Hub
    from jupyter_trainhub.hub.tensorboards.cluster import ClusterTensorBoards
    from jupyter_trainhub.hub.tensorboards.resolve import Here
    from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

CLUSTER = "cluster-"
FOUND = "found-"

# Seconds that a list waits for the cluster, and for one that did not answer the last time either.
PATIENCE = 5.0
_IMPATIENCE = 0.2
# Between two looks at one in the cluster that starts.
_LOOK_EVERY = 0.3

# The class below has a method called `list`, which hides the type in its own annotations.
Views = list[TensorBoardView]


class Listing(NamedTuple):
    """TensorBoards, and why those of the cluster are not among them."""

    items: Views
    problem: str | None


class TensorBoards:
    """Opens and finds TensorBoards; an id says where one is.

    Those of this machine need no cluster, and one that is away does not slow them. Methods may be
    called by any thread, and block.
    """

    def __init__(
        self,
        config: TensorBoardConfig,
        hub: Callable[[], Hub | None] | None = None,
        *,
        root: Path | None = None,
    ) -> None:
        """``hub`` gives the connection to the cluster, None for none; it may raise.

        ``root`` is where records of local ones are kept.
        """
        self.local = LocalTensorBoards(config, root)
        self.found = FoundTensorBoards()
        self._hub = hub or (lambda: None)
        self._lock = threading.Lock()
        self._looking: Future[Views] | None = None

    def open(self, spec: TensorBoardSpec | Mapping[str, Any], here: Here) -> TensorBoardView:
        """The TensorBoard of these folders and options, started unless it runs.

        ``here`` says what a folder's text is on this machine; it raises InvalidField and NotFound.
        Does not wait until it listens. Raises InvalidField, NotFound, AlreadyExists, Conflict,
        TensorBoardMissing, and what the cluster refuses where the folders are there.
        """
        from jupyter_trainhub.hub.tensorboards.resolve import asks_for_the_cluster, resolve
        from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

        if not isinstance(spec, TensorBoardSpec):
            spec = TensorBoardSpec.parse(spec)
        hub = self._connected() if asks_for_the_cluster(spec) else self._known()
        sources = resolve(spec, here, hub)
        if sources.is_local:
            return self.local.ensure(sources.local, Options(**spec.options, name=spec.name or ""))
        return self._cluster().open(spec, sources)

    def update(self, id_: str, changes: Mapping[str, Any], here: Here) -> TensorBoardView:
        """Change folders, options or name; the view, maybe with another id.

        Raises as :meth:`open`.
        """
        from jupyter_trainhub.hub.tensorboards.resolve import resolve
        from jupyter_trainhub.specs.tensorboard import TensorBoardSpec

        self._not_of_others(id_)
        if id_.startswith(CLUSTER):
            name = id_[len(CLUSTER) :]
            old = self._cluster().spec(name)
            spec = TensorBoardSpec.parse({**old.to_dict(), **changes, "where": "cluster"})
            moved = spec.folders != old.folders
            sources = resolve(spec, here, self._connected()) if moved else None
            return self._cluster().update(name, changes, sources)
        shown = self.local.get(id_)
        spec = TensorBoardSpec.parse({"folders": shown["folders"], **changes})
        options = Options(**spec.options, name=spec.name or "")
        if "folders" not in changes:
            return self.local.update(id_, None, options)
        sources = resolve(spec, here, self._known())
        if sources.is_local:
            return self.local.update(id_, sources.local, options)
        view = self._cluster().open(spec, sources)
        self.local.delete(id_)
        return view

    def list(self) -> Views:
        """Every TensorBoard that can be seen now, the latest first."""
        return self.listing().items

    def listing(self) -> Listing:
        """The same, with the problem that the cluster has."""
        items = [*self.local.list(), *self.found.list()]
        problem = None
        try:
            items += self._of_the_cluster()
        except TrainHubError as error:
            problem = str(error)
        return Listing(sorted(items, key=lambda view: view["started"] or "", reverse=True), problem)

    def list_here(self) -> Views:
        """Those of this machine: nobody tells of their changes."""
        return [*self.local.list(), *self.found.list()]

    def get(self, id_: str) -> TensorBoardView:
        """One TensorBoard. Raises NotFound."""
        if id_.startswith(CLUSTER):
            return self._cluster().get(id_[len(CLUSTER) :])
        return self.found.get(id_) if id_.startswith(FOUND) else self.local.get(id_)

    def by_port(self, port: int) -> TensorBoardView:
        """The one of this user's that listens on ``port`` of this machine. Raises NotFound."""
        return self.found.by_port(port)

    def wait(self, id_: str, timeout: float = 60.0) -> TensorBoardView:
        """It, once it is no longer Starting, or as it is after ``timeout`` seconds.

        Raises NotFound.
        """
        if not id_.startswith(CLUSTER):
            return self.get(id_) if id_.startswith(FOUND) else self.local.wait(id_, timeout)
        deadline = time.monotonic() + timeout
        while (view := self.get(id_))["phase"] == "Starting" and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY)
        return view

    def start(self, id_: str) -> TensorBoardView:
        """Start one again that has ended; gives the running one otherwise. Raises NotFound."""
        if id_.startswith(CLUSTER):
            return self._cluster().start(id_[len(CLUSTER) :])
        return self.get(id_) if id_.startswith(FOUND) else self.local.start(id_)

    def stop(self, id_: str) -> TensorBoardView:
        """End one, which stays listed unless somebody else started it. Raises NotFound."""
        if id_.startswith(CLUSTER):
            return self._cluster().stop(id_[len(CLUSTER) :])
        if not id_.startswith(FOUND):
            return self.local.stop(id_)
        view = self.found.get(id_)
        self.found.stop(id_)
        return {**view, "phase": "Stopped", "message": "TensorBoard was stopped."}

    def delete(self, id_: str) -> None:
        """End one and forget it. Raises NotFound."""
        if id_.startswith(CLUSTER):
            self._cluster().delete(id_[len(CLUSTER) :])
        elif id_.startswith(FOUND):
            self.found.stop(id_)
        else:
            self.local.delete(id_)

    def log(self, id_: str) -> str:
        """The last 16 KiB of what one printed. Raises NotFound, and Conflict for another's."""
        self._not_of_others(id_)
        if id_.startswith(CLUSTER):
            return self._cluster().log(id_[len(CLUSTER) :])
        return self.local.log(id_)

    def endpoint(self, id_: str) -> TensorBoardEndpoint:
        """Where one listens. Raises NotFound, and Conflict when it does not run (yet)."""
        if id_.startswith(CLUSTER):
            return self._cluster().endpoint(id_[len(CLUSTER) :])
        return self.found.endpoint(id_) if id_.startswith(FOUND) else self.local.endpoint(id_)

    def _known(self) -> Hub | None:
        """The cluster, where it can be had: folders may be found without it."""
        try:
            return self._hub()
        except TrainHubError:
            return None

    def _connected(self) -> Hub:
        hub = self._hub()
        if hub is None:
            raise ClusterUnavailable(
                "no cluster is connected",
                remedy="Connect to one, or open a folder of this machine.",
            )
        return hub

    def _cluster(self) -> ClusterTensorBoards:
        return self._connected().cluster_tensorboards

    def _of_the_cluster(self) -> Views:
        hub = self._hub()
        if hub is None:
            return []
        with self._lock:
            looking = self._looking
            late = looking is not None
            if looking is None:
                looking = self._looking = Future()
                arguments = (looking, hub.cluster_tensorboards)
                threading.Thread(target=self._look, args=arguments, daemon=True).start()
        try:
            return looking.result(_IMPATIENCE if late else PATIENCE)
        except FutureTimeoutError:
            raise ClusterUnavailable(
                "the cluster does not answer", remedy="Check that it runs and can be reached."
            ) from None

    def _look(self, looking: Future[Views], boards: ClusterTensorBoards) -> None:
        found, failure = Views(), None
        try:
            found = boards.list()
        except BaseException as error:
            failure = error
        # Nobody is to be given this answer from now on.
        with self._lock:
            self._looking = None
        if failure is None:
            looking.set_result(found)
        else:
            looking.set_exception(failure)

    def _not_of_others(self, id_: str) -> None:
        if id_.startswith(FOUND):
            raise Conflict(
                "TrainHub did not start this TensorBoard",
                reason="NotOurs",
                field="id",
                remedy="Change it where it was started, or open its folders in TrainHub.",
            )
