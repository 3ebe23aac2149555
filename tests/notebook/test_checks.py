"""What is pointed out in a notebook before it is submitted."""

from __future__ import annotations

import pytest

from jupyter_trainhub.notebook.plan import plan_notebook

GROUP = "import os, torch\nimport torch.distributed as dist\ndist.init_process_group()\n"
OWN_GPU = GROUP + 'torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))\n'


def remarks(*cells: str, world_size: int = 4, **options: object) -> list[tuple[object, ...]]:
    """Cell, line and code of what is said about a notebook, errors first."""
    notebook = {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    plan = plan_notebook(notebook, name="n.ipynb", world_size=world_size, **options)  # type: ignore[arg-type]
    for remark in (*plan.errors, *plan.warnings):
        assert remark.line is None or remark.message.startswith(f"line {remark.line}: ")
    return [(remark.cell, remark.line, remark.code) for remark in (*plan.errors, *plan.warnings)]


@pytest.mark.parametrize(
    "code",
    [
        "d = torch.device('cuda:0')",
        "d = torch.device('cuda', 0)",
        "x.to('cuda:1')",
        "x.to(0)",
        "x.cuda(0)",
        "torch.cuda.set_device(0)",
        "m = DDP(m, device_ids=[0])",
        "os.environ['CUDA_VISIBLE_DEVICES'] = '0'",
        "%env CUDA_VISIBLE_DEVICES=0",
        "device = 'cuda:0' if torch.cuda.is_available() else 'cpu'",
    ],
)
def test_one_gpu_for_all_is_pointed_out(code: str) -> None:
    assert remarks(OWN_GPU, code) == [(1, 1, "cuda-device")]
    # On each node there is but one process, whose GPU is the first.
    assert remarks(OWN_GPU, code, processes_per_node=1) == []
    assert remarks("import torch", code, world_size=1) == []


@pytest.mark.parametrize(
    "code",
    [
        "x.to(device)",
        "x.to(torch.float16)",
        "torch.cuda.set_device(local_rank)",
        "d = torch.device('cuda', local_rank)",
        "d = torch.device(f'cuda:{local_rank}')",
        "x.cuda()",
        "os.environ['CUDA_VISIBLE_DEVICES'] = '0,1,2,3'",
        "print('cuda:0 is the first')",
    ],
)
def test_a_gpu_for_each_is_fine(code: str) -> None:
    assert remarks(OWN_GPU, code) == []


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ((GROUP + "model.cuda()",), [(0, 4, "cuda-device")]),
        ((GROUP, "\nd = torch.device('cuda')\nm.to('cuda')"), [(1, 2, "cuda-device")]),
        ((GROUP + "m.to('cuda')\ntorch.cuda.set_device(rank)",), [(0, 4, "cuda-device")]),
        ((OWN_GPU + "m.to('cuda')",), []),
        ((GROUP + "def f(m): m.cuda()",), []),
        (("from accelerate import Accelerator\na = Accelerator()\nx.to('cuda')",), []),
    ],
)
def test_the_gpu_is_chosen_before_it_is_used(
    cells: tuple[str, ...], where: list[tuple[object, ...]]
) -> None:
    assert remarks(*cells) == where


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("os.environ['MASTER_ADDR'] = 'localhost'", "fixed-rank"),
        ("%env RANK=0", "fixed-rank"),
        ("dist.init_process_group('nccl', rank=0, world_size=2)", "fixed-rank"),
        ("os.environ.setdefault('RANK', '0')", None),
        ("dist.init_process_group('nccl', rank=rank)", None),
        ("torch.save(m, 'm.pt')", "all-ranks-write"),
        ("for e in range(3):\n    torch.save(m.state_dict(), 'm.pt')", "all-ranks-write"),
        ("if dist.get_rank() == 0:\n    torch.save(m, 'm.pt')", None),
        ("def keep(): torch.save(m, 'm.pt')", None),
        ("torch.save(m, f'm-{rank}.pt')", None),
        ("DDP(m)\nDataLoader(data, 32)", "no-sampler"),
        ("DDP(m)\nDataLoader(data, 32, sampler=DistributedSampler(data))", None),
        ("DDP(m)\ndata = data[rank::world_size]\nDataLoader(data, 32)", None),
        ("DataLoader(data, 32)", None),
        ("torch.multiprocessing.spawn(f)", "spawn"),
        ("mp.set_start_method('spawn')\nmp.get_context('spawn')", "spawn"),
        ("mp.set_start_method('fork')", None),
        ("DataLoader(data, multiprocessing_context='forkserver')", "spawn"),
    ],
)
def test_what_goes_wrong_with_many_ranks(code: str, found: str | None) -> None:
    assert [code for _, _, code in remarks(OWN_GPU, code)] == ([found] if found else [])


def test_ranks_that_do_not_meet() -> None:
    assert remarks("import torch") == [(None, None, "no-process-group")]


@pytest.mark.parametrize(
    "code",
    [
        "open('/mnt/data/a.csv')",
        "ROOT = '/workspace'",
        "p = f'/home/me/{name}.csv'",
        "p = '/content/' + name",
        r"pd.read_csv('C:\\data\\a.csv')",
    ],
)
def test_paths_that_pods_do_not_see(code: str) -> None:
    assert remarks(code, world_size=1, visible=["/home/you"]) == [(0, 1, "unseen-path")]


@pytest.mark.parametrize(
    "code",
    [
        "open('/home/you/a.csv')",
        "open('/tmp/a/b')",
        "requests.get('/api/v1/items')",
        "url = f'{base}/train/images'",
        "url = base + '/train/images'",
        "path.startswith('/mnt/data')",
        "route == '/a/b'",
        "'/predict'\nx = 1",
        "re.compile('/a/b+(c)')",
        "print('/')",
    ],
)
def test_texts_that_are_no_paths(code: str) -> None:
    assert remarks(code, world_size=1, visible=["/home/you"]) == []


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        (("1 + 1", "print(_)"), [(1, 1, "kernel-name")]),
        (("x = Out[1]",), [(0, 1, "kernel-name")]),
        (("print(In[-1], _i1)",), [(0, 1, "kernel-name"), (0, 1, "kernel-name")]),
        (("for _ in range(3): pass\nprint(_)",), []),
        (("from gettext import gettext as _\n_('x')",), []),
        (("from names import *\nprint(_)",), []),
        (("ls",), [(0, 1, "magic")]),
        (("ls = 1\nls",), []),
    ],
)
def test_names_that_only_a_kernel_knows(
    cells: tuple[str, ...], where: list[tuple[object, ...]]
) -> None:
    assert remarks(*cells, world_size=1) == where


def test_an_installation_that_is_asked_for_needs_no_word() -> None:
    cells = ("%pip install einops", "x = 1")
    assert remarks(*cells, world_size=1) == [(0, 1, "setup")]
    assert remarks(*cells, world_size=1, setup=True) == []
