from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.job_progress import JobProgress
from jupyter_trainhub.manifests.progress_reading import MOST_METRICS


def record(step: int | None = None, total: int | None = None, **more: Any) -> bytes:
    told = {"source": "trainhub", "step": step, "total": total, **more}
    return f"[trainhub] progress {packed(told)} [trainhub]\n".encode()


def bar(step: int, total: int = 100, title: str = "") -> bytes:
    done = f"{100 * step // total}%|##  | {step}/{total} [00:05<00:08,  7.2it/s]"
    return f"\r{title}{done}".encode()


def after(*pieces: bytes, every: float = 1.0, running: bool = True) -> dict[str, Any]:
    """The view right after ``pieces``, one every so many seconds."""
    known = JobProgress()
    for number, piece in enumerate(pieces):
        known.take(piece, number * every)
    view = known.view((len(pieces) - 1) * every, running=running)
    assert view is not None
    return view


def test_what_the_program_reports_counts_and_its_speed_is_that_of_the_last_minute() -> None:
    slow = [record(step, 1000, metrics={"loss": 1.0 / step}) for step in range(1, 100)]
    fast = [record(step, 1000, metrics={"loss": None, "acc": 0.5}) for step in range(100, 400, 4)]
    view = after(bar(99), *slow, *fast)
    assert (view["step"], view["total"], view["source"]) == (396, 1000, "trainhub")
    assert view["fraction"] == 0.396
    assert view["rate"] == 4.0
    assert view["remaining"] == 151
    assert view["metrics"] == {"loss": None, "acc": 0.5}
    assert view["at"] == "1970-01-01T00:02:54Z"


@pytest.mark.parametrize(
    ("pieces", "fraction"),
    [
        ([b"Epoch 3/10\n", bar(40)], 0.24),
        ([bar(3, 10, "Epochs: ") + b"\n", bar(40)], 0.34),
        ([bar(40, title="Epoch 2: ")], None),
        ([bar(40), b"\n{'loss': 0.5, 'epoch': 1.2}\n"], 0.4),
        ([b"epoch 3/10 loss 0.2\n"], 0.3),
        # A step of an epoch, as th.progress tells it, counted from 0 or from 1.
        ([record(40, 100, epoch=3, epochs=10, first_epoch=0)], 0.34),
        ([record(40, 100, epoch=3, epochs=10, first_epoch=1)], 0.24),
        ([record(40)], None),
        # A validation within a step, or after the training, is no step back.
        ([bar(40), bar(3, 20)], 0.4),
        ([bar(3, 10), bar(40)], 0.3),
        ([bar(100), bar(3, 20)], 1.0),
        ([bar(40), bar(2, title="Validation: ")], 0.4),
        # One that fills again and again says nothing of the whole.
        ([bar(99), bar(1)], None),
        # The other rank is a little behind.
        ([bar(40), bar(38)], 0.4),
    ],
)
def test_how_much_is_done(pieces: list[bytes], fraction: float | None) -> None:
    assert after(*pieces)["fraction"] == fraction


def test_what_the_bar_says_of_its_speed_counts_until_it_is_measured() -> None:
    view = after(bar(40))
    assert (view["rate"], view["remaining"]) == (7.2, 8)
    view = after(b"Epoch 1/2\n", bar(40))
    assert (view["rate"], view["remaining"]) == (7.2, 22)


def test_lines_with_times_are_read_as_of_then_and_once() -> None:
    lines = [b"2026-01-01T00:00:%02d.5Z " % second + record(second, 100) for second in range(1, 40)]
    known = JobProgress()
    assert known.take(b"".join(lines), now=2e9)
    view = known.view(1767225600.0 + 39, running=True)
    assert view is not None
    assert (view["rate"], view["at"], view["stalled"]) == (1.0, "2026-01-01T00:00:39Z", False)
    assert not known.take(b"".join(lines), now=2e9)
    again = known.view(1767225600.0 + 39, running=True)
    assert again == view


def test_silence_is_told_when_it_is_much_longer_than_usual() -> None:
    known = JobProgress()
    for step in range(10):
        known.take(record(step, 100), step * 30.0)
    usual, silent = known.view(500.0, running=True), known.view(600.0, running=True)
    assert usual is not None
    assert silent is not None
    assert (usual["stalled"], usual["rate"], usual["remaining"]) == (False, 0.03333, 2730)
    assert (silent["stalled"], silent["rate"], silent["remaining"]) == (True, None, None)
    ended = known.view(600.0, running=False)
    assert ended
    assert (ended["stalled"], ended["rate"], ended["fraction"]) == (False, None, 0.09)


def test_event_files_tell_metrics_of_what_a_bar_counts() -> None:
    scalars = record(7, source="tensorboard", metrics={"train/loss": 0.5})
    assert after(scalars)["step"] == 7
    view = after(bar(40), scalars)
    assert (view["step"], view["metrics"]) == (40, {"train/loss": 0.5})
    assert after(scalars, bar(40))["fraction"] == 0.4


def test_as_many_metrics_are_kept_as_can_be_shown_the_latest_ones() -> None:
    pieces = [record(step, metrics={f"m{step}": step, "loss": step}) for step in range(20)]
    metrics = after(*pieces)["metrics"]
    assert len(metrics) == MOST_METRICS
    assert {"loss", "m19"} < set(metrics)


@pytest.mark.parametrize(
    "told",
    [
        {"step": float("1e400")},
        {"step": "x", "metrics": [1]},
        {"step": True, "epoch": {}, "metrics": {"a": "b"}},
        {"source": "elsewhere", "step": 1},
        {"step": -5, "total": -1, "epoch": -3, "epochs": 2},
    ],
)
def test_a_record_may_hold_anything(told: dict[str, Any]) -> None:
    known = JobProgress()
    known.take(record(**told), 0.0)
    view = known.view(0.0, running=True)
    assert view is None or view["fraction"] in (None, 0.0)


def test_a_record_at_the_end_of_an_open_line_is_found_and_cut_off() -> None:
    line = bar(40) + record(1, 2)
    assert list(log_record.find(line, "progress"))
    assert log_record.shown(line) == bar(40)
    assert log_record.shown(b"[0] " + record(1)) == b""
    assert log_record.shown(b"lost. [trainhub]\n") == b"lost. [trainhub]\n"
    # Such a record may be there for no other reason than to end the line.
    empty = f"{bar(40).decode()}[trainhub] progress {packed({})} [trainhub]\n".encode()
    assert after(empty)["step"] == 40


def test_a_time_that_a_program_prints_hides_nothing_that_follows() -> None:
    known = JobProgress()
    known.take(b"9999-12-31T23:59:59-14:00 Epoch 1/4 loss: 2\n", 1e9)
    known.take(b"Epoch 2/4 loss: 1\n", 1e9 + 1)
    view = known.view(1e9 + 2, running=True)
    assert view is not None
    assert (view["epoch"], view["metrics"]) == (2, {"loss": 1.0})
