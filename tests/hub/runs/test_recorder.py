"""Who writes which record when."""

from __future__ import annotations

import threading
from typing import Any

from jupyter_trainhub.hub.runs.recorder import Recorder
from tests.conftest import eventually


def view(run: str, phase: str = "Running", **fields: Any) -> dict[str, Any]:
    return {"run": run, "name": run, "phase": phase, "created": "2030", **fields}


def test_many_jobs_on_few_threads() -> None:
    threads: set[str] = set()
    visited: list[str] = []
    lock = threading.Lock()

    def visit(seen: dict[str, Any]) -> None:
        with lock:
            threads.add(str(threading.get_ident()))
            visited.append(seen["run"])

    recorder = Recorder(visit, threads=3)
    for number in range(50):
        recorder.note(view(f"x-{number}"))
    eventually(lambda: len(visited) == 50)
    recorder.stop()
    assert len(threads) <= 3


def test_the_newest_view_is_written_and_never_two_at_once() -> None:
    begun, go = threading.Event(), threading.Event()
    phases: list[str] = []
    at_once = 0

    def visit(seen: dict[str, Any]) -> float | None:
        nonlocal at_once
        at_once += 1
        assert at_once == 1
        phases.append(seen["phase"])
        begun.set()
        go.wait(10)
        at_once -= 1
        return None if seen["phase"] == "Succeeded" else 60.0

    recorder = Recorder(visit)
    recorder.note(view("x"))
    assert begun.wait(10)
    for phase in ("Pending", "Failed", "Succeeded"):
        recorder.note(view("x", phase))
    last = recorder.last("x")
    assert last is not None
    assert last["phase"] == "Succeeded"
    go.set()
    eventually(lambda: recorder.last("x") is None)
    recorder.stop()
    assert phases == ["Running", "Succeeded"]


def test_a_failure_is_tried_again_and_harms_no_other() -> None:
    visited: list[str] = []

    def visit(seen: dict[str, Any]) -> None:
        visited.append(seen["run"])
        if visited == ["bad"]:
            raise OSError("full")

    recorder = Recorder(visit, threads=1)
    recorder.note(view("bad"))
    recorder.note(view("good"))
    eventually(lambda: visited == ["bad", "good"])
    eventually(lambda: recorder.last("good") is None)
    recorder.hurry("bad")
    eventually(lambda: visited == ["bad", "good", "bad"])
    recorder.stop()
