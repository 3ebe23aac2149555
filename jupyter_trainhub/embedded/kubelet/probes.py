"""Readiness, liveness and startup probes. Messages are kubelet's (pkg/probe)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError

from ..apiserver.discovery import MINOR
from ..runtime import sandbox

Object = dict[str, Any]
# Takes the seconds that a look may last; answers None for success, else what failed.
Check = Callable[[float], Awaitable["str | None"]]

_AGENT = f"kube-probe/1.{MINOR}"
_REDIRECTS = 10
_HTTP_TIMEOUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
_OUTPUT_BYTES = 10 << 10
_GRPC_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
_GRPC_STATUS = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


@dataclass(frozen=True)
class Result:
    """One look: ``message`` says what failed; ``settled``: a threshold is reached."""

    success: bool
    settled: bool
    message: str = ""


async def results(probe: Object, check: Check) -> AsyncIterator[Result]:
    """Check by the probe's periods (seconds) and thresholds for as long as results are taken.

    Until the first success it looks every second; what fails between two periods is not told.
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    loop, period = asyncio.get_running_loop(), float(probe["periodSeconds"])
    successes = failures = 0
    due = 0.0
    while True:
        began = loop.time()
        message = await check(float(probe["timeoutSeconds"]))
        if message is None:
            successes, failures = successes + 1, 0
            yield Result(True, successes >= probe["successThreshold"])
        elif began >= due:
            successes, failures = 0, failures + 1
            yield Result(False, failures >= probe["failureThreshold"], message)
        if began >= due:
            due = began + period - 0.01
        wait = period if successes or failures >= probe["failureThreshold"] else min(1.0, period)
        await asyncio.sleep(max(0.0, began + wait - loop.time()))


def checker(handler: Object, container: Object, running: sandbox.Running, address: str) -> Check:
    """What one look consists of: httpGet, tcpSocket, grpc or exec."""
    if "httpGet" in handler:
        return http(handler["httpGet"], container, address)
    if "tcpSocket" in handler:
        socket = handler["tcpSocket"]
        host, number = socket.get("host") or address, port(container, socket["port"])
        return lambda seconds: _tcp(host, number, seconds)
    if "grpc" in handler:
        where = f"{address}:{handler['grpc']['port']}"
        service = (handler["grpc"].get("service") or "").encode()
        return lambda seconds: _grpc(where, service, seconds)
    command = [str(part) for part in handler["exec"].get("command") or []]
    return lambda seconds: execute(running, command, seconds)


def port(container: Object, given: int | str) -> int:
    """A port by its number or by its name in the container; 0 where there is none of that name."""
    if isinstance(given, int) or str(given).isdigit():
        return int(given)
    named = (p for p in container.get("ports") or [] if p.get("name") == given)
    return int(next(named, {"containerPort": 0})["containerPort"])


def http(get: Object, container: Object, address: str, *, any_status: bool = False) -> Check:
    """A request of an ``httpGet``, redirects on the same host followed."""
    host, number = get.get("host") or address, port(container, get["port"])
    scheme = (get.get("scheme") or "HTTP").lower()
    url = f"{scheme}://{host}:{number}/{(get.get('path') or '/').lstrip('/')}"
    headers = {"User-Agent": _AGENT, "Accept": "*/*"}
    headers |= {h["name"]: h["value"] for h in get.get("httpHeaders") or []}

    async def check(seconds: float) -> str | None:
        where = url
        for _ in range(_REDIRECTS):
            request = HTTPRequest(
                where, headers=headers, connect_timeout=seconds, request_timeout=seconds,
                validate_cert=False, follow_redirects=False, decompress_response=False,
            )  # fmt: skip
            try:
                response = await AsyncHTTPClient().fetch(request, raise_error=False)
            except HTTPTimeoutError:
                return f'Get "{where}": {_HTTP_TIMEOUT}'
            except OSError as error:
                return f'Get "{where}": {_dial_error(host, number, error)}'
            target = urljoin(where, response.headers.get("Location", ""))
            if response.code // 100 != 3 or urlsplit(target).hostname != urlsplit(where).hostname:
                break
            where = target
        if any_status or 200 <= response.code < 400:
            return None
        return f"HTTP probe failed with statuscode: {response.code}"

    return check


async def _tcp(host: str, number: int, seconds: float) -> str | None:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, number), seconds)
    except asyncio.TimeoutError:
        return f"dial tcp {host}:{number}: i/o timeout"
    except OSError as error:
        return _dial_error(host, number, error)
    writer.close()
    return None


def _dial_error(host: str, number: int, error: OSError) -> str:
    reason = (error.strerror or str(error)).partition(":")[0].lower()
    if isinstance(error, ConnectionRefusedError):
        reason = "connect: connection refused"
    return f"dial tcp {host}:{number}: {reason}"


async def execute(
    running: sandbox.Running, command: list[str], seconds: float | None
) -> str | None:
    """Run a command in the container: None if it exits with 0, else what it printed."""
    process = await asyncio.create_subprocess_exec(
        *running.exec_argv(command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output = await asyncio.wait_for(_output(process), seconds)
    except asyncio.TimeoutError:
        return f'command timed out: "{" ".join(command)}" timed out after {seconds:g}s'
    finally:
        if process.returncode is None:
            # Not SIGKILL: the command inside would lose the one that reaps it. And not send_signal,
            # which may itself reap what has just ended, and so take it from the event loop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGALRM)
            await process.wait()
    return None if process.returncode == 0 else output.decode(errors="replace")


async def _output(process: asyncio.subprocess.Process) -> bytes:
    """The beginning of what a process prints until it ends."""
    assert process.stdout is not None
    kept = b""
    while data := await process.stdout.read(_OUTPUT_BYTES):
        kept += data[: _OUTPUT_BYTES - len(kept)]
    await process.wait()
    return kept


async def _grpc(where: str, service: bytes, seconds: float) -> str | None:
    # Imported here: it takes memory that few clusters need.
    import grpc  # type: ignore[import-untyped]
    import grpc.aio  # type: ignore[import-untyped]

    # HealthCheckRequest{service}: the field's tag, its length as a varint, its text.
    size = len(service)
    length = bytes([size & 127 | 128, size >> 7]) if size > 127 else bytes([size])
    request = b"\x0a" + length + service if service else b""
    async with grpc.aio.insecure_channel(where, [("grpc.primary_user_agent", _AGENT)]) as channel:
        try:
            await asyncio.wait_for(channel.channel_ready(), seconds)
        except asyncio.TimeoutError:
            detail = "context deadline exceeded"
            return f'timeout: failed to connect service "{where}" within {seconds:g}s: {detail}'
        call = channel.unary_unary("/grpc.health.v1.Health/Check")
        try:
            answer = await call(request, timeout=seconds)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return (
                    "error: this server does not implement the grpc health protocol "
                    f"(grpc.health.v1.Health): {error.details()}"
                )
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                return f"timeout: health rpc did not complete within {seconds:g}s"
            return f"error: health rpc probe failed: {error.details()}"
    if answer == _GRPC_SERVING:
        return None
    number = answer[1] if len(answer) == 2 and answer[1] < len(_GRPC_STATUS) else 0
    return f'service unhealthy (responded with "{_GRPC_STATUS[number]}")'
