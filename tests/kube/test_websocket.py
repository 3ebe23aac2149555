"""Where websockets to the API server go, as whom, and what comes of its refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from jupyter_trainhub.errors import (
    ClusterUnavailable,
    Conflict,
    Forbidden,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import Exec
from jupyter_trainhub.kube.websocket import connect
from tests.kube.api_server import Answer, ApiServer, status

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def changed(kubeconfig: Path, **cluster: Any) -> KubeClient:
    """A client for the cluster with other fields in the kubeconfig."""
    document = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"] |= cluster
    kubeconfig.write_text(yaml.safe_dump(document))
    return KubeClient.connect(kubeconfig)


async def test_it_goes_below_the_servers_path_with_the_token(
    api: ApiServer, kubeconfig: Path
) -> None:
    client = changed(kubeconfig, server=f"{api.url}/k8s/clusters/x/")
    with pytest.raises(NotFound):
        await connect(client, "/api/v1/x", [("command", "a b&c"), ("tty", "true")], ["v5", "v4"])
    (request,) = api.requests
    assert request.path == "/k8s/clusters/x/api/v1/x"
    assert request.query == {"command": "a b&c", "tty": "true"}
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert request.headers["Sec-Websocket-Protocol"] == "v5,v4"


def test_credentials_are_not_shown(client: KubeClient) -> None:
    assert "s3cret" not in repr(client.credentials())


def test_tls_as_the_kubeconfig_says(kubeconfig: Path) -> None:
    server = "https://10.0.0.1"
    checked = changed(kubeconfig, server=server).credentials().ssl_context
    assert checked is not None
    assert checked.check_hostname
    free = changed(kubeconfig, **{"insecure-skip-tls-verify": True}).credentials().ssl_context
    assert free is not None
    assert not free.check_hostname
    assert free.verify_mode == 0


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        (status(403, "Forbidden"), Forbidden, "Forbidden"),
        (status(404, "NotFound"), NotFound, "NotFound"),
        (Answer(500, b'container not found ("main")'), Conflict, "ContainerNotRunning"),
        (
            status(400, "BadRequest", "pod x does not have a host assigned"),
            Conflict,
            "ContainerNotRunning",
        ),
        (status(500, "InternalError", "no"), ClusterUnavailable, "ClusterUnavailable"),
    ],
)
async def test_refusals(
    api: ApiServer,
    client: KubeClient,
    answer: Answer,
    error: type[TrainHubError],
    reason: str,
) -> None:
    api.respond = lambda request: answer
    with pytest.raises(error) as refused:
        await Exec.start(client, "pod", ["true"])
    assert refused.value.reason == reason


async def test_nobody_answers(kubeconfig: Path) -> None:
    client = changed(kubeconfig, server="http://127.0.0.1:1")
    with pytest.raises(ClusterUnavailable) as refused:
        await connect(client, "/x", [], ["v5"])
    assert "127.0.0.1:1" in refused.value.message


async def test_a_proxy_is_refused_in_words_unless_it_is_passed_by(
    api: ApiServer, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "elsewhere")
    with pytest.raises(ClusterUnavailable) as refused:
        await connect(KubeClient.connect(kubeconfig), "/x", [], ["v5"])
    assert refused.value.reason == "ProxyUnsupported"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(NotFound):
        await connect(KubeClient.connect(kubeconfig), "/x", [], ["v5"])
