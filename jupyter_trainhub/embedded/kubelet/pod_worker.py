"""Runs one pod on this machine, from its volumes to its end."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from ..apimachinery import clock
from ..apimachinery.resources import PODS
from ..apiserver.events import Recorder
from ..apiserver.options import DeleteOptions
from ..apiserver.registry import Registry
from ..apiserver.store import Object
from ..runtime import listeners, processes, sandbox
from . import eviction, hosts, mounter, unsupported, volumes
from .container_config import PodContext
from .container_run import ContainerRun, restarts_always
from .container_worker import ContainerWorker
from .pod_status import PodState, pod_status
from .projection import Sources

log = logging.getLogger(__name__)

# Between tries to have the pod's volumes (seconds).
_FIRST_RETRY = 0.5
_LAST_RETRY = 20.0

_DEADLINE = "Pod was active on the node longer than the specified deadline"
_SHUTDOWN = "Pod was terminated in response to imminent node shutdown."

# What a pod has to end in that takes more than it may (seconds). Source: kubelet.
_EVICTION_GRACE = 1.0


class PodWorker:
    """The life of one pod. ``run`` returns when the pod has ended or is gone."""

    def __init__(self, registry: Registry, recorder: Recorder, context: PodContext) -> None:
        self._registry = registry
        self._recorder = recorder
        self._context = context
        self._key = (context.pod["metadata"]["namespace"], context.pod["metadata"]["name"])
        self.namespace = self._key[0]
        self._uid = context.pod["metadata"]["uid"]
        self._changed = asyncio.Event()
        self._sockets: set[int] = set()
        status = context.pod["status"]
        self._is_new = "startTime" not in status
        self._initial = self._workers("initContainers", status.get("initContainerStatuses"))
        self._main = self._workers("containers", status.get("containerStatuses"))
        self._state = PodState(
            [w.run for w in self._initial], [w.run for w in self._main],
            status.get("startTime") or clock.now(), context.address,
        )  # fmt: skip

    def _workers(self, field: str, statuses: list[Object] | None) -> list[ContainerWorker]:
        spec, place = self._context.pod["spec"], self._context.place
        known = {status["name"]: status for status in statuses or []}
        after_others = field == "containers" and spec.get("initContainers")
        workers = []
        for container in spec.get(field) or []:
            name = container["name"]
            run = ContainerRun(container, place.state / "containers" / name, place.logs / name)
            run.recover(known.get(name))
            if not run.state:
                run.wait_for("PodInitializing" if after_others else "ContainerCreating")
            initial = field == "initContainers"
            workers.append(
                ContainerWorker(self._context, run, self._recorder, self._publish, initial)
            )
        return workers

    def notify(self) -> None:
        """The pod object changed."""
        self._changed.set()

    def shut_down(self) -> None:
        """End the pod because its node ends; it gets its grace period and is Failed."""
        self._end("Terminated", _SHUTDOWN)

    def _end(self, reason: str, message: str) -> None:
        self._state.ending = (reason, message)
        self._changed.set()

    def running(self, container: str) -> sandbox.Running | None:
        """The container's live run, for exec and the like."""
        for run in self.runs():
            if run.name == container and "running" in run.state:
                return run.running
        return None

    def holds(self, sockets: set[int]) -> set[int]:
        """Those of the sockets (inodes) that processes of the pod have open."""
        if not sockets <= self._sockets:
            table = processes.Table()
            running = [run.running for run in self.runs() if run.running]
            self._sockets = listeners.held(pid for r in running for pid in r.members(table))
        return sockets & self._sockets

    def runs(self) -> list[ContainerRun]:
        """All containers."""
        return self._state.initial + self._state.main

    def empty_dirs(self) -> dict[str, Path]:
        """Its volumes that are folders of the node's disk for as long as it is there, by name."""
        prepared = self._context.volumes
        return {
            volume["name"]: found.path
            for volume in self._context.pod["spec"].get("volumes") or []
            if "emptyDir" in volume
            and (found := prepared.get(volume["name"]))
            and found.path is not None
            and not found.mount
        }

    async def run(self) -> None:
        """Run the pod until it ends or is deleted; then leave nothing of it but its logs."""
        self._publish()
        life = asyncio.ensure_future(self._live())
        stop = asyncio.ensure_future(self._until_stopped())
        try:
            await asyncio.wait({life, stop}, return_when=asyncio.FIRST_COMPLETED)
            if life.done() and life.exception():
                log.error("pod %s/%s", *self._key, exc_info=life.exception())
        finally:
            life.cancel()
            stop.cancel()
        await asyncio.gather(life, stop, return_exceptions=True)
        await self._terminate()
        self._state.final = True
        self._publish()
        try:
            await asyncio.to_thread(remove_state, self._context.place.state)
        except OSError as error:
            # The next process of the cluster tries again.
            log.warning("pod %s/%s left something behind: %s", *self._key, error)
        self._confirm_deletion()

    def _current(self) -> Object | None:
        pod = self._registry.store.find(PODS, *self._key)
        if pod is None or pod["metadata"]["uid"] != self._uid:
            return None
        self._context.pod = pod
        return pod

    async def _until_stopped(self) -> None:
        while True:
            self._changed.clear()
            pod = self._current()
            if self._state.ending or pod is None or "deletionTimestamp" in pod["metadata"]:
                return
            left = None
            limit = pod["spec"].get("activeDeadlineSeconds")
            if limit is not None:
                left = limit - clock.seconds_since(self._state.start_time)
                if left <= 0:
                    self._state.ending = ("DeadlineExceeded", _DEADLINE)
                    self._recorder.normal(pod, *self._state.ending)
                    return
            if pod["spec"].get("readinessGates"):
                self._publish()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                continue

    async def _live(self) -> None:
        self._context.volumes = await self._prepare_volumes()
        self._state.set_up = True
        self.write_hosts()
        self._tell_what_is_not_honoured()
        beside = [asyncio.ensure_future(self._watch_usage())]
        try:
            for worker in self._initial:
                if restarts_always(worker.run.spec):
                    beside.append(asyncio.ensure_future(worker.live()))
                    await worker.until_started()
                    continue
                await worker.live()
                if worker.run.exit_code != 0:
                    return
            for worker in self._main:
                if worker.run.state == {"waiting": {"reason": "PodInitializing"}}:
                    worker.run.wait_for("ContainerCreating")
            self._publish()
            await asyncio.gather(*(worker.live() for worker in self._main))
        finally:
            for task in beside:
                task.cancel()

    def _sources(self) -> Sources:
        context, registry = self._context, self._registry
        return Sources(registry.store, registry.tokens, context.pod, context.address)

    async def _prepare_volumes(self) -> dict[str, volumes.Volume]:
        delay = _FIRST_RETRY
        while True:
            try:
                return await volumes.prepare(self._sources(), self._context.place.state)
            except volumes.MountError as error:
                self._recorder.warning(self._context.pod, "FailedMount", str(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)

    def refresh_volumes(self) -> None:
        """Show in the pod's volumes what the objects that they are made of hold now."""
        if not self._state.set_up or self._state.final or self._current() is None:
            return
        try:
            volumes.refresh(self._sources(), self._context.place.state)
        except volumes.MountError as error:
            self._recorder.warning(self._context.pod, "FailedMount", str(error))

    def write_hosts(self) -> None:
        """Bring the pod's /etc/hosts up to date."""
        if self._state.set_up and not self._state.final:
            text = hosts.render(self._registry.store, self._context.pod, self._context.address)
            hosts.write(self._context.place.state / "etc-hosts", text)

    def _tell_what_is_not_honoured(self) -> None:
        pod = self._context.pod
        on_disk = volumes.not_in_memory(pod, self._context.volumes)
        message = unsupported.message(pod, on_disk) if self._is_new else ""
        if message:
            self._recorder.warning(pod, "FieldNotHonoured", message)

    async def _watch_usage(self) -> None:
        message = await eviction.until_exceeded(self._context.pod, self._context.volumes)
        if message:
            self._recorder.warning(self._context.pod, "Evicted", message)
            self._end("Evicted", message)

    async def _terminate(self) -> None:
        """End what still runs, within what the pod's grace period leaves."""
        deadline = time.monotonic() + self._grace()
        ends = asyncio.ensure_future(self._stop_all(deadline))
        while not ends.done():
            self._changed.clear()
            change = asyncio.ensure_future(self._changed.wait())
            await asyncio.wait({ends, change}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
            sooner = time.monotonic() + self._grace()
            if not ends.done() and sooner < deadline - 0.5:
                # Deleted once more, with a shorter grace period.
                deadline = sooner
                asyncio.get_running_loop().call_later(self._grace(), self._kill_all)
        await ends

    async def _stop_all(self, deadline: float) -> None:
        def left() -> float:
            return max(0.0, deadline - time.monotonic())

        sidecars = [w for w in self._initial if restarts_always(w.run.spec)]
        others = [w for w in self._initial + self._main if w not in sidecars]
        await asyncio.gather(*(worker.stop(left()) for worker in others))
        for worker in reversed(sidecars):
            await worker.stop(left())

    def _kill_all(self) -> None:
        for run in self.runs():
            if run.running and run.running.alive():
                run.running.kill()

    def _grace(self) -> float:
        pod = self._current()
        if pod is None:
            return 0.0  # deleted by force
        metadata = pod["metadata"]
        if self._state.ending and self._state.ending[0] == "Evicted":
            return _EVICTION_GRACE
        if "deletionTimestamp" not in metadata:
            return float(pod["spec"]["terminationGracePeriodSeconds"])
        passed = clock.seconds_since(metadata["deletionTimestamp"])
        return float(max(0.0, metadata.get("deletionGracePeriodSeconds", 0) - max(0.0, passed)))

    def _confirm_deletion(self) -> None:
        pod = self._current()
        if pod and "deletionTimestamp" in pod["metadata"]:
            options = DeleteOptions(grace_seconds=0, uid=self._uid)
            self._registry.delete(PODS, *self._key, options)

    def _publish(self) -> None:
        pod = self._current()
        if pod:
            self._registry.update_status(PODS, pod, pod_status(pod, self._state))


def remove_state(folder: Path) -> None:
    """Remove what a pod left on the machine but its logs; takes as long as deleting does.

    Raises:
        OSError: something could not be unmounted. Nothing was deleted then.
    """
    mounter.unmount_below(folder)
    for run in (folder / "containers").glob("*/*"):
        sandbox.remove(run)
    if folder.exists():
        sandbox.remove(folder)
