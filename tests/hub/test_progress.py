from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from jupyter_trainhub.errors import ClusterRefused
from jupyter_trainhub.hub.jobs.progress.manager import Progress
from jupyter_trainhub.hub.jobs.progress.words import percent, progress_sentence, time_left
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.kube.client import KubeClient
from tests.conftest import eventually


def record(step: int, total: int = 100) -> bytes:
    told = {"source": "trainhub", "step": step, "total": total, "metrics": {"loss": 0.5}}
    return f"[trainhub] progress {packed(told)} [trainhub]\n".encode()


class Logs:
    """A cluster of which only the logs are asked; those that are None hang."""

    def __init__(self) -> None:
        self.logs: dict[str, bytes | None] = {}
        self.read: list[str] = []
        self.released = threading.Event()

    def get(self, resource: object, name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"containers": [{"name": "pytorch"}]}}

    def stream(self, resource: object, name: str, part: str, query: Any) -> Iterator[bytes]:
        assert (query["container"], query["timestamps"]) == ("pytorch", True)
        self.read.append(name)
        if name not in self.logs:
            raise ClusterRefused("the node is gone")
        log = self.logs[name]
        if log is None:
            self.released.wait(20)
        yield b"2026-01-01T00:00:00.5Z " + (log or b"\n")


def job(name: str, phase: str = "Running", attempt: int = 1) -> View:
    pods = [
        {"rank": rank, "name": f"{name}-{rank}-a{attempt}", "started": "2026-01-01T00:00:00Z"}
        for rank in range(2)
    ]
    return {
        "name": name, "run": f"{name}-12345678", "attempt": attempt, "phase": phase,
        "restart": None, "pods": pods, "progress": None,
    }  # fmt: skip


@pytest.fixture
def logs() -> Iterator[Logs]:
    found = Logs()
    yield found
    found.released.set()


@pytest.fixture
def followed() -> set[str]:
    return set()


@pytest.fixture
def progress(logs: Logs, followed: set[str]) -> Iterator[Progress]:
    recorded = {"old-12345678": {"progress": {"fraction": 0.7}}}
    found = Progress(cast(KubeClient, logs), lambda run, pod: pod in followed, recorded.get)
    yield found
    found.stop()


def fractions(views: Any) -> list[float | None]:
    return [view["progress"] and view["progress"]["fraction"] for view in views]


def test_the_logs_of_running_jobs_are_looked_at_now_and_then(
    logs: Logs, progress: Progress, followed: set[str]
) -> None:
    followed.add("followed-0-a1")
    logs.logs = {"a-0-a1": record(40), "old-0-a1": record(99)}
    views = [job("a"), job("refused"), job("followed"), job("waits", "Pending"),
             job("old", "Succeeded"), {"name": "foreign", "run": None}]  # fmt: skip
    views[3]["pods"] = []
    assert fractions(progress.look(views)[:5]) == [0.4, None, None, None, 0.7]
    logs.logs["a-0-a1"] = record(50)
    assert fractions(progress.look(views)[:1]) == [0.4]
    assert sorted(logs.read) == ["a-0-a1", "refused-0-a1"]
    assert fractions(progress.look(views, every=0.0)[:1]) == [0.5]
    # Another attempt begins anew; that which has ended and is in no record is read once.
    assert fractions([progress.merged(job("a", attempt=2))]) == [None]
    logs.logs["b-0-a1"] = record(60)
    for _ in range(2):
        assert fractions(progress.look([job("b", "Failed")])) == [0.6]
    assert logs.read.count("b-0-a1") == 1


def test_a_node_that_hangs_holds_up_nobody_for_long(logs: Logs, progress: Progress) -> None:
    names = [f"j{number}" for number in range(20)]
    logs.logs = {f"{name}-0-a1": record(10) for name in names}
    logs.logs["j3-0-a1"] = None
    begin = time.monotonic()
    found = progress.look([job(name) for name in names])
    assert time.monotonic() - begin < 3
    assert fractions(found) == [None if name == "j3" else 0.1 for name in names]
    # It is not asked again while it hangs.
    progress.look([job("j3")], every=0.0)
    assert logs.read.count("j3-0-a1") == 1


def test_what_a_followed_log_brings_is_told(progress: Progress) -> None:
    told: list[View] = []
    progress.watch(told.append)
    progress.heard("a-12345678", 1, record(1))
    assert fractions([progress.merged(job("a"))]) == [None]
    for step in range(500):
        progress.heard("a-12345678", 1, record(step, 1000) + b"x" * 1000 + b"\n")
    (view,) = eventually(lambda: list(told))
    assert (view["name"], view["progress"]["fraction"]) == ("a", 0.499)
    assert fractions([progress.merged(job("a", "Succeeded"))]) == [0.499]
    progress.forget("a")
    progress.heard("a-12345678", 1, record(1))
    assert fractions([progress.merged(job("a"))]) == [None]


@pytest.mark.parametrize(
    ("changes", "columns", "sentence"),
    [
        ({}, ("37%", "12m"), "37%, epoch 2 of 5, step 40 of 100, 7.25 steps/s, 12m left; "),
        ({"fraction": None, "epochs": None}, ("step 40", "12m"), "epoch 2, step 40 of 100, "),
        ({"stalled": True, "remaining": None, "rate": None}, ("37%", "no progress for 60s"),
         "37%, epoch 2 of 5, step 40 of 100, no progress for 60s; loss 0.3123, acc nan"),
        ({"step": None, "fraction": None, "remaining": None, "rate": 0.4}, ("", ""),
         "epoch 2 of 5, 2.5 s a step; loss"),
    ],
)  # fmt: skip
def test_progress_in_words(
    changes: dict[str, Any], columns: tuple[str, str], sentence: str
) -> None:
    known = {
        "fraction": 0.379, "step": 40, "total": 100, "epoch": 2, "epochs": 5, "rate": 7.25,
        "remaining": 780, "metrics": {"loss": 0.31234, "acc": None},
        "at": "1970-01-01T00:00:00Z", "stalled": False, **changes,
    }  # fmt: skip
    assert (percent(known), time_left(known, 60.0)) == columns
    assert progress_sentence(known, 60.0).startswith(sentence)
    assert (percent(None), time_left(None)) == ("", "")
