"""The course of a TensorBoard, from its arguments to its end."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .activity import Activity, watched
from .broken_files import BrokenFiles
from .event_files import MANY_FILES, MANY_RUNS, EventFiles
from .failure import Failure
from .importing import import_tensorboard
from .limits import in_units, memory_in_use, raise_open_file_limit
from .loader import Loader
from .log_folder import log_folder
from .state_file import StateFile

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Seconds: between two looks at memory and loader, and between two restarts of the loader for the
# sake of files.
_TICK = 1.0
_BETWEEN_RESTARTS = 30.0
# A pod that its node ends is to be followed by another one, so it must not look completed.
_EXIT_CODES = {"idle": 0, "signal": 128 + signal.SIGTERM}


class Server:
    """One TensorBoard with all that is known of it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._prefix = os.environ.get("TRAINHUB_TENSORBOARD_PREFIX", "").rstrip("/")
        self._activity = Activity()
        self._loader: Loader | None = None
        self.state = StateFile(options.state_file, self._passing)

    def run(self) -> None:
        """Serve until idle or told to stop. Raises Failure."""
        signal.signal(signal.SIGTERM, _raise_stopped)
        options = self._options
        farm = options.state_file and options.state_file.absolute().parent / "logdir"
        folder = log_folder(options.folder, farm)
        broken = BrokenFiles(folder)
        # It reads files while TensorBoard is imported, which takes longer.
        loader = Loader(folder, options.reload_interval, options.samples_per_plugin, broken)
        self._loader = loader
        files = EventFiles(folder)
        threading.Thread(
            target=self._watch_files, args=(files, broken, loader), daemon=True
        ).start()
        program, version = import_tensorboard()
        port = self._launch(program, folder, loader)
        self._activity.begin()
        print(
            f"TensorBoard {version} of {sys.executable} listens on port {port}",
            file=sys.stderr,
            flush=True,
        )
        if not loader.is_fast:
            self.state.note(
                "slow-loader",
                "Large logs load slowly: TensorBoard's fast loader is missing "
                f"({loader.why_slow}).",
            )
        self.state.set(
            port=port,
            started=time.time(),
            version=version,
            loader="fast" if loader.is_fast else "slow",
            memory=self._memory(),
        )
        self._watch(loader)

    def close(self) -> None:
        """End the loader."""
        if self._loader is not None:
            self._loader.stop()

    def _launch(self, program: Any, folder: str, loader: Loader) -> int:
        """Make TensorBoard listen; give its port."""
        options, prefix = self._options, self._prefix
        activity, state = self._activity, self.state.value

        class CountingServer(program.WerkzeugServer):  # type: ignore[misc]
            """TensorBoard's own server, its requests counted."""

            def __init__(self, wsgi_app: WSGIApplication, flags: Any) -> None:
                application = watched(
                    wsgi_app, activity, prefix=prefix, state=state, held=loader.hold
                )
                super().__init__(application, flags)

        try:
            board = program.TensorBoard(server_class=CountingServer)
            board.configure(
                argv=[
                    "",
                    f"--logdir={folder}",
                    f"--host={options.host}",
                    f"--port={options.port}",
                    f"--path_prefix={prefix}",
                    f"--reload_interval={options.reload_interval}",
                    f"--samples_per_plugin={options.samples_per_plugin}",
                    loader.flag(),
                ]
            )
            # Unlike the command's own way to serve, this one announces nothing in the temporary
            # folder, where anybody could read the path prefix.
            return urlsplit(board.launch()).port or 0
        except program.TensorBoardServerException as error:
            raise Failure(str(error.msg), "Choose another --host or --port.") from None

    def _watch(self, loader: Loader) -> None:
        """Return once no request has come for long enough. Raises Failure."""
        idle_seconds, most = self._options.idle_seconds, self._options.memory
        while True:
            memory = self._memory()
            self.state.set(memory=memory)
            if 0 < most < memory:
                raise Failure(
                    f"TensorBoard used {in_units(memory)} of memory, more than the "
                    f"{in_units(most)} that it may use, and was ended",
                    "Let it use more (memory), or open a folder further down with fewer runs.",
                    "memory",
                )
            loader.keep()
            left = idle_seconds - self._activity.idle_seconds() if idle_seconds > 0 else _TICK
            if left <= 0:
                return
            time.sleep(max(0.02, min(left, _TICK)))

    def _watch_files(self, files: EventFiles, broken: BrokenFiles, loader: Loader) -> None:
        changed, restarted = False, float("-inf")
        while True:
            replaced = files.look()
            self.state.set(events=files.count > 0)
            if files.count > MANY_FILES:
                self.state.note(
                    "many-files",
                    f"There are {files.count} event files, so that new data show late and much "
                    "memory is used. Open a folder further down.",
                )
            if (runs := files.runs) > MANY_RUNS:
                self.state.note(
                    "many-runs",
                    f"There are {runs} runs, and of more than {MANY_RUNS} TensorBoard chooses none "
                    "by itself. Choose some in its list of runs; its field above finds them by "
                    "name.",
                )
            changed = broken.healed() or replaced or changed
            self.state.note("broken-file", broken.note())
            port = self.state.value()["port"]
            if changed and port and time.monotonic() - restarted > _BETWEEN_RESTARTS:
                changed, restarted = False, time.monotonic()
                print("log files have changed: reading them again", file=sys.stderr, flush=True)
                loader.read_again(port)
            time.sleep(self._options.reload_interval)

    def _memory(self) -> int:
        return memory_in_use([os.getpid(), *(self._loader.pids() if self._loader else ())])

    def _passing(self) -> dict[str, Any]:
        idle = round(self._activity.idle_seconds(), 3)
        return {"idle": idle, "requests": self._activity.requests}


