"""Users without any privilege have the same sandbox: its tests, run by one of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("setpriv"), reason="root becomes an ordinary user here"
)
NOBODY = "65534"
TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent.parent.parent


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of the user's own; those of other tests are root's."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-"))
    os.chown(folder, int(NOBODY), int(NOBODY))
    yield folder
    shutil.rmtree(folder)


def interpreter(home: Path) -> list[str]:
    """The command line of a Python that the user may run, with this one's packages."""
    for python in (sys.executable, "/usr/bin/python3"):
        path = f"PYTHONPATH={':'.join([str(ROOT), *filter(None, sys.path)])}"
        environment = ["env", "-i", f"HOME={home}", f"TMPDIR={home}", "PATH=/usr/bin:/bin", path]
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        argv = [*environment, *user, python, "-B", "-s"]
        trial = "import subprocess, sys, pytest; subprocess.run([sys.executable, '-V'], check=True)"
        if subprocess.run([*argv, "-c", trial], capture_output=True, cwd=ROOT).returncode == 0:
            return argv
    pytest.skip("no Python that an ordinary user may run")


def test_an_ordinary_user_gets_the_same(home: Path) -> None:
    names = ("test_view.py", "test_images.py", "test_promises.py", "test_machine_layers.py")
    files = [str(TESTS / name) for name in names]
    options = ["-p", "no:cacheprovider", "-q", f"--basetemp={home}/tests"]
    done = subprocess.run(
        [*interpreter(home), "-m", "pytest", *options, *files],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
