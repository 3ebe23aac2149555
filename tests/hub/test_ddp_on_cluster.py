"""A notebook that trains with PyTorch: nodes, ranks, and processes that these spawn."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.notebook.plan import plan_notebook
from jupyter_trainhub.specs.job import JobSpec
from tests.hub.own_namespace import hub_of_its_own

pytestmark = [
    pytest.mark.cluster,
    # An image of one's own says by itself whether it has PyTorch.
    pytest.mark.skipif(
        find_spec("torch") is None and "TRAINHUB_TEST_TORCH_IMAGE" not in os.environ,
        reason="the job needs PyTorch",
    ),
]

IMPORTS = """\
%matplotlib inline
import os
import torch, torch.distributed as dist
from dataclasses import dataclass
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, Dataset, DistributedSampler"""
DATA = """\
@dataclass
class Config:
    length: int = 16
    scale: float = 2.0

START = os.environ["START"]
CONFIG = Config()
CONFIG.scale = 0.5

class Squares(Dataset):
    def __len__(self):
        return CONFIG.length
    def __getitem__(self, index):
        x = torch.tensor([float(index)]) / CONFIG.length
        return x, CONFIG.scale * x, os.getpid()

def collate(items):
    xs, ys, pids = zip(*items)
    return torch.stack(xs), torch.stack(ys), set(pids)"""
TRAIN = """\
dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()
torch.manual_seed(rank)  # DDP must make the ranks equal
model = DDP(torch.nn.Linear(1, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = Squares()
sampler = DistributedSampler(data)
spawned = dict(num_workers=1, multiprocessing_context=START, persistent_workers=True)
# Two of four will do: each imports PyTorch anew.
loader = DataLoader(data, 2, sampler=sampler, collate_fn=collate, **spawned if rank % 3 else {})
pids = set()
for epoch in range(2):
    sampler.set_epoch(epoch)
    for x, y, workers in loader:
        pids |= workers
        optimizer.zero_grad()
        (model(x) - y).pow(2).mean().backward()
        optimizer.step()
weights = [torch.empty(1, 1) for _ in range(world)]
dist.all_gather(weights, model.module.weight.detach())
same = len({weight.item() for weight in weights}) == 1
print(f"rank {rank} of {world}: same weights {same}, workers {len(pids - {os.getpid()})}")
dist.destroy_process_group()"""


@pytest.fixture
def hub(kubeconfig: Path, image: str, tmp_path: Path) -> Iterator[Hub]:
    """A hub in a namespace of this test's own."""
    torch_image = os.environ.get("TRAINHUB_TEST_TORCH_IMAGE", image)
    with hub_of_its_own("ddp", kubeconfig, torch_image, tmp_path) as made:
        yield made


@pytest.mark.skipif(
    "TRAINHUB_TEST_IMAGE" in os.environ and "TRAINHUB_TEST_TORCH_IMAGE" not in os.environ,
    reason="TRAINHUB_TEST_TORCH_IMAGE names no image with PyTorch",
)
def test_ranks_on_two_nodes_read_by_spawned_workers(hub: Hub) -> None:
    cells = [{"cell_type": "code", "source": text} for text in (IMPORTS, DATA, TRAIN)]
    plan = plan_notebook({"nbformat": 4, "cells": cells}, name="train.ipynb", world_size=4)
    assert [remark.code for remark in plan.warnings] == []
    shape = {"framework": "pytorch", "nodes": 2, "processes_per_node": 2}
    spec = {"name": "ddp", "notebook": "train.ipynb", "env": {"START": "spawn"}, **shape}
    hub.jobs.create(JobSpec.parse({**spec, "cpus": 0.5, "memory": "2Gi"}), bundle(plan))
    view = hub.jobs.wait("ddp", 120)
    log = b"".join(hub.jobs.logs("ddp")).decode()
    assert view["phase"] == "Succeeded", log
    for rank in range(4):
        workers = 1 if rank % 3 else 0
        assert log.count(f"rank {rank} of 4: same weights True, workers {workers}\n") == 1
