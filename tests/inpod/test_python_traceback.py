"""Tracebacks as this Python prints them, and as PyTorch hands them over, are read again."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from jupyter_trainhub.inpod.lost_peer import lost_peer
from jupyter_trainhub.inpod.python_traceback import describe_story, read_tracebacks, stories

CELL = "train.ipynb#cell-3-a1b2"
CELLS = {CELL: (2, "a1b2")}

# What PyTorch 2.13 printed, shortened by frames of its own.
LOADER = f"""\
Traceback (most recent call last):
  File "{CELL}", line 9, in <module>
    for x in DataLoader(D(), num_workers=1):
  File "/venv/lib/python3.11/site-packages/torch/_utils.py", line 794, in reraise
    raise exception
KeyError: Caught KeyError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/torch/utils/data/_utils/worker.py", line 374, in _loop
    data = fetcher.fetch(index)
           ^^^^^^^^^^^^^^^^^^^^
  File "{CELL}", line 5, in __getitem__
    raise KeyError(f"bad sample {{index}}")
KeyError: 'bad sample 0'
"""
SPAWNED = f"""\
Traceback (most recent call last):
  File "{CELL}", line 1, in <module>
    mp.spawn(f, nprocs=2)
  File "/venv/lib/python3.11/site-packages/torch/multiprocessing/spawn.py", line 211, in join
    raise ProcessRaisedException(msg, error_index, failed_process.pid)
torch.multiprocessing.spawn.ProcessRaisedException:

-- Process 0 terminated with the following error:
Traceback (most recent call last):
  File "/venv/lib/python3.11/site-packages/torch/multiprocessing/spawn.py", line 87, in _wrap
    fn(i, *args)
  File "/tmp/trainhub-files-train-1/helpers/data.py", line 3, in f
    raise RuntimeError("in a child")
RuntimeError: in a child
"""


def described(text: str) -> dict[str, Any]:
    (story,) = stories(read_tracebacks(text))
    return describe_story(story, CELLS)


def places(told: dict[str, Any]) -> list[tuple[str, int]]:
    return [(frame["file"].rpartition("#")[0] or frame["file"], frame["lineno"])
            for frame in told["frames"]]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "error", "lines"),
    [
        ("def f():\n    1 / 0\nf()", "ZeroDivisionError: division by zero", [3, 2]),
        (
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e",
            "ValueError: x",
            [4],
        ),
        ("x = 1\ny = = 2", "SyntaxError: invalid syntax", [2]),
        (
            "def f():\n    f()\nf()",
            "RecursionError: maximum recursion depth exceeded",
            [3, 2, 2, 2],
        ),
        (
            "import multiprocessing as m\ndef f(x):\n    return 1 / x\n"
            "with m.get_context('fork').Pool(1) as p:\n    p.map(f, [0])",
            "ZeroDivisionError: division by zero",
            [5, 3],
        ),
        (
            "import concurrent.futures as c\ndef f(x):\n    raise KeyError(x)\n"
            "with c.ProcessPoolExecutor(1) as p:\n    list(p.map(f, [1]))",
            "KeyError: 1",
            [5, 3],
        ),
        (
            "import ctypes\ndef f():\n    ctypes.string_at(0)\nf()",
            "Fatal Python error: Segmentation fault",
            [4, 3],
        ),
        ("import os\ndef f():\n    os.abort()\nf()", "Fatal Python error: Aborted", [4, 3]),
        pytest.param(
            "import asyncio\nasync def a(n):\n    raise ValueError(f'task {n}')\n"
            "async def b():\n    async with asyncio.TaskGroup() as g:\n"
            "        g.create_task(a(1))\n        g.create_task(a(2))\nasyncio.run(b())",
            "ValueError: task 1",
            [8, 5, 3],
            marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="groups came with 3.11"),
        ),
    ],
)
def test_what_this_python_prints_is_read(source: str, error: str, lines: list[int]) -> None:
    program = f"exec(compile({source!r}, {CELL!r}, 'exec'))"
    arguments = [sys.executable, "-X", "faulthandler", "-c", program]
    told = described(subprocess.run(arguments, capture_output=True, text=True).stderr)
    assert f"{told['etype']}: {told['message']}".startswith(error)
    inside = [frame["lineno"] for frame in told["frames"] if frame["file"] == CELL]
    assert inside == lines
    assert (told["cell"], told["cell_id"], told["lineno"]) == (2, "a1b2", lines[-1])


def test_a_worker_of_a_data_loader_tells_its_own_line() -> None:
    told = described(LOADER)
    assert (told["etype"], told["message"], told["lineno"]) == ("KeyError", "'bad sample 0'", 5)
    assert told["line"] == 'raise KeyError(f"bad sample {index}")'
    assert places(told) == [("train.ipynb", 9), ("train.ipynb", 5)]


def test_files_that_came_with_the_job_are_named_as_beside_the_notebook() -> None:
    told = described(SPAWNED)
    assert (told["etype"], told["message"]) == ("RuntimeError", "in a child")
    assert places(told) == [("train.ipynb", 1), ("helpers/data.py", 3)]
    # The mark belongs on the line of the cell that led there.
    assert (told["cell"], told["lineno"]) == (2, 1)


def test_ranks_that_print_at_once_are_told_apart() -> None:
    lines = [f"[rank{rank}]: {line}" for line in LOADER.splitlines() for rank in (5, 6)]
    found = stories(read_tracebacks("\n".join(["epoch 1", *lines, "bye"])))
    assert [story[0].rank for story in found] == [5, 6]
    assert [describe_story(story, CELLS)["lineno"] for story in found] == [5, 5]
    assert found[0][0].start == 1


def test_the_names_of_files_in_any_language_are_known_in_native_dumps() -> None:
    text = 'Fatal Python error: Aborted\n\nStack (most recent call first):\n' \
        '  File "\\u8bad\\u7ec3.ipynb#cell-1-x", line 2 in <module>\n'  # fmt: skip
    told = describe_story(read_tracebacks(text), {"训练.ipynb#cell-1-x": (0, "x")})
    assert (told["cell"], told["lineno"]) == (0, 2)


@pytest.mark.parametrize(
    "text", ["", "Traceback (most recent call last):", "Stack (most recent call first):\n", "x\ny"]
)
def test_what_is_cut_off_tells_nothing(text: str) -> None:
    assert describe_story([block for block in read_tracebacks(text) if block.frames], CELLS) == {}


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("RuntimeError: [/gloo/transport/tcp/pair.cc:553] Connection closed by peer [::1]:1", True),
        ("DistNetworkError: failed to recv, got 0 bytes", True),
        ("DistBackendError: ncclRemoteError: A call failed possibly due to a network error", True),
        ("[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12)", True),
        ("SignalException: Process 12 got signal: 15", True),
        ("DistNetworkError: The server socket has failed to listen. name: EADDRINUSE", False),
        ("ValueError: no peer review", False),
        ("KeyError: 'timeout'", False),
    ],
)
def test_who_only_lost_another_rank_is_known(text: str, lost: bool) -> None:
    assert lost_peer(text) is lost


@pytest.mark.parametrize(
    "text",
    [
        f"[rank{'9' * 5000}]: x",
        f'Traceback (most recent call last):\n  File "a", line {"9" * 5000}\nValueError: x',
        'Stack (most recent call first):\n  File "\\Uffffffff", line 1 in f\n',
    ],
)
def test_numbers_that_python_cannot_read_are_text(text: str) -> None:
    read_tracebacks(text)
