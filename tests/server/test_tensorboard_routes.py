"""The routes of TensorBoards, on a manager that notes what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.server import tensorboard_follower
from jupyter_trainhub.server.tensorboard_follower import TensorBoardFollower
from tests.server.calls import Refused
from tests.server.fakes import FakeHub, FakeTrainHub
from tests.server.tensorboard_fakes import in_place

Call = Callable[..., Awaitable[Any]]
ID = "cluster-tb-runs"


class NotingBoards:
    """Stands in for the manager."""

    def __init__(self) -> None:
        self.acts: list[tuple[Any, ...]] = []

    def _note(self, *act: Any) -> dict[str, Any]:
        self.acts.append(act)
        return {"id": ID, "phase": "Running", "waiting": True}

    def open(self, spec: Mapping[str, Any], here: Callable[[str], Path]) -> dict[str, Any]:
        return self._note("open", spec, here("runs"))

    def update(
        self, id_: str, changes: Mapping[str, Any], here: Callable[[str], Path]
    ) -> dict[str, Any]:
        return self._note("update", id_, changes)

    def start(self, id_: str) -> dict[str, Any]:
        return self._note("start", id_)

    def stop(self, id_: str) -> dict[str, Any]:
        return self._note("stop", id_)

    def delete(self, id_: str) -> None:
        self._note("delete", id_)

    def log(self, id_: str) -> str:
        return f"log of {id_}"

    def listing(self) -> tuple[list[Any], str]:
        return [], "the cluster is away"

    def list_here(self) -> list[Any]:
        return []


@pytest.fixture
def boards(extension: FakeTrainHub) -> Iterator[NotingBoards]:
    fake = NotingBoards()
    with in_place(extension, fake):
        yield fake


async def test_every_verb_reaches_the_manager(api: Call, boards: NotingBoards, runs: Path) -> None:
    spec = {"folders": ["runs"], "memory": "1Gi"}
    assert (await api("POST", "tensorboards", body=spec))["id"] == ID
    await api("PUT", "tensorboards", ID, body={"idle_seconds": 60})
    await api("PATCH", "tensorboards", ID, body={"state": "stopped"})
    await api("PATCH", "tensorboards", ID, body={"state": "running"})
    await api("DELETE", "tensorboards", ID)
    assert boards.acts == [
        ("open", spec, runs),
        ("update", ID, {"idle_seconds": 60}),
        ("stop", ID),
        ("start", ID),
        ("delete", ID),
    ]
    assert await api("GET", "tensorboards", ID, "log") == {"log": f"log of {ID}"}
    listed = await api("GET", "tensorboards")
    assert listed == {"items": [], "problem": "the cluster is away"}


async def test_folders_of_this_machine_need_no_cluster(
    api: Call, boards: NotingBoards, runs: Path, extension: FakeTrainHub
) -> None:
    await api("POST", "tensorboards", body={"folders": ["runs"]})
    assert extension.service.connection.current is None
    await api("POST", "tensorboards", body={"folders": ["pvc://logs/runs"]})
    assert extension.service.connection.current is not None


async def test_those_in_the_cluster_are_looked_for_after_a_start(
    api: Call, boards: NotingBoards, extension: FakeTrainHub
) -> None:
    await api("GET", "tensorboards", "cluster-tb-mine", "log")
    assert extension.service.connection.current is not None


@pytest.mark.parametrize(("method", "path", "body", "field"), [
    ("POST", [], {"folders": ["x"], "where": "moon"}, "where"),
    ("POST", [], {"folders": ["x"], "memory": "much"}, "memory"),
    ("POST", [], {"folders": ["x"], "name": "a b"}, "name"),
    ("POST", [], {"folders": ["x"], "name": "x" * 41}, "name"),
    ("POST", [], {"folders": ["x"] * 65}, "folders"),
    ("POST", [], {"folders": ["x"], "job": "a", "instance": "b"}, "instance"),
    ("POST", [], {"folders": ["x"], "image": "tb:1", "where": "local"}, "image"),
    ("PUT", [ID], {"where": "local"}, "where"),
    ("PATCH", [ID], {"state": "away"}, "state"),
])  # fmt: skip
async def test_what_is_wrong_is_named(
    api: Call, boards: NotingBoards, method: str, path: list[str], body: Any, field: str
) -> None:
    with pytest.raises(Refused) as refused:
        await api(method, "tensorboards", *path, body=body)
    assert refused.value.status == 422
    assert refused.value.body["details"]["field"].partition(".")[0] == field
    assert refused.value.body["details"]["remedy"]
    assert boards.acts == []


class Program:
    """What a TensorBoard's program would say, and what was told of it."""

    def __init__(self) -> None:
        self.waiting = True
        self.fails = False
        self.told: list[tuple[str, Any]] = []
        self.follower = TensorBoardFollower(self.look, self.publish)

    async def look(self, id_: str) -> Any:
        if self.fails:
            raise ClusterUnavailable("away")
        return {"id": id_, "phase": "Running", "waiting": self.waiting}

    def publish(self, kind: str, name: str, action: str, view: Any) -> None:
        self.told.append((action, view and (view["phase"], view["waiting"])))

    async def hears(self, count: int) -> list[tuple[str, Any]]:
        while len(self.told) < count:
            await asyncio.sleep(0.005)
        return self.told


RUNNING = {"phase": "Running", "waiting": False}


async def test_one_that_waits_for_its_first_data_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tensorboard_follower, "WAITING_SECONDS", 0.01)
    program = Program()
    program.follower.changed(ID, {"phase": "Starting", "waiting": False})
    program.follower.changed(ID, RUNNING)
    await program.hears(3)
    program.waiting = False
    while program.told[-1] != ("changed", ("Running", False)):
        await asyncio.sleep(0.005)
    # What the objects alone say, that it does not wait, was told to nobody.
    assert program.told[:2] == [("changed", ("Starting", False)), ("changed", ("Running", True))]
    program.follower.close()


async def test_one_that_is_started_anew_was_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard_follower, "REPLACED_SECONDS", 0.05)
    program = Program()
    program.fails = True
    program.follower.changed(ID, None)
    program.follower.changed(ID, RUNNING)
    assert await program.hears(1) == [("changed", ("Running", False))]
    program.follower.changed(ID, None)
    assert (await program.hears(2))[1:] == [("deleted", None)]


async def test_the_server_tells_of_those_in_the_cluster(
    api: Call, hub: FakeHub, extension: FakeTrainHub, boards: NotingBoards
) -> None:
    await api("POST", "instances", body={"name": "dev"})
    told: list[tuple[str, str]] = []
    follower = extension.service._follower
    assert follower is not None
    follower._publish = lambda kind, name, action, view: told.append((name, action))
    extension.fake.lives[-1].on_change("tensorboard", "My_runs", "changed", {"phase": "Starting"})
    while not told:
        await asyncio.sleep(0.005)
    assert told == [("cluster-tb--my-0runs", "changed")]
