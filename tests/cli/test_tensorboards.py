"""TensorBoards from the command line: real ones of this machine."""

from __future__ import annotations

import json
import stat
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from jupyter_trainhub.cli.main import main

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The working folder, with log folders, of a user without a cluster."""
    folder = tmp_path_factory.mktemp("boards")
    (folder / "runs").mkdir()
    (folder / "my other").mkdir()
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
    patch.setenv("TRAINHUB_CLUSTER_DIR", str(folder / "cluster"))
    patch.chdir(folder)
    yield folder
    patch.undo()


def run(*argv: str) -> int:
    """The exit code; argparse leaves by SystemExit."""
    try:
        return main(argv)
    except SystemExit as end:
        return int(end.code or 0)


def test_its_whole_life(place: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    options = ["--name", "mine", "--idle", "600", "--reload", "7", "--memory", "2Gi"]
    folders = ["runs", "second:my other"]
    assert run("create", "tensorboard", *options, "-o", "json", *folders) == 0
    view = json.loads(capsys.readouterr().out)
    try:
        assert (view["name"], view["phase"], view["where"]) == ("mine", "Running", "local")
        assert (view["idle_seconds"], view["reload_interval"]) == (600, 7)
        assert view["memory"]["limit"] == 2 << 30
        assert view["folders"] == [str(place / "runs"), f"second:{place / 'my other'}"]

        assert run("get", "tensorboards") == 0
        headings, *rows = capsys.readouterr().out.splitlines()
        # Those that others on this machine run are listed, too.
        (row,) = [row for row in rows if row.startswith(view["id"])]
        columns = ["ID", "NAME", "WHERE", "PHASE", "MEMORY", "FOLDERS", "AGE", "MESSAGE"]
        assert headings.split() == columns
        assert row.split()[:4] == [view["id"], "mine", "local", "Running"]
        assert "/2Gi" in row

        assert run("logs", "tensorboard/mine") == 0
        assert "TensorBoard" in capsys.readouterr().out
        assert run("logs", "tensorboard/mine", "--follow") == 2
        assert "error: follow: " in capsys.readouterr().err

        # By the beginning of its id; one that is stopped is started.
        assert run("stop", "tensorboard", view["id"][:5]) == 0
        assert run("open", "tensorboard", "mine") == 0
        address = capsys.readouterr().out.splitlines()[-1]
        # Other users of the machine see how a browser is started.
        page = Path(urlsplit(opened.pop()).path)
        assert f'url={address}"' in page.read_text()
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        with urlopen(f"{address}data/environment", timeout=10) as answer:
            assert "data_location" in json.load(answer)
        assert run("stop", "tensorboard", "mine") == 0
        assert run("get", "tensorboards", "mine", "-o", "json") == 0
        assert json.loads(capsys.readouterr().out.partition("\n")[2])["phase"] == "Stopped"
        assert run("start", "tensorboard", "mine") == 0
        assert capsys.readouterr().out == "tensorboard mine is starting\n"
    finally:
        assert run("delete", "tensorboard", view["id"]) == 0
    capsys.readouterr()
    assert run("get", "tensorboards", "mine") == 1
    assert "error: name: there is no TensorBoard 'mine'." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        ([], 2, "folders: no folder was given"),
        (["/etc"], 2, "lies outside the allowed roots"),
        (["nothing-here"], 1, "there is no folder"),
        (["x" * 300], 2, "cannot be a path"),
        (["colon:in-its-name"], 1, "Write ./ before"),
        (["--memory", "much", "runs"], 2, "memory: "),
        (["--where", "local", "--image", "x", "runs"], 2, "a local TensorBoard has no image"),
        (["--job", "a", "--instance", "b"], 2, "not allowed with argument"),
        (["a:runs", "a:my other"], 2, "two folders have the name 'a'"),
    ],
)
def test_what_cannot_be_opened(
    place: Path, argv: list[str], code: int, says: str, capsys: Output
) -> None:
    assert run("create", "tensorboard", *argv) == code
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", ["open", "stop", "start", "delete"])
def test_one_that_is_not_there(place: Path, command: str, capsys: Output) -> None:
    assert run(command, "tensorboard", "nobody") == 1
    assert "'trainhub get tensorboards' lists those" in capsys.readouterr().err
