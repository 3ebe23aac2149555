"""Saving an instance as an image beside `buildah commit` and `buildah push` of the same change.

The change is a Python environment's own packages, copied, and one large file that does not
compress. Both push to the same kind of registry, Debian's docker-registry, on this machine. buildah
reads a folder that is mounted here; we read through the API server, as on any cluster.

Run: ``python -m benchmarks.snapshots [MEBIBYTES]``; needs root, buildah and docker-registry.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from benchmarks.instances import show
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.images.waiting import wait_transfer
from jupyter_trainhub.kube import exec as kube_exec
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from tests.distribution import Distribution

LARGE = 256  # MiB of bytes that do not compress
TARGET = "/opt/change"


def make(target: Path, mebibytes: int) -> None:
    """Make the change: packages, again and again, until it is large enough."""
    target.mkdir(parents=True)
    with (target / "large").open("wb") as file:
        for _ in range(LARGE):
            file.write(os.urandom(1 << 20))
    size, number, packages = LARGE << 20, 0, Path(sysconfig.get_path("purelib"))
    while size < mebibytes << 20:
        copy = target / str(number)
        shutil.copytree(packages, copy, symlinks=True)
        size += sum(path.stat().st_size for path in copy.rglob("*") if path.is_file())
        number += 1


def ours(hub: Hub, image: str) -> tuple[float, int]:
    """Seconds, and the layer's bytes at the registry."""
    spec = SnapshotSpec.parse({"image": image, "secrets": "include"})
    began = time.perf_counter()
    ended = wait_transfer(hub.transfers, hub.snapshots.save("bench", spec), lambda view: None)
    taken = time.perf_counter() - began
    assert ended["phase"] == "Succeeded", ended["message"]
    return taken, ended["result"]["layer_size"]


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


def measure(folder: Path, mebibytes: int) -> None:
    change = folder / "change"
    make(change, mebibytes)
    files = sum(1 for path in change.rglob("*"))
    size = sum(path.lstat().st_size for path in change.rglob("*") if path.is_file()) >> 20
    print(f"{size} MiB in {files} files and folders")
    server = Distribution(folder / "registry").start()
    try:
        config = TrainHubConfig(registry=f"{server.host}/bench")
        hub = Hub.connect(config)
        spec = {
            "name": "bench", "cpus": 1, "memory": "2Gi",
            "mounts": [{"path": "/mnt/change", "host_path": str(change)}],
        }  # fmt: skip
        hub.instances.create(InstanceSpec.parse(spec))
        hub.instances.wait_ready("bench", 120)
        copy = ["cp", "-a", "/mnt/change", TARGET]
        asyncio.run(kube_exec.run(hub.client, hub.instances.pod("bench"), copy, timeout=600))
        peer, peer_packed = theirs(change, f"{server.host}/bench/theirs:1", folder)
        for number, compression in enumerate(("zstd", "gzip")):
            hub.config.snapshot_compression = compression
            taken, packed = ours(hub, f"{server.host}/bench/ours:{number}")
            show(f"saved with {compression}", f"{taken:.1f} s",
                 f"buildah commit and push {peer:.1f} s", taken / peer)  # fmt: skip
            show("  its layer", f"{packed >> 20} MiB",
                 f"{peer_packed >> 20} MiB", packed / peer_packed)  # fmt: skip
        hub.instances.delete("bench")
    finally:
        server.stop()


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
        try:
            measure(Path(folder), mebibytes)
        finally:
            lifecycle.stop()


if __name__ == "__main__":
    main()
