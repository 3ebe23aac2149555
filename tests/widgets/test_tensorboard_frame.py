"""The kernel's half of a TensorBoard in a cell's output."""

from __future__ import annotations

from typing import Any, cast

import pytest

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.tensorboards import TensorBoards
from jupyter_trainhub.hub.tensorboards.folders import parse
from jupyter_trainhub.hub.tensorboards.view import make_view
from jupyter_trainhub.widgets.tensorboard import TensorBoardFrame
from tests.conftest import eventually


class Boards:
    """TensorBoards that are what a test says."""

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}
        self.put("a", "Running")

    def put(self, id_: str, phase: Any, message: str = "") -> None:
        self.views[id_] = make_view(id_, "local", [parse("/runs")], phase, message=message)

    def get(self, id_: str) -> Any:
        if id_ not in self.views:
            raise NotFound(f"there is no TensorBoard {id_!r}")
        return self.views[id_]

    def stop(self, id_: str) -> None:
        self.put(id_, "Stopped", "It was <b>stopped</b>.")

    def start(self, id_: str) -> Any:
        self.put(id_, "Starting")
        return self.get(id_)

    def log(self, id_: str) -> str:
        return f"the log of {id_}"


@pytest.fixture
def boards() -> Boards:
    return Boards()


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def frame(boards: Boards, changes: list[str]) -> TensorBoardFrame:
    return TensorBoardFrame(
        cast(TensorBoards, boards),
        boards.get("a"),
        lambda view: changes.append(view["id"]),
        direct="",
        address="http://server/trainhub/tensorboards/a/",
        height=300,
    )


def ask(frame: TensorBoardFrame, what: str) -> None:
    frame._asked(frame, {"ask": what}, [])


def test_a_page_without_a_server_acts_through_the_kernel(
    frame: TensorBoardFrame, boards: Boards
) -> None:
    ask(frame, "stop")
    eventually(lambda: frame.view["phase"] == "Stopped")
    assert "&lt;b&gt;stopped" in frame.html()
    ask(frame, "start")
    eventually(lambda: frame.view["phase"] == "Starting")
    boards.put("a", "Failed", "TensorBoard did not start: no module.")
    ask(frame, "refresh")
    eventually(lambda: frame.view["phase"] == "Failed")
    assert frame.view["log"] == "the log of a"
    boards.views.clear()
    ask(frame, "refresh")
    eventually(lambda: "there is no TensorBoard" in frame.problem)


def test_another_one_with_more_runs_is_taken_up(
    frame: TensorBoardFrame, boards: Boards, changes: list[str]
) -> None:
    boards.put("b", "Running")
    frame.set_state({"view": {**boards.get("b"), "folders": ["anything"]}})
    assert (frame.name, changes) == ("b", ["b"])
    # What a page tells is no truth about those that there are.
    frame.set_state({"view": {**boards.get("b"), "id": "c"}})
    assert (frame.name, changes) == ("b", ["b"])


def test_what_stays_in_a_notebook_without_its_kernel(frame: TensorBoardFrame) -> None:
    data, _ = frame._repr_mimebundle_()
    assert data["text/plain"] == "<TensorBoard /runs Running>"
    assert "/runs" in data["text/html"]
