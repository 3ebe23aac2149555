"""The node agent: a worker for each pod that the scheduler gave to a node of this machine."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
from pathlib import Path

from ..apimachinery.resources import PODS, SERVICES
from ..apimachinery.status import ApiError, bad_request
from ..apiserver.events import Recorder
from ..apiserver.registry import DeleteOptions, Registry
from ..apiserver.store import Change, Object, key_of
from ..runtime import sandbox
from .pod_worker import Place, PodWorker

log = logging.getLogger(__name__)


class Kubelet:
    """Runs the pods of all nodes, which are all this machine.

    Args:
        directory: where pods' volumes, containers and logs are kept.
        hide: folders that no pod may see.
    """

    def __init__(self, registry: Registry, directory: Path, hide: tuple[str, ...] = ()) -> None:
        self._registry = registry
        self._store = registry.store
        self._directory = directory
        self._hide = hide
        self._workers: dict[str, PodWorker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._shutting_down = False
        self._sweeping: list[asyncio.Future[None]] = []
        # Several clusters on one machine share 127.0.0.0/8: each begins somewhere else.
        self._next_address = random.randrange(127 << 24 | 64 << 16, 127 << 24 | 254 << 16)

    def start(self) -> None:
        """Take up the pods that are there, end what belongs to none, and listen for more."""
        self._sweep()
        for pod in self._store.list(PODS):
            self._consider(pod)
        self._store.subscribe(self._heard)

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
                asyncio.get_running_loop().call_soon(self._write_hosts, change.object)
        elif change.resource is SERVICES:
            asyncio.get_running_loop().call_soon(self._write_hosts, change.object)

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
        worker = PodWorker(self._registry, recorder, pod, place, address)
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
            self._remove_logs(pod)
        elif "deletionTimestamp" in current["metadata"]:
            # Marked to go while its end was being written.
            options = DeleteOptions(grace_seconds=0, uid=metadata["uid"])
            self._registry.delete(PODS, metadata["namespace"], metadata["name"], options)

    def _write_hosts(self, near: Object) -> None:
        namespace = near["metadata"].get("namespace")
        for pod in self._store.list(PODS, namespace):
            worker = self._workers.get(pod["metadata"]["uid"])
            if worker:
                worker.write_hosts()

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
            if folder.name in known:
                continue
            for run in folder.glob("containers/*/*"):
                left = sandbox.find(run)
                if left and left.alive():
                    left.kill()
            self._sweeping.append(asyncio.ensure_future(_remove_when_ended(folder)))
        for folder in self._directory.glob("logs/*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)

    async def shut_down(self) -> None:
        """End all pods, each within its grace period, and start no more."""
        self._shutting_down = True
        for worker in self._workers.values():
            worker.shut_down()
        await asyncio.gather(*self._tasks.values())

    def busy(self) -> bool:
        """Whether any pod runs or is about to."""
        return bool(self._workers)

    def running(self, pod: Object, container: str) -> sandbox.Running:
        """The live run of a container (its name, or "" for the first).

        Raises:
            ApiError: 400, there is no such container, or it does not run.
        """
        name = container_name(pod, container)
        worker = self._workers.get(pod["metadata"]["uid"])
        running = worker.running(name) if worker else None
        if running is None:
            raise bad_request(f'container {name} in pod "{pod["metadata"]["name"]}" is not running')
        return running

    def log_file(self, pod: Object, container: str, previous: bool) -> Path:
        """The log of a container.

        Raises:
            ApiError: 400, there is no such container, or it has no log yet.
        """
        name = container_name(pod, container)
        status = _container_status(pod, name)
        attempt = status.get("restartCount", 0) - previous
        path = self._logs_of(pod) / name / f"{attempt}.log"
        if previous and attempt < 0:
            raise bad_request(
                f'previous terminated container "{name}" in pod "{pod["metadata"]["name"]}" not '
                "found"
            )
        if not path.exists():
            earlier = path.with_name(f"{attempt - 1}.log")
            if earlier.exists():
                # Between two runs, the log of the last is what there is.
                return earlier
            raise self._not_started(pod, name, status)
        return path

    def _not_started(self, pod: Object, name: str, status: Object) -> ApiError:
        reason = ((status.get("state") or {}).get("waiting") or {}).get("reason", "")
        detail = {
            "ErrImagePull": "image can't be pulled",
            "ImagePullBackOff": "trying and failing to pull image",
        }.get(reason, reason or "ContainerCreating")
        return bad_request(
            f'container "{name}" in pod "{pod["metadata"]["name"]}" is waiting to start: {detail}'
        )

    def ended(self, pod: Object, container: str) -> bool:
        """Whether a container will write no more to its log."""
        if pod["metadata"]["uid"] not in self._workers:
            return True
        current = self._store.get(PODS, *key_of(pod))
        status = _container_status(current, container_name(pod, container))
        state = status.get("state") or {}
        # Waiting for a first start is a beginning; waiting after a run is the end of that run.
        return "terminated" in state or ("waiting" in state and bool(status.get("lastState")))


async def _remove_when_ended(folder: Path) -> None:
    for run in folder.glob("containers/*/*"):
        found = sandbox.find(run)
        while found and found.alive():
            await asyncio.sleep(0.05)
    await asyncio.to_thread(sandbox.remove, folder)


def container_name(pod: Object, asked: str) -> str:
    """The container that is meant; "" means the first.

    Raises:
        ApiError: 400, the pod has no container of that name.
    """
    spec = pod["spec"]
    names = [c["name"] for c in [*spec["containers"], *(spec.get("initContainers") or [])]]
    if not asked:
        if len(spec["containers"]) > 1:
            options = " ".join(c["name"] for c in spec["containers"])
            raise bad_request(
                f"a container name must be specified for pod {pod['metadata']['name']}, choose one "
                f"of: [{options}]"
            )
        return str(names[0])
    if asked not in names:
        raise bad_request(f"container {asked} is not valid for pod {pod['metadata']['name']}")
    return asked


def _container_status(pod: Object, name: str) -> Object:
    status = pod["status"]
    for field in ("containerStatuses", "initContainerStatuses"):
        for entry in status.get(field) or []:
            if entry["name"] == name:
                found: Object = entry
                return found
    return {}


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
