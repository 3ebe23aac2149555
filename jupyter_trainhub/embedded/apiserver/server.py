"""The HTTP face of the registry: a Kubernetes API over TLS on loopback."""

from __future__ import annotations

import base64
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tornado import web

from ..apimachinery import clock, selectors
from ..apimachinery.resources import (
    ACCESS_REVIEWS,
    EVENTS,
    EVENTS_V1,
    PODS,
    SUBJECT_REVIEWS,
    Resource,
    find,
)
from ..apimachinery.status import (
    ApiError,
    bad_request,
    method_not_allowed,
    page_not_found,
    unauthorized,
    unsupported_media_type,
)
from ..kubelet.kubelet import Kubelet
from . import discovery, streaming, tables, watch
from .registry import DeleteOptions, Registry, scale_of
from .store import Object, Store, StoreUnusable, encode

log = logging.getLogger(__name__)

# The one user of this first version; every request bears the cluster's token.
USER = {"username": "admin", "groups": ["system:masters", "system:authenticated"]}


@dataclass
class Context:
    """What the handlers share."""

    store: Store
    registry: Registry
    kubelet: Kubelet
    token: str
    address: str
    # Requests and open connections, by which the cluster knows that it is in use.
    open_requests: int = 0
    last_request: float = 0.0
    # What to call at each request; returns the time in seconds (monotonic).
    now: Callable[[], float] = lambda: 0.0


class ApiHandler(web.RequestHandler):
    """Authentication, errors and JSON for all paths."""

    def initialize(self, context: Context) -> None:
        self.context = context

    def prepare(self) -> Awaitable[None] | None:
        self.context.open_requests += 1
        self.context.last_request = self.context.now()
        if not authenticated(self.context, self.request.headers.get("Authorization", "")):
            self.fail(unauthorized())
        return None

    def on_finish(self) -> None:
        self.context.open_requests -= 1
        self.context.last_request = self.context.now()

    def fail(self, error: ApiError) -> None:
        """Answer with a ``Status`` of failure."""
        self.set_status(error.code)
        self.set_header("Content-Type", "application/json")
        self.finish(encode(error.status()))

    def answer(self, body: Object, code: int = 200) -> None:
        """Answer with an object."""
        self.set_status(code)
        self.set_header("Content-Type", "application/json")
        self.finish(encode(body))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        info = kwargs.get("exc_info")
        error = info[1] if info else None
        if isinstance(error, ApiError):
            self.fail(error)
        elif isinstance(error, StoreUnusable):
            self.fail(ApiError(507, "InternalError", str(error)))
        elif status_code == 404:
            self.fail(page_not_found())
        elif status_code == 405:
            self.fail(method_not_allowed())
        else:
            self.fail(ApiError(status_code, "InternalError", "an internal error occurred"))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (ApiError, StoreUnusable)):
            super().log_exception(typ, value, tb)

    def query(self) -> dict[str, str]:
        """The query's last values."""
        return {
            key: values[-1].decode(errors="replace")
            for key, values in self.request.query_arguments.items()
        }

    def body(self) -> Any:
        """The request's body, parsed.

        Raises:
            ApiError: 400.
        """
        if not self.request.body:
            return None
        content_type = self.request.headers.get("Content-Type", "")
        if "protobuf" in content_type:
            raise unsupported_media_type(content_type, ["application/json"])
        try:
            return json.loads(self.request.body)
        except ValueError as error:
            raise bad_request(f"the body of the request is not JSON: {error}") from error


def authenticated(context: Context, authorization: str) -> bool:
    """Whether an Authorization header bears the cluster's token."""
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        token.strip().encode(), context.token.encode()
    )


class DiscoveryHandler(ApiHandler):
    """Version, groups, resources, OpenAPI."""

    def get(self, path: str) -> None:
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
        if path == "/openapi/v3":
            return discovery.openapi_index()
        if path.startswith("/openapi/v3/"):
            return discovery.openapi(path.removeprefix("/openapi/v3"))
        parts = path.strip("/").split("/")
        if parts[0] == "api":
            return discovery.resources("", parts[1])
        if len(parts) == 2:
            body = discovery.group(parts[1])
            return body and {"kind": "APIGroup", "apiVersion": "v1", **body}
        return discovery.resources(parts[1], parts[2])


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

    def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("ok")


@dataclass(frozen=True)
class Target:
    """What a path names."""

    resource: Resource
    namespace: str
    name: str
    subresource: str


