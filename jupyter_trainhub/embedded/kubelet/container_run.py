"""One container of a pod as the node runs it: started, watched, restarted, reported."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from ..apimachinery import clock
from ..apiserver.store import Object
from ..runtime import sandbox
from . import container_logs

# Back-off between restarts of a container (seconds): none, then doubling, forgotten after a
# while without a crash. Source: kubelet.
_FIRST_BACKOFF = 10.0
_LAST_BACKOFF = 300.0
_FORGET_AFTER = 600.0

_STARTING_POLL = 0.004  # seconds between looks at whether the command runs yet

_MESSAGE_BYTES = 4096
_MESSAGE_LOG_BYTES, _MESSAGE_LOG_LINES = 2048, 80


@dataclass
class ContainerRun:
    """A container's state. ``directory`` and ``logs`` hold one entry per restart."""

    spec: Object
    directory: Path
    logs: Path
    restarts: int = 0
    state: Object = field(default_factory=dict)
    last_state: Object = field(default_factory=dict)
    ready: bool = False
    started: bool = False
    running: sandbox.Running | None = None
    backoff: float = 0.0
    image: tuple[str, str] | None = None  # name and id of what was started
    user: Object | None = None

    @property
    def name(self) -> str:
        """The container's name in the pod."""
        return str(self.spec["name"])

    @property
    def exit_code(self) -> int | None:
        """How the last run ended; None while it has not."""
        ended = self.state.get("terminated")
        return None if ended is None else int(ended["exitCode"])

    def recover(self, status: Object | None) -> None:
        """Take up what an earlier process of the cluster left: restarts, states, and the folder."""
        if status:
            self.restarts = status.get("restartCount", 0)
            self.state, self.last_state = status.get("state") or {}, status.get("lastState") or {}
            self.ready, self.started = status["ready"], bool(status.get("started"))
            self.user = status.get("user")
            if status.get("imageID"):
                self.image = status["image"], status["imageID"]
        attempts = [int(p.name) for p in self.directory.glob("[0-9]*")]
        if max(attempts, default=0) > self.restarts:
            # A run that the status does not tell of yet.
            if "terminated" in self.state:
                self.last_state = self.state
            self.restarts, self.state = max(attempts), {}
            self.ready = self.started = False

    def run_directory(self) -> Path:
        """The folder of the current run."""
        return self.directory / str(self.restarts)

    def log_file(self, previous: bool = False) -> Path:
        """The log of the current run, or of the one before."""
        return self.logs / f"{self.restarts - previous}.log"

    async def find(self) -> sandbox.Running | None:
        """The current run as an earlier process of the cluster left it, or None."""
        directory = self.run_directory()
        for _ in range(250):
            if not directory.exists():
                return None
            found = sandbox.find(directory)
            if found:
                return found
            # Its supervisor was started in the instant before that process ended, and is about
            # to write who it is.
            await asyncio.sleep(_STARTING_POLL)
        # That process ended before it had started anything.
        sandbox.remove(directory)
        return None

    def wait_for(self, reason: str, message: str = "") -> None:
        """Be in state waiting."""
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        self.ready = self.started = False

    async def until_started(self, running: sandbox.Running) -> bool:
        """Wait until the command runs; False when it ended before that could be seen."""
        self.running = running
        while (state := running.state()) is None:
            await asyncio.sleep(_STARTING_POLL)
        if isinstance(state, sandbox.Exited):
            return False
        self.state = {"running": {"startedAt": state.started_at}}
        return True

    async def until_exited(self) -> sandbox.Exited:
        """Wait until the current run has ended."""
        assert self.running is not None
        await shim_ended(self.running)
        state = self.running.state()
        assert isinstance(state, sandbox.Exited)
        return state

    def ended(self, exited: sandbox.Exited) -> None:
        """Be in state terminated."""
        body: Object = {"exitCode": exited.code, "reason": exited.reason}
        message = exited.message or self._last_words(exited)
        if message:
            body["message"] = message
        body |= {
            "startedAt": exited.started_at,
            "finishedAt": exited.finished_at,
            "containerID": self.container_id(),
        }
        self.state = {"terminated": body}
        self.ready = self.started = False
        self.running = None

    def _last_words(self, exited: sandbox.Exited) -> str:
        with contextlib.suppress(OSError):
            with (self.run_directory() / "termination-log").open("rb") as file:
                text = file.read(_MESSAGE_BYTES).decode(errors="replace")
            if text:
                return text
        policy = self.spec.get("terminationMessagePolicy")
        if policy != "FallbackToLogsOnError" or not exited.code:
            return ""
        with contextlib.suppress(OSError):
            with self.log_file().open("rb") as file:
                container_logs.seek_last(file, _MESSAGE_LOG_LINES)
                told, _ = container_logs.show(file.read().splitlines())
            return told[-_MESSAGE_LOG_BYTES:].decode(errors="replace")
        return ""

    def next_backoff(self) -> float:
        """Seconds to wait before the next restart, counted from now."""
        ended = self.state["terminated"]
        ran = clock.parse(ended["finishedAt"]) - clock.parse(ended["startedAt"])
        # What could not be started has no time at which it was: it says 1970.
        if ended["reason"] != "StartError" and ran.total_seconds() > _FORGET_AFTER:
            self.backoff = 0.0
        wait = self.backoff
        self.backoff = min(self.backoff * 2 or _FIRST_BACKOFF, _LAST_BACKOFF)
        return wait

    def restart(self) -> None:
        """Count one more run; the last one becomes lastState."""
        if "terminated" in self.state:
            self.last_state = self.state
        self.restarts += 1

    def container_id(self) -> str:
        """The id of the current run."""
        digest = hashlib.sha256(str(self.run_directory()).encode()).hexdigest()
        return f"trainhub://{digest}"

    def status(self) -> Object:
        """The ``ContainerStatus``."""
        name, digest = self.image or (self.spec["image"], "")
        resources = self.spec.get("resources") or {}
        body: Object = {
            "name": self.name,
            "state": self.state or {"waiting": {"reason": "ContainerCreating"}},
            "lastState": self.last_state,
            "ready": self.ready,
            "restartCount": self.restarts,
            "image": name,
            "imageID": digest,
            "started": self.started,
        }
        if self.image:
            body["resources"] = resources
            if resources.get("requests"):
                body["allocatedResources"] = resources["requests"]
        if mounts := [_mounted(mount) for mount in self.spec.get("volumeMounts") or []]:
            body["volumeMounts"] = mounts
        if self.user:
            body["user"] = self.user
        if "running" in self.state or "terminated" in self.state:
            body["containerID"] = self.container_id()
        return body


