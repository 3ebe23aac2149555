"""TensorBoard behind our proxy beside TensorBoard itself and beside jupyter-server-proxy.

One TensorBoard and one Jupyter server, asked three ways in turn: latency, MB/s, and the memory and
the processor time of the server. Then how late the server's event loop is while 4 million points
are loaded and read through it; how soon a TensorBoard is ready beside the command; what five of
them need; and whether many runs and a large folder are all shown.

Run: ``python -m benchmarks.tensorboards``. Charts in a browser: ``benchmarks.tensorboard_charts``.
"""

from __future__ import annotations

import asyncio
import http.client
import importlib
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks import large_answer, loop_ticker
from benchmarks.event_files import write_run
from benchmarks.instances import show
from examples.headless_jupyterlab import JupyterLab

PEER = "jupyter-server-proxy"
ROUNDS, IN_A_ROUND = 10, 20
# The peer holds answers whole, and refuses those of more than 100 MB.
SIZES, COPIES = (64, 200), 3
RUNS, TAGS, STEPS = 20, 10, 20_000
OPEN = 5
MANY_RUNS = 1500
LARGE_RUNS, LARGE_STEPS = 10, 1_250_000
LONG_RUNS, LONG_STEPS = 50, 10_000
STARTS = 3
SECONDS = 300

ROOT = Path(__file__).resolve().parent.parent
PLAIN = {"Accept-Encoding": "identity"}
TAG_NAMES = [f"tag{number}" for number in range(TAGS)]


class Place(NamedTuple):
    """Where a TensorBoard answers, ``path`` without a slash at its end, and who may ask."""

    port: int
    path: str
    headers: dict[str, str]


class Client:
    """A browser's connection, kept for the next request where the server keeps it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=SECONDS)

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """The body of the answer; raises RuntimeError where it is no success."""
        headers = {"Accept-Encoding": "gzip", **self._place.headers, **(headers or {})}
        self._connection.request(method, f"{self._place.path}/{path}", body, headers)
        answer = self._connection.getresponse()
        got = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} for {path}: {got[:200]!r}")
        return got

    def drain(self, path: str) -> int:
        """The number of bytes of an answer, none of them kept."""
        self._connection.request("GET", f"{self._place.path}/{path}", None, self._place.headers)
        answer = self._connection.getresponse()
        count = 0
        while piece := answer.read(2**18):
            count += len(piece)
        return count


def points(client: Client, tag: str = TAG_NAMES[0]) -> int:
    """How many points of a tag are shown, asked for as the page does."""
    boundary = "b0undary"
    wanted = json.dumps([{"plugin": "scalars", "tag": tag}])
    form = f'--{boundary}\r\nContent-Disposition: form-data; name="requests"\r\n\r\n{wanted}\r\n'
    answer = client.ask(
        "data/plugin/timeseries/timeSeries",
        "POST",
        f"{form}--{boundary}--\r\n".encode(),
        {"Content-Type": f"multipart/form-data; boundary={boundary}", **PLAIN},
    )
    return sum(len(series) for series in json.loads(answer)[0]["runToSeries"].values())


def spent(pid: int) -> float:
    """Seconds of processor time that a process has used: utime and stime, proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, field: str = "VmRSS") -> float:
    """MiB of a process: VmRSS now, VmHWM at the most."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


@contextmanager
def command(logs: Path, plugins: Path) -> Iterator[tuple[Place, float]]:
    """The ``tensorboard`` command on a folder, and the seconds until it listened."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            *(str(Path(sys.executable).with_name("tensorboard")), "--logdir", str(logs)),
            *("--host", "127.0.0.1", "--port", "0"),
        ],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{plugins}{os.pathsep}{ROOT}"},
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"http://\S+:(\d+)/", line):
                break
        else:
            raise RuntimeError("tensorboard did not start")
        yield Place(int(found[1]), "", {}), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


