from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_trainhub.manifests import usage


def line(at: float, pod: str, rank: int, **values: float) -> str:
    return json.dumps({"at": at, "pod": pod, "rank": rank, "values": values}) + "\n"


def test_a_record_says_what_was_seen_and_is_read_back() -> None:
    seen = [
        usage.series("a", 0, "cpu", [(1.0, 0.5), (2.0, 0.123456789)]),
        usage.series("a", 0, "memory", [(2.0, 100.0)]),
        usage.series("b", 1, "cpu", [(2.0, 1.0)]),
    ]
    assert usage.record_lines(seen) == (
        line(1.0, "a", 0, cpu=0.5)
        + line(2.0, "a", 0, cpu=0.123457, memory=100.0)
        + line(2.0, "b", 1, cpu=1.0)
    )
    assert usage.record_lines(seen, after=1.0).count("\n") == 2
    read = usage.recorded(usage.record_lines(seen).splitlines())
    assert [one["points"] for one in read] == [[(1.0, 0.5), (2.0, 0.123457)], [(2.0, 100.0)],
                                              [(2.0, 1.0)]]  # fmt: skip
    assert (read[0]["pod"], read[0]["rank"], read[0]["unit"]) == ("a", 0, "cores")


@pytest.mark.parametrize(
    "broken",
    ["", "{", "[]", "3", '{"at": 1}', '{"at": 1, "pod": "a", "rank": "x", "values": {}}',
     '{"at": 1, "pod": "a", "rank": 0, "values": 7}', '{"at": 2, "po'],
)  # fmt: skip
def test_a_broken_line_is_left_out(broken: str) -> None:
    (one,) = usage.recorded([broken, line(1.0, "a", 0, cpu=1.0, unheard_of=2.0).encode()])
    assert one["points"] == [(1.0, 1.0)]


def test_the_summary_is_the_most_of_a_pod_and_the_mean_of_all() -> None:
    found = usage.summary(
        [
            usage.series("a", 0, "cpu", [(0.0, 9.0), (10.0, 1.0), (20.0, 1.0)]),
            usage.series("b", 1, "cpu", [(0.0, 0.0), (10.0, 3.0)]),
            usage.series("b", 1, "memory", []),
        ]
    )
    assert found == {"cpu": {"unit": "cores", "max": 9.0, "mean": 2.0}}


def test_the_mean_is_that_of_the_time() -> None:
    assert usage.mean([(0.0, 5.0)]) == 5.0
    assert usage.mean([(0.0, 0.0), (90.0, 1.0), (100.0, 11.0)]) == pytest.approx(2.0)


def test_thinned_points_stand_for_all() -> None:
    points = [(float(at), float(at % 2)) for at in range(1001)]
    found = usage.thinned(points, 100)
    assert len(found) <= 100
    assert found[-1][0] == 1000.0
    assert all(0.3 < value < 0.7 for _, value in found[:-1])
    assert usage.thinned(points[:3], 100) == points[:3]


def test_what_a_pod_asked_for() -> None:
    resources: dict[str, Any] = {
        "requests": {"cpu": "500m", "memory": "1Gi"},
        "limits": {"memory": "2Gi", "nvidia.com/gpu": "2"},
    }
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"resources": resources}]}}
    asked = {one["metric"]: one for one in usage.asked(pod, 3, ["nvidia.com/gpu"])}
    assert (asked["cpu"]["request"], asked["cpu"]["limit"]) == (0.5, None)
    assert (asked["memory"]["request"], asked["memory"]["limit"]) == (1 << 30, 2 << 30)
    assert (asked["gpu"]["request"], asked["gpu"]["rank"]) == (2, 3)
    assert "disk" not in asked
