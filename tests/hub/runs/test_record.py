"""run.json, and which records are given up: pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from jupyter_trainhub.hub.runs.pruning import Kept, to_give_up
from jupyter_trainhub.hub.runs.record import is_over, matches, missing, run_view, updated
from jupyter_trainhub.manifests.submission import EMPTY, GitState, Submission

NOW = datetime(2030, 1, 31, tzinfo=timezone.utc)


def pod(rank: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "name": f"job-x-{rank}-abcde", "rank": rank, "role": "node", "attempt": 1, "node": "n1",
        "phase": "Running", "exit_code": None, "image_digest": None, "started": "2030-01-01T00:00Z",
        "finished": None, **fields,
    }  # fmt: skip


def view(**fields: Any) -> dict[str, Any]:
    return {
        "name": "x", "run": "x-12345678", "owner": "ada", "phase": "Running", "restart": None,
        "attempt": 1, "pods": [pod()], "earlier": [], "spec": {"name": "x"}, **fields,
    }  # fmt: skip


def test_what_the_cluster_forgets_stays() -> None:
    known = pod(image_digest="sha256:1", exit_code=0, finished="2030-01-01T01:00Z")
    before = updated({}, view(pods=[known]), EMPTY)
    after = updated(before, view(phase="Stopped", pods=[]), EMPTY)
    assert after["phase"] == "Stopped"
    assert after["image_digest"] == "sha256:1"
    assert after["pods"] == before["pods"]
    assert after["pods"][0]["exit_code"] == 0


def test_pods_of_all_attempts_are_kept() -> None:
    earlier = {"attempt": 1, "pods": [pod()]}
    record = updated({}, view(attempt=2, pods=[pod(attempt=2)], earlier=[earlier]), EMPTY)
    assert [pod["attempt"] for pod in record["pods"]] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "over"),
    [
        ({"phase": "Running"}, False),
        ({"phase": "Failed"}, True),
        ({"phase": "Failed", "restart": "waiting"}, False),
        ({"phase": "Stopped", "restart": "off"}, True),
        ({}, False),
    ],
)
def test_the_end_of_a_run(fields: dict[str, Any], over: bool) -> None:
    assert is_over(fields) is over


def test_what_is_missing_is_said() -> None:
    pods = [pod(0), pod(1), pod(2, started=None)]
    record = {**updated({}, view(pods=pods), EMPTY), "argv": ["python"]}
    files = ["applied.yaml", "live.yaml", "events.json", "environment.json"]
    lacks = missing(record, files, {(1, 0): "logs/attempt-1/rank-0.log"})
    assert [lack["what"] for lack in lacks] == ["the log of rank 1, attempt 1"]
    everything = [lack["what"] for lack in missing({**record, "argv": None}, [], {})]
    assert everything[0] == "the code"
    assert "the environment" in everything


def test_the_submission_travels_in_files() -> None:
    git = GitState("c0ffee", "main", True, "https://example.org/x.git")
    made = Submission(
        "ada@lab", "ada", "2030-01-01T00:00Z", git, b"\xff diff", "", "x.ipynb", "y-1"
    )
    assert Submission.from_files(made.to_files()) == made
    assert Submission.from_files({"submission.json": b"[broken"}) == EMPTY
    assert Submission.from_files({"submission.json": b'{"git": 3, "at": 5}'}) == EMPTY


@pytest.mark.parametrize(
    ("search", "found"),
    [("", True), ("X ada", True), ("c0ff", True), ("priority:3", True), ("ada nobody", False)],
)
def test_search(search: str, found: bool) -> None:
    git = GitState("c0ffee", None, False, None)
    record = updated({}, view(spec={"name": "x", "priority": 3}), Submission(git=git))
    assert matches(run_view(record, pinned=False, size=0), search) is found


def kept(run: str, days: int | None, *, pinned: bool = False) -> Kept:
    return Kept(run, None if days is None else NOW - timedelta(days=days), pinned)


@pytest.mark.parametrize(
    ("keep", "days", "given_up"),
    [
        (0, 0, []),
        (2, 0, ["old", "older"]),
        (0, 15, ["older"]),
        (1, 15, ["new", "old", "older"]),
    ],
)
def test_pruning(keep: int, days: int, given_up: list[str]) -> None:
    records = [
        kept("older", 20), kept("old", 10), kept("newest", 1), kept("new", 2),
        kept("pinned", 99, pinned=True), kept("runs", None),
    ]  # fmt: skip
    assert to_give_up(records, keep, days, NOW) == given_up
