"""Runs one pod on this machine, from its volumes to its end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..apimachinery import clock, quantity
from ..apimachinery.resources import PODS
from ..apiserver.events import Recorder
from ..apiserver.registry import DeleteOptions, Registry, condition
from ..apiserver.store import Object
from ..runtime import sandbox
from . import environment, hosts, images, probes, volumes
from .container_run import ContainerRun

log = logging.getLogger(__name__)

# Between tries of what may come right by itself: a volume, an image, a reference (seconds).
_FIRST_RETRY = 0.5
_LAST_RETRY = 20.0

_DEADLINE = "Pod was active on the node longer than the specified deadline"
_SHUTDOWN = "Pod was terminated in response to imminent node shutdown."


@dataclass(frozen=True)
class Place:
    """Where a node keeps what a pod needs."""

    state: Path  # volumes and containers, removed when the pod has ended
    logs: Path  # kept until the pod is deleted
    hide: tuple[str, ...]  # folders that no pod may see


class PodWorker:
    """The life of one pod. ``run`` returns when the pod has ended or is gone."""

    def __init__(
        self, registry: Registry, recorder: Recorder, pod: Object, place: Place, address: str
    ) -> None:
        self._registry = registry
        self._recorder = recorder
        self._place = place
        self._uid = pod["metadata"]["uid"]
        self._key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        self._pod = pod
        self._address = address
        self._changed = asyncio.Event()
        self._ending: tuple[str, str] | None = None  # reason and message of a forced end
        self._set_up = False
        status = pod["status"]
        self._start_time = status.get("startTime") or clock.now()
        self._initial = self._runs("initContainers", status.get("initContainerStatuses"))
        self._main = self._runs("containers", status.get("containerStatuses"))

    def _runs(self, field: str, statuses: list[Object] | None) -> list[ContainerRun]:
        known = {status["name"]: status for status in statuses or []}
        runs = []
        for spec in self._pod["spec"].get(field) or []:
            name = spec["name"]
            run = ContainerRun(
                spec, self._place.state / "containers" / name, self._place.logs / name
            )
            run.recover(known.get(name))
            if not run.state:
                run.wait_for("PodInitializing" if self._pod["spec"].get("initContainers")
                             and field == "containers" else "ContainerCreating")  # fmt: skip
            runs.append(run)
        return runs

    def notify(self) -> None:
        """The pod object changed."""
        self._changed.set()

    def shut_down(self) -> None:
        """End the pod because its node ends; it gets its grace period and is Failed."""
        self._ending = ("Terminated", _SHUTDOWN)
        self._changed.set()

    def running(self, container: str) -> sandbox.Running | None:
        """The container's live run, for exec and the like."""
        for run in self._initial + self._main:
            if run.name == container and "running" in run.state:
                return run.running
        return None

    def runs(self) -> list[ContainerRun]:
        """All containers."""
        return self._initial + self._main

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
        self._publish(final=True)
        await asyncio.to_thread(self._clean_up)
        self._confirm_deletion()

    def _current(self) -> Object | None:
        pod = self._registry.store.find(PODS, *self._key)
        if pod is None or pod["metadata"]["uid"] != self._uid:
            return None
        self._pod = pod
        return pod

    async def _until_stopped(self) -> None:
        while True:
            self._changed.clear()
            pod = self._current()
            if self._ending or pod is None or "deletionTimestamp" in pod["metadata"]:
                return
            left = None
            limit = pod["spec"].get("activeDeadlineSeconds")
            if limit is not None:
                left = limit - clock.seconds_since(self._start_time)
                if left <= 0:
                    self._ending = ("DeadlineExceeded", _DEADLINE)
                    self._recorder.normal(pod, *self._ending)
                    return
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except asyncio.TimeoutError:
                continue

    async def _live(self) -> None:
        prepared = await self._prepare_volumes()
        self._set_up = True
        self.write_hosts()
        for run in self._initial:
            await self._run_container(run, prepared, initial=True)
            if run.exit_code != 0:
                return
        for run in self._main:
            if run.state == {"waiting": {"reason": "PodInitializing"}}:
                run.wait_for("ContainerCreating")
        self._publish()
        await asyncio.gather(*(self._run_container(r, prepared) for r in self._main))

    async def _prepare_volumes(self) -> dict[str, volumes.Volume]:
        delay = _FIRST_RETRY
        while True:
            try:
                return volumes.prepare(
                    self._registry.store, self._pod, self._place.state, self._address
                )
            except volumes.MountError as error:
                self._recorder.warning(self._pod, "FailedMount", str(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)

    def write_hosts(self) -> None:
        """Bring the pod's /etc/hosts up to date."""
        if self._set_up:
            text = hosts.render(self._registry.store, self._pod, self._address)
            hosts.write(self._place.state / "etc-hosts", text)

    async def _run_container(
        self, run: ContainerRun, prepared: dict[str, volumes.Volume], initial: bool = False
    ) -> None:
        policy = self._pod["spec"]["restartPolicy"]
        if initial and policy == "Always":
            policy = "OnFailure"
        while True:
            if run.exit_code is None:
                running = await run.find() or await self._start(run, prepared)
                await self._follow(run, running)
            if policy == "Never" or (policy == "OnFailure" and run.exit_code == 0):
                return
            await self._back_off(run)
            run.restart()
            run.state = {}

    async def _follow(self, run: ContainerRun, running: sandbox.Running) -> None:
        if await run.until_started(running):
            self._recorder.normal(self._pod, "Started", "Container started", self._field(run))
            watchers = [asyncio.ensure_future(c) for c in self._probes(run, running)]
            limit = ((run.spec.get("resources") or {}).get("limits") or {}).get("memory")
            if limit:
                watchers.append(asyncio.ensure_future(_watch_memory(running, limit)))
            run.started = "startupProbe" not in run.spec
            run.ready = run.started and "readinessProbe" not in run.spec
            self._publish()
            try:
                exited = await run.until_exited()
            finally:
                for watcher in watchers:
                    watcher.cancel()
        else:
            exited = await run.until_exited()
            if exited.reason == "StartError":
                self._recorder.warning(
                    self._pod, "Failed", f"Error: {exited.message}", self._field(run)
                )
        run.ended(exited)
        self._publish()

    async def _start(
        self, run: ContainerRun, prepared: dict[str, volumes.Volume]
    ) -> sandbox.Running:
        delay = _FIRST_RETRY
        while True:
            try:
                container = self._container(run, prepared)
            except images.ImageUnavailable as error:
                self._image_missing(run, str(error))
            except environment.ConfigError as error:
                run.wait_for("CreateContainerConfigError", str(error))
                self._recorder.warning(self._pod, "Failed", f"Error: {error}", self._field(run))
                self._publish()
            except (volumes.MountError, ValueError) as error:
                run.wait_for("CreateContainerError", str(error))
                self._recorder.warning(self._pod, "Failed", f"Error: {error}", self._field(run))
                self._publish()
            else:
                self._recorder.normal(self._pod, "Created", "Container created", self._field(run))
                return sandbox.start(container)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)

    def _image_missing(self, run: ContainerRun, message: str) -> None:
        field, name = self._field(run), run.spec["image"]
        if (run.state.get("waiting") or {}).get("reason") == "ErrImagePull":
            run.wait_for("ImagePullBackOff", f'Back-off pulling image "{name}": {message}')
            self._recorder.normal(self._pod, "BackOff", f'Back-off pulling image "{name}"', field)
            self._recorder.warning(self._pod, "Failed", "Error: ImagePullBackOff", field)
        elif (run.state.get("waiting") or {}).get("reason") != "ImagePullBackOff":
            self._recorder.normal(self._pod, "Pulling", f'Pulling image "{name}"', field)
            run.wait_for("ErrImagePull", message)
            self._recorder.warning(self._pod, "Failed", message, field)
            self._recorder.warning(self._pod, "Failed", "Error: ErrImagePull", field)
        self._publish()

    def _container(
        self, run: ContainerRun, prepared: dict[str, volumes.Volume]
    ) -> sandbox.Container:
        image = images.find(run.spec["image"])
        given = environment.variables(self._registry.store, self._pod, run.spec, self._address)
        variables = {**image.environment, **given}
        argv = environment.command(run.spec, variables, image.entrypoint, image.command)
        context = {**(self._pod["spec"].get("securityContext") or {}),
                   **(run.spec.get("securityContext") or {})}  # fmt: skip
        mounts = [
            sandbox.Mount("/etc/hosts", str(self._place.state / "etc-hosts")),
            *volumes.mounts(run.spec, prepared, variables),
        ]
        return sandbox.Container(
            directory=run.run_directory(),
            layers=image.layers,
            argv=argv,
            env=variables,
            cwd=run.spec.get("workingDir") or image.working_dir,
            hostname=self._pod["spec"].get("hostname") or self._key[1],
            mounts=tuple(mounts),
            log_path=run.log_file(),
            termination_log=run.spec["terminationMessagePath"],
            uid=context.get("runAsUser"),
            gid=context.get("runAsGroup"),
            hide=self._place.hide,
        )

    def _probes(
        self, run: ContainerRun, running: sandbox.Running
    ) -> list[Coroutine[Any, Any, None]]:
        watches = []
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            if kind in run.spec:
                watches.append(self._probe(run, running, kind))
        return watches

    async def _probe(self, run: ContainerRun, running: sandbox.Running, kind: str) -> None:
        probe = run.spec[kind]
        word = kind.removesuffix("Probe").capitalize()

        def changed(success: bool, message: str) -> None:
            if not success:
                self._recorder.warning(
                    self._pod, "Unhealthy", f"{word} probe failed: {message}", self._field(run)
                )
            if kind == "readinessProbe":
                run.ready = success and run.started
            elif kind == "startupProbe" and success:
                run.started = True
                run.ready = "readinessProbe" not in run.spec
            elif not success:
                self._recorder.normal(
                    self._pod, "Killing",
                    f"Container {run.name} failed {word.lower()} probe, will be restarted",
                    self._field(run),
                )  # fmt: skip
                running.signal(signal.SIGTERM)
                grace = self._pod["spec"]["terminationGracePeriodSeconds"]
                asyncio.get_running_loop().call_later(grace, running.kill)
            self._publish()

        while kind != "startupProbe" and not run.started:
            await asyncio.sleep(0.1)
        check = probes.checker(probe, run.spec, running, self._address)
        await probes.watch(probe, check, changed)

    async def _back_off(self, run: ContainerRun) -> None:
        wait = run.next_backoff()
        if wait <= 0:
            return
        run.last_state = run.state
        name = f"{self._key[1]}_{self._key[0]}({self._uid})"
        message = f"back-off {wait:.0f}s restarting failed container={run.name} pod={name}"
        self._recorder.warning(
            self._pod, "BackOff",
            f"Back-off restarting failed container {run.name} in pod {name}", self._field(run),
        )  # fmt: skip
        run.wait_for("CrashLoopBackOff", message)
        self._publish()
        await asyncio.sleep(wait)

    def _field(self, run: ContainerRun) -> str:
        kind = "initContainers" if run in self._initial else "containers"
        return f"spec.{kind}{{{run.name}}}"

    async def _terminate(self) -> None:
        """End what still runs: SIGTERM, the grace period, SIGKILL."""
        for run in self.runs():
            # A run of an earlier process of the cluster that was not taken up yet.
            run.running = run.running or sandbox.find(run.run_directory())
        alive = [r for r in self.runs() if r.running and r.running.alive()]
        if not alive:
            return
        for run in alive:
            self._recorder.normal(
                self._pod, "Killing", f"Stopping container {run.name}", self._field(run)
            )
            assert run.running is not None
            run.running.signal(signal.SIGTERM)
        ends = asyncio.gather(*(run.until_exited() for run in alive))
        done, _ = await asyncio.wait({ends}, timeout=self._grace())
        if not done:
            for run in alive:
                assert run.running is not None
                run.running.kill()
        for run, exited in zip(alive, await ends, strict=True):
            run.ended(exited)

    def _grace(self) -> float:
        pod = self._current()
        if pod is None:
            return 0.0  # deleted by force
        metadata = pod["metadata"]
        if "deletionTimestamp" not in metadata:
            return float(pod["spec"]["terminationGracePeriodSeconds"])
        passed = clock.seconds_since(metadata["deletionTimestamp"])
        return float(max(0.0, metadata.get("deletionGracePeriodSeconds", 0) - max(0.0, passed)))

    def _clean_up(self) -> None:
        for folder in (self._place.state / "containers").glob("*/*"):
            sandbox.remove(folder)
        if self._place.state.exists():
            sandbox.remove(self._place.state)

    def _confirm_deletion(self) -> None:
        pod = self._current()
        if pod and "deletionTimestamp" in pod["metadata"]:
            options = DeleteOptions(grace_seconds=0, uid=self._uid)
            self._registry.delete(PODS, *self._key, options)

    def _publish(self, final: bool = False) -> None:
        pod = self._current()
        if pod:
            status = pod_status(
                pod, self._initial, self._main, self._start_time, self._address,
                self._ending, final, self._set_up,
            )  # fmt: skip
            self._registry.update_status(PODS, pod, status)


