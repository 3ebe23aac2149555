"""How jobs failed: read once, kept, and found again in the run's record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jupyter_trainhub.errors import InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs.failure import Failures, recorded
from jupyter_trainhub.hub.jobs.failure_words import describe_failure, failure_sentence
from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.manifests.frameworks.code import Code
from jupyter_trainhub.manifests.labels import Object

RUN = "train-1-0a"
ERROR = {"rank": 1, "etype": "ValueError", "message": "no data", "time": 1e9, "cell": 0,
         "cell_id": "a", "lineno": 2, "line": "f()"}  # fmt: skip
LOG = f"loading\n[trainhub] errors {packed({'node': 0, 'errors': [ERROR]})} [trainhub]\n".encode()


def pod(rank: int, phase: str = "Failed", **fields: Any) -> Object:
    return {"name": f"pod-{rank}", "rank": rank, "node": "gpu-1", "phase": phase, "attempt": 1,
            "message": "", "reason": "Error", "exit_code": 1, "finished": None,
            **fields}  # fmt: skip


def job(name: str, phase: str = "Failed", created: str = "1", **fields: Any) -> Object:
    spec = {"notebook": "train.ipynb"}
    return {"name": name, "run": f"{name}-0a", "uid": "u", "phase": phase, "reason": "Error",
            "owner": "ada", "message": "", "remedy": None, "finished": None, "created": created,
            "error": None, "attempt": 1, "earlier": [], "nodes": 1, "spec": spec, "pods": [pod(0)],
            **fields}  # fmt: skip


class Cluster:
    """A hub with jobs whose logs may be there, and a record."""

    def __init__(self) -> None:
        self.user = "ada"
        self.views = {"train-1": job("train-1")}
        self.logs: dict[str, bytes] = {"train-1": LOG}
        self.record: list[Object] = []
        self.read: list[tuple[str, int]] = []
        none: list[Object] = []
        self.client = SimpleNamespace(list=lambda *_, **__: iter(none))
        self.jobs = SimpleNamespace(
            get=lambda name: self.views[name],
            list=lambda: list(self.views.values()),
            logs=lambda name, rank, **_: self._log(name, rank),
        )
        cells = [{"index": 0, "id": "a", "file": "train.ipynb#cell-1-a", "source": "\nf()"}]
        code = Code({"cells.json": json.dumps({"cells": cells}).encode()}, ["python"])
        self.runs_of_old: list[Object] = []
        self.runs = SimpleNamespace(
            get=lambda run: {**self.views["train-1"], "job": "train-1"},
            failures=lambda run: self.record,
            list=lambda search: self.runs_of_old,
            log=lambda run, rank, attempt, tail: self._log("record", rank),
            code=lambda run: code,
        )

    def _log(self, name: str, rank: int) -> Iterator[bytes]:
        self.read.append((name, rank))
        if name not in self.logs:
            raise NotFound("no such log")
        return iter([self.logs[name]])


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def failures(cluster: Cluster) -> Failures:
    return Failures(cast("Hub", cluster))


def test_a_failure_is_read_once(cluster: Cluster, failures: Failures) -> None:
    before = failures.told(cluster.views["train-1"])
    assert before["error"] is None
    first = failures.of_job("train-1")
    assert (first["root"]["cell"], first["root"]["cell_source"]) == (0, "\nf()")
    assert failures.of_job("train-1") is failures.of_run(RUN) is first
    assert cluster.read == [("train-1", 0)]
    error = failures.told(cluster.views["train-1"])["error"]
    assert (error["rank"], error["cell"], error["node"]) == (1, 0, "gpu-1")


def test_the_record_has_what_the_cluster_forgot(cluster: Cluster, failures: Failures) -> None:
    cluster.logs = {"record": LOG}
    assert failures.of_job("train-1")["root"]["etype"] == "ValueError"
    kept = failures.all_of(cluster.views["train-1"])
    cluster.logs, cluster.record = {}, recorded(json.loads(json.dumps({"items": kept})))
    again = Failures(cast("Hub", cluster))
    assert again.of_job("train-1") == kept[0]
    assert len(cluster.read) == 2


@pytest.mark.parametrize("document", [None, [], {"items": [3, {"attempt": 1, "root": [1]}]}])
def test_a_record_that_was_written_over_is_none(document: Any) -> None:
    assert recorded(document) == []


@pytest.mark.parametrize(
    "change", [{"message": {}}, {"cell": "1"}, {"frames": [3]}, {"log": {"lines": [3]}}]
)
def test_a_record_with_another_rank_in_it_is_none(failures: Failures, change: Object) -> None:
    failure = failures.of_job("train-1")
    assert recorded({"items": [failure]}) == [failure]
    assert recorded({"items": [{**failure, "root": {**failure["root"], **change}}]}) == []
    assert recorded({"items": [{**failure, "hints": [{"title": []}]}]}) == []


def test_nothing_is_read_of_what_did_not_fail(cluster: Cluster, failures: Failures) -> None:
    for phase in ("Running", "Succeeded"):
        cluster.views["train-1"] = job("train-1", phase, pods=[pod(0, phase)])
        assert failures.of_job("train-1")["root"] is None
    assert cluster.read == []


def test_while_it_fails_it_is_looked_at_anew(cluster: Cluster, failures: Failures) -> None:
    cluster.views["train-1"] = job("train-1", "Running", pods=[pod(0)])
    assert failures.of_job("train-1")["root"]["rank"] == 1
    cluster.views["train-1"] = job("train-1")
    failures.of_job("train-1")
    assert len(cluster.read) == 2


def test_attempts_fail_one_by_one(cluster: Cluster, failures: Failures) -> None:
    old = {"attempt": 1, "phase": "Failed", "reason": "Error", "message": "", "pods": [pod(0)]}
    last = [pod(0, "Succeeded", attempt=2)]
    view = job("train-1", "Succeeded", attempt=2, earlier=[old], pods=last)
    cluster.views["train-1"] = view
    assert failures.of_job("train-1")["root"] is None
    assert failures.of_job("train-1", 1)["root"]["rank"] == 1
    assert [failure["attempt"] for failure in failures.all_of(view)] == [1]
    with pytest.raises(InvalidField, match="has no attempt 3"):
        failures.of_job("train-1", 3)


def test_a_notebook_has_failed_until_it_succeeds(cluster: Cluster, failures: Failures) -> None:
    cluster.logs |= {"train-2": LOG, "train-4": LOG}
    cluster.views |= {
        "train-2": job("train-2", created="2"),
        "train-3": job("train-3", "Running", created="3"),
        "other-1": job("other-1", created="4", spec={"notebook": "other.ipynb"}),
        "train-9": job("train-9", created="9", owner="eve"),
    }

    def names() -> list[str]:
        return [each["job"] for each in failures.of_notebook(lambda path: path == "train.ipynb")]

    assert names() == ["train-2", "train-1"]
    cluster.views["train-3"] = job("train-3", "Succeeded", created="3")
    assert names() == []
    cluster.views["train-4"] = job("train-4", created="4")
    assert names() == ["train-4"]
    cluster.runs_of_old = [job("other-2", "Succeeded", created="9", spec={"notebook": "other"})]
    assert names() == ["train-4"]
    # Of a job that was deleted since, as those of %%distributed are.
    cluster.runs_of_old += [job("train-5", "Succeeded", created="5")]
    assert names() == []


def test_a_failure_in_words(failures: Failures) -> None:
    failure = failures.of_job("train-1")
    sentence = "Rank 1 on node gpu-1 failed first: cell 1, line 2: ValueError: no data."
    assert failure_sentence(failure) == sentence
    root = failure["root"]
    follower = {**root, "rank": 3}
    unknown = {**root, "rank": None, "node_rank": 4}
    script = {**root, "cell": None, "node": None, "frames": [{"file": "train.py", "lineno": 9}]}
    hint = {"title": "No.", "remedy": "Yes."}
    more = {"followers": [follower, unknown], "others": [script], "hints": [hint]}
    assert describe_failure({**failure, **more}) == [
        ("FAILED FIRST", "rank 1 on node gpu-1: cell 1, line 2: ValueError: no data"),
        ("LINE", "f()"),
        ("FAILED TOO", "rank 1: train.py, line 9: ValueError: no data"),
        ("FOLLOWED", "rank 3 and the ranks of pod 4"),
        ("HINT", "No. Yes."),
    ]
    assert failure_sentence({**failure, "root": None}) == ""
