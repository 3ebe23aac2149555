"""What a busy program and one that takes memory are seen to use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import Kubectl, eventually

# Rank 0 is busy, rank 1 takes 150 MiB; both fill 20 MiB of disk.
PROGRAM = """
import os, time
open("/tmp/filled", "wb").write(os.urandom(20 << 20))
taken = bytearray(os.urandom(1 << 20) * 150) if os.environ["RANK"] == "1" else b""
end = time.time() + 300
while time.time() < end:
    if not taken:
        sum(range(100000))
    else:
        time.sleep(1)
"""


@pytest.fixture
def hub(kubectl: Kubectl) -> Iterator[Hub]:
    config = TrainHubConfig(
        kubeconfig=str(kubectl.kubeconfig), namespace=kubectl.namespace, metrics_interval=2
    )
    hub = Hub.connect(config, "ada")
    yield hub
    hub.close()


def test_ranks_are_told_apart_by_what_they_use(hub: Hub, image: str) -> None:
    hub.jobs.create(
        JobSpec.parse(
            {
                "name": "uses",
                "framework": "pytorch",
                "nodes": 2,
                "image": image,
                "cpus": 0.25,
                "memory": "512Mi",
                "command": ["python3", "-c", PROGRAM],
            }
        )
    )
    eventually(lambda: hub.jobs.get("uses")["phase"] == "Running", 60)

    def look() -> Any:
        metrics = hub.metrics.of("uses")
        latest = {
            (one["metric"], one["rank"]): one["points"][-1][1]
            for one in metrics["series"]
            if one["points"]
        }
        busy, idle = (latest.get(("cpu", rank), -1.0) for rank in (0, 1))
        small, large = (latest.get(("memory", rank), 0.0) for rank in (0, 1))
        disks = [latest.get(("disk", rank), 0.0) for rank in (0, 1)]
        seen = busy > idle + 0.03 and large > small + (100 << 20) and min(disks) >= 20 << 20
        return metrics if seen else None

    found = eventually(look, 90)
    assert {(one["metric"], one["request"]) for one in found["asked"]} >= {
        ("cpu", 0.25),
        ("memory", 512 << 20),
    }
    assert {entry["metric"] for entry in found["missing"]} >= {"gpu", "gpu_memory"}
    assert all(entry["why"] and entry["remedy"] for entry in found["missing"])
    hub.jobs.delete("uses")