async def _watch_memory(running: sandbox.Running, limit: str) -> None:
    allowed = int(quantity.parse(limit))
    while True:
        if running.memory(allowed) > allowed:
            running.kill(reason="OOMKilled")
            return
        await asyncio.sleep(0.5)


def pod_status(
    pod: Object,
    initial: list[ContainerRun],
    main: list[ContainerRun],
    start_time: str,
    address: str,
    ending: tuple[str, str] | None,
    final: bool,
    set_up: bool,
) -> Object:
    """The pod's status, from the state of its containers. ``final``: nothing runs any more."""
    phase = _phase(pod, initial, main, ending, final)
    over = phase in ("Succeeded", "Failed")
    initialized = all(run.exit_code == 0 for run in initial)
    unready = [run.name for run in main if not run.ready]
    status: Object = {**pod["status"], "phase": phase, "hostIP": "127.0.0.1",
                      "hostIPs": [{"ip": "127.0.0.1"}], "startTime": start_time}  # fmt: skip
    status["observedGeneration"] = pod["metadata"]["generation"]
    if ending:
        status["reason"], status["message"] = ending
    if set_up:
        status |= {"podIP": address, "podIPs": [{"ip": address}]}
    reason = message = ""
    if over:
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
    elif unready:
        reason = "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
    ready = "False" if over or unready else "True"
    waiting = [run.name for run in initial if run.exit_code != 0]
    new = [
        condition("PodReadyToStartContainers", "False" if over or not set_up else "True"),
        condition("Initialized", "True", "PodCompleted" if phase == "Succeeded" else "")
        if initialized
        else condition(
            "Initialized", "False", "ContainersNotInitialized",
            f"containers with incomplete status: [{' '.join(waiting)}]",
        ),
        condition("Ready", ready, reason, message),
        condition("ContainersReady", ready, reason, message),
    ]  # fmt: skip
    status["conditions"] = _merged(pod["status"].get("conditions") or [], new)
    for field, runs in (("initContainerStatuses", initial), ("containerStatuses", main)):
        if runs:
            status[field] = [run.status() for run in runs]
    return status


def _phase(
    pod: Object,
    initial: list[ContainerRun],
    main: list[ContainerRun],
    ending: tuple[str, str] | None,
    final: bool,
) -> str:
    if ending:
        return "Failed"
    never = pod["spec"]["restartPolicy"] == "Never"
    if any(run.exit_code not in (0, None) for run in initial) and (never or final):
        return "Failed"
    if any(run.exit_code != 0 for run in initial):
        return "Pending"
    codes = [run.exit_code for run in main]
    if all(code is not None for code in codes):
        policy = pod["spec"]["restartPolicy"]
        settled = final or never or (policy == "OnFailure" and not any(codes))
        if settled:
            return "Failed" if any(codes) else "Succeeded"
        return "Running"
    if any("running" in r.state or "terminated" in r.state or r.last_state for r in main):
        return "Running"
    return "Pending"


def _merged(old: list[Object], new: list[Object]) -> list[Object]:
    # A condition that stays as it was keeps the time of its last change.
    before = {c["type"]: c for c in old}
    for entry in new:
        earlier = before.pop(entry["type"], None)
        if earlier and earlier["status"] == entry["status"]:
            entry["lastTransitionTime"] = earlier["lastTransitionTime"]
    return [*new, *before.values()]
