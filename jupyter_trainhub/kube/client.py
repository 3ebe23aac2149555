"""Requests to one Kubernetes cluster, as one identity, in one namespace.

The ``kubernetes`` package serves as transport and for authentication only: it takes and gives plain
JSON here. Its typed models cost 4 to 15 times the time and it takes half a second to import, so it
is imported with the first connection.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyter_trainhub.errors import ClusterUnavailable
from jupyter_trainhub.kube.credentials import Credentials, credentials
from jupyter_trainhub.kube.refusal import refusal
from jupyter_trainhub.kube.resources import Resource
from jupyter_trainhub.kube.stream import Stream

Object = dict[str, Any]

# Seconds to connect and to wait for an answer.
TIMEOUT = (5, 30)
# Seconds without a byte after which a followed log is taken for broken, and read again.
STREAM_TIMEOUT = (5, 3600)
# Objects in one answer. A larger answer holds up the interpreter's other threads while it is
# parsed.
PAGE = 100

_CONNECTIONS = 32
_SERVICE_ACCOUNT_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


def _package(part: str) -> Any:
    """A module of ``kubernetes``, without types: many of its functions have none in any version."""
    return import_module(f"kubernetes.{part}")


class _NoDiscovery:
    """In the place of the package's discovery, which writes a cache into a shared folder."""

    def __init__(self, client: Any, cache_file: str | None = None) -> None:
        pass


