"""What programs print when they fail is recognised, and the most telling of it is told."""

from __future__ import annotations

import pytest

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.log_hints import HINTS, hints

FAILED: Object = {"phase": "Failed", "reason": "Error", "message": "", "remedy": None}

# Printed by PyTorch 2.13, Open MPI 4.1, OpenSSH 10 and Python 3.11.
PRINTED = {
    "port": "torch.distributed.DistNetworkError: The server socket has failed to listen on any "
    "local network address. port: 29777, useIpv6: false, code: -98, name: EADDRINUSE, message: "
    "address already in use",
    "import": "ImportError: cannot import name 'nosuch' from 'json' (/usr/lib/json/__init__.py)",
    "module": "[rank3]: ModuleNotFoundError: No module named 'einops'",
    "disk": "OSError: [Errno 28] No space left on device",
    "pickle": "_pickle.PicklingError: Can't pickle <function <lambda> at 0x7f9544b2d080>: "
    "attribute lookup <lambda> on __main__ failed",
    "group": "ValueError: Default process group has not been initialized, please make sure to call "
    "init_process_group.",
    "environment": "ValueError: Error initializing torch.distributed using env:// rendezvous: "
    "environment variable RANK expected, but not set",
    "no-gpu": "AssertionError: Torch not compiled with CUDA enabled",
    "shape": "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
    "dns": "urllib.error.URLError: <urlopen error [Errno -2] Name or service not known>",
    "permission": "PermissionError: [Errno 13] Permission denied: '/root/x'",
    "file": "FileNotFoundError: [Errno 2] No such file or directory: '/data/x.csv'",
    "interface": "RuntimeError: [enforce fail at /pytorch/third_party/gloo/gloo/transport/tcp/"
    "device.cc:84] ifa != nullptr. Unable to find address for: eth77",
    "worker": "RuntimeError: DataLoader worker (pid(s) 26425) exited unexpectedly",
    "memory": "RuntimeError: [enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: "
    "can't allocate memory: you tried to allocate 4503599627370496 bytes.",
    "unused": "[rank0]: RuntimeError: Expected to have finished reduction in the prior iteration "
    "before starting a new one.",
    "slots": "There are not enough slots available in the system to satisfy the 99",
    "peer": "RuntimeError: [/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:553] Connection "
    "closed by peer [127.111.196.89]:53665.",
    "connection": "ssh: connect to host 127.0.0.1 port 1: Connection refused",
    "frozen": "An attempt has been made to start a new process before the",
    "ssh-key": "ada@10.0.0.2: Permission denied (publickey).",
}
# Not printed here, where there is no GPU, no InfiniBand and no full /dev/shm: as their sources and
# reports of users have them.
REPORTED = {
    "cuda-memory": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    "shared-memory": "RuntimeError: DataLoader worker (pid 77) is killed by signal: Bus error. It "
    "is possible that dataloader's workers are out of shared memory.",
    "library": "ImportError: libcudart.so.12: cannot open shared object file: No such file",
    "ordinal": "RuntimeError: CUDA error: invalid device ordinal",
    "driver": "CUDA driver version is insufficient for CUDA runtime version",
    "architecture": "RuntimeError: CUDA error: no kernel image is available for execution on the "
    "device",
    "assert": "RuntimeError: CUDA error: device-side assert triggered",
    "illegal": "CUDA error: an illegal memory access was encountered",
    "ecc": "CUDA error: uncorrectable ECC error encountered",
    "infiniband": "NET/IB : Call to ibv_modify_qp failed with error Invalid argument",
    "hub": "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='hub.example'): Max",
    "mpi-route": "ORTE does not know how to route a message to the specified daemon",
    "exclusive": "btl_tcp_if_include and btl_tcp_if_exclude are mutually exclusive",
    "fork-cuda": "RuntimeError: Cannot re-initialize CUDA in forked subprocess.",
    "nccl-version": "NCCL WARN NCCL version mismatch",
    "desync": "Detected mismatch between collectives on ranks.",
    "watchdog": "[Rank 3] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12)",
    "gloo-timeout": "Timed out waiting 1800000ms for recv operation to complete",
    "nccl-remote": "ncclRemoteError: A call failed possibly due to a network error",
    "nccl-system": "ncclSystemError: System call (e.g. socket, malloc) failed; unhandled system "
    "error",
    "nccl-cuda": "ncclUnhandledCudaError: Call to CUDA function failed.",
}


def told(*lines: str, lost: bool = True) -> list[str]:
    return [hint["id"] for hint in hints(FAILED, None, [(3, lines)], lost=lost)]


@pytest.mark.parametrize(("id_", "line"), [*PRINTED.items(), *REPORTED.items()])
def test_a_line_is_recognised(id_: str, line: str) -> None:
    assert told("loading", line, "done")[0] == id_
    (hint, *_) = hints(FAILED, None, [(3, [line])], lost=True)
    assert (hint["rank"], hint["line"]) == (3, line[:300])
    assert "{" not in hint["title"] + hint["remedy"]


def test_every_hint_has_a_line() -> None:
    assert {hint.id for hint in HINTS} == {*PRINTED, *REPORTED}


def test_what_is_printed_every_day_is_no_hint() -> None:
    lines = ["epoch 3, loss 0.1", "Downloading: 100%", "KeyError: 'a'", "saved to /mnt/out"]
    assert told(*lines) == []


def test_a_lost_peer_is_told_only_of_who_failed_by_that_first() -> None:
    lines = (PRINTED["peer"], REPORTED["watchdog"])
    assert told(*lines) == ["watchdog", "peer"]
    assert told(*lines, lost=False) == []
    assert told(PRINTED["module"], *lines) == ["module"]


@pytest.mark.parametrize(
    ("code", "etype", "id_"),
    [(137, None, "killed"), (135, None, "shared-memory"), (139, "Fatal Python error", "segfault")],
)
def test_exit_codes_tell_where_words_do_not(code: int, etype: str | None, id_: str) -> None:
    root = {"etype": etype, "message": "", "traceback": "", "rank": 1, "exit_code": code}
    assert [hint["id"] for hint in hints(FAILED, root, [])] == [id_]
    assert hints(FAILED, {**root, "etype": "ValueError"}, []) == []


def test_what_kubernetes_says_comes_first() -> None:
    view = {
        "phase": "Failed",
        "reason": "OOMKilled",
        "message": "Too much.",
        "remedy": "Give more.",
    }
    root = {"etype": None, "message": "", "traceback": "", "rank": 1, "exit_code": 137}
    assert [hint["title"] for hint in hints(view, root, [])] == ["Too much."]
