"""The HTTP face of the registry: a Kubernetes API over TLS on loopback."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tornado import web

from ..apimachinery.resources import (
    NODE_METRICS,
    POD_METRICS,
    PODS,
    REVIEWS,
    Resource,
    find,
)
from ..apimachinery.status import (
    ApiError,
    method_not_allowed,
    not_found,
    page_not_found,
)
from ..kubelet.kubelet import Kubelet
from . import (
    apply,
    customresources,
    discovery,
    escalation,
    lists,
    managedfields,
    reviews,
    tables,
    watch,
)
from .authorization import ROLES_AND_BINDINGS
from .eviction import evict
from .fieldvalidation import FieldValidation, kind_of
from .filters import Filters, attributes
from .openapi import OpenApi
from .registry import DeleteOptions, Registry
from .scale import scale_of
from .store import Object, Store, StoreUnusable, encode
from .user import ANONYMOUS, User

log = logging.getLogger(__name__)


@dataclass
class Context:
    """What the handlers share."""

    store: Store
    registry: Registry
    kubelet: Kubelet
    filters: Filters
    address: str
    # Requests and open connections, by which the cluster knows that it is in use.
    open_requests: int = 0
    last_request: float = 0.0
    # What to call at each request; returns the time in seconds (monotonic).
    now: Callable[[], float] = lambda: 0.0
    openapi: OpenApi = field(default_factory=OpenApi)


class ApiHandler(web.RequestHandler):
    """Authentication, authorization, errors and JSON for all paths."""

    user: User = ANONYMOUS

    def initialize(self, context: Context) -> None:
        self.context = context

    def prepare(self) -> Awaitable[None] | None:
        self.context.open_requests += 1
        self.context.last_request = self.context.now()
        try:
            self.user = self.context.filters.admit(self.request)
        except ApiError as error:
            self.fail(error)
        return None

    def on_finish(self) -> None:
        self.context.open_requests -= 1
        self.context.last_request = self.context.now()

    def fail(self, error: ApiError) -> None:
        """Answer with a ``Status`` of failure."""
        self.set_status(error.code)
        self.set_header("Content-Type", "application/json")
        self.finish(encode(error.status()))

    def answer(
        self, body: Object, code: int = 200, media_type: str = "application/json"
    ) -> None:
        """Answer with an object."""
        self.set_status(code)
        self.set_header("Content-Type", media_type)
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

    @property
    def media_type(self) -> str:
        """The type of the request's body, without parameters."""
        return str(self.request.headers.get("Content-Type", "")).partition(";")[0].strip()

    def warn(self, text: str) -> None:
        """Add to the answer what the client is to be told."""
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        self.add_header("Warning", f'299 - "{quoted}"')


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


