"""Transfers: records, one at a time, cancelled from anywhere, taken over when their server is gone.

Several ``Transfers`` on one fake cluster are several servers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, Forbidden, NotFound
from jupyter_trainhub.hub.images.transfers import heartbeat, records
from jupyter_trainhub.hub.images.transfers.manager import Transfers
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.manifests import transfer as manifest
from jupyter_trainhub.registry.failures import RegistryError
from tests.conftest import eventually
from tests.hub.fakes import FakeCluster

View = dict[str, Any]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_PUSH_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat, "_WRITE_SECONDS", 0.02)
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.1)


class Work:
    """Something that takes until a test lets it end."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.task: Task | None = None
        self.error: Exception | None = None

    def __call__(self, task: Task) -> View:
        self.task = task
        task.step("read")
        while not self.may_end.wait(0.01):
            task.check()
        if self.error is not None:
            raise self.error
        return {"image": "made"}


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    yield made
    made.may_end.set()


def begin(transfers: Transfers, run: Callable[[Task], View], id_: str = "snapshot-x") -> View:
    return transfers.start(
        "snapshot", run, id_=id_, title="Save x", instance="x", image="a", spec={"image": "a"}
    )


def ended(transfers: Transfers, id_: str = "snapshot-x") -> View:
    found: View = eventually(
        lambda: (view := transfers.get(id_))["phase"] in manifest.ENDED and view, 10
    )
    return found


def test_one_runs_to_its_end_and_any_server_sees_it(cluster: FakeCluster, work: Work) -> None:
    told: list[View | None] = []
    here = Transfers(cluster, "ada", on_change=lambda id_, view: told.append(view))
    other = Transfers(cluster, "bob")
    assert begin(here, work)["phase"] == "Pending"
    eventually(lambda: other.get("snapshot-x")["step"] == "read")
    assert work.task is not None
    work.task.progress(files=3, bytes=70, path="/a")
    eventually(lambda: other.get("snapshot-x")["progress"]["files"] == 3)
    work.may_end.set()
    view = ended(other)
    assert (view["phase"], view["result"]) == ("Succeeded", {"image": "made"})
    assert (view["owner"], view["instance"], view["resumable"]) == ("ada", "x", False)
    assert view["finished"]
    assert view["step"] is None
    # Neither what the server keeps for itself nor who it is.
    assert not {"spec", "state", "server", "heartbeat"} & view.keys()
    eventually(lambda: told[-1] == here.get("snapshot-x"))
    assert {item["phase"] for item in told if item} == {"Pending", "Running", "Succeeded"}
    assert here.list() == other.list() == [view]
    labels = cluster.get(CONFIG_MAPS, "transfer-snapshot-x")["metadata"]["labels"]
    assert labels["trainhub.jupyter.org/kind"] == "transfer"
    assert labels["trainhub.jupyter.org/instance"] == "x"


def test_an_instance_is_saved_by_one_at_a_time(cluster: FakeCluster, work: Work) -> None:
    here, other = Transfers(cluster, "ada"), Transfers(cluster, "bob")
    begin(here, work)
    for transfers in (here, other):
        with pytest.raises(Conflict) as refused:
            begin(transfers, work)
        assert refused.value.reason == "SnapshotRunning"
        assert "ada" in refused.value.message
    work.may_end.set()
    ended(other)
    begin(other, work)
    assert ended(other)["owner"] == "bob"


def test_two_at_the_same_moment_are_one(cluster: FakeCluster, work: Work) -> None:
    refused: list[Conflict] = []
    gate = threading.Barrier(5)

    def start() -> None:
        transfers = Transfers(cluster, "ada")
        gate.wait()
        try:
            begin(transfers, work)
        except Conflict as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [error.reason for error in refused] == ["SnapshotRunning"] * 4


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_anybody_can_cancel(cluster: FakeCluster, work: Work, where: str) -> None:
    here, other = Transfers(cluster, "ada"), Transfers(cluster, "bob")
    begin(here, work)
    (here if where == "here" else other).cancel("snapshot-x")
    view = ended(other)
    assert (view["phase"], view["resumable"], view["result"]) == ("Cancelled", False, None)
    # The wish to cancel is of that attempt.
    work.may_end.set()
    begin(here, work)
    assert ended(here)["phase"] == "Succeeded"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RegistryError("the registry is away", reason="Unavailable"), "the registry is away"),
        (Conflict("the disk is full", remedy="Make room."), "the disk is full"),
        (ZeroDivisionError("secret"), "TrainHub failed in a way that was not foreseen"),
    ],
)
def test_a_failure_is_told_and_tried_again(
    cluster: FakeCluster, work: Work, error: Exception, message: str
) -> None:
    again = Work()
    again.may_end.set()
    transfers = Transfers(cluster, "ada", {"snapshot": again})
    work.error = error
    work.may_end.set()
    begin(transfers, work)
    view = ended(transfers)
    assert (view["phase"], view["message"], view["resumable"]) == ("Failed", message, True)
    assert view["remedy"]
    assert transfers.resume("snapshot-x")["message"] is None
    assert ended(transfers)["phase"] == "Succeeded"
    assert again.task is not None
    assert again.task.spec == {"image": "a"}
    with pytest.raises(Conflict) as refused:
        transfers.resume("snapshot-x")
    assert refused.value.reason == "NotResumable"


