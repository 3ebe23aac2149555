"""What in a notebook's code goes wrong when several ranks run it at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence, Set

from jupyter_trainhub.notebook.names import Code, calls, dotted_name, executed, words
from jupyter_trainhub.notebook.remark import Remark

# fmt: off
# Whoever calls one of these has a process group: PyTorch itself, and libraries on top of it.
_GROUP_MAKERS = frozenset({
    "init_process_group", "init_device_mesh", "Accelerator", "PartialState", "Trainer", "Fabric",
    "init_distributed", "initialize", "hvd",
})
# Who uses one of these gives each process its own GPU, or its own part of the data.
_DEVICE_SETTERS = frozenset({
    "set_device", "LOCAL_RANK", "local_rank", "get_local_rank", "local_process_index",
    "Accelerator", "PartialState", "Trainer", "Fabric",
})
_SHARDERS = re.compile(
    "Sampler|shard|IterableDataset|split_dataset_by_node|world_size|WORLD_SIZE|Accelerator|"
    "Trainer|Fabric|prepare"
)
_SET_BY_THE_JOB = frozenset({
    "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT",
})
# fmt: on
_DEVICE = re.compile(r"(?:cuda|npu|xpu):\d+")
_FIRST_RANK = re.compile(
    r"rank|is_main|is_master|main_process|is_global_zero|is_chief", re.IGNORECASE
)
_LOCAL_RANK = 'Use int(os.environ["LOCAL_RANK"]) as its number.'


def warnings(
    code: Sequence[Code], modules: Iterable[ast.Module], world_size: int, per_node: int
) -> Iterator[Remark]:
    """What may not do what is meant as ``world_size`` processes run it, ``per_node`` on each node.

    ``modules`` is code outside of the cells, which these import.
    """
    trees = [*(tree for _, tree in code), *modules]
    known = {word for tree in trees for word in words(tree)}
    if code and known.isdisjoint(_GROUP_MAKERS):
        yield Remark(
            None,
            f"{world_size} processes will run, but no cell calls init_process_group: each would "
            "train alone. Call torch.distributed.init_process_group, or ask for one process.",
            code="no-process-group",
        )
    for cell, tree in code:
        yield from _set_by_hand(cell, tree)
        yield from _written_by_all(cell, tree)
    if per_node > 1:
        for cell, tree in code:
            yield from _fixed_devices(cell, tree, known)
        yield from _devices_before_choice(code, known)
    yield from _same_data(code, known)


def _fixed_devices(cell: int | None, tree: ast.AST, known: Set[str]) -> Iterator[Remark]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if _DEVICE.fullmatch(text):
                found = repr(text)
            case ast.Call(
                func=ast.Attribute(attr="cuda" | "set_device" | "to" as method),
                args=[ast.Constant(value=int(number)), *_],
            ) if not isinstance(number, bool) and (method != "to" or "torch" in known):
                found = f"{method}({number})"
            case ast.Call(
                func=ast.Attribute(attr="device"),
                args=[ast.Constant(value="cuda"), ast.Constant(value=int(number))],
            ):
                found = f"device('cuda', {number})"
            case ast.keyword(
                arg="device_ids", value=ast.List(elts=[ast.Constant(value=int(number))])
            ):
                found = f"device_ids=[{number}]"
            case ast.Assign(
                targets=[ast.Subscript(slice=ast.Constant(value="CUDA_VISIBLE_DEVICES"))],
                value=ast.Constant(value=str(text)),
            ) if "," not in text:
                found = f"CUDA_VISIBLE_DEVICES={text}"
            case _:
                continue
        yield Remark.at(
            cell,
            node.lineno,
            f"{found} is the same GPU for all processes of a node. {_LOCAL_RANK}",
            "cuda-device",
        )


def _devices_before_choice(code: Sequence[Code], known: Set[str]) -> Iterator[Remark]:
    """The first use of ``"cuda"`` where nothing says which one, or says so later."""
    chosen = not _DEVICE_SETTERS.isdisjoint(known)
    for cell, tree in code:
        for statement in tree.body:
            for node in executed(statement):
                match node:
                    case ast.Call(func=ast.Attribute(attr="set_device")):
                        return
                    case ast.Call(func=ast.Attribute(attr="cuda"), args=[]):
                        pass
                    case ast.Call(
                        func=ast.Attribute(attr="to"), args=[ast.Constant(value="cuda"), *_]
                    ):
                        pass
                    case ast.Call(
                        func=ast.Attribute(attr="device"), args=[ast.Constant(value="cuda")]
                    ) if not chosen:
                        pass
                    case _:
                        continue
                if chosen and "set_device" not in known:
                    return
                yield Remark.at(
                    cell,
                    node.lineno,
                    "'cuda' is GPU 0 for all processes of a node until torch.cuda.set_device is "
                    'called. Call torch.cuda.set_device(int(os.environ["LOCAL_RANK"])) before.',
                    "cuda-device",
                )
                return


def _set_by_hand(cell: int | None, tree: ast.AST) -> Iterator[Remark]:
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(
                value=ast.Attribute(attr="environ"),
                slice=ast.Constant(value=str(name)),
                ctx=ast.Store(),
            ) if name in _SET_BY_THE_JOB:
                found = name
            case ast.Call(func=function, keywords=keywords) if dotted_name(function).endswith(
                "init_process_group"
            ):
                fixed = [
                    word.arg
                    for word in keywords
                    if word.arg in ("rank", "world_size") and isinstance(word.value, ast.Constant)
                ]
                if not fixed:
                    continue
                found = f"{fixed[0]} of init_process_group"
            case _:
                continue
        yield Remark.at(
            cell,
            node.lineno,
            f"{found} is set here, which overrides what the job sets for each process. Leave it "
            "out; init_process_group finds it in the environment.",
            "fixed-rank",
        )


def _written_by_all(cell: int | None, tree: ast.Module) -> Iterator[Remark]:
    """Saving to one name in all ranks, where nothing near asks for the rank."""
    for statement in tree.body:
        if _FIRST_RANK.search(" ".join(words(statement))):
            continue
        for node in executed(statement):
            match node:
                case ast.Call(func=function, args=[_, ast.Constant(value=path), *_]) if (
                    dotted_name(function) == "torch.save"
                ):
                    yield Remark.at(
                        cell,
                        node.lineno,
                        f"all ranks write {path!r} at the same time. "
                        "Save it on one rank only, or give each its own name.",
                        "all-ranks-write",
                    )


def _same_data(code: Sequence[Code], known: Set[str]) -> Iterator[Remark]:
    if known.isdisjoint({"DistributedDataParallel", "DDP"}) or _SHARDERS.search(" ".join(known)):
        return
    for cell, tree in code:
        for call in calls(tree):
            if dotted_name(call.func).rpartition(".")[2] == "DataLoader":
                yield Remark.at(
                    cell,
                    call.lineno,
                    "each process reads all of the data. Give the DataLoader a "
                    "torch.utils.data.DistributedSampler, so that each reads its part.",
                    "no-sampler",
                )
                return
