"""The HTTP face of the registry: a Kubernetes API over TLS on loopback."""

from __future__ import annotations

from tornado import web

from ..apimachinery.status import page_not_found
from . import discovery, distribution, streaming
from .handler import ApiHandler, Context
from .rest import ResourceHandler
from .store import Object


class DiscoveryHandler(ApiHandler):
    """Version, groups, resources."""

    def get(self, path: str) -> None:
        wanted = self.request.headers.get("Accept", "").replace(" ", "")
        if path in ("api", "apis") and "as=APIGroupDiscoveryList" in wanted and "v=v2" in wanted:
            self.answer(discovery.aggregated(path == "api"), media_type=discovery.AGGREGATED)
            return
        body = self._body("/" + path)
        if body is None:
            raise page_not_found()
        self.answer(body)

    def _body(self, path: str) -> Object | None:
        if path == "/version":
            return discovery.version()
        if path == "/api":
            return discovery.core_versions(self.context.address)
        if path == "/apis":
            return discovery.groups()
        parts = path.strip("/").split("/")
        if parts[0] == "api":
            return discovery.resources("", parts[1])
        if len(parts) == 2:
            body = discovery.group(parts[1])
            return body and {"kind": "APIGroup", "apiVersion": "v1", **body}
        return discovery.resources(parts[1], parts[2])


class OpenApiHandler(ApiHandler):
    """``/openapi/v3``: the index of the documents, and they."""

    def get(self, root: str | None) -> None:
        if not root:
            self.answer(self.context.openapi.index())
            return
        document = self.context.openapi.document(root)
        if document is None:
            raise page_not_found()
        self.set_header("Content-Type", "application/json")
        self.finish(document)


class OpenApiV2Handler(ApiHandler):
    """``/openapi/v2``: an empty document, in the protobuf that kubectl asks for.

    kubectl reads it only to check lists on its own side, and skips kinds that it does not find.
    """

    def get(self) -> None:
        self.set_header(
            "Content-Type", "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
        )
        self.finish(b"")


class HealthHandler(web.RequestHandler):
    """``/healthz``, ``/readyz``, ``/livez``: open to all, as on a real cluster."""

    def get(self, name: str, check: str | None) -> None:
        if check not in (None, "", *_CHECKS):
            self.set_status(404)
            self.finish("404 page not found\n")
            return
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if "verbose" in self.request.query_arguments:
            for passed in [check] if check else _CHECKS:
                self.write(f"[+]{passed} ok\n")
            self.finish(f"{name} check passed\n")
        else:
            self.finish("ok")


# Of the checks that a real server names, those of what is here.
_CHECKS = ("ping", "log", "etcd")


class NowhereHandler(ApiHandler):
    """Any other path."""

    def get(self) -> None:
        raise page_not_found()

    post = put = patch = delete = get


def application(context: Context) -> web.Application:
    """The tornado application that serves the API."""
    shared = {"context": context}
    return web.Application(
        [
            (r"/(healthz|readyz|livez)(?:/(.*))?", HealthHandler),
            *streaming.routes(shared),
            *distribution.routes(shared),
            (r"/openapi/v2", OpenApiV2Handler, shared),
            (r"/openapi/v3(/.+)?/?", OpenApiHandler, shared),
            (r"/(version|api|apis)/?", DiscoveryHandler, shared),
            (r"/(api/v1|apis/[^/]+(?:/[^/]+)?)/?", DiscoveryHandler, shared),
            (r"/(?:api/v1|apis/[^/]+/[^/]+)/.+", ResourceHandler, shared),
            (r"/.*", NowhereHandler, shared),
        ],
        log_function=lambda handler: None,
    )
