"""Saving an instance as an image beside `buildah commit` and `buildah push` of the same change.

The change is the packages of a Python environment, and one large file that does not compress. Both
push to the same registry, Debian's docker-registry, on this machine. buildah reads a folder that is
mounted here; we read through the API server, as on any cluster. Besides: a small change with
nothing configured, and how soon an instance of what was saved is ready.

Run: ``python -m benchmarks.snapshots [MEBIBYTES]``; needs root, buildah and docker-registry.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.instances import show
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.transfers.waiting import wait_transfer
from jupyter_trainhub.kube import exec as kube_exec
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.distribution import Distribution

LARGE = 8  # one in so many bytes is in the file that does not compress
ROUNDS, SMALL_ROUNDS = 2, 3
TARGET = "/opt/change"
TICK = 0.005  # seconds that an event loop sleeps while it is watched


def make(target: Path, mebibytes: int) -> None:
    """Make the change: packages, again and again, until it is large enough."""
    target.mkdir(parents=True)
    with (target / "large").open("wb") as file:
        for _ in range(mebibytes // LARGE):
            file.write(os.urandom(1 << 20))
    size, number = mebibytes // LARGE << 20, 0
    while True:
        for package in sorted(Path(sysconfig.get_path("purelib")).iterdir()):
            if size >= mebibytes << 20:
                return
            if package.is_dir():
                copy = target / str(number) / package.name
                shutil.copytree(package, copy, symlinks=True)
                size += sum(path.stat().st_size for path in copy.rglob("*") if path.is_file())
        number += 1


@contextmanager
def watched_loop() -> Iterator[list[float]]:
    """Run an event loop in this process; what it was late by, in seconds, longest first."""
    late: list[float] = []
    stop = threading.Event()

    async def watch() -> None:
        while not stop.is_set():
            began = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - began - TICK)

    thread = threading.Thread(target=asyncio.run, args=[watch()])
    thread.start()
    try:
        yield late
    finally:
        stop.set()
        thread.join()
        late.sort(reverse=True)


def saved(hub: Hub, name: str, image: str | None) -> tuple[float, str, int]:
    """Seconds, the image, and the layer's bytes at the registry."""
    spec = SnapshotSpec.parse({"image": image, "secrets": "include", "overwrite": True})
    began = time.perf_counter()
    ended = wait_transfer(hub.transfers, hub.snapshots.save(name, spec), lambda view: None)
    taken = time.perf_counter() - began
    assert ended["phase"] == "Succeeded", ended["message"]
    return taken, ended["image"], ended["result"]["layer_size"]