_CREATED: Object = {
    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
}  # fmt: skip


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

    def _target(self, path: str) -> Target:
        target = parse_path(path)
        if target.resource.warning:
            self.warn(target.resource.warning)
        return target

    async def get(self, path: str) -> None:
        target = self._target(path)
        query = self.query()
        if target.resource.verbs == ("create",):
            raise method_not_allowed()
        if target.resource in (POD_METRICS, NODE_METRICS):
            await self._metrics(target, query)
        elif target.name and not query.get("watch"):
            self._get(target, query)
        elif query.get("watch") in ("1", "true"):
            await self._watch(target, query)
        else:
            self._list(target, query)

    async def _metrics(self, target: Target, query: dict[str, str]) -> None:
        resource, store = target.resource, self.context.store
        match = lists.selector(resource.stored, query)
        objects = [o for o in store.list(resource.stored, target.namespace or None) if match(o)]
        if target.name:
            objects = [o for o in objects if o["metadata"]["name"] == target.name]
        found = await self.context.kubelet.measure(resource, objects)
        if target.name and not found:
            kind = Resource(resource.group, "", resource.kind.lower(), resource.kind)
            raise not_found(kind, "/".join(filter(None, (target.namespace, target.name))))
        body = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": {}}
        self.answer(found[0] if target.name else {**body, "items": found})

    def _get(self, target: Target, query: dict[str, str]) -> None:
        resource, store = target.resource, self.context.store
        lists.require_reached(store, lists.wanted_version(resource, query))
        obj = store.get(resource, target.namespace, target.name)
        shape = self._shape(resource)
        if target.subresource == "scale":
            obj, shape = scale_of(resource, obj), None
        self.answer(shape(obj) if shape else obj)

    def _list(self, target: Target, query: dict[str, str]) -> None:
        resource, accept = target.resource, self.request.headers.get("Accept", "")
        namespace = target.namespace or None
        items, metadata = lists.page(self.context.store, resource, namespace, query)
        kind, version = f"{resource.kind}List", resource.api_version
        if "as=Table" in accept:
            include = query.get("includeObject", "Metadata")
            self.answer(tables.table(resource, items, metadata, include))
            return
        if "as=PartialObjectMetadata" in accept:
            kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
            items = [tables.metadata_only(obj) for obj in items]
        self.answer({"kind": kind, "apiVersion": version, "metadata": metadata, "items": items})

    def _shape(self, resource: Resource) -> watch.Shape | None:
        """What turns an object into the form that the client asks for; None: it is that form."""
        accept = self.request.headers.get("Accept", "")
        if "as=Table" in accept:
            return tables.shape(resource, self.query().get("includeObject", "Metadata"))
        return tables.metadata_only if "as=PartialObjectMetadata" in accept else None

    async def _watch(self, target: Target, query: dict[str, str]) -> None:
        match = lists.selector(target.resource, query, target.name)
        namespace, shape = target.namespace or None, self._shape(target.resource)
        await watch.stream(
            self, self.context.store, target.resource, namespace, match, query, shape
        )

    def post(self, path: str) -> None:
        target = self._target(path)
        body = self._object(target, "CreateOptions")
        if target.resource in REVIEWS:
            filters, namespace = self.context.filters, target.namespace
            answer = reviews.answer(filters, self.user, target.resource, namespace, body)
            self.answer(answer, 201)
        elif target.subresource == "token":
            tokens, where = self.context.registry.tokens, (target.namespace, target.name)
            self.answer(tokens.request(*where, body), 201)
        elif target.subresource == "binding":
            self.context.registry.bind(target.namespace, target.name, body["target"]["name"])
            self.answer(_CREATED, 201)
        elif target.subresource == "eviction":
            pod = self.context.store.get(PODS, target.namespace, target.name)
            options = DeleteOptions.parse(body.get("deleteOptions"), self.query())
            message = "Eviction API: evicting"
            evict(self.context.registry, pod, "EvictionByEvictionAPI", message, options)
            self.answer(_CREATED, 201)
        elif target.name:
            raise method_not_allowed()
        else:
            create = partial(
                self.context.registry.create, target.resource, target.namespace, body,
                track=self._track(target, "CreateOptions"),
            )  # fmt: skip
            self.answer(self._write(target.resource, create), 201)

    def _manager(self, options: str, applies: bool = False) -> str:
        agent = self.request.headers.get("User-Agent", "")
        return managedfields.manager_of(options, self.query(), agent, applies)

    def _track(self, target: Target, options: str) -> managedfields.Track:
        manager = self._manager(options)
        return managedfields.tracker(target.resource, manager, target.subresource)

    def _write(self, resource: Resource, write: Callable[..., Object]) -> Object:
        """What ``write(dry_run=...)`` makes; roles and bindings only if they give no more rights
        than the user has.
        """
        if resource in ROLES_AND_BINDINGS:
            made = write(dry_run=True)
            escalation.confirm(self.context.filters.authorizer, self.user, resource, made)
        return write(dry_run="dryRun" in self.query())

    def _validation(self, options: str) -> FieldValidation:
        return FieldValidation(self.query().get("fieldValidation", ""), options)

    def _object(self, target: Target, options: str) -> Object:
        validation = self._validation(options)
        expected = kind_of(target.resource, target.subresource)
        obj = validation.read(expected, self.media_type, self.request.body)
        for text in validation.warnings:
            self.warn(text)
        return obj

    def _delete_options(self, query: dict[str, str]) -> DeleteOptions:
        body = None
        if self.request.body:
            expected = ("v1", "DeleteOptions")
            body = FieldValidation("Ignore").read(expected, self.media_type, self.request.body)
        return DeleteOptions.parse(body, query)

    def put(self, path: str) -> None:
        target = self._target(path)
        if not target.name:
            raise method_not_allowed()
        where = (target.resource, target.namespace, target.name)
        body = self._object(target, "UpdateOptions")
        if not target.subresource:
            customresources.require_version(target.resource, target.name, body)
        track = self._track(target, "UpdateOptions")
        write = partial(
            self.context.registry.update, *where, body, subresource=target.subresource, track=track
        )
        if target.subresource == "scale":
            write = partial(self.context.registry.scale, *where, body, track=track)
        self.answer(self._write(target.resource, write))

    def patch(self, path: str) -> None:
        target = self._target(path)
        if not target.name:
            raise method_not_allowed()
        if self.media_type == apply.CONTENT_TYPE:
            self._apply(target)
            return
        validation = self._validation("PatchOptions")
        write = partial(
            self.context.registry.patch, target.resource, target.namespace, target.name,
            self.media_type, self.request.body, validation, subresource=target.subresource,
            track=self._track(target, "PatchOptions"),
        )  # fmt: skip
        patched = self._write(target.resource, write)
        for text in validation.warnings:
            self.warn(text)
        self.answer(patched)

    def _apply(self, target: Target) -> None:
        where = (target.resource, target.namespace, target.name)
        manager = self._manager("PatchOptions", applies=True)
        force = self.query().get("force") in ("1", "true")
        created = self.context.store.find(*where) is None
        if created:
            asked = attributes("POST", self.request.path, {})
            self.context.filters.authorizer.require(self.user, asked)
        applier = apply.Applier(manager, force, target.subresource)
        config = apply.parse(self.request.body)
        write = partial(self.context.registry.apply, *where, config, applier)
        self.answer(self._write(target.resource, write), 201 if created else 200)

    def delete(self, path: str) -> None:
        target = self._target(path)
        query = self.query()
        options = self._delete_options(query)
        if not target.name:
            self._delete_collection(target, query, options)
            return
        resource = target.resource
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
        resource, store = target.resource, self.context.store
        items, _ = lists.page(store, resource, target.namespace or None, query)
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


def application(context: Context) -> web.Application:
    """The tornado application that serves the API."""
    from . import streaming  # whose handlers stand on this module's

    shared = {"context": context}
    return web.Application(
        [
            (r"/(?:healthz|readyz|livez)", HealthHandler),
            *streaming.routes(shared),
            (r"/openapi/v2", OpenApiV2Handler, shared),
            (r"/openapi/v3(/.+)?/?", OpenApiHandler, shared),
            (r"/(version|api|apis)/?", DiscoveryHandler, shared),
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
