"""What a job's log tells of its metrics: the latest values, and a curve of each from its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from jupyter_trainhub.manifests.progress_reading import MOST_METRICS

_T = TypeVar("_T")

# A step, and the value there; None is one that is not finite.
Point = tuple[int, float | None]

MOST_POINTS = 120


class MetricCurves:
    """The metrics that were told last, and how each of them came to its value."""

    def __init__(self) -> None:
        # In the order in which they were told last.
        self._points: dict[str, list[Point]] = {}

    def take(self, metrics: Mapping[str, float | None], steps: float | None) -> bool:
        """Note values as told at ``steps``; whether any is another one now.

        Bars begin anew and validations count for themselves, so steps that are unknown or behind
        are the next ones.
        """
        changed = False
        for name, value in metrics.items():
            points = self._points.pop(name, [])
            changed |= not points or points[-1][1] != value
            if len(self._points) >= MOST_METRICS:
                del self._points[next(iter(self._points))]
            self._points[name] = points
            last = points[-1][0] if points else -1
            step = last + 1 if steps is None or steps < last else round(steps)
            if points and step == last:
                points.pop()
            points.append((step, value))
            if len(points) >= 2 * MOST_POINTS:
                points[:] = thinned(points, MOST_POINTS)
        return changed

    def clear(self) -> None:
        """Forget all."""
        self._points.clear()

    def latest(self) -> dict[str, float | None]:
        """The last value of each metric."""
        return {name: points[-1][1] for name, points in self._points.items()}

    def curves(self) -> dict[str, list[Point]]:
        """At most :data:`MOST_POINTS` of the points of each metric, the last among them."""
        return {name: thinned(points, MOST_POINTS) for name, points in self._points.items()}


def thinned(points: Sequence[_T], most: int) -> list[_T]:
    """Every second of ``points``, or fourth, and so on, until there are ``most``; and the last."""
    kept = list(points)
    while len(kept) > most:
        kept = [*kept[:-1:2][: most - 1], kept[-1]]
    return kept
