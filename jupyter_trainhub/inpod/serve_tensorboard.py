"""A TensorBoard that ends itself when nobody looks: ``python serve_tensorboard.py --logdir D``.

TensorBoard in a process of its own, for a proxy that knows its path prefix. It differs from the
``tensorboard`` command in that it counts requests, ends after an idle time, says in a file where
it listens, opens as many event files as the system allows, and leaves no entry in the shared
folder in which TensorBoard itself announces its servers. Needs ``tensorboard`` and nothing else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Activity:
    """When the last request came, and how many are being answered. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = time.monotonic()
        self._running = 0

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self._running -= 1
            self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the last request was answered, 0 while one is being answered."""
        with self._lock:
            return 0.0 if self._running else time.monotonic() - self._last


def watched(application: WSGIApplication, activity: Activity) -> WSGIApplication:
    """``application``, each of its requests noted in ``activity``."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # TensorBoard makes whole answers, so the request is over when the call returns.
        with activity:
            body = application(environ, start_response)
        return body

    return answer


def wait_until_idle(activity: Activity, idle_seconds: float) -> None:
    """Return once no request has come for ``idle_seconds``; never return when that is 0."""
    while True:
        left = idle_seconds - activity.idle_seconds() if idle_seconds > 0 else 3600
        if left <= 0:
            return
        # A request that is still being answered leaves all of the time.
        time.sleep(max(0.02, left))


def raise_open_file_limit() -> None:
    """Let this process and its data server open as many files as the hard limit allows.

    The data server keeps one descriptor for each event file and shows no run at all when it meets
    the soft limit (https://github.com/tensorflow/tensorboard/issues/4955).
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS names an unlimited hard limit, but refuses it as a soft one.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def write_ready_file(path: Path, port: int, version: str) -> None:
    """Say in the file ``path`` that the server listens; the file is whole as soon as it is there.

    ``started`` is seconds since the epoch.
    """
    ready = {"pid": os.getpid(), "port": port, "started": time.time(), "version": version}
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(ready, file)
    os.replace(draft, path)


def warn_of_slow_loading() -> None:
    """Say so when TensorBoard has no data server for this platform.

    Its package has builds for x86 only, Linux with glibc 2.31 or later and macOS; elsewhere
    TensorBoard reads event files in Python, without saying so.
    """
    from tensorboard.data import server_ingester

    try:
        server_ingester.get_server_binary()
    except server_ingester.NoDataServerError as error:
        print(f"large logs load slowly here, there is no fast loader: {error}", file=sys.stderr)


def serve(arguments: argparse.Namespace) -> int:
    """Serve until idle or told to stop; return the exit code."""
    try:
        from tensorboard import program, version
    except ImportError as error:
        print(
            f"{sys.executable} cannot import TensorBoard ({error}); "
            "install it there: pip install 'tensorboard>=2.21'",
            file=sys.stderr,
        )
        return 1
    activity = Activity()

    class Server(program.WerkzeugServer):  # type: ignore[misc]
        """TensorBoard's own server, its requests counted."""

        def __init__(self, wsgi_app: WSGIApplication, flags: Any) -> None:
            super().__init__(watched(wsgi_app, activity), flags)

    warn_of_slow_loading()
    board = program.TensorBoard(server_class=Server)
    board.configure(
        argv=[
            "",
            f"--logdir={arguments.logdir}",
            f"--host={arguments.host}",
            f"--port={arguments.port}",
            f"--path_prefix={arguments.path_prefix}",
            f"--reload_interval={arguments.reload_interval}",
        ]
    )
    try:
        # Unlike the command's own way to serve, this one announces nothing in the temporary folder,
        # where anybody could read the path prefix.
        url = board.launch()
    except program.TensorBoardServerException as error:
        print(f"{error.msg}: choose another --host or --port", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"TensorBoard {version.VERSION} at {url}", file=sys.stderr, flush=True)
    if arguments.ready_file:
        write_ready_file(arguments.ready_file, urlsplit(url).port or 0, version.VERSION)
    wait_until_idle(activity, arguments.idle_seconds)
    print(f"no request for {arguments.idle_seconds:g} s: ending", file=sys.stderr, flush=True)
    return 0


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line. Exits with code 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(prog="serve_tensorboard.py", description=__doc__)
    parser.add_argument("--logdir", required=True, help="folder with event files")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--path-prefix", default="", help="first part of every URL path: /X")
    parser.add_argument(
        "--idle-seconds", type=float, default=0, help="end after so long without a request; 0 never"
    )
    parser.add_argument(
        "--reload-interval", type=int, default=5, help="seconds between looks for new data"
    )
    parser.add_argument(
        "--ready-file", type=Path, help="JSON file {pid, port, started, version}, made when ready"
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    parsed = parse(sys.argv[1:])
    raise_open_file_limit()
    sys.exit(serve(parsed))
