"""What comes with a job and what is installed for it, on its node."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.launch.ending import Ended
from jupyter_trainhub.inpod.launch.files import unpack
from jupyter_trainhub.inpod.launch.setup import install
from jupyter_trainhub.manifests.frameworks import code

FILES = {"files/a.py": b"x = 1", "files/pkg/deep/é b.txt": b"2", "files/big": b"\x01\x02" * 99}


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


def mounted(folder: Path, files: dict[str, bytes]) -> Path:
    """A folder as a pod sees the job's volume."""
    folder.mkdir(exist_ok=True)
    for one in code.config_maps("job-x", {}, files, []):
        for key, content in code.contents(one).items():
            (folder / key).write_bytes(content)
    return folder


def test_files_arrive_as_they_were_sent(tmp_path: Path) -> None:
    source = mounted(tmp_path / "trainhub", {"launch.py": b"", **FILES})
    env = {"TRAINHUB_RUN": "a/b-1", "TRAINHUB_ATTEMPT": "2"}
    folder = unpack(source, env)
    assert folder == str(tmp_path / "tmp/trainhub-files-a-b-1-2")
    found = {
        f"files/{path.relative_to(folder)}": path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }
    assert found == FILES
    # Pods that share the folder for temporary files do not get into each other's way.
    assert unpack(source, env) not in (None, folder)


def test_a_job_without_files_has_no_folder(tmp_path: Path) -> None:
    assert unpack(mounted(tmp_path / "trainhub", {"launch.py": b""}), {}) is None


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x"])
def test_nothing_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo(name))
    (tmp_path / "files.tar.gz.0000").write_bytes(packed.getvalue())
    with pytest.raises(Ended, match="no file below it") as caught:
        unpack(tmp_path, {})
    assert caught.value.reason == "CannotStart"


def test_a_broken_archive_ends_the_job(tmp_path: Path) -> None:
    (tmp_path / "files.tar.gz.0000").write_bytes(b"no archive")
    with pytest.raises(Ended, match="cannot be unpacked"):
        unpack(tmp_path, {})


def steps(folder: Path, *programs: str) -> Path:
    argvs = [["python", "-c", program] for program in programs]
    (folder / "setup.json").write_text(json.dumps(argvs))
    return folder


ASKED = {"TRAINHUB_SETUP": "1"}


def test_what_is_asked_for_is_installed_in_order(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = "import os; print({!r}, os.environ['PIP_NO_INPUT'], os.environ['X'])"
    source = steps(tmp_path, told.format("one"), told.format("two"))
    install(source, sys.executable, {**ASKED, "X": "x"})
    lines = capfd.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("[trainhub]")] == ["one 1 x", "two 1 x"]


def test_nothing_is_installed_unasked(tmp_path: Path) -> None:
    install(steps(tmp_path, "raise SystemExit(1)"), sys.executable, {})
    (tmp_path / "setup.json").unlink()
    install(tmp_path, sys.executable, ASKED)


def test_a_failing_installation_ends_the_job_with_its_last_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = "print('at https://ada:se@cret@host/simple: no such package'); exit(3)"
    source = steps(tmp_path, program, "print('not reached')")
    with pytest.raises(Ended, match="no such package") as caught:
        install(source, sys.executable, ASKED)
    assert (caught.value.reason, caught.value.exit_code) == ("SetupFailed", 3)
    told = str(caught.value) + "".join(capfd.readouterr())
    assert "not reached" not in told
    assert "cret" not in told
