"""The scripts of pods, in each shell that an image may have as /bin/sh."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import program
from tests.conftest import eventually

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """A shell's command line, by its full path."""
    found = shutil.which(SHELLS[request.param][0])
    if found is None:
        pytest.skip(f"there is no {request.param} here")
    return [found, *SHELLS[request.param][1:]]


@pytest.fixture
def start(shell: list[str], tmp_path: Path) -> Start:
    """Starts a script; ``jupyter`` puts a stand-in for jupyter-lab on its PATH."""

    def run(script: str, *arguments: str, jupyter: bool = False, **env: str) -> Any:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        if jupyter:
            (folder / "jupyter-lab").write_text('#!/bin/sh\nprintf "%s\\n" "$$" "$@"\n')
            (folder / "jupyter-lab").chmod(0o755)
        return subprocess.Popen(
            [*shell, "-c", program(script).decode(), script, *arguments],
            env={"PATH": f"{folder}:/usr/bin:/bin", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


def test_jupyterlab_replaces_the_shell_and_gets_every_argument(start: Start) -> None:
    odd = ["--a=b c", "$(id)", "*", ""]
    process = start("start.sh", *odd, jupyter=True)
    output, _ = process.communicate(timeout=10)
    assert output.split("\n")[:-1] == [str(process.pid), *odd]


def test_without_jupyterlab_it_waits_and_ends_at_once(start: Start) -> None:
    process = start("start.sh")
    assert process.stdout is not None
    assert "no jupyter-lab" in process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    sleeping = eventually(lambda: children.read_text().split())
    process.send_signal(signal.SIGTERM)
    assert process.wait(2) == 0
    # In a pod it ends with the first process.
    os.kill(int(sleeping[0]), signal.SIGKILL)


def test_ready_once_it_listens_on_the_pods_own_address(start: Start) -> None:
    def ready(address: str, port: int, *, jupyter: bool = True) -> bool:
        return start("ready.sh", str(port), jupyter=jupyter, POD_IP=address).wait(10) == 0

    assert ready("127.1.2.3", 1, jupyter=False)
    with socket.create_server(("127.1.2.3", 0)) as server:
        port = server.getsockname()[1]
        assert ready("127.1.2.3", port)
        assert not ready("127.1.2.4", port)
        assert not ready("127.1.2.3", port - 1)
    assert not ready("127.1.2.3", port)


def test_ready_with_an_address_of_ipv6(start: Start) -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("there is no IPv6 here")
    with server:
        port = str(server.getsockname()[1])
        assert start("ready.sh", port, jupyter=True, POD_IP="::1").wait(10) == 0


def test_the_probe_holds_nothing_that_kubernetes_would_replace() -> None:
    text = program("ready.sh").decode()
    assert "$$" not in text
    assert text.count("$(") == text.count("$((")


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")


def make(
    start: Start, root: Path, folder: str, owner: str = "1234:2345", mode: str = "2750"
) -> str:
    """Make a folder; what went wrong, empty if nothing."""
    process = start("make_folders.sh", str(root), folder, owner, mode)
    output, _ = process.communicate(timeout=10)
    assert (process.returncode == 0) == (output == "")
    return str(output)


def facts(folder: Path) -> tuple[int, int, int]:
    found = folder.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


@root_only
def test_a_missing_folder_is_made_for_its_owner(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    assert make(start, root, "users/-n $(id) *") == ""
    assert facts(root / "users" / "-n $(id) *") == (1234, 2345, 0o2750)
    assert facts(root / "users") == (0, 0, 0o755)


@root_only
def test_a_folder_that_exists_is_left_as_it_is(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "users" / "ada"
    folder.mkdir(parents=True)
    folder.chmod(0o711)
    before = facts(folder)
    assert make(start, tmp_path, "users/ada") == ""
    assert facts(folder) == before


@root_only
@pytest.mark.parametrize("where", ["users", "users/ada"])
@pytest.mark.parametrize("target", ["../elsewhere", "/nowhere", "inside"])
def test_a_link_is_not_followed(start: Start, tmp_path: Path, where: str, target: str) -> None:
    elsewhere, root = tmp_path / "elsewhere", tmp_path / "volume"
    for folder in (elsewhere, root / where):
        folder.mkdir(parents=True)
    (root / where).rmdir()
    (root / where).parent.joinpath("inside").mkdir()
    (root / where).symlink_to(target)
    message = make(start, root, "users/ada")
    assert message.startswith("The folder users/ada cannot be made:")
    assert list(elsewhere.iterdir()) == []


@root_only
@pytest.mark.parametrize(
    ("folder", "owner", "says"),
    [
        ("../x", "0:0", "leads upwards"),
        ("file/x", "0:0", "file"),
        ("x", "0:nosuchgroup", "nosuchgroup"),
    ],
)
def test_what_cannot_be_made_says_why(
    start: Start, tmp_path: Path, folder: str, owner: str, says: str
) -> None:
    (tmp_path / "file").touch()
    assert says in make(start, tmp_path, folder, owner)
    # Half made it would be taken for a folder that was there.
    assert not (tmp_path / folder).is_dir()


@root_only
def test_pods_at_once_make_one_folder(start: Start, tmp_path: Path) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    found: list[str] = []
    pods = [threading.Thread(target=lambda: found.append(make(start, root, "a/b"))) for _ in "1234"]
    for pod in pods:
        pod.start()
    for pod in pods:
        pod.join()
    assert found == [""] * 4
    assert facts(root / "a" / "b") == (1234, 2345, 0o2750)
