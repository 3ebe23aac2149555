"""How the programs in an instance's pod are reached: at its address, or through the API server."""

from __future__ import annotations

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import (
    ClusterUnavailable,
    Conflict,
    Forbidden,
    TrainHubError,
)
from jupyter_trainhub.hub.storages import Storages
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS, SECRETS
from jupyter_trainhub.manifests.instance import PORT, TOKEN_KEY, prefix
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes

# The API server's proxy keeps Authorization to itself: see inpod/jupyter_server_config.py.
TOKEN_HEADER = "X-TrainHub-Token"
_SECONDS = 5.0


@dataclass(frozen=True)
class Gateway:
    """The API server's proxy to one port of a pod.

    ``url`` is the API server's, with no slash at its end; ``path`` follows it. ``headers`` hold the
    API server's own credential.
    """

    url: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Endpoint:
    """Where a program in a pod listens, and the credential that it wants.

    ``prefix`` is the path below which it answers. The ``token``, where it wants one, goes into the
    cookie called ``cookie``, or else into Jupyter's headers. With a ``gateway`` the pod's own
    address is not reached from here.
    """

    host: str
    port: int
    prefix: str
    token: str = field(repr=False)
    cookie: str | None = None
    gateway: Gateway | None = None

    @property
    def credentials(self) -> dict[str, str]:
        """The headers that let a request in."""
        if not self.token:
            return {}
        if self.cookie is not None:
            return {"Cookie": f"{self.cookie}={self.token}"}
        return {"Authorization": f"token {self.token}", TOKEN_HEADER: self.token}

    def answers(self, path: str) -> bool:
        """Whether the program takes a GET of ``path``, below its prefix. Blocks for some seconds.

        A redirection is an answer, too.
        """
        answer = self.get(path, 0)
        return answer is not None and answer[0] < 400

    def get(self, path: str, most: int, seconds: float = _SECONDS) -> tuple[int, bytes] | None:
        """The HTTP status and at most ``most`` bytes of the program's answer to a GET of ``path``.

        ``path`` is below its prefix. None where there is no answer. Blocks for ``seconds`` to
        connect and as many for the answer, however slowly it comes: what comes later is not read.
        """
        gateway = self.gateway
        url = urlsplit(gateway.url if gateway else f"http://{bracketed(self.host)}:{self.port}")
        host = url.hostname or ""
        connection = (
            http.client.HTTPSConnection(
                host, url.port, timeout=seconds, context=gateway.ssl_context
            )
            if gateway and url.scheme == "https"
            else http.client.HTTPConnection(host, url.port, timeout=seconds)
        )
        way = url.path + gateway.path if gateway else ""
        try:
            with _at_most(connection, seconds):
                connection.request(
                    "GET",
                    f"{way}{self.prefix}{path}",
                    headers=self.credentials | dict(gateway.headers if gateway else {}),
                )
                response = connection.getresponse()
                return response.status, response.read(most)
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


@contextlib.contextmanager
def _at_most(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """Connects, and hangs up after so long: a timeout counts from each byte anew."""
    connection.connect()
    stream = connection.sock

    def hang_up() -> None:
        with contextlib.suppress(OSError):
            # Not TLS' own, which is not to be used while another thread reads.
            socket.socket.shutdown(stream, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Reach:
    """Finds the way to pods, as configured or as the cluster allows."""

    def __init__(self, client: KubeClient, config: TrainHubConfig, storage: Storages) -> None:
        self._client = client
        self._access = config.instance_access
        self._storage = storage

    def is_direct(self) -> bool:
        """Whether pods are asked at their own addresses.

        By default: when this process runs in a pod of the cluster or on one of its nodes.
        """
        if self._access != "auto":
            return bool(self._access == "direct")
        # A client without a context is that of the pod's own service account.
        return self._client.context is None or self._storage.is_local()

    def endpoint(
        self,
        pod: Object,
        port: int,
        prefix: str,
        token: str,
        *,
        cookie: str | None = None,
    ) -> Endpoint:
        """The way to a port of a running pod. Blocks, for a credential may have to be renewed.

        Raises ClusterUnavailable.
        """
        address = pod["status"]["podIP"]
        return Endpoint(address, port, prefix, token, cookie, self._gateway(pod, port))

    def lab(self, name: str, pod: Object) -> Endpoint:
        """The way to the JupyterLab of the instance ``name``."""
        return self.endpoint(pod, PORT, prefix(name), self.token(name))

    def token(self, name: str) -> str:
        """The instance's token. Raises NotFound."""
        secret = self._client.get(SECRETS, to_kubernetes(INSTANCE_PREFIX, name))
        return base64.b64decode(secret["data"][TOKEN_KEY]).decode()

    def _gateway(self, pod: Object, port: int) -> Gateway | None:
        if self.is_direct():
            return None
        credentials = self._client.credentials()
        path = PODS.path(pod["metadata"]["namespace"], pod["metadata"]["name"])
        return Gateway(
            credentials.url, f"{path}:{port}/proxy", credentials.headers, credentials.ssl_context
        )


def running_pod(name: str, view: Object, pods: Iterable[Object]) -> Object:
    """The pod of the instance ``name`` that can be asked. Raises Conflict when there is none."""
    for pod in pods:
        if (
            view["phase"] in ("Starting", "Running")
            and pod.get("status", {}).get("podIP")
            and not pod["metadata"].get("deletionTimestamp")
        ):
            return pod
    raise Conflict(
        f"instance {name!r} does not run, its phase is {view['phase']}"
        f"{': ' + view['message'] if view['message'] else ''}",
        reason="InstanceNotRunning",
        field="name",
        remedy=view["remedy"]
        or ("Start it." if view["phase"] == "Stopped" else "Wait until it runs."),
    )


def refused(code: int, message: str) -> TrainHubError | None:
    """The error for a refusal of the API server's own on the way to a pod.

    ``message`` is that of its Status, which names the right that is missing. None: the API server
    could not reach the program.
    """
    if code == 401:
        return Forbidden(
            "the cluster does not accept the credentials of the kubeconfig",
            reason="Unauthorized",
            remedy="Log in to the cluster again.",
        )
    if code == 403:
        return Forbidden(
            f"the cluster does not let you reach your instances: {message}",
            remedy="Ask the cluster's administrator for the verbs get, create, update, patch and "
            "delete on pods/proxy in this namespace.",
        )
    if code == 404:
        return Conflict(
            "the instance's pod is gone",
            reason="InstanceNotRunning",
            remedy="Wait until it runs again, or start it.",
        )
    if code == 429:
        return ClusterUnavailable(
            "the cluster is too busy to pass requests on", remedy="Wait a moment and try again."
        )
    return None


def bracketed(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
