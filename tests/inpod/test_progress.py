"""What programs in a pod tell of their progress: by ``progress()``, bars and event files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.inpod.launch.event_file import EventFile, latest
from jupyter_trainhub.manifests import log_record
from tests.inpod.pod import Pod

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with the stand-in."""
    package = tmp_path / "lib" / "jupyter_trainhub"
    package.mkdir(parents=True)
    (package / "__init__.py").write_bytes(program("stand_in.py"))
    return package.parent


def ran(script: str, *paths: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A program whose Python finds nothing but the standard library and ``paths``."""
    return subprocess.run(
        [sys.executable, "-S", "-c", f"import jupyter_trainhub as th\n{script}"],
        env={
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "PYTHONSAFEPATH": "1",
            "TRAINHUB_RUN": "train-12345678",
            **env,
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=30,
    )


def told(output: str) -> list[dict[str, Any]]:
    return list(log_record.find(output.encode(), "progress"))


def test_the_first_and_the_last_are_told_and_few_between(library: Path) -> None:
    script = """
for step in range(5000):
    th.progress(step, 5000, loss=float("nan") if step else 1.5, name="x", epoch=step // 1000)
1 / 0
"""
    done = ran(script, library, RANK="0")
    first, *_, last = records = told(done.stderr)
    assert len(records) < 10
    assert (first["step"], first["metrics"], first["epoch"]) == (0, {"loss": 1.5}, 0)
    assert (last["step"], last["metrics"], last["epoch"]) == (4999, {"loss": None}, 4)
    assert (last["total"], last["first_epoch"]) == (5000, 0)
    assert "ZeroDivisionError" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("env", "begin", "heard"),
    [
        ({}, "", True),
        ({"RANK": "1"}, "", False),
        ({"RANK": "0", "OMPI_COMM_WORLD_RANK": "3"}, "", False),
        ({"TRAINHUB_RUN": ""}, "", False),
        # Ranks that a program starts itself inherit the variables of the pod.
        (
            {"RANK": "0"},
            "import sys, types\nsys.modules['torch.distributed'] = types.SimpleNamespace("
            "is_available=lambda: True, is_initialized=lambda: True, get_rank=lambda: 2)",
            False,
        ),
    ],
)
def test_the_first_rank_alone_is_heard(
    library: Path, env: dict[str, str], begin: str, heard: bool
) -> None:
    done = ran(f"{begin}\nth.progress(1)", library, **env)
    assert done.returncode == 0
    assert bool(told(done.stderr)) is heard
    assert heard or done.stderr == ""


def test_it_never_raises(library: Path) -> None:
    script = """
import os
class Bad:
    def __float__(self): raise RuntimeError("CUDA error")
th.progress(Bad(), "many", loss=Bad(), **{"x" * 5000: 1, "epochs": []})
th.progress(None)
if os.fork() == 0:
    th.progress(7)
    raise SystemExit
os.wait()
os.close(2)
for step in range(3): th.progress(step)
print("here")
"""
    done = ran(script, library)
    assert (done.returncode, done.stdout) == (0, "here\n")
    assert [record["step"] for record in told(done.stderr)] == [None]
    assert len(done.stderr) < 4096


def test_the_images_own_package_is_imported_even_an_old_one(library: Path, tmp_path: Path) -> None:
    old = tmp_path / "site" / "jupyter_trainhub"
    old.mkdir(parents=True)
    (old / "__init__.py").write_text("old = True\n")
    script = "import sys; th.progress(3); print(th.old, sys.modules['jupyter_trainhub'] is th)"
    done = ran(script, library, old.parent)
    assert done.stdout == "True True\n"
    assert [record["step"] for record in told(done.stderr)] == [3]
    done = ran("th.progress(4); print(th.__file__)", library, ROOT)
    assert done.stdout == f"{ROOT}/jupyter_trainhub/__init__.py\n"
    assert [record["step"] for record in told(done.stderr)] == [4]


def test_what_the_stand_in_lacks_is_said(library: Path) -> None:
    done = ran("print(hasattr(th, '__path__'))\nth.submit()", library)
    assert done.stdout == "True\n"
    assert "Install jupyter_trainhub in the image" in done.stderr


def test_a_bar_that_ends_no_line_is_seen_all_the_same(library: Path, tmp_path: Path) -> None:
    launcher = library.parent / "launch.py"
    text = program("launch.py").decode()
    launcher.write_text(text.replace("\n_BAR = 5.0\n", "\n_BAR = 0.05\n"))
    script = """
import sys, time, jupyter_trainhub
for step in range(20):
    print(f"\\r{step}/20", end="", file=sys.stderr, flush=True)
    time.sleep(0.02)
print("\\nlast", sys.path.index("/elsewhere") < sys.path.index(sys.argv[1]), file=sys.stderr)
"""
    argv = [sys.executable, "-S", "-c", script, str(library)]
    pod = Pod(launcher, tmp_path, argv, {"PYTHONPATH": "/elsewhere", "PYTHONUNBUFFERED": "1"})
    assert pod.wait() == 0
    assert len(told(pod.stderr)) > 3
    # Each carriage return has become a line break here.
    shown = [log_record.shown(line) for line in pod.stderr.encode().splitlines()]
    assert b"".join(b"%d/20" % step for step in range(20)) in b"".join(shown)
    assert "last True" in pod.stderr


def test_scalars_of_real_event_files_are_told(library: Path, tmp_path: Path) -> None:
    launcher = library.parent / "launch.py"
    launcher.write_bytes(program("launch.py"))
    script = """
import torch
from torch.utils.tensorboard import SummaryWriter
writer = SummaryWriter("runs/first")
for step in range(30):
    writer.add_scalar("train/loss", 1 / (step + 1), step)
    writer.add_scalar("new", step * 2.0, step, new_style=True)
    writer.add_scalar("exact", 0.1, step, double_precision=True)
    writer.add_histogram("weights", torch.rand(1000), step)
writer.add_scalar("train/loss", float("nan"), 30)
writer.close()
"""
    work = tmp_path / "work"
    (work / "runs" / "old").mkdir(parents=True)
    old = work / "runs" / "old" / "events.out.tfevents.1.host.1.0"
    old.write_bytes(b"")
    os.utime(old, (1, 1))
    env = {"TRAINHUB_WORKING_DIR": str(work)}
    pod = Pod(launcher, tmp_path, [sys.executable, "-c", script], env)
    assert pod.wait() == 0, pod.stderr
    *_, last = told(pod.stderr)
    assert last == {
        "source": "tensorboard",
        "step": 30,
        "metrics": {"train/loss": None, "new": 58.0, "exact": 0.1},
        "folders": [str(work / "runs")],
        "runs": [str(work / "runs" / "first")],
    }
    (path,) = (work / "runs" / "first").iterdir()
    whole = path.read_bytes()
    growing = EventFile(str(tmp_path / "growing"))
    found = []
    for size in (0, 5, 100, 1000, len(whole) - 3, len(whole)):
        Path(growing.path).write_bytes(whole[:size])
        found += growing.read()
    # One is nan, which equals nothing.
    assert str(found) == str(EventFile(str(path)).read())
    assert latest(found, 1)[1] == {"train/loss": None}


@pytest.mark.parametrize("content", [b"\xff" * 100, b"\x08" + bytes(200), os.urandom(5000)])
def test_a_broken_event_file_holds_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(content)
    assert EventFile(str(path)).read() == []