class Server:
    """A JupyterLab with TrainHub, the peer, and the ticker in its event loop."""

    def __init__(self, folder: Path) -> None:
        self.lab = JupyterLab(folder)
        config = folder / "config" / "jupyter_server_config.d"
        config.mkdir(parents=True)
        extensions = {"ServerApp": {"jpserver_extensions": {loop_ticker.__name__: True}}}
        (config / "benchmark.json").write_text(json.dumps(extensions))

    async def start(self) -> None:
        await self.lab.start()
        described = next((self.lab.folder / "runtime").glob("jpserver-*.json"))
        self.pid: int = json.loads(described.read_text())["pid"]
        parts = urlsplit(self.lab.url)
        assert parts.port is not None
        self.headers = {"Authorization": f"token {self.lab.token}"}
        self._port, self._base = parts.port, parts.path

    def at(self, path: str) -> Place:
        return Place(self._port, f"{self._base}{path}".rstrip("/"), self.headers)

    def found(self, port: int) -> Place:
        """Where we show the TensorBoard that listens on a port of this machine."""
        client = http.client.HTTPConnection("127.0.0.1", self._port)
        address = f"{self._base}trainhub/tensorboards/port/{port}/"
        client.request("GET", address, headers=self.headers)
        place = client.getresponse().headers["Location"]
        return Place(self._port, place.rstrip("/"), self.headers)

    def open(self, folder: Path) -> tuple[Place, float]:
        """Opens a folder; where it is, and the seconds until its data could be read."""
        began = time.perf_counter()
        client = http.client.HTTPConnection("127.0.0.1", self._port)
        body = json.dumps({"folders": [str(folder)]})
        client.request("POST", f"{self._base}trainhub/api/tensorboards", body, self.headers)
        view: dict[str, Any] = json.loads(client.getresponse().read())
        place = self.at(view["url"])
        Client(place).ask("data/environment")
        return place, time.perf_counter() - began

    def end_tensorboards(self) -> None:
        """Ends those that were opened here."""
        asyncio.run(self._end_tensorboards())

    async def _end_tensorboards(self) -> None:
        path = "trainhub/api/tensorboards"
        for board in (await self.lab.request("GET", path))["items"]:
            if board["where"] == "local":
                await self.lab.request("DELETE", f"{path}/{board['id']}")

    def lateness(self) -> list[float]:
        """How late the event loop was at each tick since the last call, in seconds."""
        client = Client(self.at(""))
        late: list[float] = json.loads(client.ask(loop_ticker.PATH))["late"]
        return late


def proxies(server: Server, direct: Place) -> dict[str, Place]:
    places = {"direct": direct, "ours": server.found(direct.port)}
    try:
        metadata.version(PEER)
    except metadata.PackageNotFoundError:
        print(f"{PEER} is not installed: no comparison with it (pip install {PEER})")
    else:
        places[PEER] = server.at(f"proxy/{direct.port}")
    return places


def compare(what: str, unit: str, got: dict[str, float], *, more_is_better: bool) -> None:
    """Ours beside the peer where there is one, else beside no proxy; the ratio is of times."""
    rest = ", ".join(f"{name} {value:.1f}" for name, value in got.items() if name != "ours")
    beside = got.get(PEER, got["direct"])
    if not beside or not got["ours"]:
        beside = got["direct"]
    ratio = beside / got["ours"] if more_is_better else got["ours"] / beside
    show(what, f"{got['ours']:.1f} {unit}", f"{rest} {unit}", ratio)


def script(client: Client) -> str:
    """The address of the page's script, as the page names it."""
    found = re.search(rb'src="(index\.js[^"]*)"', client.ask("", headers=PLAIN))
    assert found is not None
    return found[1].decode()


