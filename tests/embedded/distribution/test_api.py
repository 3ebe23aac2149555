"""The distribution API, line by line of its specification."""

from __future__ import annotations

import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.embedded import lifecycle
from jupyter_trainhub.embedded.runtime import host_image
from tests.embedded.distribution.registry_client import RegistryClient
from tests.registry.packing import MANIFEST, Layout, digest, tar

pytestmark = pytest.mark.cluster

DATA = bytes(range(256)) * 100
ABSENT = digest(b"absent")


def small(made: Layout, text: str = "x") -> dict[str, Any]:
    """An image with one small layer of its own."""
    return made.image(tar(("file", text)))


def test_who_asks_must_be_known(client: RegistryClient) -> None:
    refused = client.ask("GET", "/v2/", Authorization="")
    assert client.error(refused) == (401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="trainhub"'
    for given in ("Bearer none", "Basic bm9uZTpub25l", "Basic none"):
        assert client.error(client.ask("GET", "/v2/", Authorization=given))[0] == 401
    password = base64.b64encode(client.credentials.encode()).decode()
    for given in (f"Bearer {client.token}", f"Basic {password}"):
        assert client.ask("GET", "/v2/", Authorization=given).status == 200


def test_every_user_of_the_cluster_may_use_it(
    client: RegistryClient, embedded_kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINHUB_CLUSTER_DIR", str(embedded_kubeconfig.parent))
    user = RegistryClient(lifecycle.add_user(f"u{uuid.uuid4().hex[:8]}"))
    user.push_blob("ada/x", b"some")
    assert user.ask("GET", f"ada/x/blobs/{digest(b'some')}").data == b"some"
    where = "/api/v1/namespaces/kube-public/configmaps/local-registry-hosting"
    document = user.ask("GET", where).json()["data"]["localRegistryHosting.v1"]
    assert f'host: "{client.host}"' in document
    assert 'hostFromContainerRuntime: "registry.trainhub.internal"' in document
    assert user.ask("GET", "/api/v1/namespaces/kube-public/configmaps").status == 403


def test_a_blob_is_pushed_in_chunks(client: RegistryClient, name: str) -> None:
    place = client.begin(name)
    first = client.ask("PATCH", place, DATA[:1000], Content_Range="0-999")
    assert (first.status, first.headers["Range"]) == (202, "0-999")
    told = client.ask("GET", place)
    assert (told.status, told.headers["Range"]) == (204, "0-999")
    assert told.headers["Location"] == place
    again = client.ask("PATCH", place, DATA[:1000], Content_Range="0-999")
    assert client.error(again) == (416, "BLOB_UPLOAD_INVALID")
    assert again.headers["Range"] == "0-999"
    second = client.ask("PATCH", place, DATA[1000:2000], Content_Range="1000-1999")
    assert second.headers["Range"] == "0-1999"
    done = client.ask("PUT", f"{place}?digest={digest(DATA)}", DATA[2000:])
    assert (done.status, done.headers["Docker-Content-Digest"]) == (201, digest(DATA))
    assert client.ask("GET", done.headers["Location"]).data == DATA
    assert client.ask("GET", place).status == 404


def test_a_blob_is_pushed_at_once(client: RegistryClient, name: str) -> None:
    data = uuid.uuid4().bytes
    done = client.ask("POST", f"{name}/blobs/uploads/?digest={digest(data)}", data)
    assert done.status == 201
    head = client.ask("HEAD", f"{name}/blobs/{digest(data)}")
    assert (head.status, head.headers["Content-Length"]) == (200, "16")


def test_a_blob_of_another_repository_is_had_without_sending_it(
    client: RegistryClient, name: str
) -> None:
    client.push_blob(name, DATA)
    query = f"mount={digest(DATA)}&from={name}"
    mounted = client.ask("POST", f"other/{name}/blobs/uploads/?{query}")
    assert mounted.status == 201
    assert client.ask("GET", mounted.headers["Location"]).data == DATA
    query = f"mount={ABSENT}&from={name}"
    assert client.ask("POST", f"other/{name}/blobs/uploads/?{query}").status == 202


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=10-19", 206, 10, 20),
        ("bytes=25000-", 206, 25000, 25600),
        ("bytes=-7", 206, 25593, 25600),
        ("bytes=25590-99999", 206, 25590, 25600),
        ("lines=1-2", 200, 0, 25600),
    ],
)
def test_a_part_of_a_blob_can_be_asked_for(
    client: RegistryClient, name: str, asked: str, status: int, start: int, end: int
) -> None:
    client.push_blob(name, DATA)
    answer = client.ask("GET", f"{name}/blobs/{digest(DATA)}", Range=asked)
    assert (answer.status, answer.data) == (status, DATA[start:end])
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/25600"


