from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.manifests.activity import Signal
from jupyter_trainhub.manifests.probe import (
    Thresholds,
    busier,
    gpu_signal,
    metrics_signal,
    signals_of,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
LIMITS = Thresholds()


def report(**fields: Any) -> dict[str, Any]:
    return {
        "cpu": {"percent": 0.4, "top": None},
        "typed": None,
        "ssh": {"sessions": 0, "bytes": 0},
        "kernels": None,
        "terminals": None,
        "gpu": None,
        "now": NOW.timestamp(),
        **fields,
    }


def seen(name: str, **fields: Any) -> Signal:
    signals = signals_of(report(**fields), LIMITS, NOW)
    return next(signal for signal in signals if signal.name == name)


def kernel(state: str, last: str = "2026-11-22T11:30:00.5Z") -> dict[str, str]:
    return {"execution_state": state, "last_activity": last}


@pytest.mark.parametrize(
    ("name", "fields", "state", "detail"),
    [
        ("kernels", {"kernels": None}, "none", ""),
        ("kernels", {"kernels": []}, "none", ""),
        ("kernels", {"kernels": [kernel("idle")]}, "idle", "kernels idle"),
        ("kernels", {"kernels": [kernel("starting")]}, "idle", "kernels idle"),
        ("kernels", {"kernels": [kernel("busy"), kernel("idle")]}, "active", "a kernel is busy"),
        ("kernels", {"kernels": [kernel("busy")] * 2}, "active", "2 kernels are busy"),
        ("kernels", {"kernels": {"error": "it is away"}}, "unknown", "it is away"),
        ("kernels", {"kernels": [kernel("idle", "soon")]}, "unknown", None),
        ("terminals", {"terminals": []}, "none", ""),
        ("terminals", {"terminals": {"error": "JupyterLab answers 404"}}, "none", ""),
        ("terminals", {"terminals": {"error": "JupyterLab answers 403"}}, "unknown", None),
        ("terminals", {"typed": NOW.timestamp() - 60}, "idle", "terminals idle"),
        ("ssh", {"ssh": {"sessions": 1, "bytes": 100}}, "idle", None),
        ("ssh", {"ssh": {"sessions": 1, "bytes": 100_000}}, "active", None),
        ("cpu", {}, "idle", "0.4 % CPU"),
        ("cpu", {"cpu": {"percent": 5, "top": None}}, "active", "5.0 % CPU"),
        (
            "cpu",
            {"cpu": {"percent": 390, "top": {"name": "train.py", "percent": 380}}},
            "active",
            "train.py uses 380 % CPU",
        ),
        ("gpu", {"gpu": {"printed": "0\n7"}}, "active", "GPU 0 %, 7 %"),
        ("gpu", {"gpu": {"printed": "0\n4"}}, "idle", "GPU 0 %, 4 %"),
        ("gpu", {"gpu": {"printed": "[N/A]"}}, "unknown", None),
        ("gpu", {"gpu": {"printed": ""}}, "unknown", None),
        ("gpu", {"gpu": {"error": "nvidia-smi does not run"}}, "unknown", None),
    ],
)
def test_what_a_report_tells(
    name: str, fields: dict[str, Any], state: str, detail: str | None
) -> None:
    signal = seen(name, **fields)
    assert signal.state == state
    assert detail is None or signal.detail == detail


def test_times_are_put_right_by_the_containers_clock() -> None:
    ahead = timedelta(hours=3)
    fields = {"now": (NOW + ahead).timestamp(), "kernels": [kernel("idle", "2026-11-22T14:30:00Z")]}
    assert seen("kernels", **fields).at == NOW - timedelta(minutes=30)


@pytest.mark.parametrize(
    "broken",
    [{}, {"now": "x"}, report(cpu=None), report(typed="x"), report(ssh=[]), report(kernels=[5]),
     report(gpu=5), report(now=1e300), {**report(), "terminals": 5, "kernels": "abc"}],
)  # fmt: skip
def test_a_broken_report_is_not_known_and_thereby_used(broken: dict[str, Any]) -> None:
    assert "unknown" in {signal.state for signal in signals_of(broken, LIMITS, NOW)}


def test_metrics_see_what_a_look_of_a_second_missed() -> None:
    usage = {"containers": [{"name": "other", "usage": {"cpu": "9"}},
                            {"name": "main", "usage": {"cpu": "250m"}}]}  # fmt: skip
    measured = metrics_signal(usage, LIMITS)
    assert (measured.state, measured.detail) == ("active", "25.0 % CPU")
    assert busier(Signal("cpu", "idle"), measured) is measured
    assert busier(Signal("cpu", "unknown"), measured) is measured
    rest = Signal("cpu", "idle", None, "0.1 % CPU")
    assert busier(Signal("cpu", "unknown"), rest) is rest
    assert metrics_signal({}, LIMITS).state == "unknown"


def test_no_gpu_is_none() -> None:
    assert gpu_signal(None, LIMITS).state == "none"
