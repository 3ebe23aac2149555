"""Lines as tqdm 4.67, Keras 3, Lightning 2 and transformers 5 print them, and as people do."""

from __future__ import annotations

import time
from typing import Any

import pytest

from jupyter_trainhub.manifests.progress_line import read
from jupyter_trainhub.manifests.progress_reading import Reading

BAR = "█████     "
KERAS = "\r\x1b[1m 4/18\x1b[0m \x1b[32m━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m "


@pytest.mark.parametrize(
    ("line", "told"),
    [
        # tqdm
        (f" 40%|{BAR}| 40/100 [00:05<00:08,  7.2it/s, loss=0.31]",
         {"step": 40, "total": 100, "rate": 7.2, "metrics": {"loss": 0.31}}),
        (f"slow:  33%|{BAR}| 1/3 [00:01<00:02,  1.25s/it]", {"step": 1, "total": 3, "rate": 0.8}),
        ("  0%|          | 0/3 [00:00<?, ?it/s]", {"step": 0, "total": 3}),
        (f" 80%|{BAR}| 4.00k/5.00k [00:00<00:00, 9.65kit/s, acc=0.9, loss=nan]",
         {"step": 4000, "total": 5000, "rate": 9650.0, "metrics": {"acc": 0.9, "loss": None}}),
        ("train: 10it [00:00, 98.65it/s]", {"step": 10, "rate": 98.65}),
        (f"Epochs:  33%|{BAR}| 1/3 [00:00<00:00,  2.41it/s]",
         {"epoch": 1, "epochs": 3, "passed": 1}),
        (f"Epoch 3/10:  40%|{BAR}| 40/100 [00:05<00:08,  7.2it/s]",
         {"step": 40, "total": 100, "rate": 7.2, "epoch": 3, "epochs": 10, "passed": 2,
          "within": True}),
        # Lightning
        (f"Epoch 0:  30%|{BAR}| 12/40 [00:00<00:00, 59.82it/s, v_num=0, train_loss=-2.58]",
         {"step": 12, "total": 40, "rate": 59.82, "epoch": 0, "within": True,
          "metrics": {"train_loss": -2.58}}),
        (f"Validation DataLoader 0:  50%|{BAR}| 1/2 [00:00<00:00, 11.68it/s]",
         {"step": 1, "total": 2, "rate": 11.68, "aside": True}),
        # transformers
        ("{'loss': '0.1933', 'grad_norm': '1.271', 'learning_rate': '4.1e-05', 'epoch': '0.4'}",
         {"epoch": 0.4, "source": "text",
          "metrics": {"loss": 0.1933, "grad_norm": 1.271, "learning_rate": 4.1e-05}}),
        ("{'train_runtime': 0.24, 'train_steps_per_second': 204.9, 'train_loss': 0.19, 'epoch': 2}",
         {"epoch": 2, "source": "text", "metrics": {"train_loss": 0.19}}),
        # Keras
        (f"{KERAS}20ms/step - loss: 0.1608 - mae: 0.3264" + "\x08" * 69,
         {"step": 4, "total": 18, "within": True, "source": "text",
          "metrics": {"loss": 0.1608, "mae": 0.3264}}),
        ("20/20 - 0s - 23ms/step - loss: 0.1565 - mae: 0.3206",
         {"step": 20, "total": 20, "within": True, "source": "text",
          "metrics": {"loss": 0.1565, "mae": 0.3206}}),
        ("10/10 [==============================] - 2s 3ms/step - loss: 0.2",
         {"step": 10, "total": 10, "within": True, "source": "text", "metrics": {"loss": 0.2}}),
        ("Epoch 1/2", {"epoch": 1, "epochs": 2, "passed": 0, "source": "text"}),
        # what people print
        ("epoch 3/10 loss 0.2",
         {"epoch": 3, "epochs": 10, "passed": 3, "source": "text", "metrics": {"loss": 0.2}}),
        ("Epoch [5/10], Step [50/100], Loss: 1.2",
         {"epoch": 5, "epochs": 10, "passed": 4, "step": 50, "total": 100, "within": True,
          "source": "text", "metrics": {"Loss": 1.2}}),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.30",
         {"epoch": 1, "step": 640, "total": 60000, "within": True, "source": "text",
          "metrics": {"Loss": 2.3}}),
        ("step 40/100", {"step": 40, "total": 100, "source": "text"}),
        ("[2026-01-02 03:04:05] iteration 1 of 4", {"step": 1, "total": 4, "source": "text"}),
        ("iter 100: loss 2.3456, time 123.45ms",
         {"step": 100, "source": "text", "metrics": {"loss": 2.3456}}),
        ("val_loss: 0.5 accuracy=0.91",
         {"source": "text", "metrics": {"val_loss": 0.5, "accuracy": 0.91}}),
        ("37% done", {"step": 37, "total": 100, "source": "text"}),
    ],
)  # fmt: skip
def test_what_a_line_says(line: str, told: dict[str, Any]) -> None:
    assert read(line) == Reading(**{"source": "tqdm", **told})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "epoch 11/10",
        "epoch 0/0",
        "loaded 3/10 files",
        "accuracy of the clock",
        "a step 3: downloading",
        "Downloading: 45%|████▌     | 120M/268M [00:03<00:04, 35.2MB/s]",
        "Map:  50%|█████     | 500/1000 [00:01<00:01, 300.00 examples/s]",
        "Sanity Checking DataLoader 0:  50%|█████     | 1/2 [00:00<00:00, 11.68it/s]",
        "9" * 100_000,
        "epoch " * 50_000,
        "[" * 100_000,
    ],
)
def test_lines_that_say_nothing(line: str) -> None:
    assert read(line) is None


NINES = "9" * 700


@pytest.mark.parametrize(
    "line",
    [
        "x:  10%|#| 1.2.3/4 [00:01<00:02, 1it/s]",
        "x:  10%|#| 1/4 [00:01<00:02, ..it/s]",
        f"x:  10%|#| 1/{NINES} [00:01<00:02, 1it/s]",
        "{'loss': 1.0, 'epoch': '...'}",
        f"Epoch [1/3], Step [1/{NINES}], loss: 1",
        f"Epoch [1/{NINES}], loss: 1",
    ],
)
def test_what_only_looks_like_numbers_says_nothing(line: str) -> None:
    assert read(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "1%|x|" + "1" * 300 + "/" + "1" * 600,
        "a" + "_loss" * 50 + " " * 700 + "x",
        "a" + " " * 900 + "b",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    begun = time.process_time()
    read(line)
    assert time.process_time() - begun < 0.3
