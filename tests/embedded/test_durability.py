"""Killed at any moment, under load, the cluster loses nothing that it has answered for.

Writers keep creating and changing objects and note every answer; pods keep counting in their logs.
Meanwhile the cluster's process is killed, again and again, also while it starts.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import resource
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime import processes
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

KILLS = 30
WRITERS = 3
COUNTERS = 3

# Counts as fast as a training logs, and tells the number of its process' start.
COUNT = "import time\nfor n in range(10**6): print(n, flush=True); time.sleep(0.02)"


class Client:
    """One connection to the cluster; a new one after each failure."""

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = kubeconfig
        self._connection: http.client.HTTPSConnection | None = None

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """The answer's code and body.

        Raises:
            OSError, http.client.HTTPException: there was no answer.
        """
        if self._connection is None:
            config = yaml.safe_load(self._kubeconfig.read_text())
            self._token = config["users"][0]["user"]["token"]
            address = urlsplit(config["clusters"][0]["cluster"]["server"]).netloc
            context = ssl._create_unverified_context()
            self._connection = http.client.HTTPSConnection(address, timeout=20, context=context)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            self._connection.request(method, path, body and json.dumps(body), headers)
            response = self._connection.getresponse()
            return response.status, json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self._connection.close()
            self._connection = None
            raise


class Writer(threading.Thread):
    """Creates, changes and deletes ConfigMaps, and remembers what the cluster answered for.

    ``known`` holds, by name, the last value that was acknowledged (None: deleted) and the one that
    was on its way when an answer failed to come.
    """

    def __init__(self, number: int, kubeconfig: Path) -> None:
        super().__init__(daemon=True)
        self.number = number
        self.known: dict[str, tuple[str | None, str | None]] = {}
        self.versions: list[int] = []
        self.answered = 0
        self.surprises: list[str] = []
        self._client = Client(kubeconfig)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        for n in itertools.count():
            name = f"w{self.number}-{n % 40}"
            while not self._stop_asked.is_set():
                try:
                    self._step(name, str(n))
                    break
                except (OSError, http.client.HTTPException, ValueError):
                    time.sleep(0.01)
            if self._stop_asked.is_set():
                return

    def _step(self, name: str, value: str) -> None:
        before = self.known.get(name, (None, None))
        path = "/api/v1/namespaces/default/configmaps"
        code, found = self._client.request("GET", f"{path}/{name}")
        seen = found["data"]["value"] if code == 200 else None
        if seen not in before:
            self.surprises.append(f"{name}: {seen!r} instead of one of {before!r}")
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                "data": {"value": value}}  # fmt: skip
        # Until it is answered, both may be found.
        self.known[name] = (seen, value)
        if seen is None:
            code, answer = self._client.request("POST", path, body)
        elif int(value) % 5 == 0:
            self.known[name] = (seen, None)
            code, answer = self._client.request("DELETE", f"{path}/{name}")
            value = ""
        else:
            code, answer = self._client.request("PUT", f"{path}/{name}", body)
        assert code in (200, 201), answer
        self.answered += 1
        self.known[name] = (value or None, value or None)
        if value:
            self.versions.append(int(answer["metadata"]["resourceVersion"]))

    def finish(self) -> None:
        """Stop after the current answer."""
        self._stop_asked.set()
        self.join(60)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a cluster of the test's own, which is ended after it."""
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(tmp_path / "home"))
    yield tmp_path / "home"
    lifecycle.stop()


def counting_pod(name: str) -> dict[str, Any]:
    container = {"name": "main", "image": "host", "command": [sys.executable, "-c", COUNT]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"containers": [container], "terminationGracePeriodSeconds": 1}}  # fmt: skip


