"""Training logs as real programs write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STEPS = 60
# Rows of the embedding, whose file is a few MB.
POINTS = 10_000
DIMENSIONS = 50


def write_with_torch(folder: Path, *tags: str, steps: int = STEPS) -> None:
    """A run of PyTorch's own writer whose scalars fall."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        _write(writer, tags, steps, half_life=10)


def write_with_tensorboardx(folder: Path, *tags: str, steps: int = STEPS) -> None:
    """A run of tensorboardX, which needs no PyTorch."""
    from tensorboardX import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        _write(writer, tags, steps, half_life=30)


def _write(writer: Any, tags: tuple[str, ...], steps: int, *, half_life: float) -> None:
    for tag in tags:
        for step in range(steps):
            writer.add_scalar(tag, 0.5 ** (step / half_life), step)


def write_of_every_kind(folder: Path) -> None:
    """Runs with something for each of TensorBoard's own plugins."""
    import numpy as np
    import torch
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder / "all")) as writer:
        add: Any = writer
        add.add_image("picture", np.full((3, 32, 32), 0.5))
        add.add_text("words", "It *converges*.")
        for step in range(3):
            add.add_histogram("weights", np.random.default_rng(step).normal(size=1000), step)
            add.add_scalar("margin/loss", 1 / (step + 1), step)
        add.add_pr_curve("precision", np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.8, 0.4]))
        add.add_custom_scalars({"Ours": {"both": ["Multiline", ["margin/loss"]]}})
        add.add_embedding(
            torch.eye(POINTS, DIMENSIONS), metadata=[f"point {i}" for i in range(POINTS)]
        )
    with SummaryWriter(str(folder)) as writer:
        for rate in (0.1, 0.2):
            add = writer
            add.add_hparams({"learning_rate": rate}, {"accuracy": 1 - rate}, run_name=f"rate{rate}")