def theirs(change: Path, image: str, folder: Path) -> tuple[float, int]:
    """Seconds, and the layer's bytes at the registry."""

    def buildah(*arguments: str) -> str:
        where = ["--root", str(folder / "buildah"), "--runroot", str(folder / "buildah-run")]
        command = ["buildah", *where, "--storage-driver", "overlay", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    container = buildah("from", "scratch")
    try:
        shutil.copytree(change, Path(buildah("mount", container)) / "opt", symlinks=True)
        began = time.perf_counter()
        made = buildah("commit", "--quiet", container)
        buildah("push", "--quiet", "--tls-verify=false", made, f"docker://{image}")
        taken = time.perf_counter() - began
    finally:
        buildah("rm", container)
    raw = subprocess.check_output(
        ["skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{image}"]
    )
    buildah("rmi", "--force", made)
    return taken, sum(layer["size"] for layer in json.loads(raw)["layers"])


def opened(hub: Hub, name: str, **fields: object) -> float:
    """Seconds until a new instance is ready."""
    began = time.perf_counter()
    hub.instances.create(
        InstanceSpec.parse({"name": name, "cpus": 0.1, "memory": "512Mi", **fields})
    )
    hub.instances.wait_ready(name, 300)
    return time.perf_counter() - began


def inside(hub: Hub, name: str, *command: str) -> None:
    done = asyncio.run(kube_exec.run(hub.client, hub.instances.pod(name), command, timeout=600))
    assert done.exit_code == 0, done.stderr


def measure_large(hub: Hub, folder: Path, mebibytes: int) -> None:
    change = folder / "change"
    make(change, mebibytes)
    files = sum(1 for path in change.rglob("*"))
    print(f"{mebibytes} MiB in {files} files and folders")
    mount = {"path": "/mnt/change", "host_path": str(change)}
    opened(hub, "bench", mounts=[mount])
    inside(hub, "bench", "cp", "-a", "/mnt/change", TARGET)
    names = {kind: f"{hub.config.registry}/{kind}:1" for kind in ("zstd", "gzip", "buildah")}
    runs: dict[str, list[tuple[float, int]]] = {kind: [] for kind in names}
    with watched_loop() as late:
        for _ in range(ROUNDS):
            for compression in ("zstd", "gzip"):
                hub.config.snapshot_compression = compression
                taken, _, packed = saved(hub, "bench", names[compression])
                runs[compression].append((taken, packed))
            runs["buildah"].append(theirs(change, names["buildah"], folder))
    best = {kind: min(found) for kind, found in runs.items()}
    peer, peer_packed = best["buildah"]
    for kind in ("zstd", "gzip"):
        taken, packed = best[kind]
        show(f"saved with {kind}", f"{taken:.1f} s",
             f"buildah commit and push {peer:.1f} s", taken / peer)  # fmt: skip
        show("  its layer", f"{packed >> 20} MiB",
             f"{peer_packed >> 20} MiB", packed / peer_packed)  # fmt: skip
        print(f"  {mebibytes / taken:.0f} MiB/s read, {(packed >> 20) / taken:.0f} MiB/s sent")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"this process took up to {peak} MiB; an event loop in it was late by "
          f"{late[len(late) // 100] * 1000:.0f} ms in 1 of 100 ticks, "
          f"and by {late[0] * 1000:.0f} ms once")  # fmt: skip
    host, again = opened(hub, "other"), opened(hub, "large", image=names["zstd"])
    show("ready, of the image, pulled and unpacked", f"{again:.1f} s",
         f"of the machine {host:.1f} s", again / host)  # fmt: skip


def measure_small(hub: Hub) -> None:
    package = str(Path(sysconfig.get_path("purelib")) / "urllib3")
    opened(hub, "small")
    inside(hub, "small", "cp", "-a", package, "/opt")
    runs = [saved(hub, "small", None if number else "small:1") for number in range(SMALL_ROUNDS)]
    taken, image, packed = min(runs)
    print(f"a package saved, nothing configured: {taken:.2f} s, {packed >> 10} KiB")
    images: dict[str, list[float]] = {"host": [], image: []}
    for number in range(SMALL_ROUNDS):
        for which, (kind, found) in enumerate(images.items()):
            name = f"ready{number}{which}"
            found.append(opened(hub, name, image=kind))
            hub.instances.delete(name)
    host, again = (min(found) for found in images.values())
    show("ready, of the saved image", f"{again:.2f} s",
         f"of the machine {host:.2f} s", again / host)  # fmt: skip


def main() -> None:
    mebibytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    if os.geteuid() != 0 or not shutil.which("buildah"):
        print(
            "skipped: it needs root and buildah (Debian: apt-get install buildah docker-registry)"
        )
        return
    cores, ram = os.cpu_count(), os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 30
    print(f"{cores} cores, {ram} GiB, Python {platform.python_version()}, {platform.release()}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TRAINHUB_CLUSTER_DIR"] = f"{folder}/cluster"
        server = Distribution(Path(folder) / "registry").start()
        try:
            measure_small(Hub.connect(TrainHubConfig()))
            config = TrainHubConfig(registry=f"{server.host}/bench")
            measure_large(Hub.connect(config), Path(folder), mebibytes)
        finally:
            server.stop()
            lifecycle.stop()


if __name__ == "__main__":
    main()
