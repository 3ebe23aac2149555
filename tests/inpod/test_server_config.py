"""The configuration of an instance's Jupyter server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from jupyter_trainhub.inpod import program

IGNORED = f'trap "" INT QUIT; exec {sys.executable} -c "$1"'
READ = """
import runpy, subprocess, sys
runpy.run_path("config.py")
print(subprocess.run(["grep", "SigIgn", "/proc/self/status"], stdout=-1, text=True).stdout)
"""


def test_kernels_and_terminals_do_not_ignore_signals(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_bytes(program("jupyter_server_config.py"))
    (tmp_path / "token").write_text("secret")
    command = ["/bin/sh", "-c", IGNORED, "sh", READ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    mask = int(done.stdout.split()[1], 16)
    assert not mask & 0b110
