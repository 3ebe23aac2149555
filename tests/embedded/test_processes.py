"""Processes are told apart by pid and start time, and what they use is read from /proc."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys

from jupyter_trainhub.embedded.runtime import processes


def test_a_process_is_its_pid_and_its_start() -> None:
    start = processes.start_time(os.getpid())
    assert start is not None
    assert processes.is_alive(os.getpid(), start)
    assert not processes.is_alive(os.getpid(), start + 1)


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE) as child:
        start = processes.start_time(child.pid)
        assert start is not None
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not processes.is_alive(child.pid, start)
        assert processes.start_time(child.pid) == start
    assert processes.start_time(child.pid) is None


def test_a_name_with_brackets_is_no_trouble(tmp_path: os.PathLike[str]) -> None:
    program = os.path.join(tmp_path, "a) S 1 (b")
    os.symlink("/bin/sleep", program)
    with subprocess.Popen([program, "600"]) as child:
        assert processes.start_time(child.pid) is not None
        child.kill()


def test_a_signal_hits_that_process_only() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        start = processes.start_time(child.pid)
        assert start is not None
        assert not processes.send_signal(child.pid, start + 1, signal.SIGKILL)
        assert child.poll() is None
        assert processes.send_signal(child.pid, start, signal.SIGTERM)
        assert child.wait(20) == -signal.SIGTERM
    assert not processes.send_signal(child.pid, start, signal.SIGTERM)


def test_memory_that_processes_share_counts_once_above_the_limit() -> None:
    size = 32 << 20
    shared = mmap.mmap(-1, size)
    shared.write(b"x" * size)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _ = shared[:size]
        os.write(writer, b"r")
        signal.pause()
    try:
        assert os.read(reader, 1) == b"r"
        both = [os.getpid(), child]
        plain, exact = processes.memory(both), processes.memory(both, limit=0)
        assert processes.memory(both, limit=1 << 40) == plain
        assert plain - exact >= size * 3 // 4
        assert exact >= size
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        shared.close()


def test_cpu_time_counts_reaped_children() -> None:
    before = processes.cpu_seconds([os.getpid()])
    burn = "import time\nwhile time.process_time() < 0.15: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert processes.cpu_seconds([os.getpid()]) - before >= 0.1


def test_a_process_that_is_gone_uses_nothing() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    assert processes.memory([child.pid]) == 0
    assert processes.cpu_seconds([child.pid]) == 0
    assert processes.Table().in_pid_namespace(child.pid) == []