def test_a_part_that_is_not_there_is_refused(client: RegistryClient, name: str) -> None:
    client.push_blob(name, DATA)
    answer = client.ask("GET", f"{name}/blobs/{digest(DATA)}", Range="bytes=25600-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */25600")


def test_other_bytes_than_said_are_refused(client: RegistryClient, name: str) -> None:
    place = client.begin(name)
    refused = client.ask("PUT", f"{place}?digest={ABSENT}", DATA)
    assert client.error(refused) == (400, "DIGEST_INVALID")
    assert client.error(client.ask("GET", f"{name}/blobs/{ABSENT}")) == (404, "BLOB_UNKNOWN")
    assert client.ask("GET", place).status == 404


def test_an_upload_can_be_given_up(client: RegistryClient, name: str) -> None:
    place = client.begin(name)
    assert client.ask("DELETE", place).status == 204
    assert client.error(client.ask("PATCH", place, b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_an_image_is_known_by_tag_and_digest(client: RegistryClient, name: str) -> None:
    made = Layout()
    descriptor = small(made)
    assert client.push(name, "1", made, descriptor) == descriptor["digest"]
    for reference in ("1", descriptor["digest"]):
        for method in ("GET", "HEAD"):
            answer = client.ask(method, f"{name}/manifests/{reference}")
            assert answer.headers["Content-Type"] == MANIFEST
            assert answer.headers["Docker-Content-Digest"] == descriptor["digest"]
            assert int(answer.headers["Content-Length"]) == descriptor["size"]
            expected = made.blobs[descriptor["digest"]] if method == "GET" else b""
            assert answer.data == expected
    assert client.error(client.ask("GET", f"{name}/manifests/2")) == (404, "MANIFEST_UNKNOWN")
    assert client.error(client.ask("GET", "none/manifests/2")) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize(
    ("reference", "change", "expected"),
    [
        ("1", {"layers": [{"digest": ABSENT}]}, (404, "MANIFEST_BLOB_UNKNOWN")),
        ("1", {"layers": [{"digest": "../x"}]}, (400, "MANIFEST_INVALID")),
        ("1", {"schemaVersion": 1}, (400, "MANIFEST_INVALID")),
        ("1", {"config": None}, (400, "MANIFEST_INVALID")),
        ("1", {"mediaType": "text/plain"}, (400, "MANIFEST_INVALID")),
        (ABSENT, {}, (400, "DIGEST_INVALID")),
        (".1", {}, (400, "TAG_INVALID")),
        ("1", {"padding": "x" * (4 << 20)}, (413, "SIZE_INVALID")),
    ],
)
def test_a_manifest_that_would_not_do_is_refused(
    client: RegistryClient, name: str, reference: str, change: dict[str, Any],
    expected: tuple[int, str],
) -> None:  # fmt: skip
    client.push_blob(name, b"{}")
    config = {"mediaType": "application/json", "digest": digest(b"{}"), "size": 2}
    whole = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []}
    document = json.dumps({**whole, **change}).encode()
    where = f"{name}/manifests/{reference}"
    refused = client.ask("PUT", where, document, Content_Type=MANIFEST)
    assert client.error(refused) == expected
    assert client.ask("GET", f"{name}/tags/list").status == 404


def test_what_is_not_the_clients_cannot_be_changed(client: RegistryClient) -> None:
    for path in ("host/blobs/uploads/", "x/blobs/uploads/?ns=docker.io"):
        assert client.error(client.ask("POST", path)) == (403, "DENIED")
    host = client.ask("GET", "host/manifests/latest")
    assert host.data == host_image.manifest()
    assert client.error(client.ask("DELETE", "host/manifests/latest")) == (403, "DENIED")
    assert client.error(client.ask("POST", "Upper/blobs/uploads/")) == (400, "NAME_INVALID")


def test_lists_come_in_pages(client: RegistryClient, name: str) -> None:
    made = Layout()
    descriptor = small(made)
    for tag in ("b", "c", "a"):
        client.push(name, tag, made, descriptor)
    assert client.ask("GET", f"{name}/tags/list").json() == {"name": name, "tags": ["a", "b", "c"]}
    page = client.ask("GET", f"{name}/tags/list?n=2")
    assert page.json()["tags"] == ["a", "b"]
    following, _, relation = page.headers["Link"].partition("; ")
    assert relation == 'rel="next"'
    rest = client.ask("GET", following.strip("<>"))
    assert (rest.json()["tags"], "Link" in rest.headers) == (["c"], False)
    assert name in client.ask("GET", "_catalog").json()["repositories"]
    assert len(client.ask("GET", "_catalog?n=1").json()["repositories"]) == 1


def test_what_is_about_an_image_is_found(client: RegistryClient, name: str) -> None:
    made = Layout()
    image = small(made)
    client.push(name, "1", made, image)
    client.push_blob(name, b"{}")
    about = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "text/signature",
        "config": {"mediaType": "x/y", "digest": digest(b"{}"), "size": 2},
        "layers": [],
        "subject": {"mediaType": MANIFEST, "digest": image["digest"], "size": image["size"]},
        "annotations": {"by": "ada"},
    }
    document = json.dumps(about).encode()
    where = f"{name}/manifests/{digest(document)}"
    put = client.ask("PUT", where, document, Content_Type=MANIFEST)
    assert (put.status, put.headers["OCI-Subject"]) == (201, image["digest"])
    (found,) = client.ask("GET", f"{name}/referrers/{image['digest']}").json()["manifests"]
    assert (found["artifactType"], found["annotations"]) == ("text/signature", {"by": "ada"})
    other = client.ask("GET", f"{name}/referrers/{image['digest']}?artifactType=x")
    assert (other.json()["manifests"], other.headers["OCI-Filters-Applied"]) == ([], "artifactType")


