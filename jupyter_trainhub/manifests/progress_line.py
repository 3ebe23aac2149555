"""What a line of a log says of a training's progress, in the ways that programs print it.

Known are the bars of tqdm (Lightning's and transformers' among them) and Keras, the dictionaries of
transformers' Trainer, and lines such as ``Epoch [5/10], Step [50/100], loss: 0.3``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from jupyter_trainhub.manifests.progress_reading import Reading

# Characters of a line that are looked at: a program may write a million in one. Of white space one
# is enough, and patterns take the square of its length.
_LONGEST = 1000
_SPACE = re.compile(r"\s+")
# Numbers that are larger count nothing.
_LARGEST = 1e15
# What any line has that says something: most lines are told from it by one search.
_HINT = re.compile(
    r"\d%\||\[\d+:\d|\d/\d|epoch|step|iter|batch|loss|acc|perplexity|ppl|lr|learning|auc|f1|bleu"
    r"|mse|mae|reward|norm|iou|wer|cer|\d\s?% ?(?:done|complete)",
    re.I,
)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x08\r]")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])|nan\b|[-+]?inf\b"
_SCALES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}

# https://tqdm.github.io/docs/tqdm/: "{desc}: {percentage}%|{bar}| {n}/{total} [{elapsed}<{left},
# {rate}{postfix}]", and without a total "{desc}: {n}{unit} [{elapsed}, {rate}{postfix}]".
_BAR = re.compile(
    r"^(?P<title>.*?):?\s*\d{1,3}%\|[^|]*\|\s*(?P<step>[\d.]+)(?P<scale>[kMG]?)(?:[^\W\d]\w*)?"
    r"/(?P<total>[\d.]+)(?P<total_scale>[kMG]?)(?:[^\W\d]\w*)?\s*"
    r"\[[\d:]+<[\d:?]+,\s*(?P<rate>[\d.?]+)(?P<rate_scale>[kMG]?)(?P<unit>[^\s,\]]*)(?P<rest>.*)"
)
_COUNT = re.compile(
    r"^(?P<title>[^\d]*?):?\s*(?P<step>\d+)(?P<scale>)(?:it|batch(?:es)?|steps?) "
    r"\[[\d:]+,\s*(?P<rate>[\d.?]+)(?P<rate_scale>[kMG]?)(?P<unit>[^\s,\]]*)(?P<rest>.*)"
)
_KERAS = re.compile(r"^\s*(\d+)/(\d+)\s*(?:\[[=>.]+\]|[━─╸╺]+|- \d+m?s -)(?P<rest>.*)")
_DICTIONARY = re.compile(rf"""['"]([\w/.-]+)['"]:\s*['"]?({_NUMBER})""")
_EPOCHS = re.compile(r"\bepochs?\b[^0-9/\n]{0,10}(\d+)\s*\]?\s*(?:/|of)\s*\[?(\d+)", re.I)
_EPOCH = re.compile(r"\bepoch\b(?:\([a-z]+\))?\s*[:=#]?\s*\[?(\d+(?:\.\d+)?)\]?", re.I)
_IS_EPOCH = re.compile(r"\W*(?:\w+ )?epochs?\W*", re.I)
_STEP_WORD = r"\b(?:global[ _]?)?(?:steps?|iter(?:ation)?s?|batch(?:es)?)\b"
_STEPS = re.compile(rf"{_STEP_WORD}[^0-9/\n]{{0,14}}(\d+)\s*(?:/|of)\s*(\d+)", re.I)
_STEP = re.compile(rf"{_STEP_WORD}\s*[:=#]?\s*\[?(\d+)\b", re.I)
# Samples of an epoch, as PyTorch's own examples print them: "Train Epoch: 1 [640/60000 (1%)]".
_SAMPLES = re.compile(r"\[\s*(\d+)\s*/\s*(\d+)\s*(?:\(\d+%\))?\s*\]")
_PERCENT = re.compile(r"(?<![\d.])(\d{1,3})\s?%\s?(?:done|complete)", re.I)
_NAMED = re.compile(
    r"\b((?:[A-Za-z]\w*[ _/.-])?(?:loss|acc(?:uracy)?|perplexity|ppl|lr|learning[ _]rate|auc|f1"
    r"|bleu|rmse|mae|mse|reward|grad[ _]norm|miou|iou|wer|cer)[\w@]*)"
    rf"\s*[:=]?\s*({_NUMBER})",
    re.I,
)
_EQUALS = re.compile(rf"([A-Za-z_][\w/.-]*)\s*=\s*({_NUMBER})")
_KERAS_METRIC = re.compile(rf"-\s*([A-Za-z_]\w*):\s*({_NUMBER})")
# Numbers that stand among metrics and are none.
_NO_METRIC = re.compile(r"v_num|.*(?:epochs?|steps?|runtime|per_second|flos)", re.I)
# Bars that are no training's: what comes before it, and what may come within it.
_BEFORE = re.compile(
    r"\b(?:sanity|download\w*|upload\w*|fetch\w*|load\w*|tokeniz\w*|map|filter|generating|saving"
    r"|extracting|casting)\b",
    re.I,
)
_ASIDE = re.compile(r"\b(?:valid\w*|eval\w*|test\w*|predict\w*)\b", re.I)


def read(line: str) -> Reading | None:
    """What ``line`` says, without a time or a rank before it; None if nothing."""
    if not _HINT.search(line, 0, _LONGEST):
        return None
    text = _SPACE.sub(" ", _COLOURS.sub("", line[:_LONGEST])).strip()
    try:
        found = _found(text)
    except (ValueError, OverflowError):
        # It has the looks of one, but "1.2.3" is no number.
        return None
    return found if found is None or _is_sane(found) else None


def _found(text: str) -> Reading | None:
    if bar := _BAR.match(text) or _COUNT.match(text):
        return _bar(bar)
    for form in _FORMS:
        if (found := form(text)) is not None:
            return found
    return None


def _is_sane(found: Reading) -> bool:
    numbers = (found.step, found.total, found.epoch, found.epochs, found.rate)
    return all(number is None or 0 <= number < _LARGEST for number in numbers)


def _bar(match: re.Match[str]) -> Reading | None:
    title, unit = match["title"], match["unit"]
    if unit.endswith(("B/s", "/B")) or _BEFORE.search(title):
        return None
    step = _scaled(match["step"], match["scale"])
    named = match.groupdict()
    total = _scaled(named["total"], named["total_scale"]) if named.get("total") else None
    metrics, aside = _metrics(_EQUALS, match["rest"]), bool(_ASIDE.search(title))
    if _IS_EPOCH.fullmatch(title) and total:
        return Reading("tqdm", epoch=step, epochs=total, passed=step, metrics=metrics)
    rate = _rate(match["rate"], match["rate_scale"], unit)
    epoch, epochs, passed = _epoch(title, begun=True)
    within = epoch is not None
    return Reading("tqdm", step, total, epoch, epochs, passed, within, rate, aside, metrics)


def _keras(text: str) -> Reading | None:
    match = _KERAS.match(text)
    if match is None:
        return None
    metrics = _metrics(_KERAS_METRIC, match["rest"])
    return Reading("text", int(match[1]), int(match[2]), within=True, metrics=metrics)


def _dictionary(text: str) -> Reading | None:
    if not (text.startswith("{") and text.endswith("}")):
        return None
    metrics = _metrics(_DICTIONARY, text)
    epoch = re.search(r"""['"]epoch['"]:\s*['"]?([\d.]+)""", text)
    if not metrics:
        return None
    return Reading("text", epoch=float(epoch[1]) if epoch else None, metrics=metrics)


def _words(text: str) -> Reading | None:
    metrics = _metrics(_NAMED, text)
    steps = _STEPS.search(text)
    rest = text if steps is None else text[: steps.start()]
    epoch, epochs, passed = _epoch(rest, begun=steps is not None or not metrics)
    step = total = None
    if steps is None and epoch is not None:
        steps = _SAMPLES.search(text, _end_of_epoch(text))
        if steps is not None and epochs is not None and not metrics:
            steps = None
    if steps is not None:
        step, total = int(steps[1]), int(steps[2])
        if total == 0 or step > total:
            step = total = None
        passed = epoch - 1 if epochs is not None and epoch is not None else passed
    elif metrics and (alone := _STEP.search(text)):
        step = int(alone[1])
    if step is None and epoch is None and not metrics:
        return None
    within = step is not None and epoch is not None and total is not None
    return Reading("text", step, total, epoch, epochs, passed, within, metrics=metrics)


def _percent(text: str) -> Reading | None:
    match = _PERCENT.search(text)
    return Reading("text", min(100, int(match[1])), 100) if match else None


_FORMS: tuple[Callable[[str], Reading | None], ...] = (_keras, _dictionary, _words, _percent)


def _epoch(text: str, *, begun: bool) -> tuple[float | None, int | None, float | None]:
    """The epoch that is named, of how many, and how many are complete.

    ``begun``: it has just begun, and is not over.
    """
    if match := _EPOCHS.search(text):
        epoch, epochs = int(match[1]), int(match[2])
        if epochs > 0 and epoch <= epochs:
            return epoch, epochs, max(0, epoch - 1) if begun else epoch
        return None, None, None
    match = _EPOCH.search(text)
    return (float(match[1]) if match else None), None, None


def _end_of_epoch(text: str) -> int:
    match = _EPOCHS.search(text) or _EPOCH.search(text)
    return match.end() if match else 0


def _metrics(form: re.Pattern[str], text: str) -> dict[str, float | None]:
    """Metrics by their names; None is a number that is not finite."""
    found: dict[str, float | None] = {}
    for name, number in form.findall(text):
        if not _NO_METRIC.fullmatch(name):
            value = float(number)
            found[name.strip()] = value if math.isfinite(value) else None
    return found


def _scaled(number: str, scale: str) -> int:
    return round(float(number.strip(".") or 0) * _SCALES[scale])


def _rate(number: str, scale: str, unit: str) -> float | None:
    """Steps per second: programs show seconds per step where they are slow."""
    if "?" in number:
        return None
    rate = float(number) * _SCALES[scale]
    if unit.startswith("s/"):
        return 1 / rate if rate else None
    return rate or None
