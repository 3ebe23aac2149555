"""The shape of the job and this node's place in it, and the variables that tell of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from .ending import Ended

# What a launcher of processes sets for each of them; a node's values must not reach it.
PER_PROCESS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK")


class Shape(NamedTuple):
    """Where this pod stands in the job."""

    nodes: int
    processes: int
    node_rank: int
    master_addr: str
    master_port: int


def read_number(env: Mapping[str, str], name: str, default: float, least: float = 0) -> float:
    """The number in variable ``name``, ``default`` when it is unset or empty.

    Raises Ended when it holds something else or less than ``least``.
    """
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value < float("inf"):
        raise Ended(
            "InvalidEnvironment",
            f"{name}={text!r} is not a number of at least {least:g}; "
            "leave it to TrainHub, or correct it in the job's environment",
            2,
        )
    return value


def read_hosts(env: Mapping[str, str]) -> list[str]:
    """The host names of the nodes by rank; empty where the manifest names none."""
    return [host for host in env.get("TRAINHUB_HOSTS", "").split(",") if host]


def read_shape(env: Mapping[str, str]) -> Shape:
    """The job's shape from the ``PET_`` variables. Raises Ended when they contradict each other."""
    nodes = int(read_number(env, "PET_NNODES", 1, 1))
    rank = int(read_number(env, "PET_NODE_RANK", _rank_by_name(env)))
    address = env.get("PET_MASTER_ADDR") or env.get("MASTER_ADDR") or env.get("POD_IP") or ""
    if rank >= nodes:
        raise Ended(
            "InvalidEnvironment",
            f"PET_NODE_RANK={rank} is not below PET_NNODES={nodes}; leave both to TrainHub",
            2,
        )
    if nodes > 1 and not address:
        raise Ended(
            "InvalidEnvironment",
            f"PET_MASTER_ADDR is not set, but the job has {nodes} nodes; leave it to TrainHub",
            2,
        )
    return Shape(
        nodes=nodes,
        processes=int(read_number(env, "PET_NPROC_PER_NODE", 1, 1)),
        node_rank=rank,
        master_addr=address or "127.0.0.1",
        master_port=int(read_number(env, "PET_MASTER_PORT", 29500, 1)),
    )


def _rank_by_name(env: Mapping[str, str]) -> int:
    names = [host.partition(".")[0] for host in read_hosts(env)]
    pod = env.get("TRAINHUB_POD", "")
    return names.index(pod) if pod in names else 0


def complete_environment(env: Mapping[str, str], shape: Shape, framework: str) -> dict[str, str]:
    """``env`` with every variable that a program may rely on.

    For ``pytorch``, ``RANK`` is the index of the node and ``WORLD_SIZE`` the number of processes in
    all, as PyTorchJob sets them; torchrun then sets both for each process. mpirun does not, and a
    program that took the node's for its own would wait for ever: ``mpi`` has neither.
    """
    complete = dict(env)
    complete["PYTHONUNBUFFERED"] = "1"
    # What native code does to Python then stands in the log with the line that led there.
    complete.setdefault("PYTHONFAULTHANDLER", "1")
    complete["TRAINHUB_NODE_RANK"] = str(shape.node_rank)
    complete["TRAINHUB_NNODES"] = str(shape.nodes)
    complete["TRAINHUB_NPROC_PER_NODE"] = str(shape.processes)
    # Every process of a node would otherwise start a thread per core of the machine.
    cpus = read_number(env, "TRAINHUB_CPUS", 0)
    if cpus or shape.processes > 1:
        threads = max(1, int(cpus / shape.processes))
        complete.setdefault("OMP_NUM_THREADS", str(threads))
    if framework == "single":
        return complete
    complete["MASTER_ADDR"] = shape.master_addr
    complete["MASTER_PORT"] = str(shape.master_port)
    if framework == "mpi":
        for name in PER_PROCESS:
            complete.pop(name, None)
        return complete
    for name, value in (
        ("WORLD_SIZE", shape.nodes * shape.processes),
        ("RANK", shape.node_rank),
        ("PET_NNODES", shape.nodes),
        ("PET_NPROC_PER_NODE", shape.processes),
        ("PET_NODE_RANK", shape.node_rank),
        ("PET_MASTER_ADDR", shape.master_addr),
        ("PET_MASTER_PORT", shape.master_port),
    ):
        complete[name] = str(value)
    return complete
