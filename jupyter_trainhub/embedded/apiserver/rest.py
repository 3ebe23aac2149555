"""The verbs on objects and collections, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from ..apimachinery.resources import NODE_METRICS, POD_METRICS, PODS, REVIEWS, Resource
from ..apimachinery.status import not_found, too_large
from . import (
    apply,
    customresources,
    escalation,
    lists,
    requestinfo,
    reviews,
    tables,
    watch,
)
from .authorization import ROLES_AND_BINDINGS
from .eviction import evict
from .fieldvalidation import FieldValidation, kind_of
from .handler import ApiHandler
from .options import DeleteOptions, WriteOptions
from .requestinfo import Target, attributes
from .scale import scale_of
from .store import Object, key_of

# Bytes that a request's body may have, as on a real API server.
_LARGEST_BODY = 3 << 20

_SUCCESS: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


class ResourceHandler(ApiHandler):
    """All verbs on objects and collections."""

    def _target(self) -> Target:
        self.require_json()
        path = unquote(self.request.path)
        if len(self.request.body) > _LARGEST_BODY:
            raise too_large(_LARGEST_BODY)
        found = requestinfo.target(self.request.method or "", path, self.query())
        if found.resource.warning:
            self.warn(found.resource.warning)
        return found

    async def get(self) -> None:
        target = self._target()
        if target.resource in (POD_METRICS, NODE_METRICS):
            await self._metrics(target)
        elif target.verb == "watch":
            match = lists.selector(target.resource, self.query())
            await watch.stream(
                self, self.context.store, target.resource, target.namespace or None, match,
                self.query(), self._shape(target.resource),
            )  # fmt: skip
        elif target.verb == "list":
            self._list(target)
        else:
            self._get(target)

    async def _metrics(self, target: Target) -> None:
        resource, store = target.resource, self.context.store
        match = lists.selector(resource.stored, self.query())
        objects = [o for o in store.list(resource.stored, target.namespace or None) if match(o)]
        if target.name:
            objects = [o for o in objects if o["metadata"]["name"] == target.name]
        found = await self.context.kubelet.measure(resource, objects)
        if target.name and not found:
            kind = Resource(resource.group, "", resource.kind.lower(), resource.kind)
            raise not_found(kind, "/".join(filter(None, (target.namespace, target.name))))
        body = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": {}}
        self.answer(found[0] if target.name else {**body, "items": found})

    def _get(self, target: Target) -> None:
        resource, store = target.resource, self.context.store
        lists.require_reached(store, lists.wanted_version(resource, self.query()))
        obj = store.get(*target.place)
        shape = self._shape(resource)
        if target.subresource == "scale":
            obj, shape = scale_of(resource, obj), None
        self.answer(shape(obj) if shape else obj)

    def _list(self, target: Target) -> None:
        resource, accept = target.resource, self.request.headers.get("Accept", "")
        query, namespace = self.query(), target.namespace or None
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

    def post(self) -> None:
        target, context = self._target(), self.context
        options = self._options("CreateOptions")
        body = self._object(target, options)
        where = (target.namespace, target.name)
        if target.resource in REVIEWS:
            answer = reviews.answer(
                context.filters, self.user, target.resource, target.namespace, body
            )
        elif target.subresource == "token":
            answer = context.registry.tokens.request(*where, body)
        elif target.subresource == "binding":
            node = (body.get("target") or {}).get("name", "")
            context.registry.bind(*where, node, dry_run=options.dry_run)
            answer = {**_SUCCESS, "code": 201}
        elif target.subresource == "eviction":
            how = dict(body.get("deleteOptions") or {})
            if options.dry_run:
                how["dryRun"] = "All"
            message, pod = "Eviction API: evicting", context.store.get(PODS, *where)
            parsed = DeleteOptions.parse(how)
            evict(context.registry, pod, "EvictionByEvictionAPI", message, parsed)
            answer = {**_SUCCESS, "code": 201}
        else:
            create = partial(context.registry.create, target.resource, target.namespace, body)
            answer = self._write(target.resource, create, options)
        self.answer(answer, 201)

    def _options(self, kind: str, applies: bool = False) -> WriteOptions:
        agent = self.request.headers.get("User-Agent", "")
        return WriteOptions.parse(kind, self.query(), agent, applies)

    def _write(
        self, resource: Resource, write: Callable[..., Object], options: WriteOptions
    ) -> Object:
        """What ``write(options)`` makes; roles and bindings only if they give no more rights than
        the user has.
        """
        if resource in ROLES_AND_BINDINGS:
            made = write(options=replace(options, dry_run=True))
            escalation.confirm(self.context.filters.authorizer, self.user, resource, made)
        return write(options=options)

    def _object(self, target: Target, options: WriteOptions) -> Object:
        validation = FieldValidation(options.validation)
        expected = kind_of(target.resource, target.subresource)
        obj = validation.read(expected, self.media_type, self.request.body)
        for text in validation.warnings:
            self.warn(text)
        return obj

    def put(self) -> None:
        target = self._target()
        options = self._options("UpdateOptions")
        body = self._object(target, options)
        if not target.subresource:
            customresources.require_version(target.resource, target.name, body)
        registry, part = self.context.registry, target.subresource
        write = partial(registry.update, *target.place, body, subresource=part)
        if part == "scale":
            write = partial(registry.scale, *target.place, body)
        self.answer(self._write(target.resource, write, options))

    def patch(self) -> None:
        target = self._target()
        if self.media_type == apply.CONTENT_TYPE:
            self._apply(target)
            return
        options = self._options("PatchOptions")
        validation = FieldValidation(options.validation)
        write = partial(
            self.context.registry.patch, *target.place, self.media_type, self.request.body,
            validation, subresource=target.subresource,
        )  # fmt: skip
        patched = self._write(target.resource, write, options)
        for text in validation.warnings:
            self.warn(text)
        self.answer(patched)

    def _apply(self, target: Target) -> None:
        options = self._options("PatchOptions", applies=True)
        created = self.context.store.find(*target.place) is None
        if created:
            asked = attributes("POST", self.request.path, {})
            self.context.filters.authorizer.require(self.user, asked)
        config, registry = apply.parse(self.request.body), self.context.registry
        write = partial(registry.apply, *target.place, config, subresource=target.subresource)
        self.answer(self._write(target.resource, write, options), 201 if created else 200)

    async def delete(self) -> None:
        target, registry = self._target(), self.context.registry
        body = None
        if self.request.body:
            expected = ("v1", "DeleteOptions")
            body = FieldValidation("Ignore").read(expected, self.media_type, self.request.body)
        options = DeleteOptions.parse(body or self.query())
        if target.verb == "deletecollection":
            await self._delete_collection(target, options)
            return
        resource = target.resource
        obj, gone = registry.delete(*target.place, options)
        if not gone or resource is PODS:
            self.answer(obj)
            return
        details = {"name": target.name, "group": resource.group, "kind": resource.plural,
                   "uid": obj["metadata"]["uid"]}  # fmt: skip
        self.answer({**_SUCCESS, "details": {k: v for k, v in details.items() if v}})

    async def _delete_collection(self, target: Target, options: DeleteOptions) -> None:
        resource, store = target.resource, self.context.store
        items, _ = lists.page(store, resource, target.namespace or None, self.query())
        for key in map(key_of, items):
            if store.find(resource, *key):
                self.context.registry.delete(resource, *key, options)
            # Others are not to wait for the last of thousands.
            await asyncio.sleep(0)
        kind, metadata = f"{resource.kind}List", {"resourceVersion": str(store.version)}
        self.answer({"kind": kind, "apiVersion": resource.api_version, "metadata": metadata,
                     "items": items})  # fmt: skip
