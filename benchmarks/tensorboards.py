"""TensorBoard behind our proxy beside TensorBoard itself and beside jupyter-server-proxy.

One TensorBoard and one Jupyter server, asked three ways in turn: latency, MB/s, and the memory and
the processor time of the server. Then how late the server's event loop is while 4 million points
are loaded and read through it; how soon a TensorBoard is ready beside the command; what five of
them need; and whether many runs and a large folder are all shown.

Run: ``python -m benchmarks.tensorboards``. Charts in a browser: ``benchmarks.tensorboard_charts``.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import re
import statistics
import tempfile
import time
from importlib import metadata
from pathlib import Path

from benchmarks.instances import show
from benchmarks.tensorboard import large_answer
from benchmarks.tensorboard.asking import SECONDS, Client, Place, points, script
from benchmarks.tensorboard.event_files import write_run
from benchmarks.tensorboard.folders import TAG_NAMES, measure_folders
from benchmarks.tensorboard.servers import Server, command

PEER = "jupyter-server-proxy"
ROUNDS, IN_A_ROUND = 10, 20
# The peer holds answers whole, and refuses those of more than 100 MB.
SIZES, COPIES = (64, 200), 3
RUNS, STEPS = 20, 20_000
OPEN = 5
STARTS = 3


def spent(pid: int) -> float:
    """Seconds of processor time that a process has used: utime and stime, proc_pid_stat(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, field: str = "VmRSS") -> float:
    """MiB of a process: VmRSS now, VmHWM at the most."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


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
    while not (loaded := client.ask("data/runs")) or points(client, TAG_NAMES[0]) < RUNS * 1000:
        if time.perf_counter() - began > SECONDS:
            raise RuntimeError(f"not loaded: {loaded!r}")
    for tag in TAG_NAMES:
        points(client, tag)
        client.ask(script(client))
    late = sorted(server.lateness())
    taken = time.perf_counter() - began
    print(
        f"event loop while {RUNS * len(TAG_NAMES) * STEPS / 1e6:.0f} million points load and are "
        f"read ({taken:.1f} s): median {statistics.median(late) * 1000:.1f} ms late, "
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
                while points(Client(direct), TAG_NAMES[0]) < RUNS * 1000:
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