def test_what_is_deleted_is_gone_with_all_that_nothing_else_needs(
    client: RegistryClient, name: str
) -> None:
    made = Layout()
    base = tar(("base", uuid.uuid4().hex))
    first, second = made.image(base, tar(("1", "1"))), made.image(base, tar(("2", "2")))
    for tag, descriptor in (("1", first), ("alias", first), ("2", second)):
        client.push(name, tag, made, descriptor)
    shared, own = (part["digest"] for part in json.loads(made.blobs[first["digest"]])["layers"])
    assert client.error(client.ask("DELETE", f"{name}/blobs/{own}")) == (405, "UNSUPPORTED")
    assert client.ask("DELETE", f"{name}/manifests/alias").status == 202
    assert client.ask("GET", f"{name}/manifests/1").status == 200
    assert client.ask("DELETE", f"{name}/manifests/{first['digest']}").status == 202
    assert client.ask("GET", f"{name}/tags/list").json()["tags"] == ["2"]
    statuses = [client.ask("HEAD", f"{name}/blobs/{blob}").status for blob in (own, shared)]
    assert statuses == [404, 200]
    assert client.ask("DELETE", f"{name}/manifests/{second['digest']}").status == 202
    assert client.ask("GET", f"{name}/tags/list").status == 404
    assert client.ask("DELETE", f"{name}/manifests/2").status == 404
