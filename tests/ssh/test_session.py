"""Sessions on images that lack what most have, in a pod that a test plays."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncssh
import pytest

from jupyter_trainhub.kube.exec import CommandNotFound
from jupyter_trainhub.ssh.host_key import new_key, public_key
from jupyter_trainhub.ssh.server import serve

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Process:
    """A program in the pod: one of this machine, or one that the image does not have."""

    def __init__(self, process: asyncio.subprocess.Process | None) -> None:
        self._process = process

    async def read(self) -> tuple[str, bytes] | None:
        if self._process is None:
            return None
        assert self._process.stdout is not None
        data = await self._process.stdout.read(65536)
        return ("stdout", data) if data else None

    async def write(self, data: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def write_eof(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def resize(self, columns: int, rows: int) -> None:
        pass

    async def wait(self) -> int:
        if self._process is None:
            raise CommandNotFound("the image has no such program")
        return await self._process.wait()

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()


class Pod:
    """An image that has only ``programs``."""

    def __init__(self, *programs: str) -> None:
        self.programs = programs

    async def exec(self, command: Sequence[str], *, tty: bool = False) -> Any:
        if command[0] not in self.programs:
            return Process(None)
        pipe = asyncio.subprocess.PIPE
        return Process(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe))

    async def connect(self, port: int) -> Any:
        raise AssertionError


@contextlib.asynccontextmanager
async def connected(pod: Pod) -> AsyncIterator[asyncssh.SSHClientConnection]:
    ours, theirs = socket.socketpair()
    host_key, key = new_key(), new_key()
    serving = asyncio.ensure_future(
        serve(theirs, pod, host_key=host_key, authorized_keys=public_key(key))
    )
    hosts = asyncssh.import_known_hosts(f"* {public_key(host_key)}\n")
    keys = [asyncssh.import_private_key(key)]
    async with asyncssh.connect(
        "pod", sock=ours, known_hosts=hosts, client_keys=keys, username="x", config=None
    ) as connection:
        yield connection
    await asyncio.wait_for(serving, 10)


@pytest.mark.parametrize(
    ("command", "code", "stdout", "stderr"),
    [
        ("echo 'a  b' c", 0, "a  b c\n", ""),
        ("vim x", 127, "", "has no such program"),
        ("echo 'a", 127, "", "the command is not plain"),
        (None, 127, "", "the image has no /bin/sh"),
    ],
)
async def test_an_image_without_a_shell(
    command: str | None, code: int, stdout: str, stderr: str
) -> None:
    async with connected(Pod("echo")) as connection:
        done = await connection.run(command, check=False, stdin=asyncssh.DEVNULL)
    assert (done.exit_status, done.stdout) == (code, stdout)
    assert stderr in str(done.stderr)


async def test_files_are_copied_where_there_is_python_and_no_shell() -> None:
    async with connected(Pod("python3")) as connection, connection.start_sftp_client() as sftp:
        assert b"/" in [await sftp.realpath(b"/")]


async def test_an_image_that_cannot_copy_files_says_what_to_add() -> None:
    async with connected(Pod()) as connection:
        done = await connection.run(subsystem="sftp", check=False, stdin=asyncssh.DEVNULL)
    assert done.exit_status == 127
    assert "neither OpenSSH's sftp-server nor python3" in str(done.stderr)


@pytest.mark.parametrize("how", ["password", "other key"])
async def test_only_the_users_key_logs_in(how: str) -> None:
    ours, theirs = socket.socketpair()
    host_key = new_key()
    serving = asyncio.ensure_future(
        serve(theirs, Pod(), host_key=host_key, authorized_keys=public_key(new_key()))
    )
    keys = [asyncssh.import_private_key(new_key())] if how == "other key" else None
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            "pod", sock=ours, known_hosts=None, client_keys=keys, password="x", username="root",
            config=None,
        )  # fmt: skip
    await asyncio.wait_for(serving, 10)


async def test_keys_of_no_use_end_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        await serve(theirs, Pod(), host_key=new_key(), authorized_keys="# none yet\n")
        assert ours.recv(1) == b""
