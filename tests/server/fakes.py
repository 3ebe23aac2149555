"""A fake cluster for the server's tests, in an extension that Jupyter loads by this name."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jupyter_server.auth.authorizer import Authorizer

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import AlreadyExists, Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.extension import TrainHub
from jupyter_trainhub.hub.access.entrances import Container, Entrances, Host
from jupyter_trainhub.hub.access.reach import Endpoint
from jupyter_trainhub.hub.jobs.restart_clock import RestartClock
from jupyter_trainhub.manifests.submission import Submission
from jupyter_trainhub.server.connection import Connector
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.mount import Mount
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.specs.snapshot import MeasurementSpec, SnapshotSpec
from jupyter_trainhub.specs.storage import Storage
from tests.server.images import FakeCatalogue, FakeMoves
from tests.server.runs import FakeRuns

View = dict[str, Any]


class FakeObjects:
    """Views by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.views: dict[str, View] = {}
        self.failure: TrainHubError | None = None

    def list(self) -> list[View]:
        if self.failure is not None:
            raise self.failure
        return list(self.views.values())

    def get(self, name: str) -> View:
        if name not in self.views:
            raise NotFound(f"there is no {self.kind} {name!r}", field="name")
        return self.views[name]

    def add(self, name: str, **fields: Any) -> View:
        if name in self.views:
            raise AlreadyExists("the name is taken", field="name", remedy="Choose another name.")
        self.views[name] = {"kind": self.kind, "name": name, **fields}
        return self.views[name]

    def delete(self, name: str) -> None:
        self.get(name)
        del self.views[name]

    def set_phase(self, name: str, phase: str) -> View:
        return self.get(name) | {"phase": phase}


class FakeInstances(FakeObjects):
    """Instances whose pods are whatever a test puts into ``endpoints``."""

    def __init__(self) -> None:
        super().__init__("instance")
        self.endpoints: dict[str, Endpoint] = {}
        self.asked = 0

    def create(self, spec: InstanceSpec) -> View:
        return self.add(spec.name, phase="Pending", spec=spec.to_dict())

    def check(self, data: View, *, edit: bool) -> View:
        return {"verdict": "now", "edit": edit, "asked": data}

    def update(self, name: str, spec: InstanceSpec, *, version: str | None, restart: bool) -> View:
        view = self.get(name)
        if version not in (None, view.get("version")):
            raise Conflict("somebody changed it", reason="Edited", field="version")
        view.update(spec=spec.to_dict(), restart_needed=not restart)
        return view

    def restart(self, name: str) -> View:
        return self.set_phase(name, "Starting")

    def events(self, name: str) -> Sequence[View]:
        self.get(name)
        return [{"reason": "SuccessfulCreate", "object": f"StatefulSet/dev-{name}"}]

    def start(self, name: str) -> View:
        return self.set_phase(name, "Starting")

    def stop(self, name: str) -> View:
        return self.set_phase(name, "Stopped")

    def endpoint(self, name: str) -> Endpoint:
        self.asked += 1
        if name in self.endpoints:
            return self.endpoints[name]
        self.get(name)
        raise Conflict(f"instance {name!r} does not run", reason="InstanceNotRunning")


class FakeLog:
    """A log that a test writes while it is read."""

    def __init__(self, arguments: View) -> None:
        self.arguments = arguments
        self.chunks: queue.Queue[bytes | TrainHubError | None] = queue.Queue()
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        chunk = self.chunks.get()
        if isinstance(chunk, TrainHubError):
            raise chunk
        if chunk is None or self.closed.is_set():
            raise StopIteration
        return chunk

    def close(self) -> None:
        self.closed.set()
        self.chunks.put(None)


