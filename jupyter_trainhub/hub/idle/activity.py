"""What goes on in an instance: asked of its container, and noted when somebody uses it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Sequence

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.access.reach import bracketed
from jupyter_trainhub.hub.clock import moment
from jupyter_trainhub.hub.clock import now as now_text
from jupyter_trainhub.inpod import program
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, Completed, run
from jupyter_trainhub.kube.resources import STATEFUL_SETS
from jupyter_trainhub.manifests.activity import HEARTBEATS, USED, Signal
from jupyter_trainhub.manifests.idle import Policy, holds_gpu
from jupyter_trainhub.manifests.instance import PORT, prefix
from jupyter_trainhub.manifests.labels import Object, user_name
from jupyter_trainhub.manifests.probe import (
    GPU_QUERY,
    Thresholds,
    busier,
    gpu_signal,
    metrics_signal,
    signals_of,
    unknown,
)
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

# Seconds between two patches for one signal of one instance.
NOTE_SECONDS = 60.0
# Seconds that a program in the container may take.
PROBE_SECONDS = 20.0
# Bytes of its answer that are read.
LONGEST_REPORT = 1 << 18

# Reads exactly as much as it is sent, for older clusters cannot end a program's input. Python is
# isolated from the user's settings, and so starts in a third of the time.
_LOADER = (
    "import sys; n = int(sys.argv.pop(1)); "
    "exec(compile(sys.stdin.buffer.read(n), 'activity.py', 'exec'))"
)
_HAS_JUPYTER = ["/bin/sh", "-c", "command -v jupyter-lab"]


class Activity:
    """Reads and notes the activity of instances. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, policy: Policy, limits: Thresholds) -> None:
        self._client = client
        self._policy = policy
        self._limits = limits
        self._lock = threading.Lock()
        self._noted: dict[tuple[str, str], float] = {}

    def is_due(self, name: str, signal: str) -> bool:
        """Whether :meth:`note` would do anything now; does not block."""
        noted = self._noted.get((name, signal))
        return noted is None or time.monotonic() - noted >= NOTE_SECONDS

    def note(self, name: str, signal: str) -> None:
        """Somebody uses the instance now, by ``terminals``, ``lab``, ``ssh`` or ``ide``.

        Writes at most once a minute for each instance and signal. Never raises: what is not noted
        is seen by the next who looks.
        """
        with self._lock:
            if signal not in HEARTBEATS or not self.is_due(name, signal):
                return
            self._noted[name, signal] = time.monotonic()
        try:
            kubernetes_name = to_kubernetes(INSTANCE_PREFIX, name)
            if not self._policy.stops and not holds_gpu(
                self._client.get(STATEFUL_SETS, kubernetes_name)
            ):
                return
            self._client.patch(
                STATEFUL_SETS,
                kubernetes_name,
                {"metadata": {"annotations": {USED + signal: now_text()}}},
            )
        except TrainHubError:
            return

    def signals(self, stateful_set: Object, pod: Object) -> list[Signal]:
        """The signals of a running pod, asked anew; takes 1 to 20 s.

        What cannot be asked is unknown, and why; nothing is raised for it.
        """
        gpu = holds_gpu(stateful_set)
        try:
            found = self._ask(user_name(stateful_set), pod, gpu)
        except CommandNotFound:
            found = self._without_python(pod, gpu)
        except (TrainHubError, OSError) as error:
            found = unknown(f"the container cannot be asked ({error})")
        return [self._with_metrics(signal, pod) for signal in found]

    def _ask(self, name: str, pod: Object, gpu: bool) -> list[Signal]:
        source = program("activity.py")
        address = pod["status"].get("podIP", "")
        url = f"http://{bracketed(address)}:{PORT}{prefix(name)}"
        arguments = [str(len(source)), url, *(["gpu"] if gpu else [])]
        done = self._run(pod, ["python3", "-I", "-S", "-c", _LOADER, *arguments], source)
        try:
            report = json.loads(done.stdout)
        except (ValueError, RecursionError):
            words = done.stderr.decode(errors="replace").split("\n")
            return unknown(f"Python in the container fails ({''.join(words[-2:])})")
        return signals_of(report, self._limits, moment())

    def _without_python(self, pod: Object, gpu: bool) -> list[Signal]:
        why = "its image has no Python, and the cluster does not serve metrics"
        found = [Signal("cpu", "unknown", None, why)]
        try:
            if self._run(pod, _HAS_JUPYTER).exit_code == 0:
                found.append(Signal("kernels", "unknown", None, "its image has no python3"))
        except CommandNotFound:
            # Without a shell there is no JupyterLab, which is started by one.
            pass
        except TrainHubError as error:
            found.append(Signal("kernels", "unknown", None, error.message))
        if gpu:
            try:
                done = self._run(pod, GPU_QUERY)
                printed = done.stdout.decode(errors="replace").strip()
                told = {"error" if done.exit_code else "printed": printed}
                found.append(gpu_signal(told, self._limits))
            except TrainHubError as error:
                found.append(Signal("gpu", "unknown", None, error.message))
        return found

    def _with_metrics(self, signal: Signal, pod: Object) -> Signal:
        """CPU that a look of one second did not see, or could not."""
        if signal.name != "cpu" or signal.state == "active":
            return signal
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods/{name}"
        try:
            measured = metrics_signal(self._client.read(path), self._limits)
        except (TrainHubError, KeyError, TypeError, ValueError):
            return signal
        return busier(signal, measured)

    def _run(self, pod: Object, command: Sequence[str], stdin: bytes = b"") -> Completed:
        name = pod["metadata"]["name"]
        return asyncio.run(
            run(
                self._client,
                name,
                command,
                stdin=stdin,
                timeout=PROBE_SECONDS,
                limit=LONGEST_REPORT,
            )
        )
