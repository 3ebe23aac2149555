"""Users of the embedded cluster: made by a command, known at once, kept."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.cli.main import main
from jupyter_trainhub.embedded import kubeconfig
from tests.cluster.access import GROUP, binding
from tests.conftest import Kubectl

pytestmark = pytest.mark.cluster


def token_of(path: Path) -> str:
    return str(yaml.safe_load(path.read_text())["users"][0]["user"]["token"])


def who(kubectl: Kubectl) -> dict[str, Any]:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answer = json.loads(kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body)))
    info: dict[str, Any] = answer["status"]["userInfo"]
    return info


def test_a_user_may_what_bindings_say(embedded_kubeconfig: Path, kubectl: Kubectl) -> None:
    home = embedded_kubeconfig.parent
    made = kubeconfig.add_user(home, "ada", ("team:nlp",))
    ada = Kubectl(made, kubectl.namespace)
    assert who(ada) == {"username": "ada", "groups": ["team:nlp", "system:authenticated"]}
    assert "Forbidden" in ada.run("get", "pods").stderr
    kubectl.apply(binding("nlp", "view", "Group team:nlp", kind="ClusterRole"))
    assert ada.get("pods")["items"] == []
    assert f'roles.{GROUP} is forbidden: User "ada"' in ada.run("get", "roles").stderr


def test_a_user_keeps_the_token_and_nobody_else_can_read_it(embedded_kubeconfig: Path) -> None:
    home = embedded_kubeconfig.parent
    first = token_of(kubeconfig.add_user(home, "bob"))
    made = kubeconfig.add_user(home, "bob", ("a", "b"))
    assert token_of(made) == first
    assert who(Kubectl(made))["groups"] == ["a", "b", "system:authenticated"]
    assert token_of(kubeconfig.add_user(home, "eve")) != first
    for path in (made, home / "tokens.csv"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["", "../x", "a/b", "system:admin", "a b", "a\nb", "admin", "-x"])
def test_a_bad_name_is_refused_in_words(embedded_kubeconfig: Path, name: str) -> None:
    home = embedded_kubeconfig.parent
    before = (home / "tokens.csv").read_text()
    with pytest.raises(ValueError, match="user"):
        kubeconfig.add_user(home, name)
    assert (home / "tokens.csv").read_text() == before


def test_the_command_prints_where_a_users_kubeconfig_is(
    embedded_kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(embedded_kubeconfig.parent))
    assert main(["cluster", "kubeconfig", "--user", "cyd", "--group", "a", "--group", "b"]) == 0
    made = Path(capsys.readouterr().out.strip())
    assert who(Kubectl(made))["groups"] == ["a", "b", "system:authenticated"]
    assert main(["cluster", "kubeconfig", "--user", "a/b"]) == 2
    assert capsys.readouterr().err.startswith("error: user: 'a/b' is no user's name: ")


def test_a_group_that_could_be_read_as_two_is_refused(embedded_kubeconfig: Path) -> None:
    with pytest.raises(ValueError, match="is no group's name"):
        kubeconfig.add_user(embedded_kubeconfig.parent, "mallory", ("a,system:masters",))


def test_a_pod_cannot_read_the_clusters_tokens(embedded_kubeconfig: Path, kubectl: Kubectl) -> None:
    home = embedded_kubeconfig.parent
    kubeconfig.add_user(home, "ada")
    container = {"name": "main", "image": "host", "command": ["ls", "-A", str(home)]}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "look"},
                   "spec": {"containers": [container], "restartPolicy": "Never"}})  # fmt: skip
    kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/look", "--timeout=30s")
    assert kubectl("logs", "look") == ""
