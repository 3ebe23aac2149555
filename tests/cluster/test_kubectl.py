"""A real kubectl finds what it expects of a Kubernetes."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


def job(name: str, image: str, script: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": image, "command": ["/bin/sh", "-c", script]}
    template = {"containers": [container], "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 1}  # fmt: skip
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": template}, **spec},
    }


def test_apply_wait_logs_delete(kubectl: Kubectl, image: str) -> None:
    kubectl.apply(job("hello", image, "echo one; echo two >&2"))
    kubectl("wait", "--for=condition=complete", "job/hello", "--timeout=60s")
    assert sorted(kubectl("logs", "job/hello").split()) == ["one", "two"]
    kubectl("delete", "job", "hello")
    eventually(lambda: not kubectl.get("pods")["items"])


def test_a_log_is_followed_from_its_first_line_to_its_last(kubectl: Kubectl, image: str) -> None:
    kubectl.apply(job("count", image, "for i in $(seq 50); do echo $i; sleep 0.02; done"))
    eventually(
        lambda: (
            kubectl.get("pods")["items"]
            and kubectl.get("pods")["items"][0]["status"]["phase"] != "Pending"
        )
    )
    lines = kubectl("logs", "--follow", "job/count").split()
    assert lines == [str(n) for n in range(1, 51)]


def test_exec_passes_streams_and_exit_codes(kubectl: Kubectl, image: str) -> None:
    kubectl.apply(job("stay", image, "sleep 300"))
    kubectl("wait", "--for=jsonpath={.status.ready}=1", "job/stay", "--timeout=60s")
    assert kubectl("exec", "-i", "job/stay", "--", "cat", stdin="through\n") == "through\n"
    done = kubectl.run("exec", "job/stay", "--", "sh", "-c", "echo err >&2; exit 3")
    assert done.returncode == 3
    assert "err" in done.stderr


def test_describe_tells_why_a_pod_waits(kubectl: Kubectl, image: str) -> None:
    body = job("huge", image, "true")
    container = body["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "1000"}}
    kubectl.apply(body)
    eventually(lambda: "Insufficient cpu" in kubectl("describe", "pods"))


def test_get_prints_tables_and_apply_sees_what_changed(kubectl: Kubectl) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"},
              "data": {"a": "1", "b": "2"}}  # fmt: skip
    assert "created" in kubectl.apply(config)
    assert "unchanged" in kubectl.apply(config)
    config["data"] = {"a": "3"}
    assert kubectl.run("diff", "-f", "-", stdin=json.dumps(config)).returncode == 1
    assert "configured" in kubectl.apply(config)
    assert kubectl.get("configmap", "c")["data"] == {"a": "3"}
    header, row = kubectl("get", "configmap", "c").splitlines()
    assert header.split() == ["NAME", "DATA", "AGE"]
    assert row.split()[:2] == ["c", "1"]


def test_a_watch_sees_each_change(kubectl: Kubectl) -> None:
    arguments = kubectl.arguments("get", "configmaps", "--watch-only", "-o", "name")
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        try:
            seen = ""
            # The watch begins at a moment that is not ours to know: change until it sees one.
            for n in range(200):
                kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "w"},
                               "data": {"n": str(n)}})  # fmt: skip
                if n > 3:
                    seen = watch.stdout.readline()
                    break
        finally:
            watch.terminate()
    assert seen == "configmap/w\n"


def test_pods_of_a_job_reach_each_other_by_name(kubectl: Kubectl, image: str) -> None:
    """A headless Service's names resolve to the addresses of the pods it selects."""
    # The port is none of those that TrainHub's jobs choose, which other tests run. Who connects and
    # says nothing looks whether somebody listens.
    serve = (
        "import os, socket, time\n"
        "me = int(os.environ['JOB_COMPLETION_INDEX'])\n"
        "address = socket.gethostbyname(socket.gethostname())\n"
        "if me == 0:\n"
        "    server = socket.create_server((address, 21987))\n"
        "    said = b''\n"
        "    while not said: said = server.accept()[0].recv(100)\n"
        "    print(said.decode(), flush=True)\n"
        "else:\n"
        "    for _ in range(600):\n"
        "        try:\n"
        "            link = socket.create_connection(('ring-0.ring', 21987), 5); break\n"
        "        except OSError: time.sleep(0.1)\n"
        "    link.send(b'hello from ' + socket.gethostname().encode())\n"
    )
    body = job("ring", image, "", completions=2, parallelism=2, completionMode="Indexed")
    spec = body["spec"]["template"]["spec"]
    spec["subdomain"] = "ring"
    spec["containers"][0]["command"] = ["python3", "-c", serve]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "ring"},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"batch.kubernetes.io/job-name": "ring"},
        },
    }
    kubectl.apply(service, body)
    ended = eventually(
        lambda: [
            condition["type"]
            for condition in kubectl.get("job", "ring")["status"].get("conditions", [])
            if condition["type"] in ("Complete", "Failed") and condition["status"] == "True"
        ],
        120,
    )
    said = kubectl("logs", "-l", "batch.kubernetes.io/job-name=ring", "--prefix")
    assert ended == ["Complete"], said
    first = "batch.kubernetes.io/job-completion-index=0"
    assert kubectl("logs", "-l", first) == "hello from ring-1\n", said
