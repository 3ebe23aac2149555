"""The hub on a cluster that runs pods: the embedded one, or the one that the environment names."""

from __future__ import annotations

import contextlib
import http.client
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import NotFound, WaitTimeout
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.live import LiveState
from jupyter_trainhub.hub.waiting import wait_gone
from jupyter_trainhub.kube.resources import CONFIG_MAPS, NAMESPACES, PODS, SECRETS
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from tests.conftest import eventually

pytestmark = pytest.mark.cluster


@pytest.fixture
def hub(kubeconfig: Path, image: str) -> Iterator[Hub]:
    """A hub in a namespace of the test's own."""
    namespace = f"hub-{uuid.uuid4().hex[:8]}"
    config = TrainHubConfig(
        kubeconfig=str(kubeconfig), namespace=namespace, default_image=image, user="ada"
    )
    made = Hub.connect(config)
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    made.client.create(NAMESPACES, body)
    yield made
    made.client.delete(NAMESPACES, namespace)


def job(name: str, program: str, **fields: Any) -> JobSpec:
    command = ["python", "-c", program]
    small = {"cpus": 0.1, "memory": "128Mi"}
    return JobSpec.parse({"name": name, "command": command, **small, **fields})


def test_a_job_of_two_nodes_from_start_to_end(hub: Hub) -> None:
    program = "import os; print('I am', os.environ['RANK'], 'of', os.environ['WORLD_SIZE'])"
    hub.jobs.create(job("Two_nodes", program, nodes=2, framework="pytorch", memory="1Gi"))
    log = b"".join(hub.jobs.logs("Two_nodes", follow=True)).decode()
    assert "[0] I am 0 of 2\n" in log
    assert "[1] I am 1 of 2\n" in log
    view = hub.jobs.wait("Two_nodes", 60)
    assert view["phase"] == "Succeeded"
    assert [(pod["rank"], pod["phase"]) for pod in view["pods"]] == [
        (0, "Succeeded"),
        (1, "Succeeded"),
    ]
    assert view["started"] <= view["finished"]
    # torchrun may have the last word.
    whole = b"".join(hub.jobs.logs("Two_nodes", 1)).splitlines(keepends=True)
    assert b"I am 1 of 2\n" in whole
    assert b"".join(hub.jobs.logs("Two_nodes", 1, tail=1)) == whole[-1]
    assert "Created" in {event["reason"] for event in hub.jobs.events("Two_nodes")}


MEET = """
import os, socket, time
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
mine = os.environ["TRAINHUB_JOB"] + "/" + os.environ["RANK"]
if os.environ["RANK"] == "0":
    server = socket.create_server(("", place[1]))
    peer = server.accept()[0]
    print("met", peer.recv(100).decode(), flush=True)
    peer.send(mine.encode())
else:
    for _ in range(600):
        try:
            peer = socket.create_connection(place, 30)
            break
        except OSError:  # node 0 does not listen yet
            time.sleep(0.1)
    peer.send(mine.encode())
    print("met", peer.recv(100).decode(), flush=True)
"""


def test_jobs_at_once_do_not_meet_each_other(hub: Hub) -> None:
    names = ["left", "right"]
    for name in names:
        # Started by `env`, the program is not torchrun's: only the variables are TrainHub's.
        command = ["/usr/bin/env", "python", "-c", MEET]
        spec = job(name, "", nodes=2, framework="pytorch")
        hub.jobs.create(spec.model_copy(update={"command": command}))
    for name in names:
        log = b"".join(hub.jobs.logs(name, follow=True)).decode()
        assert f"[0] met {name}/1\n" in log
        assert f"[1] met {name}/0\n" in log
        assert hub.jobs.wait(name, 60)["phase"] == "Succeeded"


def test_the_users_text_arrives_to_the_letter(hub: Hub) -> None:
    odd = "$(HOSTNAME) $$ `id` 'x' \"y\" \\ 数"
    program = "import sys, os; print(sys.argv[1]); print(os.environ['ODD'])"
    spec = job("text", program, env={"ODD": odd})
    spec = spec.model_copy(update={"command": [*(spec.command or []), odd]})
    hub.jobs.create(spec)
    lines = b"".join(hub.jobs.logs("text", 0, follow=True)).decode().splitlines()
    assert lines[:2] == [odd, odd]


