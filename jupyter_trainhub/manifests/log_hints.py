"""What programs print when they fail, its cause and what to do, most telling first. Pure.

The words are those of CUDA, NCCL, Gloo, PyTorch, Open MPI, OpenSSH, glibc and Python. Linux and
Kubernetes say the rest by exit codes and reasons.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from jupyter_trainhub.manifests.labels import Object


class Hint(NamedTuple):
    """Words to recognise in a line (a regular expression, searched), and what they mean.

    A ``consequence`` is only told where nothing explains the failure better.
    """

    id: str
    pattern: str
    title: str
    remedy: str
    consequence: bool = False


_SHARED_MEMORY = "Ask for more shared memory (shared_memory), or use fewer DataLoader workers."
_DEBUG = "Run it again with NCCL_DEBUG=INFO in the job's variables: the log then says why."
_FIRST = "Look at the rank that failed first, or that waits where the others do not."

HINTS = (
    Hint("cuda-memory", r"CUDA out of memory|OutOfMemoryError: CUDA|CUDA error: out of memory|"
         r"CUBLAS_STATUS_ALLOC_FAILED",
         "The GPU's memory is full.",
         "Use a smaller batch, gradient accumulation or activation checkpointing, or more GPUs."),
    Hint("shared-memory", r"No space left on device.*(?:shm|nccl-)|/dev/shm.*No space left|"
         r"bus error|unable to (?:mmap|open|write to|resize) .*(?:shared memory|torch_)|"
         r"out of shared memory|failed to extend /dev/shm",
         "The shared memory at /dev/shm is full.", _SHARED_MEMORY),
    Hint("disk", r"No space left on device|Disk quota exceeded|ENOSPC",
         "A disk is full.", "Write to a storage with more room, or keep fewer checkpoints."),
    Hint("memory", r"\bMemoryError\b|Cannot allocate memory|DefaultCPUAllocator: can't allocate|"
         r"pod's memory limit was reached|std::bad_alloc",
         "The main memory is used up.",
         "Ask for more memory, or use smaller batches and fewer workers."),
    Hint("worker", r"DataLoader worker \(pid(?:\(s\))? [\d, ]+\) (?:exited unexpectedly|is killed)",
         "A process that loads data has died.",
         "Most often memory or shared memory is used up: ask for more, or use fewer workers. With "
         "num_workers=0 the error shows itself."),
    Hint("module", r"ModuleNotFoundError: No module named '(?P<what>[^']+)'",
         "The image has no module {what}.",
         "Choose an image that has it, install it in the job (setup), or put it beside the "
         "notebook."),
    Hint("import", r"ImportError: cannot import name '(?P<what>[^']+)'",
         "{what} is not in the version of a package that the image has.",
         "Compare the versions in the image with those where it works."),
    Hint("library", r"(?P<what>\blib[\w.+-]{1,100}): cannot open shared object file",
         "The image lacks the library {what}.",
         "Choose an image that has it; for CUDA's one that was made for GPUs."),
    Hint("port", r"address already in use|EADDRINUSE",
         "A port is in use.",
         "Submit it again for another port. A program must not choose a fixed MASTER_PORT, and not "
         "make a second process group on the first one's."),
    Hint("ordinal", r"invalid device ordinal",
         "A process asked for a GPU that its pod does not have.",
         "Use cuda:LOCAL_RANK, and not more processes on a node than it has GPUs."),
    Hint("driver", r"CUDA driver version is insufficient|driver on your system is too old|"
         r"CUDA_ERROR_COMPAT_NOT_SUPPORTED",
         "The node's driver is too old for the image's CUDA.",
         "Choose an image made for an older CUDA, or ask the admin for a newer driver."),
    Hint("no-gpu", r"No CUDA GPUs are available|Found no NVIDIA driver|no CUDA-capable device|"
         r"Torch not compiled with CUDA enabled|_cuda_setDevice|"
         r"have NCCL built in|ProcessGroupNCCL is only supported with GPUs",
         "There is no GPU, or PyTorch was made without CUDA.",
         "Ask for GPUs (gpus) and choose an image with CUDA, or use the backend gloo on CPUs."),
    Hint("architecture", r"no kernel image is available for execution",
         "PyTorch in the image was not made for this kind of GPU.",
         "Choose an image with a newer PyTorch, or another model of GPU."),
    Hint("assert", r"device-side assert triggered",
         "A kernel on the GPU met a wrong value, most often a label or index out of range.",
         "Run it again with CUDA_LAUNCH_BLOCKING=1, or on the CPU: the traceback is then right."),
    Hint("illegal", r"an illegal memory access was encountered|CUDA error: misaligned address",
         "A kernel on the GPU reached outside its memory.",
         "Run it again with CUDA_LAUNCH_BLOCKING=1 to see which operation it is."),
    Hint("ecc", r"uncorrectable ECC error|GPU is lost|fallen off the bus|NVLink error|\bXid\b",
         "A GPU is broken.", "Submit it again, and tell the admin the name of the node."),
    Hint("interface", r"no socket interface found|Bootstrap : no socket|"
         r"unable to find (?:address|interface) for|ifa != nullptr",
         "NCCL_SOCKET_IFNAME or GLOO_SOCKET_IFNAME names no network interface of the pod.",
         "Leave the variable out, or name one that the pod has, such as eth0."),
    Hint("infiniband", r"ibv_(?:reg_mr|modify_qp|open_device|create_qp)\w* failed|"
         r"Call to ibv_\w+ failed|NET/IB : No device found",
         "InfiniBand cannot be used from the pod.",
         "Switch it off (ib_network), or ask the admin: the pods need its devices, and unlimited "
         "locked memory."),
    Hint("dns", r"Name or service not known|Temporary failure in name resolution|"
         r"nodename nor servname provided|Could not resolve host",
         "A name could not be resolved.",
         "For another pod: submit it again, and ask the admin if it goes on. For a machine "
         "outside: the cluster may have no way out."),
    Hint("hub", r"(?:HTTPSConnectionPool|OfflineModeIsEnabled|LocalEntryNotFoundError|"
         r"URLError|ReadTimeoutError).{0,200}",
         "Something could not be downloaded.",
         "Download it beforehand to a storage that the job mounts, or set a proxy in its "
         "variables."),
    Hint("ssh-key", r"Permission denied \(publickey|Bad owner or permissions on|"
         r"Host key verification failed",
         "The nodes cannot reach each other by SSH.",
         "Do not mount another ~/.ssh over the job's, and let the image's user own its home."),
    Hint("slots", r"not enough slots available",
         "mpirun was told to start more processes than the nodes have places for.",
         "Set processes_per_node, or leave out mpirun's -np."),
    Hint("mpi-route", r"(?:ORTE|PRTE) does not know how to route|ORTE was unable to reliably start|"
         r"PRTE has lost communication",
         "Open MPI cannot reach a node.",
         "Leave host names and interfaces to the job: OMPI_MCA_* variables of your own may be "
         "wrong."),
    Hint("exclusive", r"btl_tcp_if_include.*btl_tcp_if_exclude|mutually exclusive",
         "Two variables of Open MPI contradict each other.",
         "Set only one of btl_tcp_if_include and btl_tcp_if_exclude."),
    Hint("file", r"FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<what>[^']+)'",
         "The pods do not see {what}.",
         "Put it on a storage that the job mounts, or ship it with the notebook (include)."),
    Hint("permission", r"PermissionError: \[Errno 13\] Permission denied: '(?P<what>[^']+)'|"
         r"Read-only file system",
         "The program may not write there.",
         "Write to a storage that the job mounts for writing, or to /tmp."),
    Hint("frozen", r"An attempt has been made to start a new process before the",
         "A process was started while the program was being imported.",
         "Put what starts processes under if __name__ == '__main__':."),
    Hint("pickle", r"Can't pickle|cannot pickle '|Can't get attribute '",
         "Something cannot be sent to another process.",
         "Define functions and classes at the top level of a cell; no lambdas for workers."),
    Hint("fork-cuda", r"Cannot re-initialize CUDA in forked subprocess",
         "A worker was forked after CUDA had been used.",
         "Use the start method spawn: multiprocessing_context='spawn' of the DataLoader."),
    Hint("shape", r"(?:size mismatch for|mat1 and mat2 shapes cannot be multiplied|"
         r"Sizes of tensors must match)",
         "Tensors do not fit each other.",
         "Compare the model with the data or the checkpoint that it reads."),
    Hint("unused", r"Expected to have finished reduction in the prior iteration",
         "Some parameters of the model got no gradient.",
         "Use DistributedDataParallel(..., find_unused_parameters=True), or use all of them."),
    Hint("group", r"Default process group has not been initialized",
         "No process group was made.",
         "Call torch.distributed.init_process_group() first."),
    Hint("environment", r"environment variable (?P<what>\w+) expected, but not set",
         "The variable {what} is missing.",
         "Use framework pytorch, which sets it, or set it for the program."),
    Hint("nccl-version", r"NCCL version mismatch|ncclInvalidUsage",
         "The nodes do not agree on how to use NCCL.",
         "Use the same image on all nodes, and one process for each GPU."),
    Hint("desync", r"Detected mismatch between collectives|monitoredBarrier|desync",
         "The ranks did not call the same collective operations.",
         "Look for a condition on the rank around one of them, or batches of unequal number."),
    Hint("watchdog", r"Watchdog caught collective operation timeout|Watchdog .{0,40}got stuck",
         "A collective operation did not end: a rank never came to it.", _FIRST, True),
    Hint("gloo-timeout", r"Application timeout caused pair closure|Timed out waiting \d+ms for|"
         r"wait timeout after \d+ms|Socket Timeout",
         "A rank waited for another one in vain.", _FIRST, True),
    Hint("nccl-remote", r"ncclRemoteError|remote process exit",
         "A rank lost another one.", _FIRST, True),
    Hint("connection", r"Connection (?:refused|timed out)|connect\(\) timed out",
         "A program did not answer.",
         "If it is rank 0 of the job: a firewall may be between the nodes.", True),
    Hint("peer", r"Connection (?:closed|reset) by peer|Broken pipe|"
         r"failed to recv, got 0 bytes",
         "A rank lost another one.", _FIRST, True),
    Hint("nccl-system", r"unhandled system error|ncclSystemError",
         "NCCL met an error of the system.", _DEBUG, True),
    Hint("nccl-cuda", r"unhandled cuda error|ncclUnhandledCudaError",
         "NCCL met an error of CUDA.", _DEBUG, True),
)  # fmt: skip

# By exit code; 137 and 139 have words of their own where they are the memory's.
_CODES = {
    134: ("aborted", "The program aborted itself.", "Look for the last lines of native code."),
    135: ("shared-memory", "The shared memory at /dev/shm is full.", _SHARED_MEMORY),
    136: ("arithmetic", "Native code divided by zero.", "Look at what the last operation got."),
    137: ("killed", "A process was killed, most often because the memory limit was reached.",
          "Ask for more memory, or use smaller batches and fewer workers."),
    139: ("segfault", "Native code crashed.",
          "Compare the versions of the packages in the traceback; run that line on its own."),
}  # fmt: skip
_COMPILED = [(hint, re.compile(hint.pattern, re.IGNORECASE)) for hint in HINTS]
_LONGEST_LINE = 1000
_MOST = 5


def hints(
    view: Object,
    root: Object | None,
    tails: Sequence[tuple[int, Sequence[str]]],
    *,
    lost: bool = False,
) -> list[Object]:
    """``{id, title, remedy, line, rank}`` of what the failure says, most telling first.

    ``root`` is the RankFailure of the rank that failed first, ``tails`` are ends of logs with their
    pods' indexes, that of the root first; ``lost`` says that the root itself only lost another
    rank. What Kubernetes says of the job of ``view`` comes first.
    """
    found: dict[str, Object] = {}
    if (
        view["phase"] == "Failed"
        and view.get("remedy")
        and view.get("reason") not in (None, "Error")
    ):
        reason, message = str(view["reason"]), str(view.get("message") or "")
        found[reason] = _shown(reason, message, str(view["remedy"]))
    if root is not None:
        said = f"{root['etype']}: {root['message']}" if root["etype"] else ""
        _search([said, *root["traceback"].splitlines()], root["rank"], found)
    for rank, lines in tails:
        _search(lines, rank, found)
    silent = root is not None and root["etype"] in (None, "Fatal Python error")
    code = _CODES.get(root["exit_code"]) if root is not None and silent else None
    if code is not None and code[0] not in found and "OOMKilled" not in found:
        found[code[0]] = _shown(*code)
    told = [item for item in found.values() if not item.pop("consequence", False)]
    return (list(found.values()) if lost and not told else told)[:_MOST]


def _search(lines: Sequence[str], rank: Any, found: dict[str, Object]) -> None:
    for hint, pattern in _COMPILED:
        if hint.id in found:
            continue
        for line in reversed(lines):
            match = pattern.search(line[:_LONGEST_LINE])
            if match:
                words = {name: word or "" for name, word in match.groupdict().items()}
                title = hint.title.format_map(words)
                shown = _shown(hint.id, title, hint.remedy, line.strip()[:300], rank)
                found[hint.id] = shown | {"consequence": hint.consequence}
                break


def _shown(
    id_: str, title: str, remedy: str, line: str | None = None, rank: int | None = None
) -> Object:
    return {"id": id_, "title": title, "remedy": remedy, "line": line, "rank": rank}
