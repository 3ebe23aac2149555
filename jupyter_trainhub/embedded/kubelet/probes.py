"""Readiness, liveness and startup probes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from ..runtime import sandbox

Object = dict[str, Any]


async def watch(
    probe: Object, check: Callable[[], Awaitable[str]], changed: Callable[[bool, str], None]
) -> None:
    """Check for as long as the task lives, by the probe's periods and thresholds (seconds).

    ``check`` returns "" for success, else what failed. ``changed(success, message)`` is called
    when a threshold is reached, and again at each further failure.
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    successes = failures = 0
    while True:
        message = await _timed(check, probe["timeoutSeconds"])
        if message:
            successes, failures = 0, failures + 1
            if failures >= probe["failureThreshold"]:
                changed(False, message)
        else:
            successes, failures = successes + 1, 0
            if successes == probe["successThreshold"]:
                changed(True, "")
        # A first success is looked for eagerly: what waits for it starts sooner.
        eager = not successes and failures < probe["failureThreshold"]
        await asyncio.sleep(min(1.0, probe["periodSeconds"]) if eager else probe["periodSeconds"])


async def _timed(check: Callable[[], Awaitable[str]], seconds: float) -> str:
    try:
        return await asyncio.wait_for(check(), seconds)
    except asyncio.TimeoutError:
        return f"command timed out after {seconds}s"
    except OSError as error:
        return str(error)


def checker(
    probe: Object, container: Object, running: sandbox.Running, address: str
) -> Callable[[], Awaitable[str]]:
    """What one look consists of, by the probe's kind: httpGet, tcpSocket or exec."""
    if "httpGet" in probe:
        get = probe["httpGet"]
        host, port = get.get("host") or address, _port(container, get["port"])
        url = f"{get['scheme'].lower()}://{host}:{port}/{get['path'].lstrip('/')}"
        headers = {h["name"]: h["value"] for h in get.get("httpHeaders") or []}
        return lambda: _http(url, headers)
    if "tcpSocket" in probe:
        socket = probe["tcpSocket"]
        return lambda: _tcp(socket.get("host") or address, _port(container, socket["port"]))
    if "exec" in probe:
        return lambda: _exec(running.exec_argv(probe["exec"]["command"]))
    return _unserved


def _port(container: Object, port: int | str) -> int:
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    for entry in container.get("ports") or []:
        if entry.get("name") == port:
            return int(entry["containerPort"])
    return 0


async def _http(url: str, headers: dict[str, str]) -> str:
    try:
        response = await AsyncHTTPClient().fetch(
            url, headers=headers, raise_error=False, validate_cert=False, follow_redirects=False
        )
    except HTTPClientError as error:
        return str(error)
    if 200 <= response.code < 400:
        return ""
    return f"HTTP probe failed with statuscode: {response.code}"


async def _tcp(host: str, port: int) -> str:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    return ""


async def _exec(argv: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        # Not SIGKILL: the command inside would lose the one that reaps it.
        process.terminate()
        await process.wait()
        raise
    if process.returncode == 0:
        return ""
    return output[:1024].decode(errors="replace") or f"exit code {process.returncode}"


async def _unserved() -> str:
    return "the embedded cluster has no probe of this kind; use httpGet, tcpSocket or exec"
