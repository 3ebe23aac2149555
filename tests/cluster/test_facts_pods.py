"""Pods, their logs and commands in them, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from kubernetes import client
from kubernetes.stream import stream
from kubernetes.stream.ws_client import ERROR_CHANNEL

from tests.cluster.api import STRATEGIC, Object
from tests.cluster.lab import Lab, has, is_in
from tests.cluster.pods import pod
from tests.conftest import eventually

pytestmark = pytest.mark.cluster

Real = dict[str, Any]


def main(pod: Object) -> Object:
    """The status of a pod's first container."""
    status: Object = pod["status"]["containerStatuses"][0]
    return status


def ended(lab: Lab, name: str) -> Object:
    return lab.until("pods", name, is_in("Succeeded", "Failed"))


@pytest.fixture
def lines(situations: Lab) -> Lab:
    """The lab, where the pod ``lines`` has said all that it will."""
    situations.until("pods", "lines", has("Ready"))
    eventually(lambda: "line 5" in situations.log("lines"))
    return situations


def test_a_pod_is_completed_with_defaults(situations: Lab, real: Real) -> None:
    answer = situations.created["ok"]
    spec, status = answer.body["spec"], answer.body["status"]
    fields = [spec[f] for f in ("restartPolicy", "schedulerName", "dnsPolicy")]
    assert [answer.code, status["phase"], status["qosClass"], *fields] == real["pods: created"]


def test_a_pod_succeeds(situations: Lab, real: Real) -> None:
    pod = ended(situations, "ok")
    container, status = main(pod), pod["status"]
    state = container["state"]["terminated"]
    found = [status["phase"], state["exitCode"], state["reason"], container["restartCount"],
             container["ready"], bool(status["podIP"]), bool(status["startTime"])]  # fmt: skip
    assert found == real["pods: succeeded"]


def test_a_pod_that_succeeded_is_no_longer_ready(situations: Lab, real: Real) -> None:
    conditions = {c["type"]: c["status"] for c in ended(situations, "ok")["status"]["conditions"]}
    kinds = ("ContainersReady", "Initialized", "PodScheduled", "Ready")
    assert [[kind, conditions[kind]] for kind in kinds] == real["pods: conditions"]


def test_a_log_has_both_streams(situations: Lab, real: Real) -> None:
    ended(situations, "ok")
    answer = situations.get("pods", "ok/log")
    found = [answer.code, sorted(answer.body.split()), answer.content_type]
    assert found == real["pods: log"]


def test_a_pod_fails(situations: Lab, real: Real) -> None:
    pod = ended(situations, "bad")
    state = main(pod)["state"]["terminated"]
    assert [pod["status"]["phase"], state["exitCode"], state["reason"]] == real["pods: failed"]


def test_a_pod_runs(lines: Lab, real: Real) -> None:
    pod = lines.get("pods", "lines").body
    container = main(pod)
    state = "running" in container["state"]
    found = [pod["status"]["phase"], container["ready"], container["started"], state]
    assert found == real["pods: running"]


@pytest.mark.parametrize(
    ("query", "fact"),
    [({"tailLines": 2}, "pods: log tailLines"), ({"limitBytes": 6}, "pods: log limitBytes")],
    ids=["its last lines", "its first bytes"],
)
def test_a_log_is_cut_to(lines: Lab, real: Real, query: Any, fact: str) -> None:
    assert lines.log("lines", **query) == real[fact]


def test_a_log_has_timestamps(lines: Lab, real: Real) -> None:
    stamped = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 5\n"
    text = lines.log("lines", tailLines=1, timestamps="true")
    assert bool(re.fullmatch(stamped, text)) == real["pods: log timestamps"]


def test_a_log_is_followed(lines: Lab, real: Real) -> None:
    followed = lines.api.lines(lines.path("pods", "lines/log"), follow="true", tailLines=1)
    assert next(followed) == real["pods: log follow gives a line"]
    followed.close()


@pytest.mark.parametrize(
    ("where", "query", "fact"),
    [
        ("lines/log", {"container": "nope"}, "pods: log of no such container"),
        ("nope/log", {}, "pods: log of no such pod"),
    ],
    ids=["container", "pod"],
)
def test_there_is_no_log_of_no_such(
    lines: Lab, real: Real, where: str, query: Any, fact: str
) -> None:
    status = lines.get("pods", where, **query).status
    status.pop("details", None)
    assert status == real[fact]


@pytest.mark.parametrize(
    ("script", "given", "fact"),
    [
        ("echo to-out; echo to-err >&2; exit 7", None, "pods: exec"),
        ("read x; echo got $x", "hello\n", "pods: exec reads stdin"),
    ],
    ids=["its streams and exit code come back", "it reads what is sent"],
)
def test_a_command_runs_in_a_pod(
    lines: Lab, real: Real, script: str, given: str | None, fact: str
) -> None:
    core = client.CoreV1Api(lines.api.client)
    link = stream(
        core.connect_get_namespaced_pod_exec, "lines", lines.namespace, container="main",
        command=["/bin/sh", "-c", script], stdin=given is not None, stdout=True, stderr=True,
        tty=False, _preload_content=False,
    )  # fmt: skip
    if given is not None:
        link.write_stdin(given)
    link.run_forever(timeout=30)
    end = json.loads(link.read_channel(ERROR_CHANNEL))
    causes = (end.get("details") or {}).get("causes")
    found = {"stdout": link.read_stdout(), "stderr": link.read_stderr(), "status": end["status"],
             "reason": end.get("reason"), "causes": causes}  # fmt: skip
    assert found == real[fact]