class _Stopped(BaseException):
    """Somebody wants this program to end."""


def _raise_stopped(*_signal: object) -> None:
    raise _Stopped


def serve(options: argparse.Namespace) -> int:
    """Serve, and tell why it ended; return the exit code."""
    raise_open_file_limit()
    server = Server(options)
    end = SimpleNamespace(ended="idle", message="", remedy="")
    try:
        server.run()
        end.message = f"TensorBoard ended after {options.idle_seconds:g} s without a request."
    except (_Stopped, KeyboardInterrupt):
        end.ended = "signal"
    except Failure as failure:
        end = SimpleNamespace(**vars(failure))
    finally:
        server.close()
    if end.message:
        print(" ".join(filter(None, (end.message, end.remedy))), file=sys.stderr, flush=True)
    words = {name: getattr(end, name) for name in ("ended", "message", "remedy")}
    server.state.set(**words)
    if os.environ.get("TRAINHUB_TERMINATION_LOG"):
        with contextlib.suppress(OSError):
            Path(os.environ["TRAINHUB_TERMINATION_LOG"]).write_text(json.dumps(words))
    return _EXIT_CODES.get(end.ended, 1)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line. Exits with code 2 and a message when it is wrong."""
    parser = argparse.ArgumentParser(prog="serve_tensorboard.py", description=__doc__)
    add = parser.add_argument
    add("--folder", action="append", required=True, metavar="[NAME:]PATH", help="event files")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=0, help="0 takes any free port")
    add("--idle-seconds", type=float, default=0, help="end after so long unused; 0 never")
    add("--reload-interval", type=int, default=5, help="seconds between looks for new data")
    add("--samples-per-plugin", default="", help="as TensorBoard's own --samples_per_plugin")
    add("--memory", type=int, default=0, help="bytes that it may use; 0 sets no limit")
    add("--state-file", type=Path, help="JSON file that shows how it fares")
    return parser.parse_args(argv)


if __name__ == "__main__":
    # Threads that still answer must not keep it from ending.
    code = serve(parse(sys.argv[1:]))
    sys.stderr.flush()
    os._exit(code)
