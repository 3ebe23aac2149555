"""What is not a request and an answer: logs that are followed, and commands in containers."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import struct
import termios
from collections import deque
from typing import TYPE_CHECKING, Any, BinaryIO

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..apimachinery import clock
from ..apimachinery.resources import PODS
from ..apimachinery.status import ApiError, unauthorized
from ..kubelet.kubelet import Kubelet
from .store import Object, encode

if TYPE_CHECKING:
    from .server import Context

_FOLLOW_POLL = 0.05  # seconds between looks at a log that is followed
_BLOCK = 1 << 16


async def write_log(
    handler: RequestHandler, kubelet: Kubelet, pod: Object, query: dict[str, str]
) -> None:
    """Answer ``pods/log``: follow, tailLines, limitBytes, timestamps, sinceSeconds, previous.

    Raises:
        ApiError: 400, the container is not there or has not started.
    """
    container = query.get("container", "")
    if not pod["spec"].get("nodeName"):
        # What a real server answers for a pod that no node runs.
        handler.set_status(204)
        return
    path = kubelet.log_file(pod, container, query.get("previous") == "true")
    follow = query.get("follow") == "true"
    handler.set_header("Content-Type", "text/plain")
    left = int(query["limitBytes"]) if "limitBytes" in query else None
    timestamps = query.get("timestamps") == "true"
    with path.open("rb") as file:
        # Without follow, a log ends where it ended when it was asked for.
        size = None if follow else os.fstat(file.fileno()).st_size
        _seek(file, query, size)
        try:
            while True:
                # Asked first: what was written before the end is then read after it.
                ended = not follow or kubelet.ended(pod, container)
                block = file.read(_BLOCK if size is None else min(_BLOCK, size - file.tell()))
                if block and not block.endswith(b"\n"):
                    block += file.readline()
                text = b"".join(_text(line, timestamps) for line in block.splitlines(True))
                if left is not None:
                    text, left = text[:left], left - len(text)
                if text:
                    handler.write(text)
                    await handler.flush()
                if left is not None and left <= 0:
                    return
                if not block:
                    if ended:
                        return
                    await asyncio.sleep(_FOLLOW_POLL)
                    if handler.request.connection.stream.closed():  # type: ignore[union-attr]
                        return
        except StreamClosedError:
            return


def _text(line: bytes, timestamps: bool) -> bytes:
    """The text of one line in the CRI log format: time, stream, F (full) or P (part), text."""
    parts = line.split(b" ", 3)
    if len(parts) < 4:
        return b""
    time, _, tag, text = parts
    if tag == b"P":
        text = text.rstrip(b"\n")
    return time + b" " + text if timestamps else text


def _seek(file: BinaryIO, query: dict[str, str], size: int | None) -> None:
    """Stand where tailLines and sinceSeconds (or sinceTime) begin."""
    if "sinceSeconds" in query or "sinceTime" in query:
        since = query.get("sinceTime")
        age = clock.seconds_since(since) if since else float(query["sinceSeconds"])
        position = 0
        for line in file:
            if clock.seconds_since(_seconds(line)) <= age:
                break
            position += len(line)
        file.seek(position)
    if "tailLines" in query:
        start, count = file.tell(), int(query["tailLines"])
        last: deque[int] = deque(maxlen=count + 1)
        position = start
        last.append(position)
        while line := file.readline():
            if size is not None and position >= size:
                break
            position += len(line)
            if b" F " in line[:48]:
                last.append(position)
        file.seek(last[0] if count else position)


def _seconds(line: bytes) -> str:
    return line[:19].decode(errors="replace") + "Z"


class ExecHandler(WebSocketHandler):
    """``pods/exec`` over a websocket: one channel per stream (v4 and v5.channel.k8s.io)."""

    _STDIN, _STDOUT, _STDERR, _ERROR, _RESIZE, _CLOSE = 0, 1, 2, 3, 4, 255

    def initialize(self, context: Context) -> None:
        self.context = context
        self._process: asyncio.subprocess.Process | None = None
        self._terminal: int | None = None
        self._early: list[bytes] = []

    def check_origin(self, origin: str) -> bool:
        """A browser never holds the cluster's token; whoever does may come from anywhere."""
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        for name in ("v5.channel.k8s.io", "v4.channel.k8s.io"):
            if name in subprotocols:
                return name
        return None

    async def get(self, *args: str, **kwargs: str) -> None:
        from .server import authenticated

        self.context.last_request = self.context.now()
        try:
            if not authenticated(self.context, self.request.headers.get("Authorization", "")):
                raise unauthorized()
            namespace, name = args
            pod = self.context.store.get(PODS, namespace, name)
            self._running = self.context.kubelet.running(pod, self.get_argument("container", ""))
        except ApiError as error:
            self.set_status(error.code)
            self.set_header("Content-Type", "application/json")
            await self.finish(encode(error.status()))
            return
        await super().get(*args, **kwargs)

    post = get

    def open(self, *args: str, **kwargs: str) -> None:
        self._serving = asyncio.ensure_future(self._serve())

    def _asked(self, name: str) -> bool:
        return self.get_argument(name, "") in ("true", "1")

    async def _serve(self) -> None:
        argv = self._running.exec_argv(
            [a.decode() for a in self.request.query_arguments.get("command", [])],
            tty=self._asked("tty"),
        )
        try:
            code = await (self._with_terminal(argv) if self._asked("tty") else self._piped(argv))
        except OSError as error:
            self._send(self._ERROR, encode(_failure(str(error))))
        else:
            self._send(self._ERROR, encode(_exit_status(code)))
        self.close(1000)

    async def _piped(self, argv: list[str]) -> int:
        pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe if self._asked("stdin") else null, stdout=pipe, stderr=pipe
        )
        self._process = process
        self._replay()
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.gather(
            self._pump(process.stdout, self._STDOUT), self._pump(process.stderr, self._STDERR)
        )
        return await process.wait()

    async def _with_terminal(self, argv: list[str]) -> int:
        ours, theirs = pty.openpty()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=theirs, stdout=theirs, stderr=theirs
            )
        finally:
            os.close(theirs)
        self._process, self._terminal = process, ours
        self._replay()
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(ours), "rb", 0)
        )
        # A terminal whose other side is gone reads as an error, not as an end.
        with contextlib.suppress(OSError):
            await self._pump(reader, self._STDOUT)
        transport.close()
        code = await process.wait()
        self._terminal = None
        os.close(ours)
        return code

    async def _pump(self, reader: asyncio.StreamReader, channel: int) -> None:
        while block := await reader.read(_BLOCK):
            self._send(channel, block)

    def _send(self, channel: int, body: bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(bytes([channel]) + body, binary=True)

    def _replay(self) -> None:
        early, self._early = self._early, []
        for message in early:
            self.on_message(message)

    def on_message(self, message: str | bytes) -> None:
        data = message.encode() if isinstance(message, str) else message
        if self._process is None:
            self._early.append(data)
        elif data and data[0] == self._STDIN:
            self._write_input(data[1:])
        elif data and data[0] == self._RESIZE and self._terminal is not None:
            size = json.loads(data[1:])
            rows, columns = int(size["Height"]), int(size["Width"])
            fcntl.ioctl(
                self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0)
            )
        elif data[:2] == bytes([self._CLOSE, self._STDIN]):
            self._close_input()

    def _write_input(self, data: bytes) -> None:
        if self._terminal is not None:
            os.write(self._terminal, data)
        elif self._process and self._process.stdin:
            self._process.stdin.write(data)

    def _close_input(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def on_close(self) -> None:
        # A client that goes away ends its command, as a closed terminal does.
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()


def _exit_status(code: int) -> dict[str, Any]:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit code {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _failure(message: str) -> dict[str, Any]:
    return {"metadata": {}, "status": "Failure", "message": message, "reason": "InternalError"}