def short_job(name: str) -> dict[str, Any]:
    container = {"name": "main", "image": "host", "command": ["echo", "done"]}
    template = {"spec": {"containers": [container], "restartPolicy": "Never"}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
            "spec": {"completions": 2, "parallelism": 2, "template": template}}  # fmt: skip


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def kill_while_it_starts(after: float) -> None:
    """Start the cluster's process and kill it ``after`` so many seconds."""
    with subprocess.Popen(
        [sys.executable, "-m", "jupyter_trainhub.embedded"], stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(after)
        process.kill()


def process_of(kubectl: Kubectl, name: str) -> str:
    """Start time (clock ticks) of the process that counts in a pod."""
    return kubectl("exec", name, "--", "cat", "/proc/1/stat").split()[21]


def left_over(home: Path) -> list[str]:
    """Processes and mounts that belong to the cluster's folder."""
    found = [m for m in Path("/proc/self/mountinfo").read_text().splitlines() if str(home) in m]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(home) in command:
            found.append(command)
    return found


@pytest.mark.timeout(600)
def test_thirty_kills_under_load_lose_nothing(home: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    kubeconfig = lifecycle.start()
    kubectl = Kubectl(kubeconfig)
    names = [f"count-{n}" for n in range(COUNTERS)]
    kubectl.apply(*map(counting_pod, names))
    kubectl("wait", "--for=condition=Ready", *(f"pod/{n}" for n in names), "--timeout=60s")
    uids = {n: kubectl.get("pod", n)["metadata"]["uid"] for n in names}
    started = {n: process_of(kubectl, n) for n in names}
    writers = [Writer(n, kubeconfig) for n in range(WRITERS)]
    for writer in writers:
        writer.start()

    for number in range(KILLS):
        time.sleep(dice.uniform(0, 0.3))  # the moment is what is tried
        kill(int(lifecycle.status()["pid"]))
        if number % 3 == 2:
            kill_while_it_starts(dice.uniform(0, 0.8))
        answered = sum(w.answered for w in writers)
        lifecycle.start()
        if number % 5 == 0:
            kubectl.apply(short_job(f"job-{number}"))
        eventually(lambda: sum(w.answered for w in writers) > answered + WRITERS)  # noqa: B023

    for writer in writers:
        writer.finish()
    assert [w.surprises for w in writers] == [[]] * WRITERS
    found = {
        c["metadata"]["name"]: c["data"]["value"]
        for c in kubectl.get("configmaps")["items"]
        if c["metadata"]["name"].startswith("w")
    }
    for writer in writers:
        for name, allowed in writer.known.items():
            assert found.pop(name, None) in allowed, name
    assert not found, "objects that nobody made"
    versions = [v for w in writers for v in w.versions]
    assert len(versions) == len(set(versions)), "a resourceVersion was given twice"
    assert all(w.versions == sorted(w.versions) for w in writers)

    for name in names:
        pod = kubectl.get("pod", name)
        assert pod["metadata"]["uid"] == uids[name]
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
        assert process_of(kubectl, name) == started[name], "the same process still runs"
        lines = [int(line) for line in kubectl("logs", name).split()]
        assert lines == list(range(len(lines))), "a gap in the log"
        print(f"{name}: {len(lines)} log lines in order")
    for number in range(0, KILLS, 5):
        kubectl("wait", "--for=condition=Complete", f"job/job-{number}", "--timeout=60s")
        pods = kubectl.get("pods", "-l", f"batch.kubernetes.io/job-name=job-{number}")["items"]
        assert [p["status"]["phase"] for p in pods] == ["Succeeded"] * 2
    print(f"{KILLS} kills and {KILLS // 3} more while starting; {len(versions)} objects written")

    kubectl("delete", "pod", *names)
    lifecycle.stop()
    assert eventually(lambda: not left_over(home))


def test_a_cluster_that_cannot_write_says_so_and_loses_nothing(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    kubectl("create", "configmap", "before", "--from-literal=a=1")
    pid = lifecycle.status()["pid"]
    # A file may not grow: what a full disk is to a program, without filling one.
    largest = max(f.stat().st_size for f in home.glob("store.sqlite*"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, hard))
    refused = eventually(lambda: _refused_write(kubectl))
    assert "store could not be written" in refused
    assert "free disk space" in refused

    if processes.is_alive(pid, processes.start_time(pid) or 0):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    lifecycle.start()
    kubectl("create", "configmap", "after", "--from-literal=a=1")
    names = kubectl("get", "configmaps", "-o", "name").split()
    assert {"configmap/before", "configmap/after"} <= set(names)


def _refused_write(kubectl: Kubectl) -> str:
    name = f"large-{time.monotonic_ns()}"
    literal = "--from-literal=a=" + "x" * 100_000
    done = kubectl.run("create", "configmap", name, literal)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("damage", ["garbage", "truncated"])
def test_a_store_that_cannot_be_read_is_left_as_it_is(home: Path, damage: str) -> None:
    kubectl = Kubectl(lifecycle.start())
    kubectl("create", "configmap", "kept", "--from-literal=a=" + "x" * 100_000)
    lifecycle.stop()
    store = home / "store.sqlite"
    whole = store.read_bytes()
    broken = b"no database" * 1000 if damage == "garbage" else whole[: len(whole) // 2]
    store.write_bytes(broken)
    with pytest.raises(lifecycle.ClusterNotStarted) as caught:
        lifecycle.start()
    assert str(store) in str(caught.value)
    assert "restore the file" in str(caught.value)
    assert store.read_bytes() == broken

    store.write_bytes(whole)
    lifecycle.start()
    assert kubectl.get("configmap", "kept")["data"]["a"] == "x" * 100_000
