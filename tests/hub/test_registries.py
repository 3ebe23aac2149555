"""Where images are, and who is told which password."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import certifi
import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.embedded import certificate
from jupyter_trainhub.errors import Conflict, InvalidField, NotFound, TrainHubError
from jupyter_trainhub.hub.images.naming import path_part, running_image, saved_image
from jupyter_trainhub.hub.images.registries.hosting import Hosting, parse
from jupyter_trainhub.hub.images.registries.manager import Registries
from jupyter_trainhub.hub.images.registries.schemes import Schemes, is_loopback
from jupyter_trainhub.kube.credentials import Credentials
from jupyter_trainhub.kube.resources import SECRETS
from jupyter_trainhub.registry import reference
from tests.hub.fakes import FakeCluster, Object
from tests.hub.site import docker_config, layer, put_image, put_secret, repository
from tests.registry.packing import digest

DIGEST = digest(b"image")


class Host(FakeCluster):
    """A cluster that says it hosts a registry."""

    def __init__(self, document: str, server: str = "https://127.0.0.1:6443") -> None:
        super().__init__()
        self.server, self.context, self.document = server, "lab", document

    def read(self, path: str, timeout: tuple[int, int] = (5, 30)) -> Object:
        if not path.endswith("/namespaces/kube-public/configmaps/local-registry-hosting"):
            return super().read(path)
        if not self.document:
            raise NotFound("none")
        return {"data": {"localRegistryHosting.v1": self.document}}

    def credentials(self) -> Credentials:
        headers = {"Authorization": "Bearer kube-token"}
        return Credentials(self.server, headers, None, ca_file=certifi.where())


@pytest.fixture(autouse=True)
def nobody_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("REGISTRY_AUTH_FILE", raising=False)


def registries(cluster: FakeCluster | None = None, **config: Any) -> Registries:
    return Registries(cluster or FakeCluster(), TrainHubConfig(**config), "ada")


@pytest.mark.parametrize(
    ("document", "inside", "found"),
    [
        ("host: localhost:5001", False, Hosting("localhost:5001", "localhost:5001")),
        (
            "host: 127.0.0.1:6443\nhostFromContainerRuntime: registry.internal",
            False,
            Hosting("127.0.0.1:6443", "registry.internal"),
        ),
        (
            "host: localhost:5001\nhostFromClusterNetwork: registry:5000",
            True,
            Hosting("registry:5000", "localhost:5001"),
        ),
        ("host: localhost:5001", True, None),
        ("help: https://example.com", False, None),
        ("host: [1, 2]", False, None),
        ("{", False, None),
        ("", False, None),
    ],
)
def test_what_a_cluster_says_of_its_registry(
    document: str, inside: bool, found: Hosting | None
) -> None:
    assert parse(document, inside=inside) == found


def test_the_configured_registry_goes_before_the_clusters() -> None:
    host = Host("host: 127.0.0.1:1")

    home = registries(host, registry="registry.example.com/team/").home()
    assert home is not None
    assert (home.prefix, home.source) == ("registry.example.com/team", "config")
    assert (home.endpoint.url, home.endpoint.verify) == ("https://registry.example.com", True)

    home = registries(host).home()
    assert home is not None
    assert (home.prefix, home.source) == ("127.0.0.1:1", "cluster")
    assert registries(Host("")).home() is None


def test_a_file_without_certificates_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(TrainHubError, match="certificates"):
        registries(registry_ca=str(tmp_path / "absent")).repository("quay.io/team/image")


@pytest.mark.parametrize("registry", ["https://registry.example.com", "a//b", "registry/UPPER"])
def test_a_setting_that_is_no_registry_is_named(registry: str) -> None:
    with pytest.raises(InvalidField) as refused:
        registries(registry=registry).home()
    assert refused.value.field == "registry"


def test_the_kubeconfigs_token_goes_to_the_api_server_and_to_no_other() -> None:
    own = registries(Host("host: 127.0.0.1:6443\nhostFromContainerRuntime: here.internal"))
    endpoint = own.repository("here.internal/ada/dev:1").endpoint
    assert endpoint.url == "https://127.0.0.1:6443"
    assert endpoint.credential is not None
    assert (endpoint.credential.password, endpoint.ca) == ("kube-token", certifi.where())
    assert endpoint.verify

    assert own.repository("docker.io/library/busybox").endpoint.credential is None
    for host in ("127.0.0.1:6444", "localhost:6443", "evil.example.com:6443"):
        other = registries(Host(f"host: {host}")).home()
        assert other is not None
        assert other.endpoint.credential is None
        assert other.endpoint.ca is None


def test_each_password_is_for_its_registry(tmp_path: Path) -> None:
    auth = tmp_path / "auth.json"
    auth.write_bytes(docker_config("registry.example.com"))
    cluster = FakeCluster()
    put_secret(cluster, "own", "registry.example.com")
    found = registries(
        cluster,
        registry="home.example.com",
        registry_auth_file=str(auth),
        registry_mirrors={"registry.example.com": "https://mirror.example.com"},
    )

    def user(name: str, *, push: bool = False, secret: str | None = None) -> str | None:
        credential = found.repository(name, push=push, secret=secret).endpoint.credential
        return credential.username if credential else None

    assert user("registry.example.com/team/image", push=True) == "ada"
    # A mirror is another host.
    assert user("registry.example.com/team/image") is None
    assert user("registry.example.com/team/image", secret="own") is None
    assert user("registry.example.com/team/image", push=True, secret="own") == "ada"
    assert user("home.example.com/team/image") is None
    assert user("registry.example.com.evil.org/team/image") is None
    mirror = found.repository("registry.example.com/team/image").endpoint
    assert (mirror.url, mirror.namespace) == ("https://mirror.example.com", "registry.example.com")


def test_the_site_chooses_whose_password_counts(tmp_path: Path) -> None:
    cluster = FakeCluster()
    put_secret(cluster, "site", "a.example.com", "from the site")
    put_secret(cluster, "mine", "a.example.com", "mine")
    auth = tmp_path / "auth.json"
    auth.write_bytes(docker_config("b.example.com", "from the file"))
    docker = tmp_path / "docker"
    docker.mkdir()
    (docker / "config.json").write_bytes(docker_config("a.example.com", "from docker"))
    found = registries(cluster, registry_secret="site", registry_auth_file=str(auth))

    def password(name: str, secret: str | None = None) -> str | None:
        credential = found.repository(name, secret=secret).endpoint.credential
        return credential.password if credential else None

    assert password("a.example.com/image") == "from the site"
    assert password("b.example.com/image") == "from the file"
    assert password("a.example.com/image", secret="mine") == "mine"
    # A Secret that the user names is all that counts.
    assert password("b.example.com/image", secret="mine") is None


@pytest.mark.parametrize(
    "data", [{}, {".dockerconfigjson": "bm90IGpzb24gc2VjcmV0"}, {".dockerconfigjson": "%"}]
)
def test_a_secret_that_holds_no_passwords_is_told_without_its_content(
    data: dict[str, str],
) -> None:
    cluster = FakeCluster()
    cluster.put(SECRETS, {"metadata": {"name": "broken"}, "data": data})
    found = registries(cluster)

    with pytest.raises(InvalidField) as refused:
        found.repository("a.example.com/image", secret="broken", field="source")
    assert refused.value.field == "source_secret"
    assert "secret " not in str(refused.value.to_dict()).replace("secret docker-registry", "")
    with pytest.raises(NotFound):
        found.repository("a.example.com/image", secret="absent")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1:5000", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("[::1]:5000", True),
        ("127.0.0.1.evil.org", False),
        ("localhost.evil.org", False),
        ("10.0.0.1:5000", False),
        ("registry", False),
    ],
)
def test_what_is_this_machine_by_its_name(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_loopback_is_asked_by_what_it_speaks(registry: str, tls: str) -> None:
    schemes = Schemes([])

    assert schemes.url(tls) == (f"https://{tls}", False)
    assert schemes.url(registry) == (f"http://{registry}", False)
    assert schemes.url("registry.example.com") == ("https://registry.example.com", True)
    assert Schemes(["registry.example.com"]).may_be_insecure("registry.example.com:5000")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on loopback that speaks TLS with a certificate of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate.ensure(tmp_path_factory.mktemp("tls")))
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.parametrize(
    ("image_id", "repository"),
    [
        (f"docker.io/library/busybox@{DIGEST}", "docker.io/library/busybox"),
        (f"docker-pullable://quay.io/team/x@{DIGEST}", "quay.io/team/x"),
        (f"registry.internal/host@{DIGEST}", "registry.internal/host"),
        (f"localhost:5000/a/b@{DIGEST}", "localhost:5000/a/b"),
        (DIGEST, None),
        (f"docker://{DIGEST}", None),
        (DIGEST.removeprefix("sha256:"), None),
        ("host", None),
        ("", None),
    ],
)
def test_what_a_container_runs(image_id: str, repository: str | None) -> None:
    if repository is not None:
        found = running_image(image_id)
        assert (found.repository, found.digest) == (repository, DIGEST)
        return
    with pytest.raises(Conflict) as refused:
        running_image(image_id)
    assert refused.value.reason == "ImageNotInRegistry"
    assert refused.value.remedy


def test_a_running_image_is_read_from_where_it_is(registry: str) -> None:
    here = repository(registry, "library/sources")
    made = put_image(here, "v1", layer())
    found = registries(registry=f"{registry}/team")

    assert found.source(f"{registry}/library/sources@{made}")[1] == made
    # Of a registry that cannot be reached, as its images may be in the site's.
    there, wanted = found.source(f"127.0.0.1:9/library/sources@{made}")
    assert (there.endpoint.namespace, wanted) == ("127.0.0.1:9", made)
    with pytest.raises(TrainHubError) as refused:
        found.source(f"{registry}/library/sources@{DIGEST}")
    assert refused.value.reason == "ImageNotInRegistry"


@pytest.mark.parametrize("owner", ["ada", "Ada", "ada@example.com", "ada_", "张三", "a" * 200, ""])
def test_a_saved_image_has_a_name_that_registries_take(owner: str) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    name = saved_image("registry.example.com/team", owner, "Dev_1", moment)

    assert reference.parse(name).tag == "20260102-030405"
    assert name.startswith(f"registry.example.com/team/{path_part(owner)}/")


def test_no_two_users_share_a_repository() -> None:
    names = ["ada", "Ada", "ADA", "a-da", "a_da", "a.da", "a__da", "a--da"]
    assert len({path_part(name) for name in names}) == len(names)
