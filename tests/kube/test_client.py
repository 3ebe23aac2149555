from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_trainhub.errors import (
    AlreadyExists,
    ClusterRefused,
    ClusterUnavailable,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.discovery import Discovery
from jupyter_trainhub.kube.refusal import Expired, refusal
from jupyter_trainhub.kube.resources import JOBS, NODES, PODS
from tests.conftest import eventually
from tests.kube.api_server import Answer, ApiServer, item, page, status

REFUSALS = json.loads(Path(__file__).with_name("refusals.json").read_text())


def test_the_context_says_where_and_who(api: ApiServer, kubeconfig: Path) -> None:
    api.respond = lambda request: Answer(body=item("a", 1))
    client = KubeClient.connect(kubeconfig)
    assert (client.namespace, client.context, client.server) == ("lab", "one", api.url)
    client.get(JOBS, "a")
    (request,) = api.requests
    assert (request.method, request.path) == ("GET", "/apis/batch/v1/namespaces/lab/jobs/a")
    assert request.headers["Authorization"] == "Bearer s3cret"
    assert KubeClient.connect(kubeconfig, "two").namespace == "default"
    assert KubeClient.connect(kubeconfig, "two", "mine").namespace == "mine"


def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, kubeconfig: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("{}")
    for path, context in ((broken, None), (kubeconfig, "three")):
        with pytest.raises(ClusterUnavailable) as caught:
            KubeClient.connect(path, context)
        assert caught.value.field == "kubeconfig"
        assert str(path) in caught.value.message


def test_names_cannot_leave_their_path(api: ApiServer, client: KubeClient) -> None:
    with pytest.raises(NotFound):
        client.get(PODS, "../secrets/token?x=1")
    assert api.requests[0].path == "/api/v1/namespaces/lab/pods/..%2Fsecrets%2Ftoken%3Fx%3D1"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_is_no_name_means_no_other_path(api: ApiServer, client: KubeClient, name: str) -> None:
    """What the HTTP client makes of it would delete every Job of the namespace."""
    for act in (client.get, client.delete):
        with pytest.raises(NotFound):
            act(JOBS, name)
    assert not api.requests


def test_a_list_is_read_in_pages(api: ApiServer, client: KubeClient) -> None:
    pages = {None: page([item("a", 1)], 9, "more"), "more": page([item("b", 2)], 9)}
    api.respond = lambda request: pages[request.query.get("continue")]
    names = [found["metadata"]["name"] for found in client.list(NODES, label_selector="x=y")]
    assert names == ["a", "b"]
    assert [request.path for request in api.requests] == ["/api/v1/nodes"] * 2
    assert {request.query["limit"] for request in api.requests} == {"100"}
    assert {request.query["labelSelector"] for request in api.requests} == {"x=y"}


def test_writing(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(body=request.body or {})
    assert client.create(JOBS, {"a": 1}) == {"a": 1}
    client.patch(JOBS, "x", {"spec": {"suspend": None}})
    client.delete(JOBS, "x", uid="u1")
    create, patch, delete = api.requests
    assert (create.method, create.path) == ("POST", "/apis/batch/v1/namespaces/lab/jobs")
    assert patch.headers["Content-Type"] == "application/merge-patch+json"
    assert patch.body == {"spec": {"suspend": None}}
    assert delete.body["preconditions"] == {"uid": "u1"}
    assert delete.body["propagationPolicy"] == "Background"


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ("may not delete", Forbidden),
        ("may not list nodes", Forbidden),
        ("job spec is immutable", InvalidField),
        ("pod with two bad fields", InvalidField),
        ("delete with a wrong uid precondition", Conflict),
        ("unknown field, strict", ClusterRefused),
        ("method not allowed", ClusterRefused),
    ],
)
def test_what_a_real_cluster_refuses(
    situation: str, expected: type[TrainHubError], api: ApiServer, client: KubeClient
) -> None:
    real = REFUSALS[situation]
    api.respond = lambda request: Answer(real["code"], real["body"])
    with pytest.raises(expected) as caught:
        client.get(PODS, "x")
    error = caught.value
    assert error.message == real["body"]["message"]
    assert error.remedy
    assert len(error.details["causes"]) >= len(real["body"].get("details", {}).get("causes", []))
    assert "s3cret" not in json.dumps(error.to_dict())


