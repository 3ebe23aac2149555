"""Reads the scalars of log folders for a program that asks by lines of JSON on standard input.

``{"id", "folder", "runs", "most"}`` lists runs, those that are named or the newest, and is answered
by ``{"id", "runs": [[run, time of its last point, [tag]]], "others"}``. ``{"id", "folder",
"curves": [[run, tag]], "points"}`` is answered by ``{"id", "curves": [[run, tag, points]]}``, each
point ``[step, value]``, the last among them. A value that is no number of JSON is "NaN", "Infinity"
or "-Infinity". ``{"id", "error"}`` answers what cannot be read.

What reads is TensorBoard's data server, a small process for each folder, and where it has no build
TensorBoard's reader in Python, of the newest runs alone. Needs nothing but TensorBoard.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tensorboard.context import RequestContext
from tensorboard.data import provider

# Seconds without a question after which a folder is left, and this program ends.
_UNUSED, _IDLE = 60.0, 300.0
_MOST_FOLDERS = 16
_THREADS = 4
# Seconds between two looks for new data, for a first sight of a folder, and for a start.
_RELOAD = 5
_PATIENCE = 2.0
_START = 10.0
# Points of each curve that are held; of everything else as little as can be.
_HELD = 500
_OTHERS = ("images", "audio", "histograms", "distributions", "text", "pr_curves", "graphs")
# What is listed of a run, tags of so many characters at most, and what is looked at to find the
# newest runs without the data server.
_MOST_TAGS = 200
_LONGEST_TAG = 500
_MOST_ENTRIES = 20_000
_SLOW_RUNS = 8
# Bytes that this program, and each data server, may use: a folder may hold any number of curves.
_MEMORY = 2 << 30
_SCALARS: Any = {"ctx": RequestContext(), "experiment_id": "", "plugin_name": "scalars"}


class ServedFolder:
    """A folder that a data server reads; ``data`` is TensorBoard's ``DataProvider``."""

    def __init__(self, path: str, binary: str) -> None:
        from tensorboard.data import server_ingester
        from tensorboard.util import grpc_util

        with tempfile.TemporaryDirectory(prefix="trainhub-scalars-") as folder:
            told = Path(folder, "port")
            samples = ",".join([f"scalars={_HELD}", *(f"{name}=1" for name in _OTHERS)])
            options = {"logdir": path, "reload": _RELOAD, "samples-per-plugin": samples,
                       "host": "127.0.0.1", "port": 0, "port-file": told}  # fmt: skip
            arguments = [f"--{name}={value}" for name, value in options.items()]
            self._process = subprocess.Popen(
                [binary, *arguments, "--die-after-stdin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            port = self._port(told)
        local = grpc_util.ChannelCredsType.LOCAL
        address = f"127.0.0.1:{port}"
        ingester = server_ingester.ExistingServerDataIngester(address, channel_creds_type=local)
        self.data = ingester.data_provider

    def _port(self, told: Path) -> int:
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                text = told.read_text()
                if text.endswith("\n"):
                    return int(text)
            time.sleep(0.01)
        self.close()
        raise OSError("the data server did not start")

    def close(self) -> None:
        """End the data server."""
        self._process.kill()
        self._process.communicate()


class SlowFolder:
    """The newest runs of a folder, read by TensorBoard's Python in a thread."""

    def __init__(self, path: str) -> None:
        from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer

        held = {"scalars": _HELD, **dict.fromkeys(_OTHERS, 1)}
        self._path = path
        self._runs = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance=held)
        self.data = data_provider.MultiplexerDataProvider(self._runs, path)
        self._closed = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while not self._closed.is_set():
            for run in newest_runs(self._path, _SLOW_RUNS):
                self._runs.AddRun(os.path.join(self._path, run), run)
            self._runs.Reload()
            self._closed.wait(_RELOAD)

    def close(self) -> None:
        """Begin no further look."""
        self._closed.set()


def newest_runs(folder: str, most: int) -> list[str]:
    """The runs below ``folder`` that were written to last, as TensorBoard names them."""
    found: dict[str, float] = {}
    seen = 0
    for place, _, names in os.walk(folder):
        seen += 1 + len(names)
        for name in names:
            if "tfevents" in name:
                with contextlib.suppress(OSError):
                    changed = os.stat(os.path.join(place, name)).st_mtime
                    run = os.path.relpath(place, folder)
                    found[run] = max(changed, found.get(run, changed))
        if seen > _MOST_ENTRIES:
            break
    return sorted(found, key=lambda run: found[run], reverse=True)[:most]


class Folders:
    """The folders that are being read. Methods may be called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[float, ServedFolder | SlowFolder]] = {}
        self._binary = _data_server()

    def get(self, path: str) -> ServedFolder | SlowFolder:
        """The folder at ``path``, begun where it was not. Raises OSError."""
        with self._lock:
            _, folder = self._open.pop(path, (0.0, None))
            if folder is None:
                if not os.path.isdir(path):
                    raise NotADirectoryError("there is no such folder")
                if len(self._open) >= _MOST_FOLDERS:
                    raise OSError(f"{_MOST_FOLDERS} folders are being read, no more at once")
                folder = ServedFolder(path, self._binary) if self._binary else SlowFolder(path)
            self._open[path] = time.monotonic(), folder
            return folder

    def leave_unused(self, seconds: float) -> None:
        """Close those that were not asked for since."""
        with self._lock:
            since = time.monotonic() - seconds
            for path in [path for path, (used, _) in self._open.items() if used < since]:
                self._open.pop(path)[1].close()


def _data_server() -> str | None:
    """The data server's program; None where there is no build of it for this machine."""
    from tensorboard.data import server_ingester

    try:
        path: str = server_ingester.get_server_binary().path
    except (server_ingester.NoDataServerError, ImportError):
        return None
    return path


def answer(folders: Folders, question: dict[str, Any]) -> dict[str, Any]:
    """What answers ``question``, but for its id."""
    try:
        folder = folders.get(question["folder"])
        if "curves" in question:
            return {"curves": list(_curves(folder, question["curves"], question["points"]))}
        return _listed(folder, question["runs"], question["most"])
    except Exception as error:
        # Files may hold and do anything, and whoever asks has other ways to tell of a job.
        return {"error": f"{type(error).__name__}: {error}"[:500]}


def _listed(
    folder: ServedFolder | SlowFolder, wanted: list[str] | None, most: int
) -> dict[str, Any]:
    chosen = None if wanted is None else provider.RunTagFilter(runs=wanted)
    deadline = time.monotonic() + _PATIENCE
    # It answers at once, and reads in the meantime.
    while True:
        found = folder.data.list_scalars(run_tag_filter=chosen, **_SCALARS)
        if found or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    runs = [
        (run, max(series.max_wall_time for series in tags.values()), _shown(tags))
        for run, tags in found.items()
        if tags
    ]
    runs.sort(key=lambda run: run[1], reverse=True)
    return {"runs": runs[:most], "others": max(0, len(runs) - most)}


def _shown(tags: Iterable[str]) -> list[str]:
    return [tag for tag in sorted(tags) if len(tag) <= _LONGEST_TAG][:_MOST_TAGS]


def _curves(
    folder: ServedFolder | SlowFolder, wanted: list[list[str]], points: int
) -> Iterator[Any]:
    runs, tags = ({pair[part] for pair in wanted} for part in (0, 1))
    chosen = provider.RunTagFilter(runs=runs, tags=tags)
    read = folder.data.read_scalars(downsample=points, run_tag_filter=chosen, **_SCALARS)
    for run, tag in wanted:
        curve = read.get(run, {}).get(tag)
        if curve:
            yield run, tag, [(int(point.step), _number(point.value)) for point in curve]


def _number(value: float) -> float | str:
    if math.isfinite(value):
        # Single precision has 7 digits; what follows is noise.
        return float(f"{value:.7g}")
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def main() -> None:
    """Answer until standard input ends, or nobody has asked for a while."""
    os.nice(10)
    # The data server holds each file open.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    folders, lock = Folders(), threading.Lock()
    asked_at = time.monotonic()

    def reply(question: dict[str, Any]) -> None:
        text = json.dumps({"id": question["id"], **answer(folders, question)})
        with lock:
            print(text, flush=True)

    def watch() -> None:
        while time.monotonic() - asked_at < _IDLE:
            time.sleep(_UNUSED / 4)
            folders.leave_unused(_UNUSED)
        # Data servers end with their standard input, and so with this process.
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    with ThreadPoolExecutor(_THREADS) as threads:
        for line in sys.stdin:
            asked_at = time.monotonic()
            threads.submit(reply, json.loads(line))
    folders.leave_unused(-1.0)


if __name__ == "__main__":
    main()
