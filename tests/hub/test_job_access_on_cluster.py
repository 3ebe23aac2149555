"""Into the pods of a job: its log, objects, shells and SSH, on the cluster under test."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import NAMESPACES
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.place import Place
from tests.conftest import eventually
from tests.ssh.machine import Machine

pytestmark = pytest.mark.cluster

# Ranks take turns by the clock; one line is longer than what a runtime stores in one piece.
PROGRAM = """
import os, time
rank = int(os.environ["RANK"])
begin = float(os.environ["BEGIN"])
for turn in range(3):
    time.sleep(max(0, begin + turn + rank / 2 - time.time()))
    print("turn", turn, "of", rank, flush=True)
print("x" * 40000 + "end", flush=True)
time.sleep(600)
"""


def spec(name: str, **fields: Any) -> JobSpec:
    return JobSpec.parse({"name": name, "cpus": 0.1, "memory": "128Mi", **fields})


@pytest.fixture(scope="module")
def hub(kubeconfig: Path, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub on a namespace of its own, where the job ``Two`` runs and says all that it says."""
    namespace = f"access-{uuid.uuid4().hex[:8]}"
    hub = Hub.connect(
        TrainHubConfig(
            kubeconfig=str(kubeconfig),
            namespace=namespace,
            default_image=image,
            user="ada",
            run_folder=str(tmp_path_factory.mktemp("runs")),
        )
    )
    hub.client.create(NAMESPACES, {"metadata": {"name": namespace}})
    try:
        env = {"API_TOKEN": "geheim-1", "URL": "http://me:geheim-2@x/", "BEGIN": "0"}
        # Not by torchrun, which the image need not have.
        program = ["/bin/sh", "-c", 'exec python -c "$0"', PROGRAM]
        hub.jobs.create(
            spec("Two", framework="pytorch", nodes=2, ssh=True, command=program, env=env)
        )
        eventually(lambda: text(hub, "Two", tail=1).count("end\n") == 2, 60)
        yield hub
    finally:
        hub.close()
        hub.client.delete(NAMESPACES, namespace)


def text(hub: Hub, job: str, **how: Any) -> str:
    return b"".join(hub.jobs.logs(job, **how)).decode()


def test_one_rank_is_what_it_wrote(hub: Hub) -> None:
    written = text(hub, "Two", rank=1)
    assert written.endswith("turn 2 of 1\n" + "x" * 40000 + "end\n")
    assert "environment" not in written
    # Kubelet counts what a runtime stores in one piece as a line.
    assert text(hub, "Two", rank=1, attempt=1, tail=4).startswith("turn 2 of 1\nxxx")
    stamped = text(hub, "Two", rank=1, timestamps=True)
    assert re.sub(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ", "", stamped) == written
    assert "[trainhub] environment" in text(hub, "Two", rank=0, records=True)


def test_all_ranks_are_in_the_order_of_their_times(hub: Hub) -> None:
    lines = re.findall(r"(?m)^\[(\d)\] (\S+Z) (.*)$", text(hub, "Two", timestamps=True))
    times = [time for _, time, _ in lines]
    assert times == sorted(times)
    assert {rank for rank, _, _ in lines} == {"0", "1"}


def test_what_is_not_there_is_told(hub: Hub) -> None:
    with pytest.raises(NotFound, match="no earlier log"):
        hub.jobs.logs("Two", previous=True)
    with pytest.raises(InvalidField, match="no attempt 2"):
        hub.jobs.logs("Two", attempt=2)


def test_objects_as_applied_and_as_they_are(hub: Hub) -> None:
    applied, live = (hub.jobs.yaml("Two", kind) for kind in ("applied", "live"))
    assert "geheim" not in applied + live
    objects = {kind: [*yaml.safe_load_all(found)] for kind, found in
               (("applied", applied), ("live", live))}  # fmt: skip
    kinds = [found["kind"] for found in objects["live"]]
    assert {"Job", "Service", "ConfigMap", "Pod"} <= set(kinds)
    assert kinds.count("Pod") == 2
    assert objects["applied"][0]["spec"]["suspend"] is True
    assert objects["live"][0]["spec"]["suspend"] is False
    assert "managedFields" not in live
    (code,) = (found for found in objects["live"] if found["metadata"]["name"].endswith("-code"))
    assert re.fullmatch(r"\(\d+ characters\)", code["data"]["launch.py"])
    with pytest.raises(InvalidField):
        hub.jobs.yaml("Two", "other")


def test_a_shell_in_the_pod_of_a_rank(hub: Hub) -> None:
    async def told() -> bytes:
        into = await asyncio.to_thread(hub.entrances.container, Place.parse("job/Two/1"))
        shell = await hub.shell(into)
        await shell.write(b"echo rank=$RANK; exit\n")
        output = b""
        while piece := await shell.read():
            output += piece
        return output

    assert b"rank=1\r\n" in asyncio.run(asyncio.wait_for(told(), 30))


def test_openssh_reaches_each_rank(hub: Hub, kubeconfig: Path, tmp_path: Path) -> None:
    machine = Machine(tmp_path, ["--kubeconfig", str(kubeconfig), "--namespace", hub.namespace])
    shown = machine.ok(machine.trainhub("ssh-config", "--write"))
    hosts = [f"trainhub-job.Two.{rank}" for rank in range(2)]
    assert shown.splitlines() == [f"ssh {host}" for host in hosts]
    (tmp_path / "file").write_bytes(bytes(range(256)) * 100)
    machine.ok(
        machine.openssh("scp", "-q", str(tmp_path / "file"), f"{hosts[1]}:/tmp/{hub.namespace}")
    )
    size = machine.ok(machine.openssh("ssh", hosts[1], f"wc -c < /tmp/{hub.namespace}; echo $RANK"))
    assert size.split() == ["25600", "1"]
    # All ranks have the job's one host key.
    known = (machine.ssh_folder / "trainhub_known_hosts").read_text().splitlines()
    assert len(known) == 1


def test_a_job_without_ssh_and_one_that_has_ended(hub: Hub) -> None:
    hub.jobs.create(spec("one", command=["python", "-c", "print('done')"]))
    with pytest.raises(InvalidField, match="without SSH") as refused:
        hub.entrances.host(Place.parse("job/one"))
    assert refused.value.field == "ssh"
    assert text(hub, "one", follow=True) == "[0] done\n"
    eventually(lambda: hub.jobs.get("one")["phase"] == "Succeeded")
    with pytest.raises(Conflict, match="rank 0 of job 'one' does not run"):
        hub.entrances.container(Place.parse("job/one"))
    assert [place.name for place in hub.entrances.places()] == ["Two", "Two"]


def test_what_a_stopped_job_wrote_is_read_from_its_record(hub: Hub) -> None:
    before = text(hub, "Two", rank=1)
    hub.runs.record(hub.jobs.get("Two"))
    hub.jobs.stop("Two", wait=True)
    eventually(lambda: not hub.jobs.get("Two")["pods"], 60)
    kept = text(hub, "Two", rank=1)
    assert kept.startswith(before)
    assert text(hub, "Two", rank=1, tail=1, follow=True) == kept.splitlines(keepends=True)[-1]
