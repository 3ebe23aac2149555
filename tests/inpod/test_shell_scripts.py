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
    """Starts a script; ``jupyter`` is what jupyter-lab does, if there is one on its PATH.

    With ``first`` it is the first process of a container: of a namespace of its own.
    """

    def run(
        script: str, *arguments: str, jupyter: str | None = None, first: bool = False, **env: str
    ) -> Any:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "jupyter-lab").unlink(missing_ok=True)
        if jupyter is not None:
            (folder / "jupyter-lab").write_text(f"#!/bin/sh\n{jupyter}\n")
            (folder / "jupyter-lab").chmod(0o755)
        alone = ["unshare", "--user", "--pid", "--fork", "--kill-child"] if first else []
        return subprocess.Popen(
            [*alone, *shell, "-c", program(script).decode(), script, *arguments],
            env={"PATH": f"{folder}:/usr/bin:/bin", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return run


def test_jupyterlab_gets_every_argument_and_its_exit_code_counts(start: Start) -> None:
    odd = ["--a=b c", "$(id)", "*", ""]
    process = start("start.sh", *odd, jupyter='printf "%s\\n" "$@"; exit 7')
    output, _ = process.communicate(timeout=10)
    assert output.split("\n")[:-1] == odd
    assert process.returncode == 7


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("echo; exec sleep 600", 128 + signal.SIGTERM),
        ("trap 'exit 9' TERM; echo; while :; do sleep 0.05; done", 9),
    ],
    ids=["deaf", "with a handler"],
)
def test_the_first_process_of_a_container_is_never_deaf(
    start: Start, program: str, code: int
) -> None:
    process = start("start.sh", jupyter=program, first=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "\n"
    os.kill(children(process.pid)[0], signal.SIGTERM)
    assert process.wait(5) == code


def test_nothing_that_its_parent_left_stays_a_zombie(start: Start) -> None:
    process = start("start.sh", jupyter="(sh -c 'sleep 0.2; exit' &); exec sleep 600", first=True)
    first = eventually(lambda: children(process.pid))[0]
    eventually(lambda: len(children(first)) == 2)
    eventually(lambda: len(children(first)) == 1)
    os.kill(first, signal.SIGTERM)
    process.wait(5)


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started."""
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_without_jupyterlab_it_waits_and_ends_at_once(start: Start) -> None:
    process = start("start.sh")
    assert process.stdout is not None
    assert "no jupyter-lab" in process.stdout.readline()
    sleeping = eventually(lambda: children(process.pid))
    process.send_signal(signal.SIGTERM)
    assert process.wait(2) == 0
    # In a pod it ends with the first process.
    os.kill(sleeping[0], signal.SIGKILL)


def test_ready_once_it_listens_on_the_pods_own_address(start: Start) -> None:
    def ready(address: str, port: int, *, jupyter: str | None = "") -> bool:
        return start("ready.sh", str(port), jupyter=jupyter, POD_IP=address).wait(10) == 0

    assert ready("127.1.2.3", 1, jupyter=None)
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
        assert start("ready.sh", port, jupyter="", POD_IP="::1").wait(10) == 0


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


@root_only
def test_a_folder_that_was_put_in_the_place_of_the_new_one_is_not_given_away(
    shell: list[str], start: Start, tmp_path: Path
) -> None:
    if len(shell) > 1:
        pytest.skip("busybox has a mkdir of its own")
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / ".secret").touch()
    before = facts(victim)
    (tmp_path / "bin").mkdir()
    mkdir = tmp_path / "bin" / "mkdir"
    mkdir.write_text('#!/bin/sh\n/bin/mkdir "$@" && /bin/rmdir "$2" && /bin/mv victim "$2"\n')
    mkdir.chmod(0o755)
    assert "another folder was put in its place" in make(start, tmp_path, "ada")
    assert facts(tmp_path / "ada") == before


@pytest.mark.parametrize("ide", ["code-server", "openvscode-server"])
def test_what_an_ide_writes_has_the_mode_that_the_container_gives(
    shell: list[str], tmp_path: Path, ide: str
) -> None:
    log = tmp_path / "log"
    started = tmp_path / ide
    started.write_text("#!/bin/sh\ntouch file\necho started\n")
    started.chmod(0o755)
    script = [*shell, "-c", program("ide.sh").decode(), "ide.sh"]
    command = [*script, str(started), "1", "/p", str(log)]
    subprocess.run(command, input=b"secret\n", cwd=tmp_path, umask=0o002, check=True)
    eventually(lambda: "started" in log.read_text(), 10)
    assert facts(tmp_path / "file")[2] == 0o664
    private = [log, *tmp_path.glob("log.token")]
    assert [facts(path)[2] for path in private] == [0o600] * len(private)