def test_a_field_that_the_cluster_does_not_take_is_named() -> None:
    real = REFUSALS["pod with two bad fields"]
    error = refusal(real["code"], json.dumps(real["body"]))
    assert error.field == "metadata.name"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(409, "AlreadyExists"), AlreadyExists),
        (status(410, "Expired"), Expired),
        (status(401, "Unauthorized"), Forbidden),
        (status(429, "TooManyRequests"), ClusterUnavailable),
        (Answer(503, b"<html>gateway</html>"), ClusterUnavailable),
        (Answer(404, b""), NotFound),
        (Answer(200, b"<html>a portal</html>"), ClusterUnavailable),
    ],
)
def test_other_answers(
    answer: Answer, expected: type[TrainHubError], api: ApiServer, client: KubeClient
) -> None:
    api.respond = lambda request: answer
    with pytest.raises(expected):
        client.get(PODS, "x")


def test_no_answer_at_all(tmp_path: Path, kubeconfig: Path, api: ApiServer) -> None:
    path = tmp_path / "nobody"
    # Port 9 is `discard`, on which nothing listens.
    path.write_text(kubeconfig.read_text().replace(str(api.port), "9"))
    with pytest.raises(ClusterUnavailable, match="does not answer"):
        KubeClient.connect(path).get(PODS, "x")


def test_a_stream_gives_what_arrives_when_it_arrives(api: ApiServer, client: KubeClient) -> None:
    gate = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"first"
        gate.wait(10)
        yield b"second"

    api.respond = lambda request: Answer(chunks=chunks())
    stream = client.stream(PODS, "p", "log", {"follow": True, "tailLines": 5})
    received = iter(stream)
    assert next(received) == b"first"
    gate.set()
    assert next(received) == b"second"
    assert list(received) == []
    assert api.requests[0].query == {"follow": "true", "tailLines": "5"}


def test_a_stream_is_ended_from_another_thread(api: ApiServer, client: KubeClient) -> None:
    gate = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"x"
        gate.wait(10)

    api.respond = lambda request: Answer(chunks=chunks())
    stream = client.stream(PODS, "p", "log")
    begun, received = threading.Event(), []

    def read() -> None:
        for chunk in stream:
            received.append(chunk)
            begun.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert begun.wait(5)
    stream.close()
    reader.join(2)
    assert not reader.is_alive()
    assert received == [b"x"]
    gate.set()


def test_a_stream_that_breaks_off_says_so(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(chunks=iter([b"x"]), break_off=True)
    received: list[bytes] = []
    with pytest.raises(ClusterUnavailable):
        received.extend(client.stream(PODS, "p", "log"))


def test_lines_are_put_together_from_chunks(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(chunks=iter([b"a\nb", b"c\n", b"rest"]))
    assert list(client.stream(PODS, "p", "log").lines()) == [b"a", b"bc"]


def test_discovery_asks_once(api: ApiServer, client: KubeClient) -> None:
    served = {"/apis/batch/v1": {"resources": [{"name": "jobs"}]}, "/version": {"gitVersion": "v1"}}
    api.respond = lambda request: (
        Answer(body=served[request.path]) if request.path in served else Answer(404)
    )
    discovery = Discovery(client)
    assert discovery.serves("batch/v1", "jobs")
    assert not discovery.serves("batch/v1", "cronjobs")
    assert not discovery.serves("kubeflow.org/v1", "pytorchjobs")
    assert discovery.version() == "v1"
    assert eventually(lambda: len(api.requests)) == 3
