"""The node agent: a worker for each pod that the scheduler gave to a node of this machine."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from ..apimachinery.resources import CONFIGMAPS, PODS, SECRETS, SERVICES, Resource
from ..apimachinery.status import bad_request
from ..apiserver.events import Recorder
from ..apiserver.options import DeleteOptions
from ..apiserver.registry import Registry
from ..apiserver.store import Change, Object
from ..runtime import listeners, sandbox
from . import container_logs, oom, stats
from .container_config import Place, PodContext
from .container_run import ContainerRun
from .images import Images
from .metrics import Metrics
from .node import this_machine
from .pod_status import HOST_IP
from .pod_worker import PodWorker, remove_state

log = logging.getLogger(__name__)

# How often the files of all volumes are looked at (seconds).
_REFRESH = 60.0

# How long (seconds) changes are gathered before /etc/hosts is written, which concerns all pods of a
# namespace.
_HOSTS_DELAY = 0.1


class Kubelet:
    """Runs the pods of all nodes, which are all this machine.

    Args:
        directory: where pods' volumes, containers and logs are kept.
        images: what pods may run.
        hide: folders that no pod may see.
    """

    def __init__(
        self, registry: Registry, directory: Path, images: Images, hide: tuple[str, ...] = ()
    ) -> None:
        self._registry = registry
        self._store = registry.store
        self._directory = directory
        self._images = images
        self._hide = hide
        self._metrics, self._disks = Metrics(), stats.Disks()
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hosts_due: set[str] = set()
        self._shutting_down = False
        self._discarding: set[asyncio.Future[None]] = set()
        # Several clusters on one machine share 127.0.0.0/8: each begins somewhere else.
        self._next_address = random.randrange(127 << 24 | 64 << 16, 127 << 24 | 254 << 16)

    def start(self) -> None:
        """Take up the pods that are there, end what belongs to none, and listen for more."""
        self._sweep()
        for pod in self._store.list(PODS):
            self._consider(pod)
        self._store.subscribe(self._heard)
        self._watching_memory = asyncio.ensure_future(oom.watch(self._runs))
        asyncio.get_running_loop().call_later(_REFRESH, self._refresh_periodically)

    def _runs(self) -> Iterator[ContainerRun]:
        for worker in self._workers.values():
            yield from worker.runs()

    def _heard(self, change: Change) -> None:
        if change.resource is PODS:
            uid = change.object["metadata"]["uid"]
            if change.type == "DELETED" and uid not in self._workers:
                self._remove_logs(change.object)
            elif uid in self._workers:
                self._workers[uid].notify()
            else:
                self._consider(change.object)
            if _address(change.object) != _address(change.previous) or _ready_changed(change):
                self._write_hosts_soon(change.object)
            if uid in self._workers and _labels(change.object) != _labels(change.previous):
                asyncio.get_running_loop().call_soon(self._workers[uid].refresh_volumes)
        elif change.resource is SERVICES:
            self._write_hosts_soon(change.object)
        elif change.resource in (CONFIGMAPS, SECRETS):
            namespace = change.object["metadata"]["namespace"]
            asyncio.get_running_loop().call_soon(self._refresh_volumes, namespace)

    def _consider(self, pod: Object) -> None:
        metadata, status = pod["metadata"], pod["status"]
        if not pod["spec"].get("nodeName") or metadata["uid"] in self._workers:
            return
        if self._shutting_down:
            # Controllers still replace what ends; it is started with the next process.
            return
        if status.get("phase") in ("Succeeded", "Failed"):
            return
        recorder = Recorder(self._registry, "kubelet", pod["spec"]["nodeName"])
        place = Place(self._state_of(pod), self._logs_of(pod), self._hide)
        address = status.get("podIP") or self._new_address()
        if pod["spec"].get("hostNetwork"):
            address = HOST_IP
        context = PodContext(self._store, place, self._images, address, pod)
        worker = PodWorker(self._registry, recorder, context)
        self._workers[metadata["uid"]] = worker
        self._tasks[metadata["uid"]] = asyncio.ensure_future(self._run(worker, pod))

    async def _run(self, worker: PodWorker, pod: Object) -> None:
        metadata = pod["metadata"]
        try:
            await worker.run()
        except Exception:
            log.exception("pod %s/%s", metadata["namespace"], metadata["name"])
        finally:
            del self._workers[metadata["uid"]], self._tasks[metadata["uid"]]
        current = self._store.find(PODS, metadata["namespace"], metadata["name"])
        if current is None or current["metadata"]["uid"] != metadata["uid"]:
            self._discard(self._state_of(pod))  # nothing, unless something went wrong
            self._remove_logs(pod)
        elif "deletionTimestamp" in current["metadata"]:
            # Marked to go while its end was being written.
            options = DeleteOptions(grace_seconds=0, uid=metadata["uid"])
            self._registry.delete(PODS, metadata["namespace"], metadata["name"], options)

    def _write_hosts_soon(self, near: Object) -> None:
        namespace = near["metadata"]["namespace"]
        if namespace not in self._hosts_due:
            self._hosts_due.add(namespace)
            asyncio.get_running_loop().call_later(_HOSTS_DELAY, self._write_hosts, namespace)

    def _write_hosts(self, namespace: str) -> None:
        self._hosts_due.discard(namespace)
        for pod in self._store.list(PODS, namespace):
            worker = self._workers.get(pod["metadata"]["uid"])
            if worker:
                worker.write_hosts()

    def _refresh_volumes(self, namespace: str | None) -> None:
        for worker in list(self._workers.values()):
            if namespace in (None, worker.namespace):
                worker.refresh_volumes()

    def _refresh_periodically(self) -> None:
        # Tokens are replaced before they expire.
        self._refresh_volumes(None)
        asyncio.get_running_loop().call_later(_REFRESH, self._refresh_periodically)

    def _new_address(self) -> str:
        taken = {_address(pod) for pod in self._store.list(PODS)}
        while True:
            self._next_address += 1
            number = self._next_address
            address = ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
            if address not in taken and number & 255 not in (0, 255):
                return address

    def _state_of(self, pod: Object) -> Path:
        return self._directory / "pods" / str(pod["metadata"]["uid"])

    def _logs_of(self, pod: Object) -> Path:
        return self._directory / "logs" / str(pod["metadata"]["uid"])

    def _remove_logs(self, pod: Object) -> None:
        shutil.rmtree(self._logs_of(pod), ignore_errors=True)

    def _sweep(self) -> None:
        """End and remove what is left of pods that are gone."""
        known = {pod["metadata"]["uid"] for pod in self._store.list(PODS)}
        for folder in self._directory.glob("pods/*"):
            if folder.name not in known:
                self._discard(folder)
        for folder in self._directory.glob("logs/*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    def _discard(self, folder: Path) -> None:
        """End and remove what is left of one pod, if anything is."""
        if folder.exists():
            self._discarding.add(task := asyncio.ensure_future(_end_and_remove(folder)))
            task.add_done_callback(self._discarding.discard)

    async def shut_down(self) -> None:
        """End all pods, each within its grace period, and start no more."""
        self._shutting_down = True
        for worker in self._workers.values():
            worker.shut_down()
        await asyncio.gather(*self._tasks.values())

    def busy(self) -> bool:
        """Whether any pod runs or is about to."""
        return bool(self._workers)

    def running(self, pod: Object, container: str) -> sandbox.Running | None:
        """The live run of a container, if any."""
        worker = self._workers.get(pod["metadata"]["uid"])
        return worker.running(container) if worker else None

    def listener(self, pod: Object, port: int, *, loopback: bool) -> str:
        """The address at which a process of the pod listens on a TCP port, to be dialled.

        The pod has an address, but its network is the machine's, whose other listeners are none of
        the pod's. With `loopback`, what listens on 127.0.0.1 or ::1 counts too.

        Raises:
            ConnectionRefusedError: none does.
        """
        own = _address(pod)
        dialled = {own: own, "0.0.0.0": own, "::": own}
        if loopback:
            dialled = {"127.0.0.1": "127.0.0.1", "::1": "::1", **dialled}
        found = {i: a for i, a in listeners.listening(port).items() if a in dialled}
        worker = self._workers.get(pod["metadata"]["uid"])
        addresses = {dialled[found[i]] for i in worker.holds(set(found))} if worker else set()
        if not addresses:
            raise ConnectionRefusedError
        return own if own in addresses else addresses.pop()

    async def measure(self, resource: Resource, objects: list[Object]) -> list[Object]:
        """The metrics of pods or nodes; those that nothing is known of are left out."""
        pods, machine = self._store.list(PODS), this_machine().name
        return await self._metrics.measure(resource, objects, pods, self._running(), machine)

    async def summary(self, node: str) -> Object:
        """The page ``/stats/summary`` of a node."""
        usage = await self._metrics.usage(self._running())
        return await stats.summary(node, this_machine().name, self._on(node), usage, self._disks)

    async def cadvisor(self, node: str) -> str:
        """The page ``/metrics/cadvisor`` of a node."""
        usage = await self._metrics.usage(self._running())
        return stats.cadvisor(self._on(node), usage)

    def _running(self) -> dict[tuple[str, str], sandbox.Running]:
        return {
            (uid, run.name): run.running
            for uid, worker in self._workers.items()
            for run in worker.runs()
            if run.running and "running" in run.state
        }

    def _on(self, node: str) -> list[stats.PodFolders]:
        return [
            stats.PodFolders(
                pod,
                [run for run in worker.runs() if run.running and "running" in run.state],
                worker.empty_dirs(),
            )
            for pod in self._store.list(PODS)
            if pod["spec"].get("nodeName") == node
            and (worker := self._workers.get(pod["metadata"]["uid"]))
        ]

    def log(self, pod: Object, name: str, previous: bool) -> tuple[Path, sandbox.Running | None]:
        """A container's log, and the run that still writes it, if any.

        Raises:
            ApiError: 400, it has no log yet.
        """
        attempt = container_logs.attempt(pod, name, previous)
        path = self._logs_of(pod) / name / f"{attempt}.log"
        earlier = path.with_name(f"{attempt - 1}.log")
        if not path.exists() and earlier.exists():
            # About to start anew: the log of the last run is what there is.
            return earlier, None
        running = self.running(pod, name)
        return path, running if running and running.directory.name == str(attempt) else None


async def _end_and_remove(folder: Path) -> None:
    for run in folder.glob("containers/*/*"):
        found = sandbox.find(run)
        while found and found.alive():
            found.kill()
            await asyncio.sleep(0.05)
    await asyncio.to_thread(remove_state, folder)


def container_name(pod: Object, asked: str) -> str:
    """The container that is meant; "" means the first.

    Raises:
        ApiError: 400, the pod has no container of that name.
    """
    spec = pod["spec"]
    names = [c["name"] for c in [*(spec.get("initContainers") or []), *spec["containers"]]]
    if not asked:
        if len(spec["containers"]) > 1:
            raise bad_request(
                f"a container name must be specified for pod {pod['metadata']['name']}, choose one "
                f"of: [{' '.join(names)}]"
            )
        return str(spec["containers"][0]["name"])
    if asked not in names:
        raise bad_request(f"container {asked} is not valid for pod {pod['metadata']['name']}")
    return asked


def _labels(pod: Object | None) -> tuple[Object, Object]:
    metadata = (pod or {}).get("metadata") or {}
    return metadata.get("labels") or {}, metadata.get("annotations") or {}


def _address(pod: Object | None) -> str:
    return ((pod or {}).get("status") or {}).get("podIP") or ""


def _ready_changed(change: Change) -> bool:
    def ready(pod: Object | None) -> str:
        conditions = ((pod or {}).get("status") or {}).get("conditions") or []
        return next((c["status"] for c in conditions if c["type"] == "Ready"), "")

    phase = (change.previous or change.object)["status"].get("phase")
    return (
        ready(change.object) != ready(change.previous)
        or phase != change.object["status"].get("phase")
        or change.type == "DELETED"
    )
