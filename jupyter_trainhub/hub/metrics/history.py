"""What was measured so far, in a bounded memory."""

from __future__ import annotations

import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from jupyter_trainhub.hub.metrics.source import Reading
from jupyter_trainhub.manifests import usage
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.usage import METRICS, Metric, Point, Series

# Points of one series, 16 bytes each: eight hours at one in 15 s. Where there are more, the older
# three quarters become two.
MOST_POINTS = 2000
# Seconds for which a pod that is not measured any more is remembered.
KEPT_SECONDS = 24 * 3600.0


@dataclass
class _Points:
    """The points of one metric of one pod, and the last counter, by which the next rate is made."""

    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    counted: Point | None = None

    def add(self, at: float, value: float) -> None:
        """Add a point unless it is older than the last: sources measure less often than asked."""
        if self.times and at <= self.times[-1]:
            return
        self.times.append(at)
        self.values.append(value)
        if len(self.times) > MOST_POINTS:
            self._thin()

    def count(self, at: float, total: float) -> None:
        """Add the rate since the last total; a smaller one is that of a container begun anew."""
        before, self.counted = self.counted, (at, total)
        if before is not None and at > before[0] and total >= before[1]:
            self.add(at, (total - before[1]) / (at - before[0]))
        elif before is not None and at <= before[0]:
            self.counted = before

    def prepend(self, points: Iterable[Point]) -> None:
        """Put what was measured earlier before what is there."""
        first = self.times[0] if self.times else float("inf")
        earlier = [point for point in points if point[0] < first]
        self.times = array("d", [at for at, _ in earlier]) + self.times
        self.values = array("d", [value for _, value in earlier]) + self.values
        while len(self.times) > MOST_POINTS:
            self._thin()

    def after(self, since: float) -> list[Point]:
        """The points later than ``since``."""
        start = bisect_right(self.times, since)
        return list(zip(self.times[start:], self.values[start:], strict=True))

    def _thin(self) -> None:
        """Make one of neighbours among the older points, which then are equally far apart."""
        older = len(self.times) * 3 // 4
        first, last = self.times[0], self.times[older - 1]
        width = (last - first) / (MOST_POINTS // 2)
        points = zip(self.times[:older], self.values[:older], strict=True)
        times, values = array("d"), array("d")
        for _, group in groupby(points, key=lambda point: int((point[0] - first) / width)):
            merged = list(group)
            times.append(merged[0][0])
            values.append(sum(value for _, value in merged) / len(merged))
        self.times, self.values = times + self.times[older:], values + self.values[older:]


@dataclass(frozen=True)
class Track:
    """A pod that is measured: whose it is, and what it asked for (see ``usage.asked``).

    ``key`` tells it from all others, also of earlier jobs of that name; ``started`` is Unix time.
    """

    key: str
    pod: str
    job: str
    run: str | None
    rank: int
    started: float | None = None
    host_network: bool = False
    asked: Sequence[Object] = ()


class History:
    """Points of pods. Methods may be called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: dict[str, Track] = {}
        self._seen: dict[str, float] = {}
        self._points: dict[str, dict[Metric, _Points]] = {}

    def follow(self, tracks: Iterable[Track]) -> None:
        """Note that these pods are there, and forget those that have been gone for a day."""
        now = time.monotonic()
        with self._lock:
            for track in tracks:
                self._tracks[track.key] = track
                self._seen[track.key] = now
            for key in [key for key, seen in self._seen.items() if now - seen > KEPT_SECONDS]:
                del self._tracks[key], self._seen[key]
                self._points.pop(key, None)

    def add(self, key: str, reading: Reading) -> None:
        """Add what was measured of a pod that is followed."""
        with self._lock:
            points = self._of(key, reading.metric)
            (points.count if reading.counter else points.add)(reading.at, reading.value)

    def restore(self, key: str, metric: Metric, points: Sequence[Point]) -> None:
        """Add what another process measured before."""
        with self._lock:
            self._of(key, metric).prepend(points)

    def tracks(self, job: str, run: str | None = None) -> list[Track]:
        """The pods of a job, of all its attempts, in the order of rank; of one run if given."""
        with self._lock:
            found = [
                track
                for track in self._tracks.values()
                if track.job == job and run in (None, track.run)
            ]
        return sorted(found, key=lambda track: (track.rank, track.pod))

    def series(self, track: Track, since: float = 0.0) -> list[Series]:
        """What is known of a pod later than ``since`` (Unix time)."""
        with self._lock:
            points = dict(self._points.get(track.key, {}))
            return [
                usage.series(track.pod, track.rank, metric, points[metric].after(since))
                for metric in METRICS
                if metric in points and points[metric].times
            ]

    def _of(self, key: str, metric: Metric) -> _Points:
        return self._points.setdefault(key, {}).setdefault(metric, _Points())