def test_a_failure_is_explained(hub: Hub) -> None:
    hub.jobs.create(job("fails", "raise SystemExit(7)"))
    view = hub.jobs.wait("fails", 60)
    assert view["phase"] == "Failed"
    assert "7" in view["message"]
    assert view["pods"][0]["exit_code"] == 7


def test_a_job_is_stopped_and_deleted(hub: Hub) -> None:
    hub.jobs.create(job("long", "import time; print('up', flush=True); time.sleep(600)"))
    # A first process that has not set its signal handlers yet is deaf to SIGTERM.
    with contextlib.closing(hub.jobs.logs("long", follow=True)) as log:
        assert next(log) == b"[0] up\n"
    assert hub.jobs.stop("long")["phase"] == "Stopping"
    view = hub.jobs.wait("long", 60)
    assert (view["phase"], view["message"]) == ("Stopped", "Stopped by ada.")
    hub.jobs.delete("long")
    wait_gone(hub, "job", "long", timeout=30)
    eventually(
        lambda: (
            not list(hub.client.list(CONFIG_MAPS, label_selector="trainhub.jupyter.org/name=long"))
        )
    )


def test_waiting_has_an_end(hub: Hub) -> None:
    with pytest.raises(NotFound):
        hub.jobs.wait("nothing", 10)
    hub.jobs.create(job("long", "import time; time.sleep(600)"))
    with pytest.raises(WaitTimeout, match=r"Running|Starting|Pending"):
        hub.jobs.wait("long", 1)


def test_live_state_tells_what_happens(hub: Hub) -> None:
    told: list[tuple[str, str, object]] = []
    live = LiveState(
        hub,
        lambda kind, name, action, view: told.append((name, action, view and view["phase"])),
    )
    live.start()
    try:
        assert live.wait_synced(30)
        assert live.views("job") == []
        hub.jobs.create(job("a", "print(1)"))
        eventually(lambda: ("a", "changed", "Succeeded") in told, 60)
        assert live.view("job", "a") == hub.jobs.get("a")
        assert [view["name"] for view in live.views("job")] == ["a"]
        hub.jobs.delete("a")
        eventually(lambda: told[-1] == ("a", "deleted", None))
        assert live.views("job") == []
    finally:
        live.stop()


def test_a_job_that_cannot_be_placed_says_why(hub: Hub) -> None:
    hub.config.check_fit = False
    hub.jobs.create(job("huge", "print(1)", cpus=1000))
    view = eventually(
        lambda: found if (found := hub.jobs.get("huge"))["reason"] == "Unschedulable" else None
    )
    assert view["phase"] == "Pending"
    assert "It needs 1000 CPUs, no node has more than" in view["message"]


@pytest.mark.skipif(
    "TRAINHUB_TEST_KUBECONFIG" in os.environ, reason="pods need not be reachable from here"
)
def test_an_instance_from_start_to_end(hub: Hub) -> None:
    spec = InstanceSpec.parse({"name": "My_lab", "cpus": 0.1, "memory": "512Mi"})
    assert hub.instances.create(spec)["phase"] == "Pending"
    view = hub.instances.wait_ready("My_lab", 120)
    assert (view["phase"], view["ready"]) == ("Running", True)
    endpoint = hub.instances.endpoint("My_lab")
    assert status(endpoint.host, f"{endpoint.prefix}/api/kernels", endpoint.token) == 200
    assert status(endpoint.host, f"{endpoint.prefix}/api/kernels", "wrong") == 403
    (pod,) = hub.client.list(PODS)
    assert endpoint.token not in str(pod)
    hub.instances.stop("My_lab")
    eventually(lambda: hub.instances.get("My_lab")["phase"] == "Stopped")
    hub.instances.delete("My_lab")
    eventually(
        lambda: (
            not list(hub.client.list(SECRETS, label_selector="trainhub.jupyter.org/name=My_lab"))
        )
    )


def status(host: str, path: str, token: str) -> int:
    connection = http.client.HTTPConnection(host, 8888, timeout=10)
    connection.request("GET", path, headers={"Authorization": f"token {token}"})
    return connection.getresponse().status


def test_a_reader_of_a_log_may_leave(hub: Hub) -> None:
    hub.jobs.create(job("talks", "import time\nwhile True: print('x', flush=True); time.sleep(.1)"))
    log = hub.jobs.logs("talks", follow=True)
    assert next(log).startswith(b"[0] ")
    rest = threading.Thread(target=lambda: list(log))
    rest.start()
    log.close()
    rest.join(5)
    assert not rest.is_alive()
