"""Folders that are large in some way: everything in them has to be shown."""

from __future__ import annotations

import importlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.tensorboard.asking import PLAIN, SECONDS, Client, points
from benchmarks.tensorboard.event_files import write_run
from benchmarks.tensorboard.servers import Server

MANY_RUNS = 1500
LARGE_RUNS, LARGE_STEPS = 10, 1_250_000
LONG_RUNS, LONG_STEPS = 50, 10_000
TAG_NAMES = [f"tag{number}" for number in range(10)]


def shown(server: Server, logs: Path, runs: int, least: int) -> float:
    """Seconds from opening a folder until so many runs and points of a tag are shown."""
    began = time.perf_counter()
    place, _ = server.open(logs)
    client = Client(place)
    while len(json.loads(client.ask("data/runs", headers=PLAIN))) < runs or (
        points(client, TAG_NAMES[0]) < least
    ):
        if time.perf_counter() - began > SECONDS:
            raise RuntimeError(f"not all of {logs.name} is shown after {SECONDS} s")
        time.sleep(0.5)
    return time.perf_counter() - began


def measure_folders(server: Server, folder: Path) -> None:
    """Everything in them has to be shown, or this ends with an error."""
    for number in range(MANY_RUNS):
        write_run(folder / "many" / f"run{number}", TAG_NAMES[:1], 10)
    taken = shown(server, folder / "many", MANY_RUNS, MANY_RUNS * 10)
    print(f"{MANY_RUNS} runs are all shown after {taken:.1f} s")
    for number in range(LARGE_RUNS):
        write_run(folder / "large" / f"run{number}", TAG_NAMES, LARGE_STEPS)
    size = sum(file.stat().st_size for file in (folder / "large").rglob("events*")) / 2**30
    taken = shown(server, folder / "large", LARGE_RUNS, LARGE_RUNS * 1000)
    print(f"{size:.1f} GiB in {LARGE_RUNS} runs are shown after {taken:.1f} s")
    shutil.rmtree(folder / "large")
    for name, writer in writers().items():
        for number in range(LONG_RUNS):
            with writer(str(folder / name / f"run{number}")) as log:
                for step in range(LONG_STEPS):
                    log.add_scalar(TAG_NAMES[0], 1 / (step + 1), step)
        taken = shown(server, folder / name, LONG_RUNS, LONG_RUNS * 1000)
        print(f"{LONG_RUNS} runs of {LONG_STEPS} points by {name} are shown after {taken:.1f} s")


def writers() -> dict[str, Any]:
    """What people write logs with, as far as it is installed here."""
    found: dict[str, Any] = {}
    for name, module in (("torch", "torch.utils.tensorboard"), ("tensorboardX", "tensorboardX")):
        try:
            found[name] = importlib.import_module(module).SummaryWriter
        except ImportError:
            print(f"{name} is not installed: no logs of its")
    return found
