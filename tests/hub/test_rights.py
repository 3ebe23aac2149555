"""What examples/rbac.yaml grants is enough, and a user without the optional part is not stuck."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Forbidden
from jupyter_trainhub.hub.access.entrances import Container
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.portforward import open_connection
from jupyter_trainhub.kube.resources import NODES
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.place import Place
from jupyter_trainhub.ssh.host_key import host_key
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

ROLES = Path(__file__).resolve().parents[2] / "examples" / "rbac.yaml"


@pytest.fixture
def user(kubectl: Kubectl, image: str, tmp_path: Path) -> Hub:
    """A hub of a user who has the Role, and not the ClusterRole."""
    role: dict[str, Any] = next(iter(yaml.safe_load_all(ROLES.read_text())))
    account = {"kind": "ServiceAccount", "name": "ada", "namespace": kubectl.namespace}
    kubectl.apply(
        role,
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "ada"}},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "ada"},
            "subjects": [account],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": role["metadata"]["name"],
            },
        },
    )
    document = yaml.safe_load(kubectl.kubeconfig.read_text())
    token = kubectl("create", "token", "ada").strip()
    document["users"] = [{"name": "ada", "user": {"token": token}}]
    document["contexts"][0]["context"]["user"] = "ada"
    document["current-context"] = document["contexts"][0]["name"]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(document))
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig),
        namespace=kubectl.namespace,
        default_image=image,
        user="ada",
        instance_access="api",
        idle_timeout=3600,
        run_folder=str(tmp_path / "runs"),
    )
    return Hub.connect(config)


# Serves HTTP at the pod's own address and at localhost.
SERVE = """
import http.server, os, sys, threading
for address in (os.environ["POD_IP"], "127.0.0.1"):
    place = address, int(sys.argv[1])
    server = http.server.HTTPServer(place, http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever).start()
print("listens", end="", flush=True)
"""


async def enter(user: Hub, into: Container) -> None:
    """By a terminal, a forwarded port and the API server's proxy."""
    shell = await user.shell(into)
    await shell.write(b"echo $((6 * 7))\n")
    output = b""
    while b"42\r\n" not in output:
        output += await shell.read()
    await shell.hang_up()

    port = random.randrange(20000, 30000)
    served = await user.exec(into, ["python3", "-c", SERVE, str(port)])
    assert await served.read() == ("stdout", b"listens")
    connection = await open_connection(user.client, into.pod, port)
    await connection.write(b"HEAD / HTTP/1.0\r\n\r\n")
    assert (await connection.read()).startswith(b"HTTP/1.0 200")
    await connection.close()
    running = await asyncio.to_thread(user.instances.running, "desk")
    endpoint = user.reach.endpoint(running, port, "", "token")
    assert endpoint.gateway is not None
    assert await asyncio.to_thread(endpoint.answers, "/")
    await served.close()


def test_a_user_with_the_role_can_do_everything(user: Hub) -> None:
    with pytest.raises(Forbidden):
        list(user.client.list(NODES))
    spec = {"name": "desk", "cpus": 0.1, "memory": "512Mi"}
    answer = user.instances.check(spec)
    assert answer["verdict"] == "unknown"
    assert answer["message"]
    assert answer["refusal"] is None

    user.instances.create(InstanceSpec.parse(spec))
    user.instances.wait_ready("desk", 120)
    asyncio.run(asyncio.wait_for(enter(user, user.entrances.container(Place.parse("desk"))), 60))
    secret = user.entrances.host(Place.parse("desk")).secret
    key = host_key(user.client, secret)
    assert host_key(user.client, secret) == key
    user.idle.activity.note("desk", "ssh")
    view = user.idle.look("desk")
    assert "active" in [found["state"] for found in view["signals"] if found["name"] == "ssh"]
    assert user.idle.extend("desk", 60)["idle"]["extended_until"]
    assert [outcome.act for outcome in user.idle.sweep()] == ["none"]
    assert [view["name"] for view in user.instances.list()] == ["desk"]
    assert user.instances.events("desk")

    user.instances.update("desk", InstanceSpec.parse({**spec, "cpus": 0.2}))
    user.instances.restart("desk")
    eventually(lambda: not user.instances.get("desk")["restart_needed"], 60)
    user.instances.stop("desk")
    eventually(lambda: user.instances.get("desk")["phase"] == "Stopped", 60)
    user.instances.delete("desk")
    eventually(lambda: not user.instances.list())


