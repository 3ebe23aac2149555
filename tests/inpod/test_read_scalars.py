"""The program that reads event files, with TensorBoard's data server and with its Python."""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.hub.jobs.scalars.choice import Curve
from jupyter_trainhub.hub.jobs.scalars.reader import Point, ScalarReader
from tests.conftest import eventually

pytest.importorskip("tensorboard")


def write(folder: Path, values: list[float], tag: str = "loss", at: float = 1e9) -> None:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder))
    for step, value in enumerate(values):
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value)])
        writer.add_event(Event(wall_time=at + step, step=step, summary=summary))
    writer.close()


@pytest.fixture(scope="module", params=["data server", "Python"])
def reader(request: pytest.FixtureRequest) -> Iterator[ScalarReader]:
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "Python":
            # As on machines for which there is no build.
            patch.setenv("TENSORBOARD_DATA_SERVER_BINARY", "/nowhere")
        found = ScalarReader(lambda: sys.executable)
        # It is begun by the first question.
        with pytest.raises(TrainHubError, match="no such folder"):
            found.runs(Path("/nowhere"), None, 1)
    yield found
    found.close()


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Two runs, a tensor as others write scalars among them, and files that hold nothing."""
    torch_writer = pytest.importorskip("torch.utils.tensorboard").SummaryWriter
    folder = tmp_path / "runs"
    write(folder / "old", [3.0, 2.0])
    write(folder / "new", [1.0, math.nan, math.inf, -math.inf, 0.5], at=2e9)
    with torch_writer(str(folder / "tensors")) as writer:
        writer.add_scalar("acc", 0.25, 7, new_style=True)
        writer.add_text("note", "text")
    for name, content in (("empty", b""), ("noise", os.urandom(5000)), ("zeros", bytes(4096))):
        (folder / name).mkdir()
        (folder / name / "events.out.tfevents.1.host").write_bytes(content)
    (folder / "gone").mkdir()
    (folder / "gone" / "events.out.tfevents.1.host").symlink_to("/nowhere/at/all")
    return folder


def test_curves_are_read_whatever_lies_beside_them(reader: ScalarReader, logs: Path) -> None:
    found = eventually(lambda: len(runs := reader.runs(logs, None, 9)) == 3 and runs)
    assert [(run.name, run.tags) for run in found if run.name != "tensors"] == [
        ("new", ["loss"]),
        ("old", ["loss"]),
    ]
    wanted = [Curve("tensors", "acc"), Curve("new", "loss"), Curve("nope", "loss")]

    def read() -> list[tuple[Curve, list[Point]]]:
        return reader.curves(logs, wanted, 120)

    assert eventually(lambda: len(dict(read()).get(wanted[1], ())) == 5 and read()) == [
        (wanted[0], [(7, 0.25)]),
        (wanted[1], [(0, 1.0), (1, "NaN"), (2, "Infinity"), (3, "-Infinity"), (4, 0.5)]),
    ]
    assert dict(reader.curves(logs, wanted[1:2], 1)) == {wanted[1]: [(4, 0.5)]}
    assert [run.name for run in reader.runs(logs, ["old"], 9)] == ["old"]
    assert [run.name for run in reader.runs(logs, None, 1)] == [found[0].name]
    shutil.rmtree(logs)
    # What was read is known; a folder that never was there is not.
    with pytest.raises(TrainHubError, match="no such folder"):
        reader.runs(logs / "never", None, 1)


def test_a_reader_that_was_ended_is_begun_again(reader: ScalarReader, tmp_path: Path) -> None:
    write(tmp_path / "a", [1.0])
    for _ in range(2):
        assert eventually(lambda: reader.runs(tmp_path, None, 1))
        reader.close()
