"""The embedded cluster beside a real Kubernetes: start of a pod, writes, memory, idle CPU.

The real figures were taken on a Kubernetes 1.36.2 (etcd, API server, controller manager, scheduler,
kubelet, containerd) on two cores; it cannot run here. What this machine itself allows is measured
in the same run: a process in namespaces of its own, and SQLite commits.

Run: ``python -m benchmarks.embedded_cluster``
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import platform
import sqlite3
import ssl
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime import processes

PODS = 25
WRITES = 1500
CLIENTS = 8
IDLE_SECONDS = 30

NAMESPACE = "/api/v1/namespaces/default"


class Client:
    """One connection to the cluster, with the admin's token."""

    def __init__(self, kubeconfig: str) -> None:
        config = yaml.safe_load(Path(kubeconfig).read_text())
        cluster = config["clusters"][0]["cluster"]
        address = urlsplit(cluster["server"]).netloc
        self._token = config["users"][0]["user"]["token"]
        context = ssl._create_unverified_context()
        self._connection = http.client.HTTPSConnection(address, context=context)

    def open(self, method: str, path: str, body: Any = None) -> http.client.HTTPResponse:
        """The answer, its body unread."""
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._connection.request(method, path, body and json.dumps(body), headers)
        return self._connection.getresponse()

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's body; the request must have succeeded."""
        response = self.open(method, path, body)
        text = response.read()
        assert response.status < 300, text
        return json.loads(text)


def pod(name: str) -> dict[str, Any]:
    container = {"name": "main", "image": "host", "command": ["echo", "hello"]}
    spec = {"containers": [container], "restartPolicy": "Never"}
    return {"metadata": {"name": name}, "spec": spec}


def first_line(client: Client, name: str) -> float:
    """Seconds from asking for a pod to reading the first line of its log."""
    began = time.perf_counter()
    client.request("POST", f"{NAMESPACE}/pods", pod(name))
    while True:
        response = client.open("GET", f"{NAMESPACE}/pods/{name}/log")
        line = response.read()
        if response.status == 200 and line:
            return time.perf_counter() - began
        time.sleep(0.002)


def bare_process() -> float:
    """Seconds that the kernel needs for a process in new namespaces: the floor of any pod."""
    began = time.perf_counter()
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *user, "--mount", "--pid", "--uts", "--ipc", "--fork", "echo", "hello"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def write(kubeconfig: str, prefix: str, count: int, go: Any = None) -> None:
    """Create ConfigMaps over one connection."""
    client = Client(kubeconfig)
    client.request("GET", "/version")
    if go:
        go.wait()
    for n in range(count):
        body = {"metadata": {"name": f"{prefix}-{n}"}, "data": {"key": "value", "n": str(n)}}
        client.request("POST", f"{NAMESPACE}/configmaps", body)


def writes_per_second(kubeconfig: str, clients: int, run: int) -> float:
    """ConfigMaps created per second by so many clients at once."""
    go = multiprocessing.Barrier(clients + 1)
    share = WRITES // clients
    workers = [
        multiprocessing.Process(target=write, args=(kubeconfig, f"c{clients}-{run}-{w}", share, go))
        for w in range(clients)
    ]
    for worker in workers:
        worker.start()
    go.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    Client(kubeconfig).request("DELETE", f"{NAMESPACE}/configmaps")
    return share * clients / took


def commits_per_second(folder: str) -> float:
    """Durable SQLite transactions per second: the floor of a durable write."""
    db = sqlite3.connect(Path(folder) / "peer.sqlite", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v BLOB)")
    began = time.perf_counter()
    for _ in range(WRITES):
        db.execute("INSERT INTO t (v) VALUES (?)", (b"x" * 500,))
    took = time.perf_counter() - began
    db.close()
    return WRITES / took


def memory(pid: int) -> float:
    """MiB that a process alone holds (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the kernel does not tell the PSS")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(what: str, here: str, real: str, peer: str = "") -> None:
    print(f"{what:<44}{here:>16}{real:>16}   {peer}")


def main() -> None:
    cores, ram = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    print(f"{cores} cores, {ram} GiB, Python {platform.python_version()}, {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRAINHUB_CLUSTER_DIR"] = f"{folder}/cluster"
        began = time.perf_counter()
        kubeconfig = str(lifecycle.start())
        ready = time.perf_counter() - began
        try:
            measure(folder, kubeconfig, ready)
        finally:
            lifecycle.stop()


def measure(folder: str, kubeconfig: str, ready: float) -> None:
    pid = int(lifecycle.status()["pid"])
    client = Client(kubeconfig)
    show("", "embedded", "real 1.36.2", "floor of this machine")
    show("start until it answers", f"{ready:.2f} s", "")
    # The first pod pays for what is loaded once.
    starts = [first_line(client, f"pod-{n}") for n in range(PODS + 1)][1:]
    bare = min(bare_process() for _ in range(PODS))
    median, worst = statistics.median(starts), max(starts)
    show("pod created -> first log line, median", f"{median:.3f} s", "0.87 s",
         f"process in namespaces {bare:.3f} s, ratio {median / bare:.1f}")  # fmt: skip
    show("pod created -> first log line, worst", f"{worst:.3f} s", "")
    client.request("DELETE", f"{NAMESPACE}/pods")
    for clients, real in ((1, "256 /s"), (CLIENTS, "394 /s")):
        commits, rates = 0.0, []
        for run in range(3):
            commits = max(commits, commits_per_second(folder))
            rates.append(writes_per_second(kubeconfig, clients, run))
        show(f"ConfigMaps created by {clients} client(s), durable", f"{max(rates):.0f} /s", real,
             f"SQLite commits {commits:.0f} /s, ratio {max(rates) / commits:.2f}")  # fmt: skip
    assert processes.is_alive(pid, processes.start_time(pid) or 0)
    show("memory of the processes (PSS)", f"{memory(pid):.0f} MiB", "1100 MiB")
    before = cpu_seconds(pid)
    time.sleep(IDLE_SECONDS)
    used = (cpu_seconds(pid) - before) / IDLE_SECONDS
    show("idle CPU, share of a core", f"{used:.2%}", "")


if __name__ == "__main__":
    main()
