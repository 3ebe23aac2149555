"""Idle instances on a cluster that runs pods: looked into, warned of, kept, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.hub.idle.activity import Activity
from jupyter_trainhub.hub.idle.manager import Outcome
from jupyter_trainhub.manifests.activity import Signal
from tests.conftest import Kubectl, eventually
from tests.hub.pods import Run, replicas, running

pytestmark = pytest.mark.cluster

# Uses a core until it is told to rest.
BURN = "import os, time\nwhile not os.path.exists('/tmp/rest'): pass\ntime.sleep(600)"
# Answers as a Jupyter server whose kernel is busy.
JUPYTER = """
import http.server, json, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = {"/kernels": [{"execution_state": "busy", "last_activity": "2026-01-01T00:00:00Z"}],
                 "/terminals": []}
        path, _, query = self.path.partition("?")
        found = known.get(path[len("/trainhub/instances/x/lab/api"):])
        right = self.headers["Authorization"] == "token right" and query == "no_track_activity=1"
        self.send_response(200 if found is not None and right else 403)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())
http.server.HTTPServer((os.environ["POD_IP"], 8888), Handler).serve_forever()
"""


@pytest.fixture
def hub(kubeconfig: Path, kubectl: Kubectl) -> Callable[..., Hub]:
    """Connects to the test's namespace, with this policy."""

    def make(**policy: Any) -> Hub:
        config = TrainHubConfig(
            kubeconfig=str(kubeconfig), namespace=kubectl.namespace, user="ada", **policy
        )
        return Hub.connect(config)

    return make


def signal(view: dict[str, Any], name: str) -> dict[str, Any]:
    return next(signal for signal in view["signals"] if signal["name"] == name)


def idle_as_ever(activity: Activity, stateful_set: Any, pod: Any) -> list[Signal]:
    return [Signal("cpu", "idle", None, "0 % CPU")]


def test_a_program_that_computes_is_active_until_it_rests(
    hub: Callable[..., Hub], run: Run, kubectl: Kubectl
) -> None:
    run("python3", "-c", BURN)
    mine = hub(idle_timeout=1, idle_warning=1)
    view = mine.idle.look("x")
    assert view["state"] == "active"
    assert "% CPU" in signal(view, "cpu")["detail"]
    kubectl("exec", "dev-x-0", "--", "/bin/sh", "-c", ": >/tmp/rest")
    acts: list[str] = []

    def sweep() -> bool:
        acts.extend(outcome.act for outcome in mine.idle.sweep("ada"))
        return acts[-1] == "stopped"

    eventually(sweep)
    assert "warned" in acts
    assert replicas(kubectl) == 0
    eventually(lambda: mine.instances.get("x")["phase"] == "Stopped")
    view = mine.instances.get("x")
    assert (view["reason"], view["idle"]) == ("Idle", None)
    assert "without activity" in view["message"]
    assert [*mine.idle.sweep("ada")] == []
    with pytest.raises(Conflict, match="does not run"):
        mine.idle.extend("x", 60)
    with pytest.raises(Conflict, match="does not run"):
        mine.idle.look("x")


def test_a_busy_kernel_counts_as_use(hub: Callable[..., Hub], run: Run, kubectl: Kubectl) -> None:
    run("python3", "-c", JUPYTER)
    # It is asked whether or not anything would be stopped, and is not written of then.
    look = hub().idle.look
    view = eventually(lambda: next((v for v in [look("x")] if v["signals"][0]["state"] == "active"),
                                   None))  # fmt: skip
    assert signal(view, "kernels")["detail"] == "a kernel is busy"
    assert (view["state"], view["policy"]) == ("off", None)
    assert "annotations" not in kubectl.get("statefulset", "dev-x")["metadata"] or (
        "trainhub.jupyter.org/activity" not in kubectl("get", "statefulset", "dev-x", "-o", "json")
    )


def test_without_python_only_metrics_can_tell(
    hub: Callable[..., Hub], run: Run, kubectl: Kubectl
) -> None:
    run("/bin/sleep", "600", PATH="/nowhere")
    view = hub(idle_timeout=60).idle.look("x")
    assert signal(view, "kernels")["state"] == "none"
    measured = kubectl.run("get", "--raw", "/apis/metrics.k8s.io/v1beta1").returncode == 0
    if not measured:
        assert (signal(view, "cpu")["state"], view["state"]) == ("unknown", "unknown")