def parse_path(path: str) -> Target:
    """From ``/api/v1/namespaces/a/pods/b/log`` to what it names.

    Raises:
        ApiError: 404, nothing is served there.
    """
    parts = path.strip("/").split("/")
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and find(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    resource = find(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise page_not_found()
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    known = {*resource.subresources}
    if resource.has_status:
        known.add("status")
    if resource.has_scale:
        known.add("scale")
    if subresource and subresource not in known:
        raise page_not_found()
    return Target(resource, namespace, name, subresource)


class ResourceHandler(ApiHandler):
    """All verbs on objects and collections."""

    async def get(self, path: str) -> None:
        target = parse_path(path)
        query = self.query()
        if target.resource.verbs == ("create",):
            raise method_not_allowed()
        if target.subresource == "log":
            pod = self.context.store.get(PODS, target.namespace, target.name)
            await streaming.write_log(self, self.context.kubelet, pod, query)
        elif target.name and not query.get("watch"):
            self._get(target)
        elif query.get("watch") in ("1", "true"):
            await self._watch(target, query)
        else:
            self._list(target, query)

    def _stored(self, resource: Resource) -> Resource:
        return EVENTS if resource is EVENTS_V1 else resource

    def _get(self, target: Target) -> None:
        obj = self.context.store.get(self._stored(target.resource), target.namespace, target.name)
        if target.subresource == "scale":
            self.answer(scale_of(obj))
        elif not self._as_table(target.resource, [obj], {}):
            self.answer(_shown(target.resource, obj))

    def _selector(self, target: Target, query: dict[str, str]) -> selectors.Match:
        by_label = selectors.parse_labels(query.get("labelSelector", ""))
        by_field = selectors.parse_fields(
            self._stored(target.resource), query.get("fieldSelector", "")
        )

        def match(obj: Any) -> bool:
            return by_label(obj["metadata"].get("labels") or {}) and by_field(obj)

        return match

    def _list(self, target: Target, query: dict[str, str]) -> None:
        match = self._selector(target, query)
        store, resource = self.context.store, self._stored(target.resource)
        items = [o for o in store.list(resource, target.namespace or None) if match(o)]
        metadata: Object = {"resourceVersion": str(store.version)}
        items = _page(items, query, metadata)
        if self._as_table(target.resource, items, metadata):
            return
        self.answer(
            {
                "kind": f"{target.resource.kind}List",
                "apiVersion": target.resource.api_version,
                "metadata": metadata,
                "items": [_shown(target.resource, o) for o in items],
            }
        )

    def _as_table(self, resource: Resource, objects: list[Object], metadata: Object) -> bool:
        if not _wants_table(self.request.headers.get("Accept", "")):
            return False
        metadata = metadata or {"resourceVersion": objects[0]["metadata"]["resourceVersion"]}
        include = self.query().get("includeObject", "Metadata")
        self.answer(tables.table(resource, objects, metadata, include))
        return True

    async def _watch(self, target: Target, query: dict[str, str]) -> None:
        by_name = f"metadata.name={target.name}" if target.name else ""
        fields = ",".join(filter(None, (query.get("fieldSelector"), by_name)))
        match = self._selector(target, {**query, "fieldSelector": fields})
        resource, shape = self._stored(target.resource), None
        if _wants_table(self.request.headers.get("Accept", "")):
            include = query.get("includeObject", "Metadata")

            def shape(obj: Object) -> Object:
                version = {"resourceVersion": obj["metadata"]["resourceVersion"]}
                return tables.table(target.resource, [obj], version, include)

        elif target.resource is EVENTS_V1:

            def shape(obj: Object) -> Object:
                return _shown(EVENTS_V1, obj)

        await watch.stream(
            self, self.context.store, resource, target.namespace or None, match, query, shape
        )

    def post(self, path: str) -> None:
        target = parse_path(path)
        body = self._object()
        if target.resource is ACCESS_REVIEWS:
            self.answer({**body, "metadata": {}, "status": {"allowed": True}}, 201)
        elif target.resource is SUBJECT_REVIEWS:
            metadata = {"creationTimestamp": clock.now()}
            self.answer({**body, "metadata": metadata, "status": {"userInfo": USER}}, 201)
        elif target.subresource == "binding":
            self.context.registry.bind(target.namespace, target.name, body["target"]["name"])
            self.answer({"kind": "Status", "apiVersion": "v1", "metadata": {},
                         "status": "Success", "code": 201}, 201)  # fmt: skip
        elif target.name or target.resource is EVENTS_V1:
            raise method_not_allowed()
        else:
            created = self.context.registry.create(
                target.resource, target.namespace, body, dry_run="dryRun" in self.query()
            )
            self.answer(created, 201)

    def _object(self) -> Object:
        body = self.body()
        if not isinstance(body, dict):
            raise bad_request("the body of the request is no object")
        return body

    def put(self, path: str) -> None:
        target = parse_path(path)
        if not target.name or target.resource is EVENTS_V1:
            raise method_not_allowed()
        body, dry_run = self._object(), "dryRun" in self.query()
        where = (target.resource, target.namespace, target.name)
        if target.subresource == "scale":
            self.answer(self.context.registry.scale(*where, body, dry_run=dry_run))
        else:
            self.answer(
                self.context.registry.update(
                    *where, body, subresource=target.subresource, dry_run=dry_run
                )
            )

    def patch(self, path: str) -> None:
        target = parse_path(path)
        if not target.name or target.resource is EVENTS_V1:
            raise method_not_allowed()
        content_type = self.request.headers.get("Content-Type", "").partition(";")[0].strip()
        body = self.body()
        self.answer(
            self.context.registry.patch(
                target.resource, target.namespace, target.name, content_type, body,
                subresource=target.subresource, dry_run="dryRun" in self.query(),
            )
        )  # fmt: skip

    def delete(self, path: str) -> None:
        target = parse_path(path)
        query = self.query()
        options = DeleteOptions.parse(self.body(), query)
        if not target.name:
            self._delete_collection(target, query, options)
            return
        resource = self._stored(target.resource)
        obj, gone = self.context.registry.delete(resource, target.namespace, target.name, options)
        if not gone or resource is PODS:
            self.answer(obj)
            return
        details = {"name": target.name, "group": resource.group, "kind": resource.plural,
                   "uid": obj["metadata"]["uid"]}  # fmt: skip
        self.answer(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
             "details": {k: v for k, v in details.items() if v}}
        )  # fmt: skip

    def _delete_collection(
        self, target: Target, query: dict[str, str], options: DeleteOptions
    ) -> None:
        if "deletecollection" not in target.resource.verbs:
            raise method_not_allowed()
        match = self._selector(target, query)
        resource, store = self._stored(target.resource), self.context.store
        items = [o for o in store.list(resource, target.namespace or None) if match(o)]
        for obj in items:
            metadata = obj["metadata"]
            self.context.registry.delete(
                resource, metadata.get("namespace", ""), metadata["name"], options
            )
        self.answer(
            {
                "kind": f"{target.resource.kind}List",
                "apiVersion": target.resource.api_version,
                "metadata": {"resourceVersion": str(store.version)},
                "items": items,
            }
        )


def _wants_table(accept: str) -> bool:
    return "as=Table" in accept


def _shown(resource: Resource, obj: Object) -> Object:
    """An object as the asked-for group shows it: events have two faces."""
    if resource is not EVENTS_V1:
        return obj
    renamed = {
        "involvedObject": "regarding", "message": "note", "reportingComponent":
        "reportingController", "source": "deprecatedSource", "firstTimestamp":
        "deprecatedFirstTimestamp", "lastTimestamp": "deprecatedLastTimestamp",
        "count": "deprecatedCount",
    }  # fmt: skip
    body = {renamed.get(key, key): value for key, value in obj.items()}
    return {**body, "apiVersion": EVENTS_V1.api_version}


def _page(items: list[Object], query: dict[str, str], metadata: Object) -> list[Object]:
    """Cut one page out of a list; ``metadata`` gets the token of the next."""
    start = 0
    if query.get("continue"):
        try:
            after = json.loads(base64.urlsafe_b64decode(query["continue"]))
        except ValueError as error:
            raise bad_request("continue key is not valid") from error
        start = next((i for i, o in enumerate(items) if _position(o) > after), len(items))
    limit = int(query.get("limit") or 0)
    page = items[start : start + limit] if limit else items[start:]
    rest = len(items) - start - len(page)
    if rest > 0:
        metadata["continue"] = base64.urlsafe_b64encode(encode(_position(page[-1]))).decode()
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = rest
    return page


def _position(obj: Object) -> list[str]:
    return [obj["metadata"].get("namespace", ""), obj["metadata"]["name"]]


def application(context: Context) -> web.Application:
    """The tornado application that serves the API."""
    shared = {"context": context}
    return web.Application(
        [
            (r"/(?:healthz|readyz|livez)", HealthHandler),
            (
                r"/api/v1/namespaces/([^/]+)/pods/([^/]+)/exec",
                streaming.ExecHandler,
                {"context": context},
            ),
            (r"/openapi/v2", OpenApiV2Handler, shared),
            (r"/(version|api|apis|openapi/v3(?:/.*)?)/?", DiscoveryHandler, shared),
            (r"/(api/v1|apis/[^/]+(?:/[^/]+)?)/?", DiscoveryHandler, shared),
            (r"/((?:api/v1|apis/[^/]+/[^/]+)/.+)", ResourceHandler, shared),
            (r"/(.*)", NowhereHandler, shared),
        ],
        log_function=lambda handler: None,
    )


class NowhereHandler(ApiHandler):
    """Any other path."""

    def get(self, path: str) -> None:
        raise page_not_found()

    post = put = patch = delete = get