def test_the_spec_of_a_pod_cannot_be_changed(lines: Lab, real: Real) -> None:
    change = {"spec": {"containers": [{"name": "main", "command": ["x"]}]}}
    refused = lines.patch("pods", "lines", change, STRATEGIC)
    assert refused.refusal == real["pods: spec is immutable"]


def test_the_annotations_of_a_pod_can_be_changed(lines: Lab, real: Real) -> None:
    answer = lines.patch("pods", "lines", {"metadata": {"annotations": {"n": "1"}}}, STRATEGIC)
    assert [answer.code, answer.body["metadata"]["annotations"]["n"]] == real["pods: annotate"]


def test_a_pod_has_its_grace_period(situations: Lab, image: str, real: Real) -> None:
    situations.create("pods", pod("leave", image, "sleep 300"))
    situations.until("pods", "leave", has("Ready"))
    answer = situations.delete("pods", "leave")
    metadata = answer.body["metadata"]
    found = [answer.code, answer.body["kind"], "deletionTimestamp" in metadata,
             metadata["deletionGracePeriodSeconds"]]  # fmt: skip
    assert found == real["pods: delete answers the pod"]
    assert situations.gone("pods", "leave") == real["pods: gone after its grace period"]


def test_a_pod_that_fits_no_node_waits(situations: Lab, real: Real) -> None:
    pod = situations.until("pods", "huge", lambda pod: pod["status"]["conditions"])
    condition = pod["status"]["conditions"][0]
    message = condition["message"]
    found = [pod["status"]["phase"], condition["type"], condition["status"], condition["reason"],
             "Insufficient cpu" in message, message.startswith("0/")]  # fmt: skip
    assert found == real["pods: does not fit"]


def test_an_event_tells_why_a_pod_waits(situations: Lab, real: Real) -> None:
    query = {"fieldSelector": "involvedObject.name=huge"}
    (event, *_) = eventually(lambda: situations.get("events", **query).body["items"])
    found = [event["reason"], event["type"], event["involvedObject"]["kind"],
             "Insufficient cpu" in event["message"]]  # fmt: skip
    assert [found] == real["pods: event of what does not fit"]


def test_a_gpu_is_requested_by_its_limit(situations: Lab, real: Real) -> None:
    pod = situations.until("pods", "gpu", lambda pod: pod["status"]["conditions"])
    message = pod["status"]["conditions"][0]["message"]
    resources = pod["spec"]["containers"][0]["resources"]
    assert ["Insufficient nvidia.com/gpu" in message, resources] == real["pods: no such GPU"]


def test_a_pod_waits_for_an_image_that_there_is_not(situations: Lab, real: Real) -> None:
    reasons = ("ErrImagePull", "ImagePullBackOff")
    pod = situations.until(
        "pods", "noimg", lambda pod: main(pod)["state"]["waiting"]["reason"] in reasons
    )
    assert [pod["status"]["phase"], True] == real["pods: no such image"]


def test_a_pod_that_crashes_is_held_back(situations: Lab, real: Real) -> None:
    pod = situations.until(
        "pods", "crash", lambda pod: main(pod)["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    )
    again, last = main(pod)["restartCount"] >= 1, main(pod)["lastState"]["terminated"]
    found = [pod["status"]["phase"], again, last["exitCode"]]
    assert found == real["pods: crash loop"]


def test_a_pod_fails_at_its_deadline(situations: Lab, real: Real) -> None:
    status = ended(situations, "late")["status"]
    assert [status["phase"], status["reason"]] == real["pods: past its deadline"]


def test_a_pod_has_its_environment_and_volumes(situations: Lab, real: Real) -> None:
    ended(situations, "env")
    text = situations.log("env").replace(situations.namespace, "NS")
    assert text.split() == real["pods: environment and volumes"]


def test_init_containers_come_first(situations: Lab, real: Real) -> None:
    status = ended(situations, "init")["status"]
    code = status["initContainerStatuses"][0]["state"]["terminated"]["exitCode"]
    assert [status["phase"], code, situations.log("init")] == real["pods: init container"]


def test_a_pod_needs_containers(situations: Lab, real: Real) -> None:
    answer = situations.create("pods", {"metadata": {"name": "none"}, "spec": {}})
    told = "spec.containers: Required value" in answer.body["message"]
    assert [*answer.refusal, told] == real["pods: without containers"]


def test_a_request_is_not_above_its_limit(situations: Lab, image: str, real: Real) -> None:
    resources = {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}
    body = pod("badq", image, "true", resources=resources)
    assert situations.create("pods", body).refusal == real["pods: request above limit"]
