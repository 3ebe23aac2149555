"""However a rank ends, the launcher tells in which cell: from the program to what is shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod.launch.processes import descendants
from jupyter_trainhub.manifests.failure import failure_of
from jupyter_trainhub.manifests.node_log import Node
from jupyter_trainhub.manifests.rank_failure import cells_of
from tests.conftest import eventually
from tests.inpod.conftest import Ship

POD = {"name": "job-x-0", "rank": 0, "node": "gpu-1", "phase": "Failed", "finished": None}


class Ended:
    """A notebook that ran under the launcher to its end."""

    def __init__(self, folder: Path, cwd: Path, **env: str) -> None:
        self._message = cwd / "termination-log"
        self._message.touch()
        self.process = subprocess.Popen(
            [
                sys.executable,
                folder / "launch.py",
                "--",
                sys.executable,
                folder / "run_notebook.py",
            ],
            cwd=cwd,
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": str(cwd),
                "TRAINHUB_TERMINATION_LOG": str(self._message),
                **env,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._folder = folder

    def wait(self) -> dict[str, Any]:
        """The Failure that the log tells."""
        _, log = self.process.communicate(timeout=60)
        self.log = log.decode()
        cells = cells_of(json.loads((self._folder / "cells.json").read_text()))
        view = {"name": "x", "phase": "Failed", "spec": {"notebook": "train.ipynb"}}
        return failure_of(view, 1, [Node.of(POD, log)], cells)

    @property
    def message(self) -> dict[str, Any]:
        """What Kubernetes would tell; {} where nothing was written."""
        found: dict[str, Any] = json.loads(self._message.read_text() or "{}")
        return found


FIRST = "import os, sys, threading, time, ctypes"
UNSPEAKABLE = """\
class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError('no words')
raise Unspeakable()"""


@pytest.mark.parametrize(
    ("cell", "etype", "message", "code", "line"),
    [
        ("def f():\n    ctypes.string_at(0)\nf()", "Fatal Python error", "Segmentation", 139, 2),
        ("x = 1\nos._exit(3)", None, "exit code 3", 3, None),
        ("os.kill(os.getpid(), 9)", None, "exit code 137, killed", 137, None),
        ("\nsys.exit(4)", "SystemExit", "4", 4, 2),
        (UNSPEAKABLE, "Unspeakable", "", 1, 4),
        ("raise ValueError('ä' * 5_000_000)", "ValueError", "ää", 1, 1),
        (
            "def feed():\n    raise OSError('disk gone')\nt = threading.Thread(target=feed)\n"
            "t.start()\nt.join()\nraise RuntimeError('no data')",
            "OSError",
            "disk gone",
            1,
            2,
        ),
    ],
)
def test_the_cell_is_known(
    ship: Ship, tmp_path: Path, cell: str, etype: str | None, message: str, code: int, line: int
) -> None:
    ended = Ended(ship(FIRST, cell), tmp_path)
    root = ended.wait()["root"]
    assert ended.process.returncode == code, ended.log[-3000:]
    assert (root["etype"], root["exit_code"], root["rank"]) == (etype, code, 0)
    assert message in root["message"]
    assert (root["cell"], root["cell_id"], root["lineno"]) == (1, "id1", line)
    assert root["cell_source"] == cell
    told = ended.message["error"]
    assert (told["cell"], told["lineno"], told["etype"]) == (1, line, etype)
    assert len(ended.message["message"]) < 4096
    assert "{" not in "".join(root["log"]["lines"][-1:])


def test_a_rank_that_hangs_tells_where_it_was(ship: Ship, tmp_path: Path) -> None:
    cell = "def wait():\n    time.sleep(600)\nwait()"
    ended = Ended(ship(FIRST, cell), tmp_path, TRAINHUB_TIME_LIMIT="1.5")
    failure = ended.wait()
    (place,) = failure["others"]
    assert (failure["root"], place["reason"]) == (None, "TimeLimit")
    assert (place["cell"], place["lineno"], place["line"]) == (1, 2, "time.sleep(600)")
    assert "error" not in ended.message


def test_a_container_that_is_killed_leaves_the_cell_that_ran(ship: Ship, tmp_path: Path) -> None:
    ended = Ended(ship(FIRST, "time.sleep(600)"), tmp_path)
    try:
        eventually(lambda: ended.message.get("cell") == 1)
    finally:
        for pid in [ended.process.pid, *descendants(ended.process.pid)]:
            os.kill(pid, signal.SIGKILL)
        ended.process.communicate()
    assert ended.message == {"cell": 1, "cell_id": "id1"}


def test_nothing_is_left_of_what_succeeds(ship: Ship, tmp_path: Path) -> None:
    ended = Ended(ship(FIRST, "print('done')"), tmp_path)
    failure = ended.wait()
    assert ended.process.returncode == 0
    assert ended.message == {}
    assert "[trainhub] errors" not in ended.log
    assert not failure["others"] + failure["followers"]
