"""How far a job is: what its first rank's log says, put together and measured over time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import groupby
from typing import Literal, NamedTuple

from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.log_places import LogPlaces, told_places
from jupyter_trainhub.manifests.metric_curves import MetricCurves
from jupyter_trainhub.manifests.progress_line import read
from jupyter_trainhub.manifests.progress_reading import Reading, advanced, reported

# Seconds over which speed is measured, and the points that are kept where a step takes longer.
_WINDOW = 60.0
_LEAST_POINTS = 3
# Seconds below which a difference of times says nothing about speed.
_LEAST_SPAN = 2.0
# Silence is told from this many seconds on, where it is this many times what is usual.
_STALL = 60.0
_STALL_FACTOR = 10
# Seconds by which clocks of machines may differ.
_SKEW = 86400.0
# Bytes of the end of what a log brought in which text is looked for; records are found in all.
_TEXT = 8 * 1024

_BEFORE = re.compile(rb"^(?:\[\d+\] )?(?:(\d{4}-\d\d-\d\dT\S+) )?")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)")
_RECORD = b"[trainhub] progress "


class _Point(NamedTuple):
    at: float
    fraction: float | None
    steps: float | None


class JobProgress:
    """What is known of one attempt of a job. Times are Unix times in seconds.

    What the program reports by ``progress()`` counts alone, once it does; else bars and text say
    where it is, and TensorBoard's event files what its metrics are.
    """

    def __init__(self) -> None:
        self._last: Reading | None = None
        self.metrics = MetricCurves()
        # Where the program writes what TensorBoard shows.
        self.places: LogPlaces | None = None
        self._points: list[_Point] = []
        self._at = self._stamp = 0.0
        # Seconds that usually pass until something is told, and what was told last.
        self._usual = 0.0
        self._heard: object = None
        # A bar that fills again and again says nothing of the whole.
        self._repeats = False

    def take(self, log: bytes, now: float) -> bool:
        """Note what a part of a log says; whether that is anything new.

        Where its lines have times those count; without them all of it was printed ``now``.
        """
        before = self._at
        for at, told in groupby(self._readings(log, now), key=lambda item: item[0]):
            moment, state = max(at, self._at), self._last
            alive = False
            for _, reading in told:
                if reading.source == "trainhub":
                    if state is not None and state.source != "trainhub":
                        self.metrics.clear()
                        self._points.clear()
                elif state is not None and state.source == "trainhub":
                    continue
                steps = reading.steps if reading.steps is not None or state is None else state.steps
                measured = self.metrics.take(reading.metrics, steps)
                alive |= measured or reading.place != self._heard
                self._heard = reading.place
                if not self._is_inner(reading, state, moment):
                    state = advanced(state, reading)
            if state is not None and alive:
                self._move(state, moment)
        return self._at != before

    def told(self, now: float, *, running: bool) -> Object:
        """What it adds to the job's view: ``progress``, ``log_folders`` and ``log_runs``."""
        places = self.places or LogPlaces([], [])
        return {
            "progress": self.view(now, running=running),
            "log_folders": places.folders,
            "log_runs": places.runs,
        }

    def view(self, now: float, *, running: bool) -> Object | None:
        """The ``progress`` of a job's view at a time; None where nothing is known.

        ``at`` is when it told something new, and ``remaining`` what was left then. Once it has
        ended, or while it is stuck, there is neither speed nor a time left.
        """
        last = self._last
        if last is None:
            return None
        stuck = running and now - self._at > self._patience
        fraction = self._fraction(last)
        rate = (self._speed("steps") or last.rate) if running and not stuck else None
        return {
            "fraction": None if fraction is None else round(fraction, 4),
            "step": last.step,
            "total": last.total,
            "epoch": last.epoch,
            "epochs": last.epochs,
            "unit": "step",
            "rate": None if rate is None else float(f"{rate:.4g}"),
            "remaining": self._remaining(last, fraction, rate) if running and not stuck else None,
            "metrics": self.metrics.latest(),
            "at": datetime.fromtimestamp(self._at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "source": last.source,
            "stalled": stuck,
        }

    def _readings(self, log: bytes, now: float) -> Iterator[tuple[float, Reading]]:
        for line, is_text, is_last in _lines(log):
            before = _BEFORE.match(line)
            start = before.end() if before else 0
            stamp = _seconds(before[1]) if before and before[1] else None
            if stamp is not None and not 0 <= stamp <= now + _SKEW:
                # It is the program's own: it would hide all that comes after it.
                stamp = None
            if stamp is not None:
                if stamp < self._stamp:
                    # It was read before.
                    continue
                self._stamp = stamp
            # A line that is written over again and again has the time at which it began.
            grows = is_last and b"\r" in line[start:]
            at = now if stamp is None or grows else stamp
            for record in log_record.find(line, "progress"):
                self.places = told_places(record) or self.places
                found = reported(record)
                if found is not None and (found.metrics or found.place != (None, None, None)):
                    yield at, found
            if is_text:
                for part in log_record.shown(line)[start:].splitlines():
                    if (found := read(part.decode(errors="replace"))) is not None:
                        yield at, found

    def _is_inner(self, reading: Reading, state: Reading | None, at: float) -> bool:
        """Whether it is a bar within a step of another one, or of less than that: a validation."""
        if state is None or not (reading.total and state.total and state.step is not None):
            return False
        if reading.source == "trainhub" or reading.epoch is not None:
            return False
        if reading.total == state.total:
            return False
        if self._points and at - self._points[-1].at > self._patience:
            # The other one was left.
            return False
        return state.step < state.total or reading.total < state.total

    @property
    def _patience(self) -> float:
        """Seconds of silence that are no news."""
        return max(_STALL, _STALL_FACTOR * self._usual)

    def _move(self, state: Reading, at: float) -> None:
        last, self._last = self._last, state
        if last is not None:
            gap = at - self._at
            self._usual = gap if not self._usual else 0.7 * self._usual + 0.3 * gap
        self._at = at
        if last is not None and last.place == state.place:
            return
        before, after = last.steps if last is not None else None, state.steps
        if last is not None and before is not None and after is not None and after < before:
            self._points.clear()
            fell = last.total == state.total and before - after > (state.total or 0) / 2
            self._repeats |= fell and state.epochs is None and state.source != "trainhub"
        if len(self._points) > 1 and at - self._points[-1].at < 1.0:
            self._points.pop()
        self._points.append(_Point(at, self._fraction(state), after))
        while len(self._points) > _LEAST_POINTS and self._points[1].at < at - _WINDOW:
            del self._points[0]

    def _fraction(self, state: Reading) -> float | None:
        return None if self._repeats and state.epochs is None else state.fraction

    def _speed(self, of: Literal["steps", "fraction"]) -> float | None:
        """Steps, or parts of the whole, in a second, over the last minute."""
        known = [(point.at, getattr(point, of)) for point in self._points]
        known = [(at, value) for at, value in known if value is not None]
        if len(known) < 2 or known[-1][0] - known[0][0] < _LEAST_SPAN:
            return None
        speed: float = (known[-1][1] - known[0][1]) / (known[-1][0] - known[0][0])
        return speed if speed > 0 else None

    def _remaining(self, last: Reading, fraction: float | None, rate: float | None) -> int | None:
        if fraction is None:
            return None
        speed = self._speed("fraction")
        if speed is None and rate and last.total:
            speed = rate / last.total / ((last.epochs or 1) if last.within else 1)
        since = self._at - self._points[-1].at if self._points else 0.0
        return max(0, round((1 - fraction) / speed - since)) if speed else None


def _lines(log: bytes) -> Iterator[tuple[bytes, bool, bool]]:
    """The lines of a log, whether what people read counts in them, and which is the last."""
    text = log.rfind(b"\n", 0, max(0, len(log) - _TEXT)) + 1
    for line in log[:text].split(b"\n"):
        if _RECORD in line:
            yield line, False, False
    lines = log[text:].removesuffix(b"\n").split(b"\n")
    for number, line in enumerate(lines, 1):
        yield line, True, number == len(lines)


def _seconds(stamp: bytes) -> float | None:
    """An RFC 3339 time with nanoseconds as Unix time; None for what is none."""
    match = _STAMP.fullmatch(stamp.decode(errors="replace"))
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
    except ValueError:
        return None
    return whole.timestamp() + float(match[2] or 0)