class KubeClient:
    """Reads and writes objects of a cluster. Methods may be called by any thread.

    All of them raise the errors of :mod:`jupyter_trainhub.kube.refusal` when the cluster refuses,
    and ClusterUnavailable when it does not answer.
    """

    def __init__(self, transport: Any, *, server: str, namespace: str, context: str | None) -> None:
        self._transport = transport
        self.server = server
        self.namespace = namespace
        self.context = context

    @classmethod
    def connect(
        cls,
        kubeconfig: str | Path | None = None,
        context: str | None = None,
        namespace: str | None = None,
    ) -> KubeClient:
        """A client for ``context`` (default: the current one) of ``kubeconfig``.

        Without a kubeconfig it is the cluster in whose pod this process runs. The namespace is the
        one given, else the context's, else the pod's, else ``default``. Nothing is sent yet. Raises
        ClusterUnavailable when there is no usable configuration.
        """
        import urllib3

        client, config, dynamic = (_package(part) for part in ("client", "config", "dynamic"))
        configuration = client.Configuration()
        try:
            if kubeconfig is None:
                config.load_incluster_config(client_configuration=configuration)
                own = _pod_namespace()
            else:
                config.load_kube_config(
                    config_file=str(kubeconfig),
                    context=context,
                    client_configuration=configuration,
                    persist_config=False,
                )
                context, own = _context(str(kubeconfig), context)
        except (config.ConfigException, OSError, ValueError, KeyError, TypeError) as error:
            where = "the pod's service account" if kubeconfig is None else f"{kubeconfig}"
            raise ClusterUnavailable(
                f"no cluster can be taken from {where}: {error}",
                reason="NoClusterConfiguration",
                field="kubeconfig",
                remedy="Name a kubeconfig that kubectl accepts, and one of its contexts.",
            ) from None
        configuration.connection_pool_maxsize = _CONNECTIONS
        # One more try covers a kept-alive connection that the server has closed meanwhile. A server
        # that refuses connections is not tried again: that is an answer.
        configuration.retries = urllib3.Retry(total=1, connect=0, redirect=0)
        transport = dynamic.DynamicClient(client.ApiClient(configuration), discoverer=_NoDiscovery)
        return cls(
            transport,
            server=str(configuration.host),
            namespace=namespace or own or "default",
            context=context,
        )

    def credentials(self) -> Credentials:
        """What a connection of the caller's own to the API server needs. Blocks.

        Raises ClusterUnavailable.
        """
        try:
            return credentials(self._transport.client)
        except OSError as error:
            raise self.unreachable(error) from None

    def get(self, resource: Resource, name: str, *, subresource: str | None = None) -> Object:
        """One object. Raises NotFound."""
        return self._json("get", resource.path(self.namespace, name, subresource))

    def read(self, path: str, timeout: tuple[int, int] = TIMEOUT) -> Object:
        """Any document of the API server, such as ``/version`` or ``/apis``.

        ``timeout`` is in seconds: to connect, and to wait for an answer.
        """
        return self._json("get", path, _request_timeout=timeout)

    def text(self, path: str, timeout: tuple[int, int] = TIMEOUT) -> Stream:
        """Any text of the API server, such as a node's metrics, as it arrives."""
        return Stream(
            self._request(
                "get", path, header_params={"Accept": "text/plain"}, _request_timeout=timeout
            )
        )

    def list(
        self,
        resource: Resource,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = PAGE,
    ) -> Iterator[Object]:
        """All objects that the selectors match, read in pages of ``limit``."""
        following: str | None = None
        while True:
            page = self.list_page(
                resource,
                label_selector=label_selector,
                field_selector=field_selector,
                limit=limit,
                following=following,
            )
            yield from page["items"] or ()
            following = page["metadata"].get("continue")
            if not following:
                return

    def list_page(
        self,
        resource: Resource,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = PAGE,
        following: str | None = None,
        namespace: str | None = None,
    ) -> Object:
        """One page of a list as the server sends it; ``following`` is the last page's ``continue``.

        ``namespace`` ``""`` means all namespaces. Raises Expired when ``following`` is too old.
        """
        return self._json(
            "get",
            self._collection(resource, namespace),
            label_selector=label_selector or None,
            field_selector=field_selector or None,
            limit=limit,
            _continue=following,
        )

    def create(self, resource: Resource, body: Object, *, dry_run: bool = False) -> Object:
        """The object that the cluster made of ``body``, or with ``dry_run`` would make.

        Raises AlreadyExists.
        """
        return self._json(
            "post", resource.path(self.namespace), body=body, query_params=_dry_run(dry_run)
        )

    def patch(
        self, resource: Resource, name: str, body: Object, *, dry_run: bool = False
    ) -> Object:
        """The object after a JSON merge patch (RFC 7396): null removes, a list replaces.

        A ``resourceVersion`` in ``body`` that is not the present one raises Conflict.
        """
        return self._json(
            "patch",
            resource.path(self.namespace, name),
            query_params=_dry_run(dry_run),
            body=body,
            content_type="application/merge-patch+json",
        )

    def delete(self, resource: Resource, name: str, *, uid: str | None = None) -> None:
        """Delete an object and, in the background, what it owns. Raises NotFound.

        With ``uid`` only that very object; another one of its name raises Conflict.
        """
        options: Object = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
        }
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        self._json("delete", resource.path(self.namespace, name), body=options)

    def stream(
        self,
        resource: Resource,
        name: str,
        subresource: str,
        parameters: Mapping[str, str | int | bool] | None = None,
    ) -> Stream:
        """The body of a part of an object, such as a pod's ``log``, as it arrives."""
        query = [(key, _query_value(value)) for key, value in (parameters or {}).items()]
        return Stream(
            self._request(
                "get",
                resource.path(self.namespace, name, subresource),
                query_params=query,
                header_params={"Accept": "*/*"},
                _request_timeout=STREAM_TIMEOUT,
            )
        )

    def watch(
        self,
        resource: Resource,
        *,
        resource_version: str,
        timeout: int,
        label_selector: str | None = None,
        field_selector: str | None = None,
        namespace: str | None = None,
    ) -> Stream:
        """Changes after ``resource_version``, with bookmarks; the server ends it after ``timeout``
        s.

        Raises Expired when the version is too old.
        """
        return Stream(
            self._request(
                "get",
                self._collection(resource, namespace),
                label_selector=label_selector or None,
                field_selector=field_selector or None,
                resource_version=resource_version,
                timeout_seconds=timeout,
                query_params=[("watch", "true"), ("allowWatchBookmarks", "true")],
                # A connection that went away unnoticed would be waited for without end.
                _request_timeout=(TIMEOUT[0], timeout + 30),
            )
        )

    def _collection(self, resource: Resource, namespace: str | None) -> str:
        if namespace == "" and resource.namespaced:
            return Resource(resource.version, resource.plural, namespaced=False).path("")
        return resource.path(namespace or self.namespace)

    def _json(self, method: str, path: str, **parameters: Any) -> Object:
        response = self._request(method, path, **parameters)
        try:
            document = json.loads(response.data or b"{}")
        except ValueError:
            raise ClusterUnavailable(
                f"{self.server} does not answer as a Kubernetes API server",
                remedy="Check the server's address in the kubeconfig.",
            ) from None
        except self._broken() as error:
            raise self.unreachable(error) from None
        return dict(document)

    def _request(self, method: str, path: str, **parameters: Any) -> Any:
        parameters.setdefault("_request_timeout", TIMEOUT)
        try:
            return self._transport.request(method, path, serialize=False, **parameters)
        except _package("client.exceptions").ApiException as error:
            if not error.status:
                raise self.unreachable(error) from None
            raise refusal(error.status, error.body) from None
        except self._broken() as error:
            raise self.unreachable(error) from None

    @staticmethod
    def _broken() -> tuple[type[Exception], ...]:
        import urllib3

        return (urllib3.exceptions.HTTPError, OSError)

    def unreachable(self, error: Exception) -> ClusterUnavailable:
        """The error for a connection to the API server that failed with ``error``."""
        cause = getattr(error, "reason", None) or error
        return ClusterUnavailable(
            f"the cluster at {self.server} does not answer ({type(cause).__name__})",
            remedy="Check that it runs and that this machine can reach it.",
        )


def _dry_run(wanted: bool) -> list[tuple[str, str]]:
    return [("dryRun", "All")] if wanted else []


def _query_value(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pod_namespace() -> str | None:
    try:
        return _SERVICE_ACCOUNT_NAMESPACE.read_text().strip() or None
    except OSError:
        return None


def _context(kubeconfig: str, name: str | None) -> tuple[str | None, str | None]:
    """Name and namespace of a context."""
    contexts, current = _package("config").list_kube_config_contexts(config_file=kubeconfig)
    chosen = next((item for item in contexts if item["name"] == name), current)
    return chosen["name"], chosen.get("context", {}).get("namespace")