class FakeJobs(FakeObjects):
    """Jobs that never run."""

    def __init__(self) -> None:
        super().__init__("job")
        self.bundles: dict[str, Any] = {}
        self.submissions: dict[str, Submission | None] = {}
        self.deleted_volumes: list[str] = []
        self.stepped: queue.Queue[str] = queue.Queue()
        self.logs_asked: queue.Queue[FakeLog] = queue.Queue()

    @property
    def restarts(self) -> FakeJobs:
        return self

    def clock(self, *, everybody: bool) -> RestartClock:
        assert not everybody
        return RestartClock(lambda view: view.get("due"), self.stepped.put)

    def list(self, search: str = "") -> list[View]:
        return [view for view in super().list() if search in view["name"]]

    def create(
        self,
        spec: JobSpec,
        bundle: Any = None,
        *,
        submission: Submission | None = None,
        code_of: str | None = None,
    ) -> View:
        self.bundles[spec.name] = bundle
        self.submissions[spec.name] = submission
        return self.add(spec.name, phase="Pending", spec=spec.to_dict(), code_of=code_of)

    def check(self, spec: JobSpec) -> None:
        if spec.project == "none":
            raise InvalidField("there is no such project", field="project", remedy="Leave it out.")

    def stop(self, name: str) -> View:
        return self.set_phase(name, "Stopping")

    def pin(self, name: str, pinned: bool) -> View:
        return self.get(name) | {"pinned": pinned}

    def resubmit(self, name: str, new_name: str | None = None) -> View:
        return self.add(new_name or f"{name}-1", spec=self.get(name)["spec"])

    def delete(self, name: str, *, volumes: bool = False) -> None:
        super().delete(name)
        self.deleted_volumes += [name] if volumes else []

    def events(self, name: str) -> Sequence[View]:
        self.get(name)
        return [{"reason": "SuccessfulCreate", "object": f"Job/{name}"}]

    def yaml(self, name: str, kind: str) -> str:
        return f"job: {self.get(name)['name']}\nas: {kind}\n"

    def logs(self, name: str, **asked: Any) -> FakeLog:
        self.get(name)
        log = FakeLog(asked)
        self.logs_asked.put(log)
        return log


class FakeEntrances(Entrances):
    """Everything that is there runs, and jobs have two ranks."""

    def __init__(self, instances: FakeInstances, jobs: FakeJobs) -> None:
        self.instances = instances
        self.jobs = self._jobs = jobs  # type: ignore[assignment]
        self.hosts: dict[str, Host] = {}

    def host(self, place: Place) -> Host:
        if place.kind == "job":
            self.job(place.name)
        return self.hosts[place.name]

    def container(self, place: Place) -> Container:
        if place.kind == "instance":
            self.instances.get(place.name)
            return Container(f"dev-{place.name}-0")
        self.jobs.get(place.name)
        if place.rank > 1:
            raise InvalidField("no such rank", field="rank", remedy="Name another.")
        return Container(f"job-{place.name}-{place.rank}", "pytorch")


class FakeNodes:
    """One node."""

    def list(self) -> list[View]:
        return [{"name": "node-1", "ready": True}]


class FakeStorage:
    """A cluster whose node is this machine."""

    def folder(self, folder: Path) -> Mount:
        return Mount.parse({"path": str(folder), "host_path": str(folder)})

    def chosen(self, spec: JobSpec) -> tuple[JobSpec, list[Storage]]:
        return spec, []

    def offered(self) -> list[Storage]:
        return []


class FakePolicy:
    """A site that allows any mount."""

    def check_mounts(self, mounts: list[Mount]) -> None:
        """Nothing is refused."""


class FakeActivity:
    """Heartbeats as they come."""

    def __init__(self) -> None:
        self.noted: queue.Queue[tuple[str, str]] = queue.Queue()

    def is_due(self, name: str, signal: str) -> bool:
        return True

    def note(self, name: str, signal: str) -> None:
        self.noted.put((name, signal))


class FakeIdle:
    """Nothing is ever idle."""

    def __init__(self, instances: FakeInstances) -> None:
        self.activity = FakeActivity()
        self.instances = instances
        self.sweeps: queue.Queue[str | None] = queue.Queue()

    def look(self, name: str) -> View:
        self.instances.get(name)
        return {"state": "active", "signals": []}

    def extend(self, name: str, seconds: Any) -> View:
        if not isinstance(seconds, int):
            raise InvalidField("seconds must be a number", field="seconds")
        return self.instances.get(name) | {"kept": seconds}

    def sweep(self, user: str | None, *, older: float) -> Iterator[None]:
        self.sweeps.put(user)
        return iter(())


class FakeTransfers(FakeObjects):
    """Transfers that end when a test says so."""

    def __init__(self) -> None:
        super().__init__("transfer")

    def cancel(self, id_: str) -> View:
        return self.set_phase(id_, "Cancelled")

    def resume(self, id_: str) -> View:
        if self.get(id_)["phase"] != "Failed":
            raise Conflict("that cannot be tried again", reason="NotResumable")
        return self.set_phase(id_, "Pending")


