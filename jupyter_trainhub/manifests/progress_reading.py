"""What a program says at one moment of how far it is, and how one such word follows another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Source = Literal["trainhub", "tqdm", "text", "tensorboard"]
Metrics = Mapping[str, float | None]

MOST_METRICS = 8
_LONGEST_NAME = 64
# Ranks print into one log and are not quite in step: a fraction of the total.
_OUT_OF_STEP = 0.05


@dataclass(frozen=True)
class Reading:
    """How far a program says it is; what it does not say is None.

    ``epoch`` of ``epochs`` is as it was told, ``passed`` how many epochs were complete before the
    steps were counted. ``within``: steps are counted anew in each epoch. ``rate`` is the program's
    own, in steps per second. ``aside``: a step on the way, such as a validation, if there is more.
    Metrics that are None are not finite.
    """

    source: Source
    step: int | None = None
    total: int | None = None
    epoch: float | None = None
    epochs: int | None = None
    passed: float | None = None
    within: bool = False
    rate: float | None = None
    aside: bool = False
    metrics: Metrics = field(default_factory=dict)

    @property
    def place(self) -> tuple[float | None, float | None, int | None]:
        """What tells whether it has moved."""
        return self.epoch, self.passed, self.step

    @property
    def steps(self) -> float | None:
        """Steps since the beginning, as far as that is known."""
        if self.step is None or not (self.within and self.total):
            return self.step
        before = self.epoch if self.passed is None else self.passed
        return (before or 0) * self.total + self.step

    @property
    def fraction(self) -> float | None:
        """How much of the whole is done, from 0 to 1."""
        done = self.step / self.total if self.step is not None and self.total else None
        if self.epochs and self.passed is not None:
            return max(0.0, min(1.0, (self.passed + min(1.0, done or 0)) / self.epochs))
        return None if self.within or done is None else max(0.0, min(1.0, done))


def reported(record: Mapping[str, Any]) -> Reading | None:
    """A record of ``inpod/progress.py`` or of event files; None for what is none."""
    source = record.get("source")
    if source not in ("trainhub", "tensorboard"):
        return None
    step, total, epoch, epochs, first = (
        finite(record.get(name)) for name in ("step", "total", "epoch", "epochs", "first_epoch")
    )
    counted = epoch is not None and bool(epochs and epochs > 0)
    return Reading(
        source,
        step=None if step is None else round(step),
        total=round(total) if total and total > 0 else None,
        epoch=epoch,
        epochs=round(epochs) if epochs and counted else None,
        passed=max(0.0, epoch - (first or 0)) if epoch is not None and counted else None,
        within=counted,
        metrics=finite_metrics(record.get("metrics")),
    )


def finite_metrics(told: object) -> dict[str, float | None]:
    """The metrics of a document that anybody may have written; None for what is no number."""
    listed = [*told.items()][:MOST_METRICS] if isinstance(told, dict) else []
    return {str(name)[:_LONGEST_NAME]: finite(value) for name, value in listed}


def finite(value: object) -> float | None:
    """``value`` where it is a number that everything can bear."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 2**63 else None  # type: ignore[return-value,arg-type]


def advanced(last: Reading | None, reading: Reading) -> Reading:
    """Where it is after ``reading``: steps keep the epoch they belong to, a new epoch no steps."""
    nowhere = reading.step is None and reading.epoch is None
    if last is None or reading.source == "trainhub":
        return reading
    if nowhere or (reading.aside and not last.aside and last.source != "tensorboard"):
        return last
    if reading.source == "tensorboard" != last.source and last.place != (None, None, None):
        return last
    if reading.epoch is None:
        if _is_behind(reading, last):
            return last
        within = reading.within or last.epochs is not None
        return replace(
            reading, epoch=last.epoch, epochs=last.epochs, passed=last.passed, within=within
        )
    if reading.step is None and reading.epochs is None:
        return replace(last, epoch=reading.epoch)
    return reading


def _is_behind(reading: Reading, last: Reading) -> bool:
    """Whether it is another rank's, which has not come quite so far."""
    if reading.step is None or last.step is None or reading.total != last.total:
        return False
    behind = last.step - reading.step
    return 0 < behind <= max(1.0, _OUT_OF_STEP * (last.total or last.step))
