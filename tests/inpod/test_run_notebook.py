"""Cells run as a program: their names, files, errors and child processes."""

from __future__ import annotations

import ast
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from tests.inpod.conftest import Ship, run


@pytest.mark.parametrize("name", ["launch.py", "run_notebook.py", "serve_tensorboard.py"])
def test_is_valid_python_3_8_and_no_part_hides_another(name: str) -> None:
    tree = ast.parse(program(name), feature_version=(3, 8))
    named = [item.name for item in tree.body if isinstance(item, (ast.FunctionDef, ast.ClassDef))]
    assert len(named) == len(set(named))


def test_cells_share_names_and_see_only_their_own(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "before = sorted(name for name in globals() if not name.startswith('__'))",
            "x = 20\ndef double(): return 2 * x",
            "print(before, double(), __name__)",
        ),
        work,
    )
    assert (done.returncode, done.stdout) == (0, "[] 40 __main__\n")


def test_looks_like_a_kernel(ship: Ship, work: Path) -> None:
    (work / "beside.py").write_text("VALUE = 7\n")
    done = run(
        ship(
            "import beside, os, sys\nprint(beside.VALUE, sys.argv, os.environ['MPLBACKEND'])",
            "display([1], 'text')",
        ),
        work,
        MPLBACKEND="module://matplotlib_inline.backend_inline",
    )
    assert done.stdout == "7 ['train.ipynb'] Agg\n[1]\ntext\n", done.stderr


def test_a_line_is_written_in_one_piece(ship: Ship, work: Path) -> None:
    # Each write to such a socket is one message.
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        subprocess.run(
            [sys.executable, str(ship("print('epoch', 1, 2)") / "run_notebook.py")],
            cwd=work,
            env={"PYTHONUNBUFFERED": "1"},
            stdout=theirs.fileno(),
            timeout=60,
            check=True,
        )
        assert ours.recv(1000) == b"epoch 1 2\n"


def test_await_may_stand_outside_of_functions(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "import asyncio\nqueue = asyncio.Queue()\nawait queue.put(1)",
            "async def take(): return await queue.get()",
            "x = await take()\nprint(x)",
        ),
        work,
    )
    assert done.stdout == "1\n", done.stderr


def test_a_future_import_holds_for_later_cells(ship: Ship, work: Path) -> None:
    done = run(
        ship("from __future__ import annotations", "def f(x: NoSuchName): ...\nprint('fine')"), work
    )
    assert done.stdout == "fine\n", done.stderr


def test_inspect_shows_the_source_of_a_cell(ship: Ship, work: Path) -> None:
    done = run(
        ship("def f():\n    return 1\n", "import inspect\nprint(inspect.getsource(f), end='')"),
        work,
    )
    assert done.stdout == "def f():\n    return 1\n", done.stderr


def test_objects_of_the_notebook_can_be_pickled(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "class Point:\n    def __init__(self, x): self.x = x",
            "import pickle\nprint(pickle.loads(pickle.dumps(Point(3))).x)",
        ),
        work,
    )
    assert done.stdout == "3\n", done.stderr


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_child_processes_know_definitions_and_run_nothing_else(
    ship: Ship, work: Path, method: str
) -> None:
    done = run(
        ship(
            "import multiprocessing\ntry:\n    import no_such\nexcept ImportError:\n"
            "    no_such = None\nSCALE = 2\nTOTAL = SCALE * 10",
            "class Point:\n    def __init__(self, x): self.x = x",
            "def scaled(point): return Point(point.x * TOTAL), no_such",
            "print('training starts')",
            f"with multiprocessing.get_context('{method}').Pool(1) as pool:\n"
            "    (point, absent), = pool.map(scaled, [Point(4)])\n"
            "print(type(point) is Point, point.x, absent)",
        ),
        work,
    )
    assert done.stdout == "training starts\nTrue 80 None\n", done.stderr


def test_a_spawned_process_names_what_it_does_not_know(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "import multiprocessing, os\nnow = os.getpid()",
            "def f(x, default=now): return x",
            "def g(x): return x",
            "with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(g, [1]))",
        ),
        work,
    )
    assert done.stdout == "[1]\n", done.stderr
    assert "train.ipynb#cell-2-id1 line 1 is not known" in done.stderr