class FakeSnapshots:
    """Saves at once, unless a test has a reason against it."""

    def __init__(self, instances: FakeInstances, transfers: FakeTransfers) -> None:
        self.instances = instances
        self.transfers = transfers
        self.failure: TrainHubError | None = None
        self.slow = False
        self.given_up = threading.Event()

    def measure(self, name: str, spec: MeasurementSpec, check: Callable[[], None]) -> View:
        self.instances.get(name)
        while self.slow:
            try:
                check()
            except TrainHubError:
                self.given_up.set()
                raise
            time.sleep(0.01)
        return {"instance": name, "asked": spec.to_dict()}

    def save(self, name: str, spec: SnapshotSpec) -> View:
        self.instances.get(name)
        if self.failure is not None:
            raise self.failure
        return self.transfers.add(f"snapshot-{name}", phase="Pending", spec=spec.to_dict())


class FakeProgress:
    """What tests say that jobs have told of their progress, by their names."""

    def __init__(self) -> None:
        self.known: dict[str, View] = {}
        self.on_change: Callable[[View], None] = lambda view: None

    def watch(self, on_change: Callable[[View], None]) -> None:
        self.on_change = on_change

    def merged(self, view: View) -> View:
        known = self.known.get(view["name"])
        return {**view, "progress": known} if known else view

    def forget(self, job: str) -> None:
        self.known.pop(job, None)


class FakeFailures:
    """Failures that tell what was asked for."""

    def __init__(self, jobs: FakeJobs, runs: FakeRuns) -> None:
        self._jobs, self._runs = jobs, runs
        self.asked: Callable[[str], bool] = lambda path: False

    def of_job(self, name: str, attempt: int | None) -> View:
        return {"job": self._jobs.get(name)["name"], "attempt": attempt, "root": None}

    def of_run(self, run: str, attempt: int | None) -> View:
        return {"run": self._runs.get(run)["run"], "attempt": attempt, "root": None}

    def of_notebook(self, is_it: Callable[[str], bool]) -> list[View]:
        self.asked = is_it
        return []


class FakeHub:
    """What the routes use of a hub."""

    def __init__(self) -> None:
        self.user = "ada"
        self.instances = FakeInstances()
        self.jobs = FakeJobs()
        self.progress = FakeProgress()
        self.runs = FakeRuns()
        self.failures = FakeFailures(self.jobs, self.runs)
        self.entrances = FakeEntrances(self.instances, self.jobs)
        self.idle = FakeIdle(self.instances)
        self.nodes = FakeNodes()
        self.storage = FakeStorage()
        self.policy = FakePolicy()
        self.transfers = FakeTransfers()
        self.snapshots = FakeSnapshots(self.instances, self.transfers)
        self.catalogue = FakeCatalogue()
        self.archives = self.relay = FakeMoves()
        self.cluster_tensorboards = FakeObjects("tensorboard")
        self.state = "ready"
        self.closed = False
        self.on_transfer: Callable[[str, View | None], None] = lambda id_, view: None

    def close(self) -> None:
        self.closed = True

    def status(self) -> View:
        return {"name": "fake", "state": self.state, "message": None, "embedded": False}


class FakeLive:
    """Live state that changes when a test says so."""

    def __init__(self, on_change: Callable[[str, str, str, View | None], None]) -> None:
        self.on_change = on_change
        self.running = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


class FakeConnector(Connector):
    """Connects to the fake hub."""

    def __init__(self, config: TrainHubConfig) -> None:
        super().__init__(config)
        self.hub = FakeHub()
        self.lives: list[FakeLive] = []
        self.connected = 0
        self.must_start = False
        self.failure: TrainHubError | None = None

    def connect(self) -> Any:
        if self.failure is not None:
            raise self.failure
        self.connected += 1
        self.must_start = False
        return self.hub

    def would_start(self) -> bool:
        return self.must_start

    def user(self) -> str:
        return self.hub.user

    def live(self, hub: Any, on_change: Callable[[str, str, str, View | None], None]) -> Any:
        self.lives.append(FakeLive(on_change))
        return self.lives[-1]


class FakeTrainHub(TrainHub):
    """The extension with nothing but its cluster replaced."""

    fake: FakeConnector

    def connector(self, config: TrainHubConfig) -> Connector:
        self.fake = FakeConnector(config)
        return self.fake


class OnlyReaders(Authorizer):
    """Lets everybody read, and nobody do anything else."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read"


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "tests.server.fakes", "app": FakeTrainHub}]