# Fails at first, and waits to be looked at the second time.
PROGRAM = """
import os, sys, time
open(os.environ["TRAINHUB_MODEL_PATH"] + "/model.bin", "w").write("weights")
print("attempt", os.environ["TRAINHUB_ATTEMPT"], flush=True)
if os.environ["TRAINHUB_ATTEMPT"] == "1":
    sys.exit(3)
time.sleep(600)
"""


async def look_into(user: Hub, claim: str) -> None:
    """A shell in the pod, SSH's host key, and a file of the volume."""
    shell = await user.shell(user.entrances.container(Place("job", "train", 0)))
    await shell.write(b"exit 7\n")
    assert await shell.wait() == 7
    host = await asyncio.to_thread(user.entrances.host, Place("job", "train", 0))
    assert await asyncio.to_thread(host_key, user.client, host.secret)
    assert (await user.volumes.files.stat(claim, "model.bin")).size == len("weights")


def look_at_curves(user: Hub) -> None:
    """A TensorBoard in the cluster, of a volume that the job has."""
    boards = user.tensorboards
    spec = {"job": "train", "folders": ["/mnt/model"], "where": "cluster"}
    id_ = boards.open(spec, Path)["id"]
    view = boards.wait(id_, 120)
    if view["phase"] == "Running":
        assert boards.endpoint(id_).gateway is not None
        assert boards.get(id_)["memory"]["used"]
    else:
        assert "has no TensorBoard" in view["message"]
    assert boards.log(id_)
    boards.stop(id_)
    assert boards.start(id_)["phase"] != "Stopped"
    assert id_ in [item["id"] for item in boards.list()]
    boards.delete(id_)


def test_a_user_with_the_role_can_run_jobs(
    user: Hub, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kubectl.get("storageclass")["items"]:
        pytest.skip("the cluster makes no volumes")
    monkeypatch.setattr("jupyter_trainhub.hub.jobs.restarts.FIRST_PAUSE", 0.5)
    volume = {"path": "/mnt/model", "size": "64Mi"}
    spec = {
        "name": "train", "command": ["python3", "-c", PROGRAM], "cpus": 0.1, "memory": "128Mi",
        "restarts": 1, "ssh": True, "model_volume": volume,
    }  # fmt: skip
    created = user.jobs.create(JobSpec.parse(spec))
    (claim,) = [volume["claim"] for volume in created["volumes"]]
    with user.jobs.restarting("train"):
        eventually(lambda: user.jobs.get("train")["attempt"] == 2, 60)
        eventually(lambda: user.jobs.get("train")["phase"] == "Running", 60)
    asyncio.run(asyncio.wait_for(look_into(user, claim), 60))
    log = b"".join(user.jobs.logs("train", attempt=1))
    assert b"attempt 1" in log
    assert user.jobs.pin("train", True)["pinned"]
    assert user.jobs.list("train")
    assert user.jobs.events("train")
    live = user.jobs.yaml("train", "live")
    assert "kind: Service" in live
    assert "# You may not list secrets." in live
    assert "kind: Job" in user.jobs.yaml("train", "applied")
    told = user.metrics.of("train")
    assert told["series"] or told["missing"]
    look_at_curves(user)
    (seen,) = user.volumes.list("train")
    assert seen["resizable"] is None, "nobody said so"
    user.jobs.stop("train", wait=True)
    user.runs.record(user.jobs.get("train"))
    assert [run["phase"] for run in user.runs.list()] == ["Stopped"]
    again = user.jobs.resubmit("train", "second")
    assert again["from_run"] == created["run"]
    user.jobs.delete("second", volumes=True)
    user.jobs.delete("train", volumes=True)
    eventually(lambda: not user.volumes.list(), 60)
    eventually(lambda: not user.jobs.list(), 60)


def test_a_right_that_is_missing_is_named(user: Hub, kubectl: Kubectl) -> None:
    role = kubectl.get("role", "trainhub-user")
    without = ("persistentvolumeclaims", "pytorchjobs", "metrics.k8s.io")
    role["rules"] = [
        rule for rule in role["rules"] if not {*without} & {*rule["resources"], *rule["apiGroups"]}
    ]
    kubectl.apply({**role, "metadata": {"name": "trainhub-user"}})
    spec = {"name": "x", "command": ["true"], "model_volume": {"path": "/m", "size": "1Gi"}}

    def refused() -> Forbidden | None:
        try:
            user.jobs.create(JobSpec.parse(spec))
        except Forbidden as error:
            return error
        return None

    refusal = eventually(refused)
    assert "persistentvolumeclaims" in refusal.message
    assert refusal.remedy
    assert user.jobs.list() == []
    user.jobs.create(JobSpec.parse({"name": "y", "command": ["true"]}))
    assert [view["name"] for view in user.jobs.list()] == ["y"]
    user.jobs.delete("y")
