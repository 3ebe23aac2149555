"""Real torchrun: two nodes of a job as two launchers, each with an address of its own."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.manifests.failure import failure_of
from jupyter_trainhub.manifests.frameworks.port import PORTS
from jupyter_trainhub.manifests.node_log import Node
from jupyter_trainhub.manifests.rank_failure import cells_of
from tests.inpod.conftest import Ship

pytest.importorskip("torch", reason="the launcher's programs need PyTorch")

SET_UP = """\
import os
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()
"""
GROUP = "dist.init_process_group('gloo')\nrank = dist.get_rank()"
TRAIN = """\
torch.manual_seed(rank)  # DDP must make the ranks equal
model = DistributedDataParallel(torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    loss = model(torch.full((2, 4), float(rank))).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
weights = [torch.empty(1, 4) for _ in range(world)]
dist.all_gather(weights, model.module.weight.detach())
same = all(torch.equal(weights[0], other) for other in weights)
print(f"rank {rank} of {world}, node {os.environ['TRAINHUB_NODE_RANK']}, same weights: {same}")
dist.destroy_process_group()
"""


def free_port() -> int:
    """A port that nobody listens on, of those that jobs are given.

    They lie below the ports that the kernel gives to outgoing connections, which would take one at
    any moment.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with contextlib.suppress(OSError), socket.create_server(("", port)):
            return port
    raise AssertionError("no port is free")


class Job:
    """Both nodes of a job, started at once."""

    def __init__(self, folder: Path, cwd: Path, processes: int) -> None:
        port = free_port()
        self.logs = [cwd / f"termination-{node}" for node in (0, 1)]
        argv = [sys.executable, str(folder / "launch.py"), "--"]
        self._nodes = [
            subprocess.Popen(
                [*argv, "python", str(folder / "run_notebook.py")],
                cwd=cwd,
                env={
                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                    "HOME": str(cwd),
                    "TMPDIR": str(cwd),
                    "TRAINHUB_FRAMEWORK": "pytorch",
                    "TRAINHUB_CPUS": "1",
                    "TRAINHUB_PEER_TIMEOUT": "60",
                    "TRAINHUB_GRACE": "5",
                    "TRAINHUB_TERMINATION_LOG": str(self.logs[node]),
                    "PET_NNODES": "2",
                    "PET_NPROC_PER_NODE": str(processes),
                    "PET_NODE_RANK": str(node),
                    "PET_MASTER_ADDR": "127.0.0.2",
                    "PET_MASTER_PORT": str(port),
                    "POD_IP": f"127.0.0.{2 + node}",
                    "TRAINHUB_RUN_FOLDER": str(cwd / "run"),
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for node in (0, 1)
        ]
        try:
            outputs = [node.communicate(timeout=90) for node in self._nodes]
        finally:
            for node in self._nodes:
                node.kill()
        self.codes = [node.returncode for node in self._nodes]
        self.stdout = [output for output, _ in outputs]
        self.stderr = [errors for _, errors in outputs]


def test_two_nodes_with_two_processes_train_one_model(ship: Ship, tmp_path: Path) -> None:
    job = Job(ship(SET_UP, TRAIN), tmp_path, processes=2)
    assert job.codes == [0, 0], job.stderr
    for node in (0, 1):
        lines = job.stdout[node].splitlines()
        assert sorted(line for line in lines if not line.startswith("[trainhub]")) == [
            f"rank {rank} of 4, node {node}, same weights: True"
            for rank in (2 * node, 2 * node + 1)
        ]
        # No banner of torchrun's own.
        assert "OMP_NUM_THREADS" not in job.stdout[node]
    for rank in range(4):
        log = tmp_path / "run" / "attempt-1" / f"rank-{rank}.log"
        assert log.read_text() == f"rank {rank} of 4, node {rank // 2}, same weights: True\n"


def test_the_rank_that_fails_among_eight_is_named_with_its_cell(ship: Ship, tmp_path: Path) -> None:
    define = "def load():\n    if rank == 5:\n        raise ValueError('no data')"
    folder = ship("import os, torch.distributed as dist", GROUP, define, "load()\ndist.barrier()")
    job = Job(folder, tmp_path, processes=4)
    assert job.codes[1] == 1
    assert job.codes[0] != 0
    message = json.loads(job.logs[1].read_text())
    assert message["reason"] == "Error"
    assert message["message"] == "rank 5: cell 3, line 3: ValueError: no data"
    error = message["error"]
    assert (error["cell"], error["lineno"], error["rank"]) == (2, 3, 5)
    pods = [{"name": f"pod-{node}", "rank": node, "phase": "Failed"} for node in (0, 1)]
    nodes = [Node.of(pod, text.encode()) for pod, text in zip(pods, job.stdout, strict=True)]
    view = {"name": "x", "phase": "Failed"}
    cells = cells_of(json.loads((folder / "cells.json").read_text()))
    failure = failure_of(view, 1, nodes, cells, processes=4)
    root = failure["root"]
    assert (root["rank"], root["pod"], root["line"]) == (5, "pod-1", "raise ValueError('no data')")
    assert [(frame["cell"], frame["lineno"]) for frame in root["frames"]] == [(3, 1), (2, 3)]
    assert root["cell_source"] == define
    assert sorted(each["rank"] for each in failure["followers"]) == [0, 1, 2, 3, 4, 6, 7]
    assert failure["others"] == []