def test_a_server_that_stops_says_so(cluster: FakeCluster, work: Work) -> None:
    again = Work()
    again.may_end.set()
    here, other = (Transfers(cluster, "ada", {"snapshot": again}) for _ in range(2))
    begin(here, work)
    eventually(lambda: work.task)
    assert work.task is not None
    work.task.keep(spool="kept")
    here.stop()
    view = ended(other)
    assert (view["phase"], view["message"]) == ("Failed", "the server that did it was stopped")
    assert view["resumable"]
    # Another server goes on with what the first has left.
    other.resume("snapshot-x")
    assert ended(other)["phase"] == "Succeeded"
    assert again.task is not None
    assert again.task.state == {"spool": "kept"}


def test_a_server_that_is_gone_is_noticed_and_does_not_write_when_it_comes_back(
    cluster: FakeCluster, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[View | None] = []
    here = Transfers(cluster, "ada", on_change=lambda id_, view: told.append(view))
    other = Transfers(cluster, "bob", {"snapshot": work})
    begin(here, work)
    eventually(lambda: other.get("snapshot-x")["step"] == "read")
    first = work.task
    with silent(cluster, monkeypatch):
        view = other.get("snapshot-x")
        assert (view["phase"], view["resumable"]) == ("Failed", True)
        assert view["message"] == "the server that did it went away"
        begin(other, work)
    eventually(lambda: work.task is not first)
    assert first is not None
    eventually(first.cancelled)
    work.may_end.set()
    assert ended(other)["owner"] == "bob"


@contextmanager
def silent(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While nothing is heard of any server."""
    with monkeypatch.context() as patched:
        patched.setattr(manifest, "GONE_SECONDS", -1.0)
        yield


def test_a_cluster_that_is_away_ends_no_transfer(cluster: FakeCluster, work: Work) -> None:
    transfers = Transfers(cluster, "ada")
    begin(transfers, work)
    cluster.refuse["patch", "configmaps"] = ClusterUnavailable("away")
    task: Task = eventually(lambda: work.task)
    task.progress(bytes=1)
    eventually(lambda: cluster.acts.count(("patch", "configmaps")) > 3)
    work.may_end.set()
    del cluster.refuse["patch", "configmaps"]
    assert ended(Transfers(cluster, "ada"))["phase"] == "Succeeded"


@pytest.mark.parametrize("verb", ["create", "list"])
def test_without_the_right_to_records_nothing_begins(
    cluster: FakeCluster, work: Work, verb: str
) -> None:
    cluster.refuse[verb, "configmaps"] = Forbidden("configmaps is forbidden")
    transfers = Transfers(cluster, "ada")
    with pytest.raises(Forbidden) as refused:
        begin(transfers, work) if verb == "create" else transfers.list()
    assert "configmaps" in refused.value.message
    assert "create, patch and delete of configmaps" in str(refused.value.remedy)
    assert work.task is None


def test_at_most_so_many_at_once(cluster: FakeCluster, work: Work) -> None:
    transfers = Transfers(cluster, "ada")
    for number in range(4):
        begin(transfers, work, f"copy-{number}")

    def phases() -> list[str]:
        return sorted(view["phase"] for view in transfers.list())

    eventually(lambda: phases() == ["Pending"] * 2 + ["Running"] * 2)
    # One that waits can be cancelled, too.
    waiting = next(view["id"] for view in transfers.list() if view["phase"] == "Pending")
    transfers.cancel(waiting)
    assert ended(transfers, waiting)["phase"] == "Cancelled"
    work.may_end.set()
    eventually(lambda: phases() == ["Cancelled"] + ["Succeeded"] * 3)


def test_ended_ones_are_forgotten_one_after_the_other(
    cluster: FakeCluster, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KEPT", 2)
    work.may_end.set()
    begin(Transfers(cluster, "bob"), work, "of-bob")
    transfers = Transfers(cluster, "ada")
    for number in range(4):
        begin(transfers, work, f"t{number}")
        ended(transfers, f"t{number}")
    eventually(lambda: len(transfers.list()) == 3)
    assert "of-bob" in {view["id"] for view in transfers.list()}
    transfers.delete("of-bob")
    with pytest.raises(NotFound):
        transfers.get("of-bob")
    begin(transfers, Work(), "goes-on")
    with pytest.raises(Conflict):
        transfers.delete("goes-on")
    transfers.stop()


@pytest.mark.parametrize(
    "broken",
    ["", "[]", "{}", '{"id": 3}', "null", '{"id": "snapshot-x", "phase": "Dancing"}', "[" * 9999],
)
def test_a_record_that_somebody_broke_is_in_nobodys_way(
    cluster: FakeCluster, work: Work, broken: str
) -> None:
    transfers = Transfers(cluster, "ada")
    work.may_end.set()
    begin(transfers, work)
    ended(transfers)
    cluster.objects["configmaps"]["transfer-snapshot-x"]["data"] = {"transfer": broken}
    assert transfers.list() == []
    with pytest.raises(NotFound):
        transfers.get("snapshot-x")
    begin(transfers, work)
    assert ended(transfers)["phase"] == "Succeeded"


def test_a_record_that_somebody_forged_does_nothing_that_it_does_not_tell(
    cluster: FakeCluster, work: Work
) -> None:
    transfers = Transfers(cluster, "ada", {"snapshot": work})
    work.error = Conflict("no", remedy="Try again.")
    work.may_end.set()
    begin(transfers, work)
    ended(transfers)
    work.task = None
    record = cluster.objects["configmaps"]["transfer-snapshot-x"]
    forged = json.loads(record["data"]["transfer"]) | {"spec": {"image": "evil.example/a:1"}}
    record["data"] = {"transfer": json.dumps(forged)}
    with pytest.raises(Conflict) as refused:
        transfers.resume("snapshot-x")
    assert (refused.value.reason, work.task) == ("NotResumable", None)
