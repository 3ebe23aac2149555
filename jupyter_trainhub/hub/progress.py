"""How far a job is, read from its log lines: ``epoch 3/10``, ``step 40/100``, ``37%``."""

from __future__ import annotations

import re

_STEPS = re.compile(
    r"\b(epoch|step|iter(?:ation)?|batch)\b\s*[:=#]?\s*\[?(\d+)\s*(?:/|of)\s*(\d+)", re.IGNORECASE
)
_PERCENT = re.compile(r"(?<![\d.])(\d{1,3})\s?%\s?(?:\||done|complete)", re.IGNORECASE)


def progress(line: str) -> float | None:
    """The fraction done, 0 to 1, that a log line tells; None when it tells none.

    A line with both an epoch and a step counts the step within its epoch.
    """
    counted = {
        kind.lower(): (int(done), int(total))
        for kind, done, total in _STEPS.findall(line)
        if int(total) > 0 and int(done) <= int(total)
    }
    epoch = counted.pop("epoch", None)
    step = next(iter(counted.values()), None)
    if epoch and step:
        finished = max(0, epoch[0] - 1)
        return (finished + step[0] / step[1]) / epoch[1]
    if epoch or step:
        done, total = epoch or step or (0, 1)
        return done / total
    percent = _PERCENT.search(line)
    return min(1.0, int(percent[1]) / 100) if percent else None
