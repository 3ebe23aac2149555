"""Records that lie there already."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_trainhub.hub.runs.folder import RUN, RunFolder


def put(root: Path, run: str, **fields: Any) -> RunFolder:
    """A record of ``run`` of Ada's, over and complete, with some code."""
    root.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(root / run)
    folder.make()
    job = run.rpartition("-")[0]
    record = {
        "run": run, "job": job, "owner": "ada", "phase": "Succeeded", "restart": None,
        "attempt": 1, "created": "2030-01-01T00:00:00Z", "finished": "2030-01-01T01:00:00Z",
        "spec": {"name": job, "notebook": "train.ipynb", "parameters": {"lr": 1}},
        "argv": ["python", "/trainhub/run_notebook.py"], "pods": [], "complete": True,
    }  # fmt: skip
    folder.write_json(RUN, {**record, **fields})
    cells = {"notebook": "train.ipynb", "cells": [{"index": 0, "id": "a", "source": "lr = 1"}]}
    folder.write("code/cells.json", json.dumps(cells).encode())
    folder.write("logs/attempt-1/rank-0.log", b"hello\n")
    return folder
