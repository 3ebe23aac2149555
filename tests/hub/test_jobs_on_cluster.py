"""What goes wrong with jobs, on a cluster that runs pods: the embedded one, or a given one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.jobs import restarts
from jupyter_trainhub.hub.tensorboards.job_logs import log_folders
from jupyter_trainhub.kube.client import Object
from jupyter_trainhub.kube.resources import JOBS, PODS
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.notebook.plan import plan_notebook
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually
from tests.hub.own_namespace import hub_of_its_own

pytestmark = pytest.mark.cluster

SLEEP = "import time; print('up', flush=True); time.sleep(600)"


@pytest.fixture(scope="module")
def hub(kubeconfig: Path, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub in a namespace of these tests' own."""
    with hub_of_its_own("jobs", kubeconfig, image, tmp_path_factory.mktemp("runs")) as made:
        yield made


def submit(hub: Hub, name: str, program: str, **fields: Any) -> Object:
    small = {"cpus": 0.05, "memory": "64Mi", "name": name}
    # Started by `env`, it is not torchrun's, which an image need not have.
    command = ["env", "python", "-c", program]
    if fields.get("nodes", 1) > 1:
        fields["framework"] = "pytorch"
    return hub.jobs.create(JobSpec.parse({"command": command, **small, **fields}))


def up(hub: Hub, name: str, nodes: int = 1) -> None:
    """Return once all ranks of the job say so: before, they may be deaf to signals."""
    for rank in range(nodes):
        log = hub.jobs.logs(name, rank, follow=True)
        assert b"up" in next(log)
        log.close()


def rank(hub: Hub, name: str, number: int) -> Object:
    """The pod of a rank."""
    chosen = f"trainhub.jupyter.org/name={name},batch.kubernetes.io/job-completion-index={number}"
    (pod,) = hub.client.list(PODS, label_selector=chosen)
    return pod


def pod_of_rank(attempt: Object, number: int) -> str:
    """The name of the pod that is a rank in an attempt, or a view."""
    return str(next(pod["name"] for pod in attempt["pods"] if pod["rank"] == number))


def test_a_job_that_fails_is_started_again_as_a_whole(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "FIRST_PAUSE", 0.0)
    program = """
import os, sys
print(os.environ["TRAINHUB_ATTEMPT"], "of", os.environ["TRAINHUB_ATTEMPTS"], os.environ["RANK"])
sys.exit(os.environ["TRAINHUB_ATTEMPT"] == "1" and os.environ["RANK"] == "1")
"""
    submit(hub, "again", program, nodes=2, restarts=2)
    view = hub.jobs.wait("again", 90)
    assert (view["phase"], view["attempt"], view["attempts"]) == ("Succeeded", 2, 3)
    assert [pod["phase"] for pod in view["pods"]] == ["Succeeded", "Succeeded"]
    (first,) = view["earlier"]
    assert first["phase"] == "Failed"
    # Kubernetes deletes the pods that still run when a job fails.
    assert 1 in [pod["rank"] for pod in first["pods"]]
    phases = [(step["attempt"], step["phase"]) for step in view["history"]]
    assert phases[0] == (1, "Suspended")
    assert phases[-1] == (2, "Succeeded")
    assert (1, "Failed") in phases
    assert b"2 of 3 1" in b"".join(hub.jobs.logs("again", 1))
    assert b"1 of 3 1" in b"".join(hub.jobs.logs("again", 1, attempt=1))
    assert hub.failures.of_job("again")["root"] is None
    root = hub.failures.of_job("again", 1)["root"]
    assert (root["rank"], root["exit_code"], root["pod"]) == (1, 1, pod_of_rank(first, 1))
    hub.runs.record(view)
    assert [each["attempt"] for each in hub.runs.failures(view["run"])] == [1]
    hub.jobs.delete("again")
    chosen = "trainhub.jupyter.org/name=again"
    eventually(lambda: not [*hub.client.list(PODS, label_selector=chosen)])
    assert not [*hub.client.list(JOBS, label_selector=chosen)]


def test_a_rank_that_is_taken_away_ends_the_job(hub: Hub) -> None:
    submit(hub, "bereft", SLEEP, nodes=2)
    up(hub, "bereft", 2)
    hub.client.delete(PODS, rank(hub, "bereft", 1)["metadata"]["name"])
    view = hub.jobs.wait("bereft", 90)
    assert (view["phase"], view["reason"]) == ("Failed", "PodLost")
    assert "One of its pods was deleted" in view["message"]


def test_a_program_that_takes_too_much_memory_is_told_so(hub: Hub) -> None:
    submit(hub, "greedy", "x = bytearray(400 << 20); print(len(x))")
    view = hub.jobs.wait("greedy", 90)
    assert view["phase"] == "Failed"
    assert view["reason"] == "OOMKilled"
    assert "memory" in view["message"]


