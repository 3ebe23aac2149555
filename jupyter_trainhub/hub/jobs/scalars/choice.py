"""Which of many curves say most about a training."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_LOSS = re.compile(r"loss|perplexity|nll|(?:^|[/_ ])(?:cer|wer|mse|mae|rmse)(?:$|[/_ ])", re.I)
# What is measured of the run rather than of the model.
_ASIDE = re.compile(
    r"(?:^|[/_. -])(?:lr|learning_rate|epochs?|steps?|time|runtime|seconds?|fps|speed|throughput|"
    r"samples_per_second|steps_per_second|grad_norm|memory|gpu|cpu|hp_metric)(?:$|[/_. -])",
    re.I,
)
_TRAIN = re.compile(r"(?:^|(?<=[/_. -]))(?:train|training)(?=$|[/_. -])", re.I)
_VALIDATION = re.compile(
    r"(?:^|(?<=[/_. -]))(?:val|valid|validation|eval|evaluation|test|dev)(?=$|[/_. -])", re.I
)


class Curve(NamedTuple):
    """A tag of a run, as TensorBoard names both."""

    run: str
    tag: str


def chosen(curves: Iterable[Curve], most: int) -> list[Curve]:
    """The ``most`` telling ones: losses first, then qualities, last times and rates.

    Training and validation of one quantity stand together, whether tags or runs are called so;
    else the order is that of ``curves``.
    """
    known = list(curves)
    runs = {run: place for place, run in enumerate(dict.fromkeys(curve.run for curve in known))}

    def order(curve: Curve) -> tuple[int, str, bool, int]:
        tag = curve.tag
        rank = 0 if _LOSS.search(tag) else 2 if _ASIDE.search(tag) else 1
        is_validation = bool(_VALIDATION.search(tag) or _VALIDATION.search(curve.run))
        return rank, _quantity(tag), is_validation, runs[curve.run]

    return sorted(known, key=order)[:most]


def _quantity(tag: str) -> str:
    """``loss`` of ``train/loss``, ``val_loss`` and ``Loss``; ``train/a/loss`` is another one."""
    bare = _VALIDATION.sub("", _TRAIN.sub("", tag))
    return re.sub(r"[/_. -]+", " ", bare).strip().lower()
