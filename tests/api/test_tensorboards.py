"""TensorBoard from a notebook: real ones of this machine, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_trainhub as th
from jupyter_trainhub.api import session
from jupyter_trainhub.api.log_folders import texts
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.tensorboards.matching import matching
from jupyter_trainhub.hub.tensorboards.running import require_running
from tests.conftest import eventually
from tests.server.boards import STEPS, write_loss


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with two runs and one without any, of a user without a cluster."""
    folder = tmp_path_factory.mktemp("boards")
    for name in ("runs/a", "runs/b", "other"):
        write_loss(folder / name)
    (folder / "empty").mkdir()
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    patch.setenv("TRAINHUB_CLUSTER_DIR", str(folder / "cluster"))
    patch.delenv("JPY_PARENT_PID", raising=False)
    patch.chdir(folder)
    session.forget_hub()
    yield folder
    for board in th.tensorboards():
        if board.view["where"] == "local":
            board.delete()
    patch.undo()


@pytest.fixture
def board(place: Path) -> th.TensorBoard:
    """The TensorBoard of both runs, started by whoever comes first."""
    return th.tensorboard("runs")


def test_the_same_folders_have_the_same_one(place: Path, board: th.TensorBoard) -> None:
    assert th.tensorboard(Path("runs")).id == board.id
    assert board.folders == [str(place / "runs")]
    # Those that others on this machine run are listed, too.
    assert [found.id for found in th.tensorboards() if found.view["where"] == "local"] == [board.id]
    assert board.id in repr(th.tensorboards())
    assert th.tensorboards[board.id[:6]].id == th.tensorboards["runs"].id == board.id


def test_its_numbers(board: th.TensorBoard) -> None:
    points = board.scalars("loss", run="b")
    assert [step for step, _ in points] == list(range(STEPS))
    assert points[1][1] == 0.5
    assert board.tags() == {"a": ["loss"], "b": ["loss"]}
    with pytest.raises(Conflict, match="2 runs have the tag"):
        board.scalars("loss")
    with pytest.raises(NotFound, match="no run 'c' has a scalar 'loss'") as caught:
        board.scalars("loss", run="c", timeout=0)
    assert caught.value.remedy == "There is: loss in a, loss in b."


def test_how_it_is_shown(board: th.TensorBoard) -> None:
    assert board.url.startswith("http://127.0.0.1:")
    assert board.state["phase"] == "Running"
    page = board._repr_html_()
    assert f'src="{board.url}"' in page
    assert "allow-top-navigation" not in page
    assert 'sandbox="' in page
    assert "TensorBoard" in board.log()


def test_more_runs_side_by_side(place: Path) -> None:
    board = th.tensorboard({"first": "runs", "second": place / "other"})
    assert board.folders == [f"first:{place / 'runs'}", f"second:{place / 'other'}"]
    assert board.scalars("loss", run="second")[0] == (0, 1.0)
    before = board.id
    assert board.add("third:empty").id != before
    assert board.folders[-1] == f"third:{place / 'empty'}"
    with pytest.raises(NotFound):
        th.tensorboards[before]
    board.delete()
    assert "deleted" in repr(board)


def test_one_without_events_says_that_it_waits(place: Path) -> None:
    """An empty page would not tell whether the folder is wrong or the training has not begun."""
    board = th.tensorboard("empty", reload_interval=1)
    assert board.tags() == {}
    assert "no event file" in repr(board)
    with pytest.raises(NotFound, match=r"no event file has been seen in .*empty yet"):
        board.scalars("loss", timeout=0)
    write_loss(place / "empty" / "late")
    assert board.scalars("loss")
    eventually(lambda: "no event file" not in repr(board))
    board.delete()


def test_one_that_was_stopped_starts_again(place: Path) -> None:
    board = th.tensorboard("other").stop()
    assert board.state["phase"] == "Stopped"
    with pytest.raises(Conflict) as caught:
        board.tags()
    assert caught.value.reason == "TensorBoardStopped"
    assert caught.value.remedy
    assert board.start().tags()
    board.delete()


def test_one_that_does_not_start_says_why(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jupyter_trainhub_config.json").write_text(
        json.dumps({"TrainHubConfig": {"tensorboard_python": "/bin/false"}})
    )
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    with pytest.raises(Exception, match="/bin/false") as caught:
        th.tensorboard("other").tags()
    assert getattr(caught.value, "remedy", None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"where": "moon"}, "where"),
        ({"memory": "much"}, "memory"),
        ({"reload_interval": 0}, "reload_interval"),
        ({"job": "a", "instance": "b"}, "instance"),
    ],
)
def test_what_cannot_be_asked_for(place: Path, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as caught:
        th.tensorboard("runs", **fields)
    assert caught.value.field == field


def test_folders_mean_the_working_folder_except_in_pods(place: Path) -> None:
    assert texts(["a", "x:b", Path("c:d"), {"n": "/e"}, "pvc://claim/f"]) == [
        str(place / "a"), f"x:{place / 'b'}", str(place / "c:d"), "n:/e", "pvc://claim/f",
    ]  # fmt: skip
    assert texts(["runs", {"n": "e"}], in_pods=True) == ["runs", "n:e"]


def shown(id_: str, name: str, **fields: Any) -> Any:
    return {"id": id_, "name": name, "phase": "Running", "message": "", "remedy": "", **fields}


def test_which_one_a_word_means() -> None:
    views = [shown("abcdef", "x"), shown("abc123", "y"), shown("cluster-tb-x", "abcdef")]
    assert matching(views, "abcdef")["name"] == "x"
    assert matching(views, "abcd")["name"] == "x"
    assert matching(views, "y")["id"] == "abc123"
    for word, error in (("abc", Conflict), ("ab", NotFound), ("z", NotFound)):
        with pytest.raises(error) as caught:
            matching(views, word)
        assert caught.value.remedy
    with pytest.raises(Conflict, match="2 TensorBoards are called 'x'"):
        matching([*views, shown("other", "x")], "x")


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (shown("a", "a", phase="Failed", message="TensorBoard did not start: x"),
         "TensorBoard did not start: x"),
        (shown("a", "a", phase="Starting", message="The image is pulled."),
         "TensorBoard does not run: the image is pulled."),
        (shown("a", "a", phase="Stopped"), "TensorBoard does not run: its phase is Stopped"),
    ],
)  # fmt: skip
def test_why_one_does_not_run(view: Any, message: str) -> None:
    with pytest.raises(Conflict) as caught:
        require_running(view)
    assert caught.value.message == message
    assert caught.value.remedy
