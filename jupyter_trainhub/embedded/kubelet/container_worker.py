"""The life of one container of a pod: started, probed, ended, restarted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from ...registry.credentials import Credentials
from ..apiserver.events import Recorder
from ..apiserver.store import Object
from ..runtime import isolation, sandbox
from . import container_config, hooks, probes, pull_secrets
from .container_config import PodContext, full_name
from .container_run import ContainerRun, restarts, shim_ended
from .environment import ConfigError

# Between tries of what may come right by itself, a reference or a sub path (seconds).
_FIRST_RETRY = 0.5
_LAST_RETRY = 20.0

# What is left to a container after its preStop hook, at the least (seconds). Source: kubelet.
_AFTER_HOOK = 2.0


class ContainerWorker:
    """Runs one container of a pod.

    Args:
        initial: it is an init container.
        publish: called when the pod's status is to be written.
    """

    def __init__(
        self,
        context: PodContext,
        run: ContainerRun,
        recorder: Recorder,
        publish: Callable[[], None],
        initial: bool,
    ) -> None:
        self.run = run
        self._context = context
        self._recorder = recorder
        self._publish = publish
        self._initial = initial
        self._field = f"spec.{'initContainers' if initial else 'containers'}{{{run.name}}}"
        self._now_ready = asyncio.Event()

    def event(self, kind: str, reason: str, message: str) -> None:
        """Write an event about the container; ``kind`` is Normal or Warning."""
        write = self._recorder.normal if kind == "Normal" else self._recorder.warning
        write(self._context.pod, reason, message, self._field)

    def waits(self, reason: str, message: str) -> None:
        """Be in state waiting, and say so."""
        self.run.wait_for(reason, message)
        self._publish()

    async def live(self) -> None:
        """Run the container until it has ended and is not to be started again."""
        run, policy = self.run, self._context.pod["spec"]["restartPolicy"]
        while True:
            if run.exit_code is None:
                found = await run.find()
                await self._follow(found or await self._start(), fresh=found is None)
            assert run.exit_code is not None
            if not restarts(policy, run.spec, run.exit_code, self._initial):
                return
            await self._back_off()
            run.restart()
            run.state = {}

    async def until_started(self) -> None:
        """Wait until the container has started: its command runs, hook and startup probe are done.

        Returns also when a run that did start has ended since.
        """
        await self._now_ready.wait()

    async def _start(self) -> sandbox.Running:
        image = await self._context.images.ensure(self.run.spec, self, self._secrets)
        delay = _FIRST_RETRY
        while True:
            try:
                container = container_config.make(self._context, self.run, image)
                running = sandbox.start(container)
                break
            except ConfigError as error:
                reason, message = "CreateContainerConfigError", str(error)
            except (OSError, ValueError) as error:
                reason, message = "CreateContainerError", str(error)
            self.event("Warning", "Failed", f"Error: {message}")
            self.waits(reason, message)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LAST_RETRY)
        self.event("Normal", "Created", "Container created")
        self.run.user = container_config.linux_user(container)
        self.run.image = image.name, image.id
        if not self.run.restarts and (limits := isolation.limits(container)):
            message = f"This node does not honour all of it: {'; '.join(limits)}"
            # Of the pod: what holds for all of its containers is told once.
            self._recorder.warning(self._context.pod, "FieldNotHonoured", message)
        return running

    def _secrets(self) -> Credentials:
        """What the pod's pull secrets say."""
        pod = self._context.pod
        found, missing = pull_secrets.credentials(self._context.store, pod)
        if missing:
            message = (
                f"Unable to retrieve some image pull secrets ({', '.join(missing)}); attempting to "
                "pull the image may not succeed."
            )
            self._recorder.warning(pod, "FailedToRetrieveImagePullSecret", message)
        return found

    async def _follow(self, running: sandbox.Running, fresh: bool) -> None:
        if await self.run.until_started(running):
            if fresh:
                self.event("Normal", "Started", "Container started")
            attending = asyncio.ensure_future(self._attend(running, fresh))
            try:
                exited = await self.run.until_exited()
            finally:
                attending.cancel()
        else:
            exited = await self.run.until_exited()
            if exited.reason == "StartError":
                self.event("Warning", "Failed", f"Error: {exited.message}")
            elif fresh:
                # It ran, and was over before anybody looked.
                self.event("Normal", "Started", "Container started")
        self.run.ended(exited)
        self._publish()

    async def _attend(self, running: sandbox.Running, fresh: bool) -> None:
        """The hook after the start, then probes, for as long as the command runs.

        A run that was found again is as ready as it was.
        """
        spec = self.run.spec
        hook = (spec.get("lifecycle") or {}).get("postStart")
        if hook and fresh:
            try:
                await hooks.run(hook, spec, running, self._context.address)
            except hooks.HookFailed:
                self.event("Warning", "FailedPostStartHook", "PostStartHook failed")
                await self.kill("FailedPostStartHook", self._grace())
                return
        if "startupProbe" in spec and not self.run.started:
            self._publish()
            await self._probe(running, "startupProbe")
            if not self.run.started:
                return
        self.run.started = True
        self.run.ready = self.run.ready or "readinessProbe" not in spec
        self._now_ready.set()
        self._publish()
        later = [k for k in ("readinessProbe", "livenessProbe") if k in spec]
        await asyncio.gather(*(self._probe(running, kind) for kind in later))

    async def _probe(self, running: sandbox.Running, kind: str) -> None:
        """Probe until the container started (startup), is to be restarted, or for ever."""
        probe, word = self.run.spec[kind], kind.removesuffix("Probe")
        check = probes.checker(probe, self.run.spec, running, self._context.address)
        async for result in probes.results(probe, check):
            if not result.success:
                message = f"{word.capitalize()} probe failed: {result.message}"
                self.event("Warning", "Unhealthy", message)
            if not result.settled:
                continue
            if kind == "readinessProbe":
                self.run.ready = result.success
                self._publish()
            elif not result.success:
                message = f"Container {self.run.name} failed {word} probe, will be restarted"
                await self.kill(message, self._grace(probe))
                return
            elif kind == "startupProbe":
                self.run.started = True
                return

    def _grace(self, probe: Object | None = None) -> float:
        pods = self._context.pod["spec"]["terminationGracePeriodSeconds"]
        return float((probe or {}).get("terminationGracePeriodSeconds", pods))

    async def kill(self, message: str, grace: float) -> None:
        """End the current run: preStop hook, the signal to stop, and after ``grace`` s SIGKILL."""
        running = self.run.running
        if running is None or not running.alive():
            return
        self.event("Normal", "Killing", message)
        deadline = time.monotonic() + grace
        hook = (self.run.spec.get("lifecycle") or {}).get("preStop")
        if hook and grace > 0:
            try:
                done = hooks.run(hook, self.run.spec, running, self._context.address)
                await asyncio.wait_for(done, grace)
            except (hooks.HookFailed, asyncio.TimeoutError):
                self.event("Warning", "FailedPreStopHook", "PreStopHook failed")
            deadline = max(deadline, time.monotonic() + _AFTER_HOOK)
        if grace > 0:
            running.stop()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(shim_ended(running), deadline - time.monotonic())
        running.kill()

    async def stop(self, grace: float) -> None:
        """End the container for good, within ``grace`` seconds."""
        run = self.run
        # A run of an earlier process of the cluster that was not taken up yet.
        run.running = run.running or sandbox.find(run.run_directory())
        if run.running is None or run.exit_code is not None:
            return
        await self.kill(f"Stopping container {run.name}", grace)
        run.ended(await run.until_exited())

    async def _back_off(self) -> None:
        run = self.run
        wait = run.next_backoff()
        if wait <= 0:
            return
        run.last_state = run.state
        name = full_name(self._context.pod)
        text = f"restarting failed container {run.name} in pod {name}"
        self.event("Warning", "BackOff", f"Back-off {text}")
        message = f"back-off {_duration(wait)} restarting failed container={run.name} pod={name}"
        self.waits("CrashLoopBackOff", message)
        await asyncio.sleep(wait)


def _duration(seconds: float) -> str:
    """As Go writes a duration: ``40s``, ``1m20s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
