"""Logs, as kubelet reads them."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.lab import Lab, is_in
from tests.cluster.pods import pod
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def pods(lab: Lab, image: str) -> Lab:
    """A namespace with pods that have logs, and some that have none."""
    lab.create("pods", pod("lines", image, "for i in 1 2 3 4 5; do echo line $i; done"))
    lab.create("pods", pod("bar", image, r"printf '1\r2\r3\n'; printf 'no end'"))
    long = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short"
    lab.create("pods", pod("long", image, long))
    again = "echo run $(date +%s%N); sleep 0.3; exit 1"
    lab.create("pods", pod("again", image, again, restartPolicy="Always"))
    slow = "echo one; sleep 1.1; echo two; sleep 1.1; echo three"
    lab.create("pods", pod("slow", image, slow))
    lab.create("pods", pod("never", "registry.invalid/none:1", "true"))
    two = pod("two", image, "echo from main", labels={"app": "two"})
    two["spec"]["initContainers"] = [
        {**two["spec"]["containers"][0], "name": "first", "command": ["echo", "from first"]}
    ]
    two["spec"]["containers"].append(
        {**two["spec"]["containers"][0], "name": "side", "command": ["echo", "from side"]}
    )
    lab.create("pods", two)
    for name in ("lines", "bar", "long", "two"):
        lab.until("pods", name, is_in("Succeeded"))
    return lab


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"tailLines": 2}, "line 4\nline 5\n"),
        ({"tailLines": 0}, ""),
        ({"tailLines": 9, "limitBytes": 10}, "line 1\nlin"),
        ({"sinceSeconds": 3600, "tailLines": 1}, "line 5\n"),
        ({"sinceTime": "2099-01-01T00:00:00Z"}, ""),
        ({"follow": "true", "tailLines": 1}, "line 5\n"),
    ],
)
def test_a_part_of_a_log(pods: Lab, query: dict[str, Any], text: str) -> None:
    assert pods.log("lines", **query) == text


def test_lines_are_as_they_were_written(pods: Lab) -> None:
    assert pods.log("bar") == "1\r2\r3\nno end\n"
    assert pods.log("long") == "x" * 40000 + "\nshort\n"
    stamped = pods.log("bar", timestamps="true").split("\n")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 1\r2\r3", stamped[0])
    # A long line is stored in parts, and has one time.
    assert re.fullmatch(r"\S+ x{40000}\n\S+ short\n", pods.log("long", timestamps="true"))


def test_since_begins_with_a_second_of_the_log(pods: Lab) -> None:
    pods.until("pods", "slow", is_in("Succeeded"))
    times = [line.split()[0] for line in pods.log("slow", timestamps="true").splitlines()]
    assert pods.log("slow", sinceTime=times[1]) == "two\nthree\n"


@pytest.mark.parametrize(
    ("name", "query", "code", "told"),
    [
        ("lines", {"container": "x"}, 400, "container x is not valid for pod lines"),
        ("lines", {"previous": "true"}, 400,
         'previous terminated container "main" in pod "lines" not found'),
        ("two", {}, 400, "a container name must be specified for pod two, choose one of: "
         "[first main side]"),
        ("lines", {"tailLines": -1}, 422, 'PodLogOptions "lines" is invalid: tailLines: Invalid '
         "value: -1: must be greater than or equal to 0"),
        ("lines", {"limitBytes": 0}, 422, 'PodLogOptions "lines" is invalid: limitBytes: Invalid '
         "value: 0: must be greater than 0"),
    ],
)  # fmt: skip
def test_refusals(pods: Lab, name: str, query: dict[str, Any], code: int, told: str) -> None:
    status = pods.get("pods", f"{name}/log", **query).status
    assert (status["code"], status["message"]) == (code, told)


def test_a_container_without_an_image_waits(pods: Lab) -> None:
    message = 'container "main" in pod "never" is waiting to start: '
    reasons = [message + "image can't be pulled", message + "trying and failing to pull image"]
    eventually(lambda: pods.get("pods", "never/log").status.get("message") in reasons)


def test_the_run_before(pods: Lab) -> None:
    pods.until("pods", "again", lambda p: p["status"]["containerStatuses"][0]["restartCount"])
    assert pods.log("again", previous="true").startswith("run ")
    # Until the next run there is, the last one's log is both.
    waiting = "CrashLoopBackOff"
    pods.until("pods", "again", lambda p: waiting in str(p["status"]["containerStatuses"]))
    assert pods.log("again") == pods.log("again", previous="true")


def test_following_ends_with_the_run(pods: Lab, kubeconfig: Path, image: str) -> None:
    body = pod("ticks", image, "for i in 1 2 3; do echo $i; sleep 0.3; done; exit 1",
               restartPolicy="OnFailure")  # fmt: skip
    pods.create("pods", body)
    kubectl = Kubectl(kubeconfig, pods.namespace)
    eventually(lambda: pods.get("pods", "ticks/log").code == 200)
    before = time.monotonic()
    assert kubectl("logs", "-f", "ticks") == "1\n2\n3\n"
    assert time.monotonic() - before < 10


def test_kubectl_asks_for_all_containers(pods: Lab, kubeconfig: Path) -> None:
    kubectl = Kubectl(kubeconfig, pods.namespace)
    assert kubectl("logs", "two", "-c", "first") == "from first\n"
    lines = kubectl("logs", "-f", "-l", "app=two", "--all-containers", "--prefix").splitlines()
    assert sorted(lines) == [
        "[pod/two/first] from first",
        "[pod/two/main] from main",
        "[pod/two/side] from side",
    ]
