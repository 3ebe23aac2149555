"""The cluster's process: joined, killed, stopped, left alone; its objects and pods survive it."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.embedded import lifecycle
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a cluster of the test's own, which is ended after it."""
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(tmp_path / "home"))
    yield tmp_path / "home"
    lifecycle.stop()


def pod(name: str, *command: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "host", "command": list(command)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5, **spec},
    }


COUNT = "import time\nfor n in range(100000): print(n, flush=True); time.sleep(0.01)"


def running(kubectl: Kubectl, name: str) -> None:
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=30s")


def test_a_second_start_joins_the_first(home: Path) -> None:
    first = lifecycle.start()
    pid = lifecycle.status()["pid"]
    assert lifecycle.start() == first
    assert lifecycle.status()["pid"] == pid


def test_several_starts_at_once_make_one_cluster(home: Path) -> None:
    program = "from jupyter_trainhub.embedded import lifecycle; print(lifecycle.start())"
    starts = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) for _ in range(3)
    ]
    assert [process.wait(60) for process in starts] == [0, 0, 0]
    for process in starts:
        assert process.stdout is not None
        process.stdout.close()
    assert lifecycle.status()["state"] == "running"


def test_only_the_token_opens_it_and_only_its_owner_can_read_it(home: Path) -> None:
    kubeconfig = lifecycle.start()
    assert kubeconfig.stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o777 == 0o700
    config = yaml.safe_load(kubeconfig.read_text())
    url = config["clusters"][0]["cluster"]["server"] + "/api/v1/pods"
    context = ssl._create_unverified_context()
    # Who brings no token is `system:anonymous`, who may do next to nothing.
    for header, code in (({}, 403), ({"Authorization": "Bearer wrong"}, 401)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(url, headers=header), context=context)
        assert caught.value.code == code


def test_a_killed_cluster_comes_back_with_everything(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    kubectl.apply(pod("count", sys.executable, "-c", COUNT))
    running(kubectl, "count")
    before = kubectl.get("pod", "count")
    pid = kubectl("exec", "count", "--", "sh", "-c", "cat /proc/1/stat")

    killed = lifecycle.status()["pid"]
    os.kill(killed, signal.SIGKILL)
    os.waitpid(killed, 0)
    lifecycle.start()

    after = kubectl.get("pod", "count")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["status"]["containerStatuses"][0]["restartCount"] == 0
    # The same process, by its start time.
    again = kubectl("exec", "count", "--", "sh", "-c", "cat /proc/1/stat")
    assert again.split()[21] == pid.split()[21]
    last = int(kubectl("logs", "count", "--tail=1"))
    eventually(lambda: int(kubectl("logs", "count", "--tail=1")) > last)
    numbers = [int(line) for line in kubectl("logs", "count").split()]
    assert numbers == list(range(len(numbers)))


def test_a_container_that_ended_while_the_cluster_was_away_is_told_of(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    fifo = home.parent / "fifo"
    os.mkfifo(fifo)
    body = pod("wait", "sh", "-c", "read line < /go/fifo; exit 7", restartPolicy="Never",
               volumes=[{"name": "go", "hostPath": {"path": str(home.parent)}}])  # fmt: skip
    body["spec"]["containers"][0]["volumeMounts"] = [{"name": "go", "mountPath": "/go"}]
    kubectl.apply(body)
    running(kubectl, "wait")

    killed = lifecycle.status()["pid"]
    os.kill(killed, signal.SIGKILL)
    os.waitpid(killed, 0)
    fifo.write_text("now\n")
    lifecycle.start()

    kubectl("wait", "--for=jsonpath={.status.phase}=Failed", "pod/wait", "--timeout=30s")
    state = kubectl.get("pod", "wait")["status"]["containerStatuses"][0]["state"]
    assert state["terminated"]["exitCode"] == 7


def test_stop_gives_pods_their_grace_period_and_keeps_objects(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    said = home.parent / "said"
    script = f"trap 'echo bye > {said}; exit' TERM; while :; do sleep 0.05; done"
    folder = {"name": "v", "hostPath": {"path": str(home.parent)}}
    body = pod("polite", "sh", "-c", script, volumes=[folder])
    body["spec"]["containers"][0]["volumeMounts"] = [{"name": "v", "mountPath": str(home.parent)}]
    kubectl.apply(body)
    running(kubectl, "polite")
    assert lifecycle.stop()
    assert said.read_text() == "bye\n"
    assert lifecycle.status()["state"] == "stopped"

    lifecycle.start()
    status = kubectl.get("pod", "polite")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Terminated")


def test_it_ends_by_itself_when_nothing_runs(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    settings = {"EmbeddedCluster": {"idle_timeout": 1}}
    (config / "jupyter_trainhub_config.json").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(config))
        kubectl = Kubectl(lifecycle.start())
    kubectl.apply(pod("nap", "sleep", "4", restartPolicy="Never"))
    running(kubectl, "nap")
    pid = lifecycle.status()["pid"]
    # Idle for longer than its time-out, but a pod runs.
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/nap", "--timeout=30s")
    assert lifecycle.status()["pid"] == pid
    eventually(lambda: lifecycle.status()["state"] == "stopped")


def test_pretend_nodes_are_scheduled_to(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    nodes = [{"name": "gpu-1", "cpus": "64", "memory": "512Gi", "gpus": 8, "gpu_model": "A800"}]
    settings = {"EmbeddedCluster": {"nodes": nodes}}
    (config / "jupyter_trainhub_config.json").write_text(json.dumps(settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(config))
        kubectl = Kubectl(lifecycle.start())
    body = pod("big", "sh", "-c", "hostname", restartPolicy="Never")
    body["spec"]["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": 4, "cpu": "32"}}
    kubectl.apply(body)
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/big", "--timeout=30s")
    assert kubectl.get("pod", "big")["spec"]["nodeName"] == "gpu-1"
    assert kubectl("logs", "big") == "big\n"


def test_stop_ends_what_a_controller_would_replace(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    container = {"name": "main", "image": "host", "command": ["sleep", "600"]}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    kubectl.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "dev"},
            "spec": {
                "serviceName": "dev",
                "selector": {"matchLabels": {"app": "dev"}},
                "template": {"metadata": {"labels": {"app": "dev"}}, "spec": spec},
            },
        }
    )
    eventually(lambda: kubectl.run("get", "pod", "dev-0").returncode == 0)
    running(kubectl, "dev-0")
    lifecycle.stop()
    assert not list(home.glob("pods/*/containers/*/*"))

    lifecycle.start()
    running(kubectl, "dev-0")


def test_what_cannot_be_started_backs_off(home: Path) -> None:
    kubectl = Kubectl(lifecycle.start())
    kubectl.apply(pod("nothing", "/no/such/program"))

    def state() -> str:
        statuses = kubectl.get("pod", "nothing")["status"].get("containerStatuses") or [{}]
        return str(((statuses[0].get("state") or {}).get("waiting") or {}).get("reason"))

    eventually(lambda: state() == "CrashLoopBackOff")
    assert kubectl.get("pod", "nothing")["status"]["containerStatuses"][0]["restartCount"] == 1
