"""What kubectl says and how it ends, command by command, as on a real 1.36."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Api
from tests.conftest import Kubectl, eventually

pytestmark = pytest.mark.cluster

_QUOTED = re.compile(r"'([^']*)'|(\S+)")


def words(line: str) -> list[str]:
    """A command line's words; single quotes hold spaces."""
    return [quoted or plain for quoted, plain in _QUOTED.findall(line)]


def _meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def _objects(image: str) -> list[dict[str, Any]]:
    labels = {"app": "web"}
    container = {
        "name": "main", "image": image, "command": ["sleep", "600"],
        "resources": {"requests": {"cpu": "10m"},
                      "limits": {"memory": "64Mi"}},
        "env": [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "a"}}}],
    }  # fmt: skip
    template = {"terminationGracePeriodSeconds": 0, "containers": [container]}
    may = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ada"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta("c"), "data": {"a": "1"}},
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": _meta("q"),
         "spec": {"hard": {"pods": "5"}}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": _meta("p", labels={"app": "p"}),
         "spec": template},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": _meta("web"),
         "spec": {"serviceName": "web", "selector": {"matchLabels": labels},
                  "template": {"metadata": {"labels": labels}, "spec": template}}},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
         "metadata": _meta("reader"), "rules": may},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
         "metadata": _meta("ada"), "roleRef": role, "subjects": [user]},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def session(kubeconfig: Path, image: str) -> Iterator[Kubectl]:
    """A namespace where a pod and a StatefulSet run."""
    kubectl = Kubectl(kubeconfig, f"session-{uuid.uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    eventually(lambda: kubectl.run("get", "serviceaccount", "default").returncode == 0)
    kubectl.apply(*_objects(image))
    kubectl("wait", "--for=jsonpath={.status.readyReplicas}=1", "sts/web", "--timeout=60s")
    kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=60s")
    yield kubectl
    kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


# What is only looked at: the command, its exit code, and what it says, anywhere.
_LOOKS = [
    ("get pods -o name", 0, r"\Apod/p\npod/web-0\n\Z"),
    ("get pods --no-headers -o custom-columns=N:.metadata.name", 0, r"\Ap *\nweb-0 *\n\Z"),
    ("get pod p -o 'jsonpath={.status.phase}'", 0, r"\ARunning\Z"),
    ("get pod p -o 'go-template={{.metadata.name}}'", 0, r"\Ap\Z"),
    ("get pods -l 'app in (p,x)' -L app", 0, r"(?s)AGE +APP\np .* p\n\Z"),
    ("get pods --show-labels --field-selector metadata.name!=web-0", 0, r"app=p\n\Z"),
    ("get pods --chunk-size=1 --sort-by=.metadata.name", 0, r"(?s)\nweb-0.*\Z"),
    ("get pods --output-watch-events --watch --request-timeout=1s", 0, r"(?m)^ADDED +web-0"),
    ("get pod p web-0 nope", 1, r'\(NotFound\): pods "nope" not found'),
    ("get nonsense", 1, r'the server doesn.t have a resource type "nonsense"'),
    ("get pods --field-selector a.b=c", 1, r'"a\.b=c": field label not supported: a\.b\n'),
    ("get cm --field-selector a.b=c", 1,
     r': "a\.b" is not a known field selector: only "metadata\.name", "metadata\.namespace"\n'),
    ("get --raw /api/v1/pods/p", 1, r"\(NotFound\): the server could not find the requested"),
    ("describe pod p", 0, r"(?s)QoS Class: +Burstable\n.*Node-Selectors: +<none>\n.*Scheduled"),
    ("describe pod p", 0, r"K: +<set to the key 'a' of config map 'c'> +Optional: false"),
    ("describe sts web", 0, r"Pods Status: +1 Running / 0 Waiting / 0 Succeeded / 0 Failed"),
    ("describe quota q", 0, r"\npods +2 +5\n"),
    ("describe role reader", 0, r"pods +\[\] +\[\] +\[get list\]"),
    ("describe node", 0, r"(?s)Allocated resources:.*\n  cpu  +\d"),
    ("rollout status sts/web --timeout=30s", 0, r"roll ?out complete"),
    ("rollout pause sts/web", 1, r'statefulsets\.apps "web" pausing is not supported'),
    ("auth can-i create pods --as ada", 1, r"\Ano\n"),
    ("auth can-i list pods --as ada", 0, r"\Ayes\n"),
    ("get cm --as ada", 1, r'User "ada" cannot list resource "configmaps" in API group ""'),
    ("wait --for=condition=Ready pod --all --timeout=30s", 0, r"pod/web-0 condition met"),
    ("wait --for=create cm/never --timeout=1s", 1, r"timed out waiting for the condition"),
    ("wait --for=delete cm/never", 0, r"\A\Z"),
    ("wait --for=condition=Ready pod/never", 1, r'\(NotFound\): pods "never" not found'),
    ("exec p -- sh -c 'exit 7'", 7, r"command terminated with exit code 7"),
    ("exec p -c never -- true", 1, r"container never is not valid for pod p out of: main"),
    ("logs p --previous", 1, r'previous terminated container "main" in pod "p" not found'),
    ("events --for pod/p --types=Normal", 0, r"Started +Pod/p +Container started"),
    ("cluster-info", 0, r"control plane.* is running at.*https://"),
]  # fmt: skip

# What changes something: commands one after another.
_CHANGES = {
    "label": [
        ("label cm c x=y", 0, r"configmap/c labeled"),
        ("label cm c x=z", 1, r"'x' already has a value \(y\), and --overwrite is false"),
        ("label cm c x-", 0, r"configmap/c unlabeled"),
        ("annotate cm c note=hi", 0, r"configmap/c annotated"),
    ],
    "patch": [
        ("""patch cm c -p '{"data":{"b":"2"}}'""", 0, r"configmap/c patched"),
        ("""patch cm c --type=json -p '[{"op":"remove","path":"/data/b"}]'""", 0, r"patched"),
        ("""patch cm c --type=json -p '[{"op":"remove","path":"/data/b"}]'""", 1,
         r"The request is invalid"),
        ("""patch pod p --type=merge -p '{"spec":{"nodeName":"other"}}'""", 1,
         r"spec: Forbidden: pod updates may not change fields other than"),
    ],
    "create": [
        ("create cm made --from-literal=a=b --dry-run=server", 0, r"created \(server dry run\)"),
        ("get cm made", 1, r"NotFound"),
        ("create sa bot", 0, r"serviceaccount/bot created"),
        ("create token bot --duration=1s", 1, r"may not specify a duration less than 10 minutes"),
        ("create role r2 --verb=get --resource=pods,jobs.batch", 0, r"/r2 created"),
        ("create role r2 --verb=get --resource=pods", 1, r'"r2" already exists'),
        ("create quota q2 --hard=configmaps=30", 0, r"resourcequota/q2 created"),
        ("expose pod p --port=9 --name=exposed", 0, r"service/exposed exposed"),
    ],
    "scale": [
        ("scale sts web --replicas=3 --current-replicas=2", 1, r"replicas to be 2, was 1"),
        ("scale sts web --replicas=2", 0, r"statefulset\.apps/web scaled"),
        ("wait --for=jsonpath={.status.readyReplicas}=2 sts/web --timeout=60s", 0, r"met"),
        ("scale sts web --replicas=1", 0, r"statefulset\.apps/web scaled"),
        ("wait --for=delete pod/web-1 --timeout=60s", 0, r""),
    ],
    "rollout": [
        ("set env sts/web A=B", 0, r"statefulset\.apps/web env updated"),
        ("rollout status sts/web --timeout=60s", 0, r"roll ?out complete"),
        ("rollout history sts/web", 0, r"(?m)^2 +<none>$"),
        ("rollout undo sts/web", 0, r"statefulset\.apps/web rolled back"),
        ("rollout history sts/web --revision=1", 1, r"unable to find the specified revision"),
    ],
}  # fmt: skip


def _run(session: Kubectl, command: str, code: int, said: str) -> None:
    done = session.run(*words(command))
    text = done.stdout + done.stderr
    assert (done.returncode, bool(re.search(said, text))) == (code, True), f"{command}: {text}"


@pytest.mark.parametrize(("command", "code", "said"), _LOOKS)
def test_looking(session: Kubectl, command: str, code: int, said: str) -> None:
    _run(session, command, code, said)


@pytest.mark.parametrize("commands", _CHANGES.values(), ids=_CHANGES)
def test_changing(session: Kubectl, commands: list[tuple[str, int, str]]) -> None:
    for command, code, said in commands:
        _run(session, command, code, said)


def test_editing_applies_what_the_editor_wrote(
    session: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/k: old/k: new/' \"$1\"\n")
    editor.chmod(0o700)
    monkeypatch.setenv("KUBE_EDITOR", str(editor))
    session("create", "configmap", "edited", "--from-literal=k=old")
    assert "configmap/edited edited" in session("edit", "configmap", "edited")
    assert session.get("configmap", "edited")["data"] == {"k": "new"}
    assert "no changes made" in session.run("edit", "configmap", "edited").stderr


def test_a_folder_is_applied_pruned_and_deleted(session: Kubectl, tmp_path: Path) -> None:
    for name in ("one", "two"):
        metadata = _meta(name, labels={"of": "f"})
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        (tmp_path / f"{name}.json").write_text(json.dumps(body))
    folder = ("-f", str(tmp_path))
    assert session("apply", *folder).count("created") == 2
    (tmp_path / "two.json").unlink()
    chosen = ("--prune", "-l", "of=f", "--prune-allowlist=core/v1/ConfigMap")
    assert "configmap/two pruned" in session("apply", *folder, *chosen)
    assert "serverside-applied" in session("apply", "--server-side", *folder)
    assert session.run("diff", *folder).returncode == 0
    assert 'configmap "one" deleted' in session("delete", *folder)


def test_only_lists_go_without_a_namespace(session: Kubectl, api: Api) -> None:
    """What would be made or deleted in all namespaces at once is refused."""
    assert api("POST", "/api/v1/configmaps", {"metadata": {"name": "x"}}).code == 405
    assert api("DELETE", "/api/v1/configmaps").code == 405
    assert "configmap/c" in session("get", "cm", "c", "-o", "name")
