"""Objects as a real Kubernetes 1.36 reports them; the names of the objects say the situation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "samples"


def read(kind: str) -> dict[str, dict[str, Any]]:
    """All samples of ``pods``, ``jobs``, ``statefulsets``, ``nodes`` or ``events``, by name."""
    items = json.loads((_FOLDER / f"{kind}.json").read_text())["items"]
    return {item["metadata"]["name"]: item for item in items}


PODS = read("pods")
JOBS = read("jobs")
STATEFUL_SETS = read("statefulsets")
NODES = list(read("nodes").values())
WARNINGS = list(read("events").values())


def pods_of(job: str) -> list[dict[str, Any]]:
    """The pods that the Job ``job`` made."""
    return [
        pod for pod in PODS.values() if pod["metadata"].get("labels", {}).get("job-name") == job
    ]