def _mounted(mount: Object) -> Object:
    body = {"name": mount["name"], "mountPath": mount["mountPath"]}
    return body | ({"readOnly": True, "recursiveReadOnly": "Disabled"} if mount.get("readOnly")
                   else {})  # fmt: skip


def restarts_always(container: Object) -> bool:
    """Whether an init container is a sidecar, which runs beside the others."""
    return bool(container.get("restartPolicy") == "Always")


def restarts(policy: str, container: Object, code: int, initial: bool) -> bool:
    """Whether a container that exited with ``code`` is started again.

    ``policy`` is its pod's; ``initial``: it is an init container.
    """
    for rule in container.get("restartPolicyRules") or []:
        codes = rule.get("exitCodes") or {}
        listed = code in (codes.get("values") or [])
        if rule.get("action") == "Restart" and listed == (codes.get("operator") == "In"):
            return True
    if initial and policy == "Always":
        policy = "OnFailure"
    policy = container.get("restartPolicy") or policy
    return policy == "Always" or (policy == "OnFailure" and code != 0)


async def shim_ended(running: sandbox.Running) -> None:
    """Wait, without polling, until a container's supervisor is gone."""
    try:
        descriptor = os.pidfd_open(running.shim_pid)
    except ProcessLookupError:
        return
    try:
        if running.alive():
            await _readable(descriptor)
    finally:
        os.close(descriptor)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def ready() -> None:
        if not done.done():
            done.set_result(None)

    loop.add_reader(descriptor, ready)
    try:
        await done
    finally:
        loop.remove_reader(descriptor)
