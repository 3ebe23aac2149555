"""A session of an SSH connection as a process in the pod: shell, command or SFTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import asyncssh

from jupyter_trainhub import inpod
from jupyter_trainhub.errors import TrainHubError
from jupyter_trainhub.kube.exec import CommandNotFound
from jupyter_trainhub.ssh import programs
from jupyter_trainhub.ssh.channel import Channel
from jupyter_trainhub.ssh.pod import Pod

if TYPE_CHECKING:
    from jupyter_trainhub.kube.exec import Exec

_log = logging.getLogger(__name__)

# As shells do: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
_NOT_FOUND = 127
_FAILED = 255
# Characters of a terminal that does not say how large it is.
_COLUMNS, _ROWS = 80, 24
# Bytes of the line by which a program in the pod tells its process id.
_LONGEST_LINE = 1024
# What a terminal's driver makes signals of.
_TYPED = {"INT": b"\x03", "QUIT": b"\x1c"}


class Refused(Exception):
    """The session cannot be had; the text is for the client's standard error."""


class Session(Channel, asyncssh.SSHServerSession[bytes]):
    """Runs what the client asks for, and ends with its exit code."""

    def __init__(self, pod: Pod, on_input: Callable[[], None]) -> None:
        super().__init__(on_input)
        self._pod = pod
        self._command: str | None = None
        self._sftp = False
        self._process: Exec | None = None
        self._id: int | None = None
        self._ended = False
        self._unread = False
        self._background: set[asyncio.Task[None]] = set()

    def connection_made(self, chan: Any) -> None:
        """Keeps the channel, and hears when the client's output has no reader any more.

        OpenSSH tells it by ``eow@openssh.com`` (its PROTOCOL, section 2.1), which asyncssh does not
        know; asyncssh finds the handler of a request by this name.
        """
        super().connection_made(chan)
        chan._process_eow_at_openssh_dot_com_request = self._end_of_write

    def _end_of_write(self, packet: object) -> bool:
        # As of a pipe whose reader has gone; what still comes is dropped.
        self._unread = True
        self.resume_writing()
        self.signal_received("PIPE")
        return True

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        """Every session may have a terminal."""
        return True

    def shell_requested(self) -> bool:
        """A shell."""
        return True

    def exec_requested(self, command: str) -> bool:
        """A command."""
        self._command = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """SFTP, and no other subsystem."""
        self._sftp = subsystem == "sftp"
        return self._sftp

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Passes the new size on."""
        if self._process is not None:
            self._in_background(self._process.resize(width or _COLUMNS, height or _ROWS))

    def signal_received(self, signal: str) -> None:
        """Sends the process a signal."""
        if self._process is not None and self._tty and signal in _TYPED:
            self._in_background(self._process.write(_TYPED[signal]))
        elif self._id is not None and signal in programs.SIGNALS:
            self._in_background(self._signal(signal, self._id))

    async def run(self) -> None:
        """Starts the process, moves bytes, and tells the client how it ended."""
        code = _FAILED
        passing: asyncio.Task[None] | None = None
        try:
            self._process = process = await self._start()
            passing = asyncio.ensure_future(self._pass_input(process))
            while (piece := await process.read()) is not None:
                await self._output(*piece)
            code = await process.wait()
            self._ended = True
        except CommandNotFound as error:
            code = _NOT_FOUND
            await self._complain(error.message)
        except Refused as error:
            code = _NOT_FOUND
            await self._complain(str(error))
        except TrainHubError as error:
            await self._complain(str(error))
        except Exception:
            # The client would wait for an exit code without end.
            _log.exception("an SSH session failed")
        finally:
            if passing is not None:
                passing.cancel()
            await asyncio.shield(self._end())
        self._channel.exit(code)

    @property
    def _tty(self) -> bool:
        return self._channel.get_terminal_type() is not None

    async def _start(self) -> Exec:
        if self._sftp:
            return await self._start_sftp()
        environment = dict(self._channel.get_environment())
        if self._tty:
            environment["TERM"] = self._channel.get_terminal_type()
        try:
            process = await self._exec(programs.session(self._command, environment))
            await self._first_line(process)
        except CommandNotFound:
            return await self._start_without_shell()
        return process

    async def _exec(self, command: list[str]) -> Exec:
        process = await self._pod.exec(command, tty=self._tty)
        # Known from here on, so that it ends with the session whatever comes next.
        self._process = process
        if self._tty:
            columns, rows, *_ = self._channel.get_terminal_size()
            await process.resize(columns or _COLUMNS, rows or _ROWS)
        return process

    async def _start_without_shell(self) -> Exec:
        if self._command is None:
            raise Refused(
                "the image has no /bin/sh, so there is no shell to open; name one of its programs: "
                "ssh HOST PROGRAM ARGUMENTS"
            )
        try:
            words = programs.without_shell(self._command)
        except ValueError as error:
            raise Refused(
                f"the image has no /bin/sh, and the command is not plain: {error}"
            ) from None
        return await self._exec(words)

    async def _start_sftp(self) -> Exec:
        program = inpod.program("sftp_server.py")
        try:
            process = await self._exec(programs.sftp(program))
            found = await self._first_line(process)
        except CommandNotFound:
            with contextlib.suppress(CommandNotFound):
                # No shell, so no first line either: Python is tried as it is.
                process = await self._exec(
                    ["python3", "-IS", "-c", f"print(0,flush=True);{programs.sftp_loader(program)}"]
                )
                await self._first_line(process)
                self._id = None
                await process.write(program)
                return process
            found = "none"
        if found == "none":
            raise Refused(
                "files cannot be copied: the image has neither OpenSSH's sftp-server nor python3; "
                "add openssh-sftp-server or python3 to it"
            )
        if found == "python":
            await process.write(program)
        return process

    async def _first_line(self, process: Exec) -> str:
        """Reads the process id; the rest of the line."""
        line = b""
        while b"\n" not in line:
            piece = await process.read()
            if piece is None:
                await process.wait()
                raise Refused("the session ended before it began")
            if len(line) > _LONGEST_LINE:
                raise Refused("the image's shell says what was not asked for")
            if piece[0] == "stdout":
                line += piece[1]
            else:
                await self._output(*piece)
        line, _, output = line.partition(b"\n")
        number, _, rest = line.strip().decode(errors="replace").partition(" ")
        if not number.isdecimal():
            raise Refused(f"the image's shell says what was not asked for: {number} {rest}")
        self._id = int(number)
        if output:
            await self._output("stdout", output)
        return rest

    async def _pass_input(self, process: Exec) -> None:
        # A process that has closed its input, or has ended, is told of by its output's end.
        with contextlib.suppress(OSError, TrainHubError):
            await self.pass_input(process.write, process.write_eof)

    async def _output(self, stream: str, data: bytes) -> None:
        if not self._unread:
            await self.send(data, asyncssh.EXTENDED_DATA_STDERR if stream == "stderr" else None)

    async def _complain(self, message: str) -> None:
        end = "\r\n" if self._tty else "\n"
        await self._output("stderr", f"trainhub: {message}{end}".encode())

    async def _end(self) -> None:
        """Leaves nothing behind: Kubernetes does not end a process whose client has gone."""
        with contextlib.suppress(OSError, TrainHubError):
            if self._id is not None and not self._ended:
                await self._signal("HUP", self._id)
        if self._process is not None:
            await self._process.close()

    async def _signal(self, name: str, process: int) -> None:
        sent = await self._pod.exec(programs.signal(name, process))
        try:
            while await sent.read() is not None:
                pass
        finally:
            await sent.close()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        # The event loop itself keeps no task alive.
        self._background.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.info("a signal or a new size did not reach the pod: %s", task.exception())
