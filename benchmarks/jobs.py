"""Jobs beside the same work done by kubectl.

Submit to first log line beside `kubectl create` of a bare Job and `kubectl logs`; many jobs at once
beside as many bare Jobs; a long log beside `kubectl logs`; the list of many jobs beside `kubectl
get jobs`.

Run: ``python -m benchmarks.jobs [JOBS]``
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.instances import show
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.job import JobSpec

ROUNDS, AT_A_TIME = 5, 8
MEBIBYTES = 200
BESIDE = Path(sys.executable).parent
LINE = "x" * 127
NOISY = f"import sys\nfor _ in range({MEBIBYTES} << 13): print({LINE!r})"


def spec(name: str, *command: str) -> JobSpec:
    return JobSpec.parse({"name": name, "cpus": 0.01, "memory": "64Mi", "command": [*command]})


def bare(name: str, *command: str) -> str:
    """A Job of Kubernetes with nothing around it."""
    container = {"name": "main", "image": "host", "command": [*command]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }
    return json.dumps(job)


class Kubectl:
    def __init__(self, kubeconfig: Path) -> None:
        self._command = [str(BESIDE / "kubectl"), "--kubeconfig", str(kubeconfig)]

    def __call__(self, *arguments: str, stdin: str = "") -> bytes:
        return subprocess.run(
            [*self._command, *arguments], input=stdin.encode(), stdout=subprocess.PIPE, check=True
        ).stdout

    def create(self, name: str, *command: str) -> None:
        self("create", "-f", "-", stdin=bare(name, *command))


def first_line(hub: Hub, kubectl: Kubectl) -> None:
    ours, peers = [], []
    for number in range(ROUNDS):
        began = time.perf_counter()
        hub.jobs.create(spec(f"first-{number}", "echo", "hello"))
        next(hub.jobs.logs(f"first-{number}", 0, follow=True))
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        kubectl.create(f"bare-{number}", "echo", "hello")
        kubectl("logs", "-f", "--pod-running-timeout=20s", f"job/bare-{number}")
        peers.append(time.perf_counter() - began)
    show("submit -> first log line", f"{min(ours):.2f} s",
         f"kubectl create, logs {min(peers):.2f} s", min(ours) / min(peers))  # fmt: skip


def many(hub: Hub, kubectl: Kubectl, jobs: int) -> None:
    names = [f"many-{number}" for number in range(jobs)]
    began = time.perf_counter()
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        list(threads.map(lambda name: hub.jobs.create(spec(name, "true")), names))
    submitted = time.perf_counter() - began
    for name in names:
        assert hub.jobs.wait(name)["phase"] == "Succeeded"
    ours = time.perf_counter() - began
    began = time.perf_counter()
    kubectl("create", "-f", "-", stdin="\n".join(bare(f"bare-{name}", "true") for name in names))
    kubectl("wait", "--for=condition=complete", "--timeout=300s",
            *(f"job/bare-{name}" for name in names))  # fmt: skip
    peer = time.perf_counter() - began
    show(f"{jobs} jobs at once, all succeeded", f"{ours:.1f} s",
         f"bare Jobs by kubectl {peer:.1f} s", ours / peer)  # fmt: skip
    print(f"  of that until all were accepted: {submitted:.1f} s")
    began = time.perf_counter()
    assert len(hub.jobs.list()) >= jobs
    ours = time.perf_counter() - began
    began = time.perf_counter()
    kubectl("get", "jobs")
    peer = time.perf_counter() - began
    show(f"list of {jobs} jobs with their pods", f"{ours * 1000:.0f} ms",
         f"kubectl get jobs {peer * 1000:.0f} ms", ours / peer)  # fmt: skip


def long_log(hub: Hub, kubectl: Kubectl) -> None:
    """From the first line on: a node keeps the last 10 MiB only."""
    hub.jobs.create(spec("noisy", "python", "-c", NOISY))
    began = time.perf_counter()
    read = sum(map(len, hub.jobs.logs("noisy", 0, follow=True)))
    ours = read / (time.perf_counter() - began) / 2**20
    kubectl.create("bare-noisy", "python", "-c", NOISY)
    began = time.perf_counter()
    peer_read = len(kubectl("logs", "-f", "--pod-running-timeout=20s", "job/bare-noisy"))
    peer = peer_read / (time.perf_counter() - began) / 2**20
    show(f"a log of {MEBIBYTES} MiB while it is written", f"{ours:.0f} MiB/s",
         f"kubectl logs -f {peer:.0f} MiB/s", ours / peer)  # fmt: skip
    print(f"  came: {read >> 20} MiB, by kubectl {peer_read >> 20} MiB")


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    cores, ram = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    print(f"{cores} cores, {ram} GiB, Python {platform.python_version()}, {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRAINHUB_CLUSTER_DIR"] = str(Path(folder) / "cluster")
        os.environ["PATH"] = f"{BESIDE}{os.pathsep}{os.environ['PATH']}"
        kubeconfig = lifecycle.start()
        config = TrainHubConfig(kubeconfig=str(kubeconfig), run_folder=str(Path(folder) / "runs"))
        try:
            hub = Hub.connect(config)
            kubectl = Kubectl(kubeconfig)
            first_line(hub, kubectl)
            many(hub, kubectl, jobs)
            long_log(hub, kubectl)
            hub.close()
        finally:
            lifecycle.stop()


if __name__ == "__main__":
    main()
