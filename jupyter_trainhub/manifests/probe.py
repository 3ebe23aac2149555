"""What was seen in a container, as signals: the report of ``inpod/activity.py``, metrics, GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from jupyter_trainhub.manifests.activity import Signal, State, parse_time
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.specs.quantity import parse_quantity

# A line for each GPU of the container; ``inpod/activity.py`` asks the same.
GPU_QUERY = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]

# Bytes in a second above which an SSH connection carries more than keep-alives.
SSH_BYTES = 1024

# A kernel to which nobody has connected yet stays "starting".
_AT_REST = ("idle", "starting", "dead")


@dataclass(frozen=True)
class Thresholds:
    """What counts as use: percent of one core, and percent of a GPU's time."""

    cpu: float = 5.0
    gpu: float = 5.0


def signals_of(report: Object, limits: Thresholds, now: datetime) -> list[Signal]:
    """The signals that a report tells; what it lacks is unknown.

    Its times are by the container's clock, and are put right by the difference to ``now``.
    """
    try:
        skew = now - datetime.fromtimestamp(float(report["now"]), timezone.utc)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return unknown("the report from the container cannot be read")
    try:
        typed = report["typed"]
        pty = None if typed is None else _moment(float(typed), skew, now)
        return [
            _kernels(report["kernels"], skew, now),
            _terminals(report["terminals"], pty, skew, now),
            _ssh(report["ssh"]),
            _cpu(report["cpu"], limits),
            gpu_signal(report["gpu"], limits),
        ]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        return unknown("the report from the container cannot be read")


def unknown(why: str) -> list[Signal]:
    """The signals of a container that could not be looked into."""
    return [Signal(name, "unknown", None, why) for name in ("kernels", "cpu")]


def gpu_signal(printed: Any, limits: Thresholds) -> Signal:
    """The use of GPUs from ``nvidia-smi``: a percentage for each, or ``[N/A]``."""
    if printed is None:
        return Signal("gpu", "none")
    if "error" in printed:
        return Signal("gpu", "unknown", None, str(printed["error"]))
    try:
        used = [float(line) for line in printed["printed"].split("\n")]
    except ValueError:
        # A GPU that is split by MIG has no such counter.
        return Signal("gpu", "unknown", None, "nvidia-smi does not tell the GPUs' use")
    state: State = "active" if max(used) >= limits.gpu else "idle"
    return Signal("gpu", state, None, f"GPU {', '.join(f'{percent:g} %' for percent in used)}")


def metrics_signal(metrics: Object, limits: Thresholds) -> Signal:
    """The use of CPU from a pod's ``metrics.k8s.io/v1beta1``: an average over its window."""
    for container in metrics.get("containers") or []:
        if container.get("name") == CONTAINER:
            cores = float(parse_quantity(container["usage"]["cpu"]))
            return _cpu({"percent": 100 * cores, "top": None}, limits)
    return Signal("cpu", "unknown", None, "the metrics do not name its container")


def busier(one: Signal, other: Signal) -> Signal:
    """Of two measures of the same thing the one that saw use; else the first that is known."""
    return max((one, other), key=lambda signal: ("unknown", "idle", "active").index(signal.state))


def _cpu(used: Object, limits: Thresholds) -> Signal:
    percent, top = float(used["percent"]), used["top"]
    state: State = "active" if percent >= limits.cpu else "idle"
    if state == "active" and top is not None:
        return Signal("cpu", state, None, f"{top['name']} uses {float(top['percent']):.0f} % CPU")
    return Signal("cpu", state, None, f"{percent:.1f} % CPU")


def _ssh(seen: Object) -> Signal:
    sessions = int(seen["sessions"])
    if not sessions:
        return Signal("ssh", "none")
    if int(seen["bytes"]) >= SSH_BYTES:
        return Signal("ssh", "active", None, "an SSH connection carries data")
    return Signal("ssh", "idle", None, "SSH connections are silent")


def _kernels(kernels: Any, skew: timedelta, now: datetime) -> Signal:
    if isinstance(kernels, dict):
        return Signal("kernels", "unknown", None, str(kernels.get("error", "")))
    if not kernels:
        return Signal("kernels", "none")
    states = [kernel.get("execution_state") for kernel in kernels]
    busy = sum(state not in _AT_REST for state in states)
    last = _latest([kernel.get("last_activity") for kernel in kernels], skew, now)
    if busy:
        what = "a kernel is busy" if busy == 1 else f"{busy} kernels are busy"
        return Signal("kernels", "active", now, what)
    if last is None:
        return Signal("kernels", "unknown", None, "the kernels do not say when they were last used")
    return Signal("kernels", "idle", last, "kernels idle")


def _terminals(terminals: Any, pty: datetime | None, skew: timedelta, now: datetime) -> Signal:
    if isinstance(terminals, dict) and "404" not in str(terminals.get("error")):
        return Signal("terminals", "unknown", None, str(terminals.get("error", "")))
    shown = terminals if isinstance(terminals, list) else []
    last = _latest([terminal.get("last_activity") for terminal in shown], skew, now)
    times = [moment for moment in (last, pty) if moment is not None]
    if not times:
        return Signal("terminals", "none")
    return Signal("terminals", "idle", max(times), "terminals idle")


def _latest(texts: Sequence[object], skew: timedelta, now: datetime) -> datetime | None:
    # The container's clock may be ahead, so its times are compared with its own present.
    times = [parse_time(text, now - skew) for text in texts]
    known = [moment + skew for moment in times if moment is not None]
    return min(max(known), now).replace(microsecond=0) if known else None


def _moment(seconds: float, skew: timedelta, now: datetime) -> datetime:
    moment = datetime.fromtimestamp(seconds, timezone.utc) + skew
    return min(moment, now).replace(microsecond=0)
