"""The progress of a job in words, for terminals and notebooks."""

from __future__ import annotations

import time
from datetime import datetime

from jupyter_trainhub.hub.views import View


def percent(progress: View | None) -> str:
    """``37%``; the step where the whole is not known; empty where nothing is."""
    if progress is None:
        return ""
    if progress["fraction"] is not None:
        return f"{int(progress['fraction'] * 100)}%"
    return "" if progress["step"] is None else f"step {progress['step']}"


def time_left(progress: View | None, now: float | None = None) -> str:
    """``12m``, what is left as far as it is known, or that it is stuck; ``now`` is Unix time."""
    if progress is None:
        return ""
    since = (time.time() if now is None else now) - _seconds(progress["at"])
    if progress["stalled"]:
        return f"no progress for {duration(since)}"
    left = progress["remaining"]
    return "" if left is None else duration(max(0.0, left - max(0.0, since)))


def progress_sentence(progress: View, now: float | None = None) -> str:
    """All that is known: ``37%, step 40 of 100, 7.2 steps/s, 12m left; loss 0.31``."""
    step, epoch = progress["step"], progress["epoch"]
    left = time_left(progress, now)
    parts = [
        "" if progress["fraction"] is None else percent(progress),
        "" if epoch is None else f"epoch {epoch:g}{_of(progress['epochs'])}",
        "" if step is None else f"step {step}{_of(progress['total'])}",
        "" if progress["rate"] is None else _rate(progress["rate"]),
        left if progress["stalled"] or not left else f"{left} left",
    ]
    return "; ".join(filter(None, [", ".join(filter(None, parts)), metrics_words(progress)]))


def metrics_words(progress: View) -> str:
    """``loss 0.31, accuracy 0.9``; what is not finite is ``nan``."""
    return ", ".join(
        f"{name} {'nan' if value is None else f'{value:.4g}'}"
        for name, value in progress["metrics"].items()
    )


def duration(seconds: float) -> str:
    """Seconds in their largest unit, rounded, in kubectl's manner: ``45s``, ``12m``, ``3h``."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{round(seconds / length)}{unit}"
    return f"{max(0, round(seconds))}s"


def _rate(rate: float) -> str:
    return f"{rate:.3g} steps/s" if rate >= 1 else f"{1 / rate:.3g} s a step"


def _of(total: float | None) -> str:
    return "" if total is None else f" of {total}"


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