def due(hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub to which the instance is idle, warned of and to be stopped by the next look."""
    monkeypatch.setattr(Activity, "signals", idle_as_ever)
    mine = hub(idle_timeout=1, idle_warning=1, idle_extension_limit=600)
    eventually(lambda: "warned" in [outcome.act for outcome in mine.idle.sweep()])
    eventually(lambda: "stopped" in [outcome.act for outcome in mine.idle.sweep(dry_run=True)])
    return mine


def test_an_extension_wins_over_a_stop_under_way(
    hub: Callable[..., Hub],
    run: Run,
    kubectl: Kubectl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("/bin/sleep", "600")
    mine = due(hub, monkeypatch)

    def extended_meanwhile(activity: Activity, stateful_set: Any, pod: Any) -> list[Signal]:
        mine.idle.extend("x", 300)
        return idle_as_ever(activity, stateful_set, pod)

    monkeypatch.setattr(Activity, "signals", extended_meanwhile)
    assert [outcome.act for outcome in mine.idle.sweep()] == ["none"]
    monkeypatch.setattr(Activity, "signals", idle_as_ever)
    assert [outcome.act for outcome in mine.idle.sweep()] == ["none"]
    assert replicas(kubectl) == 1
    view = mine.instances.get("x")["idle"]
    assert view["extended_until"] == view["stops_at"]
    for wrong in (601, 10**400, 0, -5, "60", True, None, float("nan")):
        with pytest.raises(InvalidField):
            mine.idle.extend("x", wrong)
    with pytest.raises(NotFound):
        mine.idle.extend("y", 60)
    with pytest.raises(Conflict, match="not stopped when it is idle"):
        hub().idle.extend("x", 60)


def test_what_cannot_be_looked_into_is_never_stopped(
    hub: Callable[..., Hub],
    run: Run,
    kubectl: Kubectl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("/bin/sleep", "600")
    mine = due(hub, monkeypatch)
    monkeypatch.undo()
    monkeypatch.setattr(
        Activity, "_run", lambda *_: (_ for _ in ()).throw(Conflict("exec is not allowed"))
    )
    assert [outcome.act for outcome in mine.idle.sweep()] == ["none"]
    view = mine.instances.get("x")["idle"]
    assert (view["state"], view["stops_at"], view["warned"]) == ("unknown", None, False)
    assert "exec is not allowed" in view["message"]


def test_of_two_servers_one_stops_it(
    hub: Callable[..., Hub],
    run: Run,
    kubectl: Kubectl,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("/bin/sleep", "600")
    servers = [due(hub, monkeypatch), hub(idle_timeout=1, idle_warning=1)]
    both = threading.Barrier(2)

    def together(activity: Activity, stateful_set: Any, pod: Any) -> list[Signal]:
        both.wait(10)
        return idle_as_ever(activity, stateful_set, pod)

    monkeypatch.setattr(Activity, "signals", together)
    outcomes: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda server=server: outcomes.extend(server.idle.sweep()))
        for server in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.act for outcome in outcomes) == ["none", "stopped"]
    assert replicas(kubectl) == 0


def test_what_somebody_has_just_looked_at_is_left_to_them(
    hub: Callable[..., Hub], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("/bin/sleep", "600")
    monkeypatch.setattr(Activity, "signals", idle_as_ever)
    mine = hub(idle_timeout=3600)
    assert len([*mine.idle.sweep("ada", older=40)]) == 1
    assert [*mine.idle.sweep("ada", older=40)] == []
    assert [*mine.idle.sweep(older=300)] == []
    assert [*mine.idle.sweep("bob")] == []
    assert len([*mine.idle.sweep("ada")]) == 1


def test_a_person_at_work_is_noted(hub: Callable[..., Hub], run: Run, kubectl: Kubectl) -> None:
    run("/bin/sleep", "600")
    mine = hub(idle_timeout=3600)
    mine.idle.activity.note("x", "ssh")
    first = kubectl("get", "statefulset", "dev-x", "-o", "jsonpath={.metadata.resourceVersion}")
    for name, what in (("x", "ssh"), ("x", "mood"), ("no such", "ssh"), ("y", "lab")):
        mine.idle.activity.note(name, what)
    hub().idle.activity.note("x", "ide")
    again = kubectl("get", "statefulset", "dev-x", "-o", "jsonpath={.metadata.resourceVersion}")
    assert first == again
    assert signal(mine.idle.look("x"), "ssh")["state"] == "active"
    assert kubectl.get("pods")["items"][0]["metadata"]["name"] == "dev-x-0"
    assert running(kubectl)
