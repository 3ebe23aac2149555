"""Dev instances beside what people would use without TrainHub.

Opening one beside starting JupyterLab on this machine; its files through the proxy beside asking
its JupyterLab directly; `trainhub exec` and scp beside `kubectl exec`.

Run: ``python -m benchmarks.instances``
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient

from examples.headless_jupyterlab import JupyterLab

OPENINGS = 3
FILES, AT_A_TIME, LOADS = 100, 6, 3
MEBIBYTES, COPIES = 256, 3

BESIDE = Path(sys.executable).parent
NAME = "bench"


async def opened(lab: JupyterLab, name: str) -> float:
    """Seconds from asking for an instance until its JupyterLab answers through the proxy."""
    began = time.perf_counter()
    spec = {"name": name, "cpus": 0.5, "memory": "1Gi"}
    await lab.request("POST", "trainhub/api/instances", spec)
    while True:
        try:
            await lab.follow(f"trainhub/instances/{name}/lab/api/status")
            return time.perf_counter() - began
        except Exception:
            await asyncio.sleep(0.02)


async def started(folder: Path) -> float:
    """Seconds until a JupyterLab of this machine answers."""
    lab = JupyterLab(folder)
    began = time.perf_counter()
    await lab.start()
    taken = time.perf_counter() - began
    await lab.stop()
    return taken


async def loaded(address: str, headers: dict[str, str]) -> float:
    """Seconds for a page's worth of requests, as many at a time as a browser makes."""
    client = AsyncHTTPClient(force_instance=True, max_clients=AT_A_TIME)
    began = time.perf_counter()
    answers = [client.fetch(address, headers=headers) for _ in range(FILES)]
    await asyncio.gather(*answers)
    taken = time.perf_counter() - began
    client.close()
    return taken


def copied(command: list[str], environment: dict[str, str]) -> float:
    """MiB/s of what a command prints."""
    began = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return MEBIBYTES / (time.perf_counter() - began)


def show(what: str, ours: str, peer: str, ratio: float) -> None:
    print(f"{what:<44}{ours:>14}   {peer:<40}ratio {ratio:.2f}")


async def measure(lab: JupyterLab, folder: Path) -> None:
    openings, starts = [], []
    for number in range(OPENINGS):
        openings.append(await opened(lab, f"{NAME}{number}"))
        starts.append(await started(folder / str(number)))
        if number:
            await lab.request("DELETE", f"trainhub/api/instances/{NAME}{number}")
    show("click -> its JupyterLab answers", f"{min(openings):.2f} s",
         f"JupyterLab here {min(starts):.2f} s", min(openings) / min(starts))  # fmt: skip

    name = f"{NAME}0"
    environment = {**os.environ, **lab.environment}
    environment["KUBECONFIG"] = subprocess.check_output(
        [BESIDE / "trainhub", "cluster", "kubeconfig"], env=environment, text=True
    ).strip()
    kubectl = [str(BESIDE / "kubectl"), "exec", f"dev-{name}-0", "--"]
    in_pod = ["cat", "/trainhub/token"]
    pod_token = subprocess.check_output([*kubectl, *in_pod], env=environment, text=True).strip()
    address = subprocess.check_output(
        [*kubectl, "sh", "-c", "echo $POD_IP"], env=environment, text=True
    ).strip()
    path = f"trainhub/instances/{name}/lab/api/status"
    ours, direct = [], []
    for _ in range(LOADS):
        ours.append(await loaded(lab.url + path, {"Authorization": f"token {lab.token}"}))
        direct.append(
            await loaded(f"http://{address}:8888/{path}", {"Authorization": f"token {pod_token}"})
        )
    show(f"{FILES} requests through the proxy", f"{min(ours):.2f} s",
         f"straight to the pod {min(direct):.2f} s", min(ours) / min(direct))  # fmt: skip

    stream = ["head", "-c", f"{MEBIBYTES}m", "/dev/zero"]
    trainhub = str(BESIDE / "trainhub")
    peers = [copied([*kubectl, *stream], environment) for _ in range(COPIES)]
    for what, command in (
        ("trainhub exec", [trainhub, "exec", name, "--", *stream]),
        ("trainhub ssh", [trainhub, "ssh", name, " ".join(stream)]),
    ):
        rates = [copied(command, environment) for _ in range(COPIES)]
        show(f"{what}, {MEBIBYTES} MiB", f"{max(rates):.0f} MiB/s",
             f"kubectl exec {max(peers):.0f} MiB/s", max(rates) / max(peers))  # fmt: skip


async def run(folder: Path) -> None:
    lab = JupyterLab(folder / "lab")
    await lab.start()
    try:
        await lab.request("POST", "trainhub/api/cluster", {})
        await measure(lab, folder)
    finally:
        await lab.stop()


def main() -> None:
    cores, ram = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    print(f"{cores} cores, {ram} GiB, Python {platform.python_version()}, {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))


if __name__ == "__main__":
    main()
