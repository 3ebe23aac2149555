"""The copy of what a pod prints in the run folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.manifests import log_record
from tests.inpod.pod import StartPod

ROOT = os.geteuid() == 0


def without_record(text: str) -> str:
    """What people are shown of a log."""
    return b"".join(map(log_record.shown, text.encode().splitlines(keepends=True))).decode()


def test_the_log_is_kept_as_it_was_printed(start: StartPod, tmp_path: Path) -> None:
    script = "echo one; echo two >&2; printf 'half a '; echo line; printf end; exit 3"
    pod = start("sh", "-c", script, TRAINHUB_RUN_FOLDER=str(tmp_path), TRAINHUB_ATTEMPT="2")
    assert pod.wait() == 3
    printed = without_record(pod.stdout)
    assert printed.startswith("one\ntwo\nhalf a line\nend[trainhub] exit code 3")
    kept = (tmp_path / "attempt-2" / "node-0.log").read_text()
    assert without_record(kept) == printed
    assert (tmp_path / "environment.json").exists()


def test_much_output_is_kept_whole(start: StartPod, tmp_path: Path) -> None:
    script = "import os\nfor n in range(20000): os.write(1, b'%099d\\n' % n)"
    pod = start(sys.executable, "-c", script, TRAINHUB_RUN_FOLDER=str(tmp_path))
    assert pod.wait() == 0
    kept = (tmp_path / "attempt-1" / "node-0.log").read_text()
    assert without_record(kept) == without_record(pod.stdout)
    lines = without_record(kept).splitlines()
    assert (len(lines), int(lines[-1])) == (20000, 19999)


@pytest.mark.skipif(not ROOT, reason="only root can mount a small file system")
def test_a_full_disk_is_said_once_and_the_program_goes_on(start: StartPod, tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "x", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        script = "for n in range(2000): print('x' * 99)"
        pod = start(sys.executable, "-c", script, TRAINHUB_RUN_FOLDER=str(folder))
        assert pod.wait() == 0
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert pod.stdout.count("x" * 99) == 2000
    assert pod.stderr.count("No space left on device") == 1


def test_a_folder_that_cannot_be_made_is_said(start: StartPod, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    pod = start("echo", "hi", TRAINHUB_RUN_FOLDER=str(tmp_path / "file"))
    assert pod.wait() == 0
    assert pod.stdout == "hi\n"
    assert "logs are not kept in" in pod.stderr


RANKS = """
import os, subprocess, sys
from pathlib import Path
from jupyter_trainhub.inpod.launch.tee import Tee

tee = Tee(Path(sys.argv[1]), 1, [2, 3])
tee.start()
script = 'for n in $(seq 200); do printf "begin $1 "; echo "end $n"; done >"$0/$1" 2>&1'
ranks = [subprocess.Popen(["sh", "-c", script, tee.pipes, str(n)]) for n in (0, 1)]
print([rank.wait() for rank in ranks], flush=True)
tee.finish()
"""


def test_every_rank_has_a_file_of_its_own_and_lines_are_not_mixed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RANKS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    printed = done.stdout.splitlines()
    for number in (0, 1):
        lines = [f"begin {number} end {n}" for n in range(1, 201)]
        assert (tmp_path / f"rank-{number + 2}.log").read_text().splitlines() == lines
        assert [line for line in printed if f"begin {number}" in line] == lines
    assert sorted((tmp_path / "node-1.log").read_text().splitlines()) == sorted(printed)
