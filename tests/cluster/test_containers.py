"""Containers of a pod: in which order they live, what is done around them, what is said."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.cluster.pods import not_honoured, pod
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster


def phase(kubectl: Kubectl, name: str) -> Any:
    return kubectl.get("pod", name)["status"]["phase"]


def events(kubectl: Kubectl, name: str) -> set[tuple[str, str]]:
    """Reasons and messages about a pod."""
    found = kubectl.get("events", "--field-selector", f"involvedObject.name={name}")
    return {(event["reason"], event["message"]) for event in found["items"]}


def test_a_sidecar_starts_before_and_ends_after_the_others(kubectl: Kubectl, image: str) -> None:
    def beside(name: str) -> dict[str, Any]:
        script = f"trap 'echo {name} >> /d/end; exit 0' TERM; echo {name} >> /d/start;"
        command = ["/bin/sh", "-c", f"{script} while :; do sleep 0.1; done"]
        probe = {"exec": {"command": ["cat", "/d/start"]}, "periodSeconds": 1}
        return {"name": name, "image": image, "restartPolicy": "Always", "command": command,
                "startupProbe": probe, "volumeMounts": mounts}  # fmt: skip

    mounts = [{"name": "d", "mountPath": "/d"}]
    script = "cat /d/start; while [ ! -e /d/go ]; do sleep 0.1; done"
    kubectl.apply(
        pod("mates", image, script, initContainers=[beside("one"), beside("two")],
            volumes=[{"name": "d", "emptyDir": {}}], volumeMounts=mounts)
    )  # fmt: skip
    kubectl("wait", "--for=condition=Ready", "pod/mates", "--timeout=60s")
    assert kubectl("get", "pod", "mates", "--no-headers").split()[1:3] == ["3/3", "Running"]
    assert kubectl("logs", "mates").split() == ["one", "two"]
    kubectl("exec", "mates", "-c", "main", "--", "touch", "/d/go")
    eventually(lambda: phase(kubectl, "mates") == "Succeeded")
    found = kubectl.get("pod", "mates")["status"]["initContainerStatuses"]
    ends = [entry["state"]["terminated"] for entry in found]
    assert [end["exitCode"] for end in ends] == [0, 0]
    assert ends[1]["finishedAt"] <= ends[0]["finishedAt"], "the last one started ends first"
    assert ("Killing", "Stopping container one") in events(kubectl, "mates")


def test_hooks_run_after_the_start_and_before_the_end(kubectl: Kubectl, image: str) -> None:
    def say(word: str) -> dict[str, Any]:
        return {"exec": {"command": ["/bin/sh", "-c", f"echo {word} > /proc/1/fd/1"]}}

    script = "trap 'echo term; exit 0' TERM; while :; do sleep 0.1; done"
    hooks = {"postStart": say("started"), "preStop": say("stopping")}
    broken = {"postStart": {"exec": {"command": ["/bin/false"]}}}
    kubectl.apply(
        pod("hooked", image, script, lifecycle=hooks, activeDeadlineSeconds=3,
            terminationGracePeriodSeconds=10),
        pod("broken", image, "sleep 300", lifecycle=broken),
    )  # fmt: skip
    eventually(lambda: {phase(kubectl, n) for n in ("hooked", "broken")} == {"Failed"})
    assert kubectl("logs", "hooked").split() == ["started", "stopping", "term"]
    status = kubectl.get("pod", "hooked")["status"]
    assert status["reason"] == "DeadlineExceeded"
    told = events(kubectl, "broken")
    assert ("FailedPostStartHook", "PostStartHook failed") in told
    assert ("Killing", "FailedPostStartHook") in told


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "exec": ({"exec": {"command": ["/bin/false"]}}, "Readiness probe failed: "),
    "slow": ({"exec": {"command": ["sleep", "5"]}},
             'Readiness probe failed: command timed out: "sleep 5" timed out after 1s'),
    "http": ({"httpGet": {"port": "web", "path": "/none"}},
             "Readiness probe failed: HTTP probe failed with statuscode: 404"),
    "refused": ({"httpGet": {"port": 9, "path": "/x"}},
                'Readiness probe failed: Get "http://IP:9/x": dial tcp IP:9: connect: '
                "connection refused"),
    "tcp": ({"tcpSocket": {"port": 9}},
            "Readiness probe failed: dial tcp IP:9: connect: connection refused"),
    "grpc": ({"grpc": {"port": 9}},
             'Readiness probe failed: timeout: failed to connect service "IP:9" within 1s: '
             "context deadline exceeded"),
}  # fmt: skip


def test_a_probe_that_fails_is_told_of(kubectl: Kubectl, image: str) -> None:
    address = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    serve = 'cd /tmp && python3 -m http.server 8471 --bind "$IP"'
    kubectl.apply(
        *(pod(name, image, serve, env=[address], ports=[{"name": "web", "containerPort": 8471}],
              readinessProbe={**probe, "periodSeconds": 1})
          for name, (probe, _) in FAILING.items())
    )  # fmt: skip

    def told(name: str, message: str) -> bool:
        address = kubectl.get("pod", name)["status"].get("podIP", "")
        return ("Unhealthy", message.replace("IP", address)) in events(kubectl, name)

    for name, (_, message) in FAILING.items():
        eventually(partial(told, name, message))
        assert not kubectl.get("pod", name)["status"]["containerStatuses"][0]["ready"]


def test_a_probe_that_succeeds_makes_ready(kubectl: Kubectl, image: str) -> None:
    address = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    serve = 'mkdir -p /tmp/w && cd /tmp/w && python3 -m http.server 8472 --bind "$IP"'
    probe = {"httpGet": {"port": 8472}, "periodSeconds": 1}
    kubectl.apply(
        pod("up", image, serve, env=[address], startupProbe={**probe, "failureThreshold": 60},
            readinessProbe=probe, livenessProbe={"tcpSocket": {"port": 8472}})
    )  # fmt: skip
    kubectl("wait", "--for=condition=Ready", "pod/up", "--timeout=60s")


def test_a_container_that_fails_its_liveness_probe_is_restarted(
    kubectl: Kubectl, image: str
) -> None:
    probe = {"exec": {"command": ["/bin/false"]}, "periodSeconds": 1, "failureThreshold": 2,
             "terminationGracePeriodSeconds": 1}  # fmt: skip
    kubectl.apply(
        pod("sick", image, "sleep 300", livenessProbe=probe, restartPolicy="Always",
            terminationGracePeriodSeconds=60)
    )  # fmt: skip
    eventually(lambda: kubectl.get("pod", "sick")["status"]["containerStatuses"][0]["restartCount"])
    last = kubectl.get("pod", "sick")["status"]["containerStatuses"][0]["lastState"]
    assert (last["terminated"]["exitCode"], last["terminated"]["reason"]) == (137, "Error")
    message = "Container main failed liveness probe, will be restarted"
    assert ("Killing", message) in events(kubectl, "sick")
    kubectl("delete", "pod", "sick", "--grace-period=1", "--wait=false")


def test_a_container_that_must_not_be_root_is_not_started(kubectl: Kubectl, image: str) -> None:
    context = {"runAsNonRoot": True, "runAsUser": 0}
    kubectl.apply(pod("root", image, "true", securityContext=context))
    uid = kubectl.get("pod", "root")["metadata"]["uid"]
    where = f'(pod: "root_{kubectl.namespace}({uid})", container: main)'
    state = {
        "reason": "CreateContainerConfigError",
        "message": f"container's runAsUser breaks non-root policy {where}",
    }

    def waiting() -> object:
        statuses = kubectl.get("pod", "root")["status"].get("containerStatuses") or [{}]
        return statuses[0].get("state") == {"waiting": state}

    eventually(waiting)


def test_names_that_a_pod_knows(kubectl: Kubectl, image: str) -> None:
    aliases = [{"ip": "192.0.2.7", "hostnames": ["far", "far.example"]}]
    script = "hostname; getent hosts far | tr -s ' '; pwd; id -G; touch /x 2>/dev/null || echo ro"
    kubectl.apply(
        pod("named", image, script, hostAliases=aliases, hostname="me", subdomain="sub",
            setHostnameAsFQDN=True, workingDir="/made/up",
            securityContext={"supplementalGroups": [4711], "fsGroup": 4712})
    )  # fmt: skip
    eventually(lambda: phase(kubectl, "named") == "Succeeded")
    lines = kubectl("logs", "named").splitlines()
    assert lines[0] == f"me.sub.{kubectl.namespace}.svc.cluster.local"
    assert lines[1].split() == ["192.0.2.7", "far", "far.example"]
    assert lines[2] == "/made/up"
    without = "groups 4711, 4712 are not given" in not_honoured(kubectl, "named")
    assert without or {"4711", "4712"} <= set(lines[3].split())