def test_an_error_names_cell_and_line(ship: Ship, work: Path) -> None:
    errors, torchelastic = work / "errors", work / "error.json"
    errors.mkdir()
    done = run(
        ship("def train(n):\n    return 1 / n\n", "x = 1\n\ntrain(0)"),
        work,
        RANK="3",
        TRAINHUB_ERROR_DIR=str(errors),
        TORCHELASTIC_ERROR_FILE=str(torchelastic),
    )
    assert done.returncode == 1
    # Python 3.11 and later underline parts of a line.
    assert [line for line in done.stderr.splitlines() if not set(line) <= set(" ~^")] == [
        "Traceback (most recent call last):",
        '  File "train.ipynb#cell-2-id1", line 3, in <module>',
        "    train(0)",
        '  File "train.ipynb#cell-1-id0", line 2, in train',
        "    return 1 / n",
        "ZeroDivisionError: division by zero",
    ]
    error = json.loads((errors / "rank-3.json").read_text())
    assert error.pop("time") > 0
    assert [(frame["cell"], frame["lineno"], frame["name"]) for frame in error.pop("frames")] == [
        (1, 3, "<module>"),
        (0, 2, "train"),
    ]
    assert error == {
        "cell": 0,
        "cell_id": "id0",
        "lineno": 2,
        "line": "return 1 / n",
        "etype": "ZeroDivisionError",
        "message": "division by zero",
        "rank": 3,
        "exit_code": 1,
        "traceback": done.stderr,
    }
    message = json.loads(torchelastic.read_text())["message"]
    assert message["message"] == "ZeroDivisionError: division by zero"
    assert message["extraInfo"]["py_callstack"] == done.stderr
    assert int(message["extraInfo"]["timestamp"]) > 0


@pytest.mark.parametrize(
    ("cell", "code", "stderr", "recorded"),
    [
        ("import sys\nsys.exit(3)", 3, "", True),
        ("raise SystemExit('enough')", 1, "enough\n", True),
        ("exit_early = True\nraise SystemExit", 0, "", False),
    ],
)
def test_exit_codes_are_honoured(
    ship: Ship, work: Path, cell: str, code: int, stderr: str, recorded: bool
) -> None:
    done = run(ship(cell, "print('not reached')"), work, TRAINHUB_ERROR_DIR=str(work))
    assert (done.returncode, done.stdout, done.stderr) == (code, "", stderr)
    assert (work / "rank-0.json").exists() == recorded


def test_a_written_file_is_imported_and_lies_in_the_working_folder(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "%%writefile pkg/mod.py\nVALUE = 1\n",
            "from pkg import mod\nprint(mod.VALUE, open('pkg/mod.py').read().strip())",
        ),
        work,
    )
    assert done.stdout == "1 VALUE = 1\n", done.stderr
    assert (work / "pkg" / "mod.py").read_text() == "VALUE = 1\n"


def test_a_written_file_does_not_replace_a_later_edit(ship: Ship, work: Path) -> None:
    (work / "mod.py").write_text("VALUE = 'edited after submission'\n")
    done = run(ship("%%writefile mod.py\nVALUE = 1\n", "import mod\nprint(mod.VALUE)"), work)
    assert done.stdout == "1\n", done.stderr
    assert "differs from the notebook's" in done.stderr
    assert "edited" in (work / "mod.py").read_text()


def test_run_takes_names_over(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "%%writefile part.py\nimport sys\nresult = sys.argv\nmain = __name__ == '__main__'\n",
            "%run part.py --n 3",
            "import sys\nprint(result, main, sys.argv)",
        ),
        work,
    )
    assert done.stdout == "['part.py', '--n', '3'] True ['train.ipynb']\n", done.stderr


def test_threads_and_exit_functions_have_their_say_at_the_end(ship: Ship, work: Path) -> None:
    done = run(
        ship(
            "import atexit, threading\natexit.register(print, 'at exit')",
            "from concurrent.futures import ThreadPoolExecutor\n"
            "release = threading.Event()\n"
            "ThreadPoolExecutor(1).submit(lambda: (release.wait(), print('pool')))\n"
            "threading.Thread(target=lambda: (release.set(), print('thread'))).start()",
        ),
        work,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["at exit", "pool", "thread"]


def test_what_native_libraries_do_when_python_is_taken_apart_is_not_waited_for(
    ship: Ship, work: Path
) -> None:
    aborts = "import os\nclass Fragile:\n    def __del__(self): os.abort()\nkept = Fragile()"
    assert run(ship(aborts), work).returncode == 0