def measure_proxies(server: Server, places: dict[str, Place]) -> None:
    for what, path, form in (
        ("data/runs", "data/runs", None),
        (f"scalars of {RUNS} runs, 1000 points each", "", TAG_NAMES[0]),
        ("index.js", script(Client(places["direct"])), None),
    ):
        clients = {name: Client(place) for name, place in places.items()}
        taken: dict[str, list[float]] = {name: [] for name in clients}
        cost = dict.fromkeys(clients, 0.0)
        size = 0
        for _ in range(ROUNDS):
            for name, client in clients.items():
                before = spent(server.pid)
                for _ in range(IN_A_ROUND if path == "data/runs" else IN_A_ROUND // 4):
                    began = time.perf_counter()
                    try:
                        size = points(client, form) if form else len(client.ask(path))
                    except RuntimeError as error:
                        # The peer answers 599 now and then on a busy machine.
                        if name != PEER:
                            raise
                        print(f"{name}: {error}")
                        continue
                    taken[name].append(time.perf_counter() - began)
                cost[name] += spent(server.pid) - before
        asked = len(taken["direct"])
        for kind, of in (("least", min), ("median", statistics.median)):
            times = {name: of(each) * 1000 for name, each in taken.items()}
            compare(f"{what}, {kind}", "ms", times, more_is_better=False)
        each = {name: seconds / asked * 1000 for name, seconds in cost.items()}
        compare(f"{what}, the server's CPU time", "ms", each, more_is_better=False)
        if what == "index.js":
            rates = {name: size / 1e6 / min(each) for name, each in taken.items()}
            compare("index.js", "MB/s", rates, more_is_better=True)


def measure_large(server: Server, places: dict[str, Place], mebibytes: int) -> None:
    path = f"data/plugin/{large_answer.NAME}/body?mebibytes={mebibytes}"
    rates = dict.fromkeys(places, 0.0)
    grown = dict.fromkeys(places, 0.0)
    for _ in range(COPIES):
        for name, place in places.items():
            Path(f"/proc/{server.pid}/clear_refs").write_text("5")
            before, began = memory(server.pid), time.perf_counter()
            if Client(place).drain(path) == mebibytes << 20:
                rate = mebibytes * 2**20 / 1e6 / (time.perf_counter() - began)
                rates[name] = max(rates[name], rate)
            grown[name] = max(grown[name], memory(server.pid, "VmHWM") - before)
    for name in [name for name, rate in rates.items() if not rate]:
        print(f"{name} does not pass an answer of {mebibytes} MiB on")
        del rates[name]
    compare(f"an answer of {mebibytes} MiB", "MB/s", rates, more_is_better=True)
    grew = ", ".join(f"{name} {more:.0f} MiB" for name, more in grown.items() if name != "direct")
    print(f"... the server's memory grows by: {grew}")


def measure_stall(server: Server, logs: Path) -> None:
    server.lateness()
    place, _ = server.open(logs)
    client = Client(place)
    began = time.perf_counter()
    while not (loaded := client.ask("data/runs")) or points(client) < RUNS * 1000:
        if time.perf_counter() - began > SECONDS:
            raise RuntimeError(f"not loaded: {loaded!r}")
    for tag in TAG_NAMES:
        points(client, tag)
        client.ask(script(client))
    late = sorted(server.lateness())
    taken = time.perf_counter() - began
    print(
        f"event loop while {RUNS * TAGS * STEPS / 1e6:.0f} million points load and are read "
        f"({taken:.1f} s): median {statistics.median(late) * 1000:.1f} ms late, "
        f"99 % {late[int(len(late) * 0.99)] * 1000:.1f} ms, most {late[-1] * 1000:.1f} ms"
    )


def measure_starts(server: Server, folder: Path) -> None:
    """Ready is when data can be read: the command's beside ours, then five of ours together."""
    ours, theirs, places = [], [], []
    for number in range(OPEN):
        logs = folder / f"small{number}"
        write_run(logs / "run", TAG_NAMES, 1000)
        if number < STARTS:
            with command(logs, folder) as (place, listened):
                began = time.perf_counter()
                Client(place).ask("data/environment")
                theirs.append(listened + time.perf_counter() - began)
        place, taken = server.open(logs)
        ours.append(taken)
        places.append(place)
    show("opened -> data can be read", f"{min(ours):.2f} s",
         f"tensorboard {min(theirs):.2f} s", min(ours) / min(theirs))  # fmt: skip
    used = [json.loads(Client(place).ask("trainhub/state"))["memory"] / 2**20 for place in places]
    print(f"{OPEN} open: {sum(used):.0f} MiB together, {max(used):.0f} MiB the largest")


def shown(server: Server, logs: Path, runs: int, least: int) -> float:
    """Seconds from opening a folder until so many runs and points of a tag are shown."""
    began = time.perf_counter()
    place, _ = server.open(logs)
    client = Client(place)
    while len(json.loads(client.ask("data/runs", headers=PLAIN))) < runs or (
        points(client) < least
    ):
        if time.perf_counter() - began > SECONDS:
            raise RuntimeError(f"not all of {logs.name} is shown after {SECONDS} s")
        time.sleep(0.5)
    return time.perf_counter() - began


def measure_folders(server: Server, folder: Path) -> None:
    """Everything in them has to be shown, or this ends with an error."""
    for number in range(MANY_RUNS):
        write_run(folder / "many" / f"run{number}", TAG_NAMES[:1], 10)
    taken = shown(server, folder / "many", MANY_RUNS, MANY_RUNS * 10)
    print(f"{MANY_RUNS} runs are all shown after {taken:.1f} s")
    for number in range(LARGE_RUNS):
        write_run(folder / "large" / f"run{number}", TAG_NAMES, LARGE_STEPS)
    size = sum(file.stat().st_size for file in (folder / "large").rglob("events*")) / 2**30
    taken = shown(server, folder / "large", LARGE_RUNS, LARGE_RUNS * 1000)
    print(f"{size:.1f} GiB in {LARGE_RUNS} runs are shown after {taken:.1f} s")
    shutil.rmtree(folder / "large")
    for name, writer in writers().items():
        for number in range(LONG_RUNS):
            with writer(str(folder / name / f"run{number}")) as log:
                for step in range(LONG_STEPS):
                    log.add_scalar(TAG_NAMES[0], 1 / (step + 1), step)
        taken = shown(server, folder / name, LONG_RUNS, LONG_RUNS * 1000)
        print(f"{LONG_RUNS} runs of {LONG_STEPS} points by {name} are shown after {taken:.1f} s")


def writers() -> dict[str, Any]:
    """What people write logs with, as far as it is installed here."""
    found: dict[str, Any] = {}
    for name, module in (("torch", "torch.utils.tensorboard"), ("tensorboardX", "tensorboardX")):
        try:
            found[name] = importlib.import_module(module).SummaryWriter
        except ImportError:
            print(f"{name} is not installed: no logs of its")
    return found


def main() -> None:
    cores, ram = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    print(f"{cores} cores, {ram} GiB, Python {platform.python_version()}, {platform.release()}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # Below the folder that JupyterLab shows.
        work = folder / "lab" / "work"
        logs = work / "logs"
        for number in range(RUNS):
            write_run(logs / f"run{number}", TAG_NAMES, STEPS)
        large_answer.install(folder / "plugins")
        server = Server(folder / "lab")
        asyncio.run(server.start())
        try:
            with command(logs, folder / "plugins") as (direct, _):
                while points(Client(direct)) < RUNS * 1000:
                    time.sleep(0.2)
                places = proxies(server, direct)
                measure_proxies(server, places)
                for mebibytes in SIZES:
                    measure_large(server, places, mebibytes)
            measure_stall(server, logs)
            measure_starts(server, work)
            server.end_tensorboards()
            measure_folders(server, work)
        finally:
            asyncio.run(server.lab.stop())


if __name__ == "__main__":
    main()
