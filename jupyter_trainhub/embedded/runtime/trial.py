"""Finding out, by running a container, whether this machine can isolate pods."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import time
from pathlib import Path

from . import isolation, sandbox
from .container import Container

_TRIAL_SECONDS = 10.0


def missing(state: Path | None = None) -> list[str]:
    """What this machine lacks to isolate pods, as sentences with what would do; empty if nothing.

    Found out by running a container under `state`, the folder where the cluster keeps its files
    (default: the one for temporary files), since kernel, container engine and file system each
    have a say. Takes some 50 ms.
    """
    if unsuitable := isolation.this_system():
        return [unsuitable]
    if state is not None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="trial-", dir=state))
    try:
        trial = sandbox.start(_trial(folder))
        deadline = time.monotonic() + _TRIAL_SECONDS
        while trial.alive() and time.monotonic() < deadline:
            time.sleep(0.002)
        if trial.alive():
            trial.kill()
            return [
                f"A trial container did not end within {_TRIAL_SECONDS:.0f} s: try again later."
            ]
        return _lacking(trial, state or folder.parent)
    finally:
        with contextlib.suppress(RuntimeError):
            sandbox.remove(folder / "container")
        shutil.rmtree(folder, ignore_errors=True)


def _trial(folder: Path) -> Container:
    return Container(
        directory=folder / "container",
        layers=(),
        argv=("/bin/sh", "-c", ":"),
        env={},
        cwd="/",
        hostname="trial",
        mounts=(),
        log_path=folder / "log",
    )


def _lacking(trial: sandbox.Running, state: Path) -> list[str]:
    try:
        outcome = json.loads((trial.directory / "exit.json").read_text())
    except FileNotFoundError:
        log = (trial.directory / "shim.log").read_text(errors="replace").strip()
        last = log.rpartition("\n")[2] or "no trace is left"
        return [f"A trial container was lost ({last}): mend that, {isolation.REAL_CLUSTER}."]
    if outcome["reason"] != "StartError":
        return []
    short = outcome["message"].rpartition("container init: ")[2]
    return [isolation.remedy(outcome["step"], outcome["errno"], short, state)]
