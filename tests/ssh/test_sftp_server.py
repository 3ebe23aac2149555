"""The SFTP server for images without OpenSSH, by OpenSSH's own client."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.ssh.programs import sftp_loader

Sftp = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """The folder in which the server starts."""
    folder = tmp_path / "remote"
    folder.mkdir()
    return folder


@pytest.fixture
def sftp(tmp_path: Path, remote: Path) -> Sftp:
    """Runs commands of sftp, each in the batch; one with ``-`` before it may fail."""
    server = tmp_path / "server.py"
    server.write_bytes(program("sftp_server.py"))
    command = shlex.join(["env", "-C", str(remote), sys.executable, "-IS", str(server)])

    def run(*commands: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sftp", "-q", "-b", "-", "-D", command],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            timeout=30,
            cwd=tmp_path,
        )

    return run


def test_files_arrive_whole_with_times_and_permissions(
    sftp: Sftp, tmp_path: Path, remote: Path
) -> None:
    content = os.urandom((3 << 20) + 1)
    (tmp_path / "a b").write_bytes(content)
    os.chmod(tmp_path / "a b", 0o640)
    os.utime(tmp_path / "a b", (1e9, 1.1e9))
    assert sftp("put -p 'a b' 'c d'", "get -p 'c d' back").returncode == 0
    for path in (remote / "c d", tmp_path / "back"):
        assert path.read_bytes() == content
        assert (path.stat().st_mode & 0o777, path.stat().st_mtime) == (0o640, 1.1e9)


def test_folders_and_their_trees(sftp: Sftp, tmp_path: Path, remote: Path) -> None:
    tree = tmp_path / "tree" / "deep"
    tree.mkdir(parents=True)
    for number in range(250):
        (tree / f"{number}.txt").write_text(str(number))
    assert sftp("put -r tree", "get -r tree copy", "mkdir empty", "rmdir empty").returncode == 0
    copied = {path.name: path.read_text() for path in (tmp_path / "copy" / "deep").iterdir()}
    assert copied == {f"{number}.txt": str(number) for number in range(250)}
    assert not (remote / "empty").exists()


def test_links_names_and_permissions(sftp: Sftp, remote: Path) -> None:
    (remote / "a").write_text("a")
    (remote / "b").write_text("b")
    done = sftp("symlink a s", "ln a h", "rename b a", "chmod 600 a", "ls -l", "pwd")
    assert done.returncode == 0
    assert (remote / "s").readlink() == Path("a")
    assert (remote / "h").read_text() == "a"
    # OpenSSH's client asks for the rename that replaces.
    assert (remote / "a").read_text() == "b"
    assert (remote / "a").stat().st_mode & 0o777 == 0o600
    assert "-rw-------" in done.stdout
    assert str(remote) in done.stdout


def test_offsets_beyond_four_gigabytes(sftp: Sftp, tmp_path: Path, remote: Path) -> None:
    size = (4 << 30) + 10
    local, far = tmp_path / "sparse", remote / "sparse"
    for path in (local, far):
        with path.open("wb") as file:
            file.truncate(size)
    with far.open("r+b") as file:
        file.seek(4 << 30)
        file.write(b"0123456789")
    # Both go on behind what is there already.
    with local.open("r+b") as file:
        file.truncate(4 << 30)
    assert sftp("reget sparse sparse").returncode == 0
    with local.open("rb") as file:
        file.seek(4 << 30)
        assert file.read() == b"0123456789"
    with far.open("r+b") as file:
        file.truncate(4 << 30)
    assert sftp("reput sparse sparse").returncode == 0
    with far.open("rb") as file:
        file.seek(4 << 30)
        assert file.read() == b"0123456789"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("get none", "not found"),
        ("ls none", "not found"),
        ("rm none", "No such file"),
        ("rmdir full", "Failure"),
        ("mkdir full", "Failure"),
        ("get full", "not a regular file"),
    ],
)
def test_failures_are_told(sftp: Sftp, remote: Path, command: str, message: str) -> None:
    (remote / "full").mkdir()
    (remote / "full" / "file").touch()
    done = sftp(command)
    assert done.returncode == 1
    assert message in done.stderr


def packet(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "request_",
    [
        bytes((99,)) + b"\0\0\0\1",  # no such request
        bytes((5,)) + b"\0\0\0\1" + packet(b"7") + bytes(12),  # a read of no open file
        bytes((3,)) + b"\0\0\0\1" + b"\xff\xff\xff\xff",  # a string longer than the packet
        bytes((17,)) + b"\0\0\0\1" + packet(b"a\0b"),  # a path that no system takes
    ],
)
def test_strange_requests_are_answered_by_a_status(request_: bytes) -> None:
    done = answers(packet(b"\1\0\0\0\3") + packet(request_))
    version = 4 + int.from_bytes(done.stdout[:4], "big")
    assert done.stdout[version + 4 : version + 9] == bytes((101,)) + b"\0\0\0\1"
    assert done.returncode == 0


def test_what_is_no_sftp_ends_it() -> None:
    done = answers(b"GET / HTTP/1.1\r\n\r\n")
    assert done.returncode == 1
    assert b"not SFTP" in done.stderr


def answers(sent: bytes) -> subprocess.CompletedProcess[bytes]:
    """The server as it is started in a pod: its text comes first."""
    text = program("sftp_server.py")
    return subprocess.run(
        [sys.executable, "-IS", "-c", sftp_loader(text)],
        input=text + sent,
        capture_output=True,
        timeout=30,
    )