def test_a_time_limit_ends_it_and_is_no_failure(hub: Hub) -> None:
    submit(hub, "short", SLEEP, time_limit=1, restarts=3)
    view = hub.jobs.wait("short", 90)
    assert (view["phase"], view["reason"]) == ("Stopped", "TimeLimit")
    assert (view["attempt"], view["restart"]) == (1, None)
    assert view["started"] <= view["finished"]


def test_many_jobs_at_once(hub: Hub) -> None:
    names = [f"many-{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(submit, hub, name, "print('done')") for name in names]
    assert [future.result()["name"] for future in made] == names
    eventually(lambda: {view["phase"] for view in hub.jobs.list("many-")} == {"Succeeded"}, 120)
    ended = hub.jobs.list("many-")
    assert sorted(view["name"] for view in ended) == names
    with ThreadPoolExecutor(8) as threads:
        for future in [threads.submit(hub.jobs.delete, name) for name in names]:
            future.result()
    assert hub.jobs.list("many-") == []


def test_a_notebook_tells_how_far_it_is(hub: Hub) -> None:
    path = "sys.path[:] = [one for one in sys.path if one.endswith('/lib') or not os.path.exists("
    cells = [
        # As in an image without the package.
        f"import os, sys, time\n{path}os.path.join(one, 'jupyter_trainhub'))]",
        "print('\\r 40%|##  | 40/100 [00:05<00:08,  7.2it/s, loss=0.31]')\ntime.sleep(1)",
        "import jupyter_trainhub as th\nprint(th.__file__)",
        "for step in 0, 60:\n    th.progress(step, 100, loss=1 - step / 100)\n    time.sleep(1)",
        "th.progress(99, 100)\nth.progress(100, 100)",
    ]
    document = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    small = {"cpus": 0.05, "memory": "64Mi", "name": "far", "notebook": "far.ipynb"}
    code = bundle(plan_notebook(document, name="far.ipynb"))
    hub.jobs.create(JobSpec.parse(small), code)

    def told(source: str) -> Object | None:
        (view,) = hub.progress.look([hub.jobs.get("far")], every=0.0)
        found: Object | None = view["progress"]
        return found if found and found["source"] == source else None

    bar = eventually(lambda: told("tqdm"), 60)
    assert (bar["fraction"], bar["rate"], bar["metrics"]) == (0.4, 7.2, {"loss": 0.31})
    eventually(lambda: (told("trainhub") or {"step": 0})["step"] == 60)
    hub.jobs.wait("far", 60)
    (view,) = hub.jobs.list("far")
    assert (view["progress"]["step"], view["progress"]["metrics"]) == (100, {"loss": 0.4})
    kept = eventually(lambda: hub.runs.get(view["run"])["progress"])
    assert (kept["fraction"], kept["metrics"]) == (1.0, {"loss": 0.4})
    log = b"".join(hub.jobs.logs("far", 0))
    assert b"/trainhub/lib/jupyter_trainhub" in log
    assert b"[trainhub]" not in log


# Writes an event file as TensorBoard's writers do, which an image need not have.
WRITER = """
import os, socket, struct, time
table = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    table.append(byte)
def checksum(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack('<I', ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
def field(number, data):
    return bytes([number << 3 | 2, len(data)]) + data
os.makedirs('runs/one', exist_ok=True)
with open(f'runs/one/events.out.tfevents.1.{socket.gethostname()}', 'wb', 0) as file:
    for step in range(100):
        value = field(1, b'loss') + b'\\x15' + struct.pack('<f', 1 / (step + 1))
        event = b'\\x09' + struct.pack('<d', time.time()) + bytes([16, step])
        event += field(5, field(1, value))
        length = struct.pack('<Q', len(event))
        file.write(length + checksum(length) + event + checksum(event))
        time.sleep(2)
"""


def test_the_curves_of_a_job_are_seen_while_it_runs(hub: Hub, tmp_path: Path) -> None:
    # Where a node is this machine, files are read; else the log tells the same.
    mount = hub.storage.folder(tmp_path)
    place = {"mounts": [mount], "working_dir": mount.path} if mount else {}
    submit(hub, "curves", WRITER, **place)
    source = "tensorboard" if mount else "log"

    def look() -> Object | None:
        # At once, and not at the next time when logs are looked at.
        hub.progress.look([hub.jobs.get("curves")], every=0.0)
        found = hub.scalars.of("curves")
        return found if found["source"] == source else None

    found = eventually(look, 60)
    (series,) = found["series"]
    assert series["tag"] == "loss"
    assert series["last"]["step"] < 99
    running = hub.jobs.get("curves")
    (folder,) = running["log_folders"]
    assert (running["phase"], folder.rpartition("/")[2]) == ("Running", "runs")
    assert not mount or folder == f"{tmp_path}/runs"
    hub.jobs.stop("curves")
    ended = hub.jobs.wait("curves", 60)
    assert ended["log_folders"] == [folder]
    assert log_folders(hub, "curves").folders == [folder]
