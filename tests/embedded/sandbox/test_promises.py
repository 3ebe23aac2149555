"""What the sandbox promises whatever a container does: an end for all of it, and nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.embedded.runtime import processes, sandbox
from jupyter_trainhub.embedded.runtime.image_store import ImageError, ImageStore
from jupyter_trainhub.embedded.runtime.shim import cgroup
from tests.embedded.sandbox.containers import Containers, wait_for
from tests.registry.packing import docker_archive, tar

controlled = pytest.mark.skipif(not cgroup.parents(), reason="no control group can be made here")

# Programs that do not want to end, and how many processes each becomes.
STUBBORN = {
    "trap '' TERM HUP INT; echo ready; while :; do sleep 600; done": 2,
    "(trap '' TERM; setsid sleep 600 & setsid sleep 600 & setsid sleep 600) & echo ready; wait": 4,
    "sleep 600 & kill -STOP $!; echo ready; kill -STOP $$; sleep 600": 2,
    "for i in $(seq 50); do (sleep 600 & sleep 600) & done; sleep 0.2; echo ready; wait": 101,
    "unshare --user --pid --fork sh -c 'sleep 600 & sleep 600' & sleep 0.1; echo ready; wait": 5,
}


@pytest.mark.parametrize("script", STUBBORN)
def test_every_process_ends(containers: Containers, script: str) -> None:
    running = containers.start_shell(script)
    wait_for(lambda: len(running.members()) >= STUBBORN[script], "all processes")
    members = {pid: processes.start_time(pid) or 0 for pid in running.members()}
    running.stop()
    running.kill()
    assert containers.end(running).code == 137
    assert [pid for pid, start in members.items() if processes.is_alive(pid, start)] == []


@pytest.mark.parametrize("victim", ["shim", "command"])
def test_nothing_is_left_of_many(containers: Containers, victim: str) -> None:
    def looks() -> tuple[str, set[str]]:
        return Path("/proc/self/mountinfo").read_text(), set(os.listdir("/proc/self/fd"))

    before = looks()
    runs = [
        containers.start("sh", "-c", "setsid sleep 600 & sleep 600", memory=256 << 20)
        for _ in range(12)
    ]
    wait_for(lambda: all(isinstance(r.state(), sandbox.Started) for r in runs), "all to start")
    members = {pid: processes.start_time(pid) or 0 for run in runs for pid in run.members()}
    # Other clusters on this machine have groups, too.
    names = [f"trainhub-{running.shim_pid}" for running in runs]
    groups = [Path(parent, name) for parent in cgroup.parents() for name in names]
    made = [group for group in groups if group.is_dir()]
    for running in runs:
        if victim == "shim":
            os.kill(running.shim_pid, signal.SIGKILL)
        else:
            running.kill()
    wait_for(lambda: all(isinstance(r.state(), sandbox.Exited) for r in runs), "all to end")
    for running in runs:
        sandbox.remove(running.directory)
        assert not running.directory.exists()
        assert processes.start_time(running.shim_pid) is None
    assert [pid for pid, start in members.items() if processes.is_alive(pid, start)] == []
    assert not any(group.exists() for group in made)
    assert looks() == before


def test_a_container_sees_nothing_of_another(containers: Containers) -> None:
    first = containers.start_shell(
        "touch /tmp/first-of-two /dev/shm/first-of-two; ipcmk -M 4321 > /dev/null;"
        "echo ready; exec sleep 86399",
        hostname="first-of-two",
    )
    (pid,) = first.members()
    script = (
        "find /tmp /dev/shm -maxdepth 1; ipcs -m; hostname; cat /proc/[0-9]*/cmdline;"
        f"ls -d /proc/{pid}; kill -0 {pid}"
    )
    exited, text = containers.run("/bin/sh", "-c", script, hostname="second")
    assert exited.code != 0
    assert "second" in text
    assert not [trace for trace in ("first-of-two", "86399", "4321") if trace in text]
    assert f"cannot access '/proc/{pid}'" in text
    assert first.alive()


def test_the_machines_processes_are_out_of_reach(containers: Containers) -> None:
    exited, text = containers.run("/bin/sh", "-c", f"kill -9 {os.getpid()}; kill -9 -1; exit 0")
    assert "No such process" in text or exited.code == 137
    assert os.path.exists(f"/proc/{os.getpid()}")


@controlled
def test_the_kernel_keeps_the_memory_limit(containers: Containers) -> None:
    # The one that takes too much is a child; its parent would go on, and end well.
    script = f"{sys.executable} -c 'bytearray(200 << 20)'; echo went on; sleep 5"
    running = containers.start("sh", "-c", script, memory=64 << 20)
    wait_for(lambda: running.exceeds(64 << 20), "the kernel's count")
    running.kill(reason="OOMKilled")
    exited = containers.end(running)
    assert (exited.code, exited.signal, exited.reason) == (137, 9, "OOMKilled")


@controlled
def test_the_kernel_keeps_the_cpu_limit(containers: Containers) -> None:
    script = (
        "import time; end = time.monotonic() + 0.6\nwhile time.monotonic() < end: pass\n"
        "print(time.process_time())"
    )
    exited, text = containers.run(sys.executable, "-c", script, cpus=0.2)
    assert exited.code == 0
    assert 0.02 < float(text) < 0.4


@controlled
def test_executed_commands_count_too(containers: Containers) -> None:
    running = containers.start_shell("echo ready; sleep 600", memory=128 << 20)
    argv = running.exec_argv([sys.executable, "-c", "bytearray(300 << 20)"])
    subprocess.run(argv, capture_output=True, timeout=30)
    assert running.exceeds(128 << 20)


def test_memory_is_watched_where_the_kernel_keeps_no_limit(containers: Containers) -> None:
    script = "import time; kept = bytearray(64 << 20); print(1, flush=True); time.sleep(600)"
    running = containers.start(sys.executable, "-c", script)
    wait_for(lambda: bool(containers.log(running)), "the first line of the log")
    assert running.exceeds(32 << 20)
    assert not running.exceeds(256 << 20)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("an ordinary user cannot mount one")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_does_not_hide_how_a_container_ended(
    containers: Containers, small_disk: Path
) -> None:
    containers.folder = small_disk
    exited, _ = containers.run("sh", "-c", "head -c 2M /dev/zero > /tmp/file; exit 7")
    assert (exited.code, exited.reason) == (7, "Error"), exited.message
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(bytes(2 << 20))
    with pytest.raises(OSError, match="No space left"):
        containers.start("true")
    filler.unlink()
    assert {path.name for path in small_disk.iterdir()} == {"container-0", "container-0.log"}


def test_an_image_that_does_not_fit_leaves_nothing(tmp_path: Path, small_disk: Path) -> None:
    store = ImageStore(small_disk / "images", list)
    large = tar(("large", os.urandom(2 << 20)))
    archive = docker_archive(tmp_path / "image.tar", ["demo"], tar(("small", b"")), large)
    with pytest.raises(ImageError, match="is full"):
        store.load(archive)
    assert list((small_disk / "images" / "layers").iterdir()) == []
    assert store.images() == []
