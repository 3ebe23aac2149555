from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.manifests.job_progress import JobProgress
from jupyter_trainhub.manifests.metric_curves import MOST_POINTS, MetricCurves, thinned


def test_a_curve_reaches_from_the_first_point_to_the_last_however_many_there_are() -> None:
    curves = MetricCurves()
    for step in range(10_000):
        curves.take({"loss": 1.0 / (step + 1)}, step)
    points = curves.curves()["loss"]
    assert len(points) <= MOST_POINTS
    assert (points[0], points[-1]) == ((0, 1.0), (9999, 0.0001))
    steps = [step for step, _ in points]
    assert steps == sorted(set(steps))


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([0, 5, 5, 9], [(0, 0.0), (5, 2.0), (9, 3.0)]),
        # A bar that begins anew, and a program that counts nothing.
        ([8, 9, 0, 1], [(8, 0.0), (9, 1.0), (10, 2.0), (11, 3.0)]),
        ([None, None], [(0, 0.0), (1, 1.0)]),
    ],
)
def test_steps_only_go_forward(steps: list[float | None], expected: Any) -> None:
    curves = MetricCurves()
    for value, step in enumerate(steps):
        curves.take({"loss": float(value)}, step)
    assert curves.curves() == {"loss": expected}


def test_what_is_not_finite_has_its_place() -> None:
    curves = MetricCurves()
    assert curves.take({"loss": None}, 0)
    assert not curves.take({"loss": None}, 1)
    assert curves.curves() == {"loss": [(0, None), (1, None)]}
    assert curves.latest() == {"loss": None}


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 100])
def test_thinned_points_keep_their_ends(count: int) -> None:
    kept = thinned(range(count), 4)
    assert len(kept) <= 4
    assert kept[:1] == [*range(count)][:1]
    assert kept[-1:] == [*range(count)][-1:]


def test_a_log_tells_where_event_files_are_also_beside_other_progress() -> None:
    known = JobProgress()

    def tell(**told: Any) -> dict[str, Any]:
        known.take(f"[trainhub] progress {packed(told)} [trainhub]\n".encode(), 0.0)
        return known.told(0.0, running=True)

    nothing = tell(source="tensorboard", step=None, metrics={}, folders=["/w/runs"], runs=[])
    assert nothing == {"progress": None, "log_folders": ["/w/runs"], "log_runs": []}
    tell(source="trainhub", step=3, metrics={"loss": 1})
    both = tell(source="tensorboard", step=5, folders=["/w/runs"], runs=["/w/runs/a"])
    assert (both["progress"]["step"], both["log_runs"]) == (3, ["/w/runs/a"])
    forged = ["relative", "/w/../etc", "/w/\n", "/" + "x" * 5000, 7, None]
    assert tell(source="tensorboard", folders=forged)["log_folders"] == ["/w/runs"]
