"""Of pods that are gone nothing is left, whatever was killed while they ran."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime.shim import cgroup
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster
PODS = 10


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a cluster of the test's own, which is ended after it."""
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(tmp_path / "home"))
    yield tmp_path / "home"
    lifecycle.stop()


def pod(name: str) -> dict[str, Any]:
    script = "setsid sleep 86397 & trap '' TERM; while :; do sleep 86397; done"
    limits = {"memory": "64Mi", "cpu": "500m"}
    container = {"name": "main", "image": "host", "command": ["sh", "-c", script],
                 "resources": {"limits": limits, "requests": {"cpu": "1m"}},
                 "volumeMounts": [{"name": "memory", "mountPath": "/scratch"}]}  # fmt: skip
    volumes = [{"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "volumes": volumes, "terminationGracePeriodSeconds": 1},
    }


def traces(home: Path) -> set[str]:
    """What of pods can be seen on the machine: processes, mounts, files."""
    found = {line for line in Path("/proc/mounts").read_text().splitlines() if str(home) in line}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (entry / "cmdline").read_text()
            if "86397" in words or f"{home}/pods" in words:
                found.add(f"{entry.name} {words}")
    return found | {str(path) for name in ("pods", "logs") for path in (home / name).glob("*")}


def supervisors(home: Path) -> list[int]:
    commands = {path.parent.name: path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")
                if path.exists()}  # fmt: skip
    return [int(pid) for pid, line in commands.items() if f"{home}/pods".encode() in line]


def test_nothing_is_left_of_pods(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    before = traces(home)
    kubectl.apply(*(pod(f"pod-{number}") for number in range(PODS)))
    kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s")
    assert len(traces(home)) > len(before) + 4 * PODS
    records = [json.loads(path.read_text()) for path in home.glob("pods/*/containers/*/*/pid.json")]
    groups = [Path(folder) for record in records for folder in record["cgroups"]]
    assert bool(groups) == bool(cgroup.parents())
    for pid in supervisors(home)[: PODS // 2]:
        os.kill(pid, signal.SIGKILL)
    os.kill(lifecycle.status()["pid"], signal.SIGKILL)
    eventually(lambda: lifecycle.status()["state"] == "stopped")
    lifecycle.start()
    kubectl("delete", "pods", "--all", "--timeout=60s")
    eventually(lambda: traces(home) <= before)
    assert not any(folder.exists() for folder in groups)
