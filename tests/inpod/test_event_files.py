"""What a TensorBoard finds out about event files, loaders and its own use."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod.serve_tensorboard.activity import Activity, watched
from jupyter_trainhub.inpod.serve_tensorboard.broken_files import BrokenFiles
from jupyter_trainhub.inpod.serve_tensorboard.event_files import EventFiles, zeros_at
from jupyter_trainhub.inpod.serve_tensorboard.limits import memory_in_use
from jupyter_trainhub.inpod.serve_tensorboard.state_file import StateFile

RECORD = struct.pack("<QI", 5, 99) + b"event" + struct.pack("<I", 7)


@pytest.mark.parametrize(
    ("content", "at"),
    [
        (b"", None),
        (RECORD * 3, None),
        (RECORD * 3 + RECORD[:10], None),
        (RECORD * 3 + RECORD[:19], None),
        (RECORD * 2 + bytes(40), 42),
        (RECORD * 2 + RECORD[:14] + bytes(40), 42),
        (bytes(12), 0),
        (RECORD + b"\xff" * 40, None),
    ],
)
def test_finds_zeros_where_a_record_should_be(
    tmp_path: Path, content: bytes, at: int | None
) -> None:
    (tmp_path / "file").write_bytes(content)
    assert zeros_at(str(tmp_path / "file")) == at


def test_finds_event_files_behind_links_and_in_circles(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    (logs / "a b").mkdir(parents=True)
    (logs / "a b" / "up").symlink_to(logs)
    (logs / "gone").symlink_to(tmp_path / "nothing")
    files = EventFiles(str(logs))
    assert not files.look()
    assert files.count == 0
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "events.out.tfevents.1").touch()
    (logs / "linked").symlink_to(tmp_path / "elsewhere")
    assert not files.look()
    assert files.count == 1
    assert files.runs == 1


def test_notices_a_file_that_took_the_place_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    file = tmp_path / "events.out.tfevents.1"
    file.touch()
    files = EventFiles(str(tmp_path))
    assert not files.look()
    (tmp_path / "copy").touch()
    os.replace(tmp_path / "copy", file)
    clock[0] += 1
    assert files.look()
    assert not files.look()


def test_hears_which_files_a_loader_gave_up(tmp_path: Path) -> None:
    logs = tmp_path / "my: logs"
    logs.mkdir()
    file = logs / "events.out.tfevents.1"
    file.write_bytes(RECORD + bytes(21))
    broken = BrokenFiles(str(logs))
    assert broken.note() is None
    broken.hear(f"WARN rustboard_core::run] Read error in {file}: ReadRecordError(BadLengthCrc(1))")
    assert "events.out.tfevents.1 cannot be read" in (broken.note() or "")
    assert not broken.healed()
    file.write_bytes(RECORD * 2)
    assert broken.healed()
    assert broken.note() is None
    # The end of a file that is being written is no fault of it.
    broken.suspect(str(file), only_zeros=True)
    assert broken.note() is None
    broken.hear('Failed to open event file: Os { code: 24, message: "Too many open files" }')
    assert "ulimit -n" in (broken.note() or "")


def test_a_request_starts_the_idle_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    activity = Activity()
    clock[0] += 50
    assert activity.idle_seconds() == 50
    seen = []

    def application(environ: Any, start_response: Any) -> list[bytes]:
        clock[0] += 30
        seen.append(activity.idle_seconds())
        return [b"answer"]

    answer = watched(
        application, activity, prefix="/p", state=lambda: {"idle": 1}, held=lambda: None
    )
    assert list(answer({"PATH_INFO": "/p/"}, lambda *_: lambda _: None)) == [b"answer"]
    # A request that is being answered is no idle time, however long it takes.
    assert seen == [0]
    clock[0] += 5
    told = answer({"PATH_INFO": "/p/trainhub/state"}, lambda *_: lambda _: None)
    assert json.loads(b"".join(told)) == {"idle": 1}
    assert (activity.idle_seconds(), activity.requests) == (5, 1)


def test_the_state_file_changes_when_there_is_something_to_see(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = StateFile(path, lambda: {"idle": 0.0, "requests": 0})

    def is_written(**values: Any) -> bool:
        path.unlink(missing_ok=True)
        state.set(**values)
        return path.exists()

    assert is_written(memory=1000)
    assert not is_written(memory=1010)
    assert is_written(memory=1100)
    assert not is_written(port=0)
    state.note("slow-loader", "words")
    assert json.loads(path.read_text())["notes"] == [{"id": "slow-loader", "message": "words"}]
    assert list(tmp_path.iterdir()) == [path]


def test_measures_memory() -> None:
    assert memory_in_use([os.getpid(), 2**22 + 1]) > 10 << 20
