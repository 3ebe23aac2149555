"""What creating, changing and deleting objects means: the API server's rules over the store.

The HTTP API and the controllers both write through here, so that all objects obey the same rules.
"""

from __future__ import annotations

import copy
import uuid

from ..apimachinery import clock, conditions, patch, schema
from ..apimachinery.names import generate
from ..apimachinery.resources import PODS, Resource
from ..apimachinery.status import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    invalid,
    invalid_object,
    not_found,
    precondition_failed,
    required,
    unsupported_media_type,
)
from . import admission, defaults, deletion, managedfields, strategy, validation
from .apply import CONTENT_TYPE as APPLY
from .apply import apply
from .customresources import CustomResource
from .fieldvalidation import FieldValidation, kind_of
from .options import DeleteOptions, WriteOptions
from .scale import scale_of, scaled
from .store import Object, Store
from .tokens import TokenIssuer

_BINDING = Resource("", "v1", "pods/binding", "Binding")


class Registry:
    """Writes objects by the API server's rules. Reads go to ``store``.

    Args:
        tokens: issues the tokens of service accounts.
    """

    def __init__(self, store: Store, tokens: TokenIssuer) -> None:
        self.store = store
        self.tokens = tokens

    def create(
        self,
        resource: Resource,
        namespace: str,
        given: Object,
        options: WriteOptions | None = None,
    ) -> Object:
        """Keep a new object, defaulted, admitted and validated.

        Args:
            options: a client's; of what the cluster itself writes, no account is kept.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        if isinstance(resource, CustomResource):
            resource.admit()
        metadata = strategy.identify(resource, namespace, obj)
        strategy.reset_for_create(resource, obj)
        metadata["name"] = self._new_name(resource, namespace, metadata)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = clock.now()
        if resource.has_generation:
            metadata["generation"] = 1
        defaults.apply_defaults(resource, obj)
        _account(resource, None, obj, options)
        strategy.prepare_for_create(self.store, resource, obj)
        self._confirm(resource, metadata["name"], validation.validate(resource, obj))
        admission.admit(self.store, resource, obj)
        return obj if options and options.dry_run else self.store.create(resource, obj)

    def _new_name(self, resource: Resource, namespace: str, metadata: Object) -> str:
        name: str = metadata.get("name") or ""
        if name:
            if self.store.find(resource, namespace, name):
                # Said before anything else about the object, as the real server's clients expect.
                raise already_exists(resource, name)
            return name
        if not metadata.get("generateName"):
            detail = "name or generateName is required"
            raise invalid_object(resource, "", [required("metadata.name", detail)])
        while self.store.find(resource, namespace, name := generate(metadata["generateName"])):
            continue
        return name

    def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        given: Object,
        options: WriteOptions | None = None,
        subresource: str = "",
    ) -> Object:
        """Replace an object, or what of it a subresource is about.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        metadata = strategy.identify(resource, namespace, obj)
        _check_name(metadata.setdefault("name", name), name)
        current = self.store.current(resource, obj)
        uid = current["metadata"]["uid"]
        if metadata.get("uid", uid) != uid:
            raise precondition_failed(resource, name, "UID", metadata["uid"], uid)
        if subresource in ("status", "finalize"):
            obj = strategy.subresource_only(subresource, current, obj)
            _account(resource, current, obj, options, subresource)
            if isinstance(resource, CustomResource):
                defaults.apply_defaults(resource, obj)
                self._confirm(resource, name, resource.validate(obj, current))
        else:
            strategy.prepare_for_update(resource, current, obj)
            _account(resource, current, obj, options, subresource)
            self._confirm(resource, name, validation.validate_update(resource, current, obj))
            admission.admit(self.store, resource, obj, current)
        if options and options.dry_run:
            return obj
        written = self.store.update(resource, obj)
        # An object marked to go goes with its last finalizer.
        if deletion.is_over(resource, written):
            return self.store.delete(resource, namespace, name)
        return written

    def _confirm(self, resource: Resource, name: str, causes: list[Cause]) -> None:
        if causes:
            raise invalid_object(resource, name, causes)

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        media_type: str,
        body: bytes,
        validation: FieldValidation,
        options: WriteOptions,
        subresource: str = "",
    ) -> Object:
        """Change an object by a patch of one of the types that ``patch`` knows.

        Args:
            validation: how strictly the patched object is read; takes the warnings.

        Raises:
            ApiError: whatever the API server would answer.
        """
        expected = kind_of(resource, subresource)
        type = schema.of_kind(*expected)
        if media_type not in patch.accepted(type):
            raise unsupported_media_type(media_type, [*patch.accepted(type), APPLY])
        current = self.store.get(resource, namespace, name)
        change, errors = validation.read_patch(body)
        live = scale_of(resource, current) if subresource == "scale" else current
        patched = patch.apply(media_type, type, live, change)
        given = validation.patched(expected, patched, media_type, change, errors)
        if subresource == "scale":
            return self.scale(resource, namespace, name, given, options)
        return self.update(resource, namespace, name, given, options, subresource)

    def apply(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        config: Object,
        options: WriteOptions,
        subresource: str = "",
    ) -> Object:
        """Make an object, which need not be there yet, what a manager wants of it.

        Raises:
            ApiError: whatever the API server would answer.
        """
        live = self.store.find(resource, namespace, name)
        if live is None and subresource:
            raise not_found(resource, name)
        applied = apply(resource, live, config, options, subresource)
        if live is not None:
            return self.update(resource, namespace, name, applied, options, subresource)
        metadata = applied["metadata"]
        if not metadata.get("name"):
            raise bad_request(
                f"the name of the object ({name} based on URL) was undeterminable: "
                "name must be provided"
            )
        _check_name(metadata["name"], name)
        if "uid" in metadata:
            detail = (
                f"uid mismatch: the provided object specified uid {metadata['uid']}, and no "
                "existing object was found"
            )
            raise conflict(resource, name, detail)
        return self.create(resource, namespace, applied, options)

    def scale(
        self, resource: Resource, namespace: str, name: str, given: Object, options: WriteOptions
    ) -> Object:
        """Change ``spec.replicas`` through the scale subresource; answers a ``Scale``."""
        replicas = (given.get("spec") or {}).get("replicas", 0)
        if replicas < 0:
            cause = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid_object(Resource("autoscaling", "v1", "scales", "Scale"), name, [cause])
        changed = scaled(resource, self.store.get(resource, namespace, name), replicas)
        written = self.update(resource, namespace, name, changed, options, "scale")
        return scale_of(resource, written)

    def update_status(self, resource: Resource, obj: Object, status: Object) -> Object | None:
        """Set the status of an object that may have gone; None when it has, or is another one."""
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        current = self.store.find(resource, namespace, name)
        if current is None or current["metadata"]["uid"] != obj["metadata"]["uid"]:
            return None
        return self.store.update(resource, {**current, "status": status})

    def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions | None = None
    ) -> tuple[Object, bool]:
        """Delete an object: at once, or (pods, finalizers) marked to go.

        Returns:
            The object as it was left, and whether it is gone.
        """
        options = options or DeleteOptions()
        obj = self.store.get(resource, namespace, name)
        deletion.require(resource, obj, options)
        marked = deletion.marked(resource, obj, options)
        if options.dry_run:
            return marked or obj, marked is None
        if marked is None:
            return self.store.delete(resource, namespace, name), True
        return self.store.update(resource, marked), False

    def bind(self, namespace: str, name: str, node: str, dry_run: bool = False) -> None:
        """Give a pod to a node, as the scheduler does.

        Raises:
            ApiError: 404; 409, a node has it; 500 (as the real server), no node is named.
        """
        if not node:
            raise ApiError(500, "", str(required("target.name")))
        pod = self.store.get(PODS, namespace, name)
        if bound := pod["spec"].get("nodeName"):
            raise conflict(_BINDING, name, f'pod {name} is already assigned to node "{bound}"')
        generation = pod["metadata"]["generation"]
        scheduled = conditions.of_pod("PodScheduled", "True", generation=generation)
        status = conditions.replaced(pod["status"], scheduled)
        status.pop("nominatedNodeName", None)
        if not dry_run:
            spec = {**pod["spec"], "nodeName": node}
            self.store.update(PODS, {**pod, "spec": spec, "status": status})


def _account(
    resource: Resource,
    live: Object | None,
    obj: Object,
    options: WriteOptions | None,
    subresource: str = "",
) -> None:
    # What the cluster itself writes is not accounted for, but leaves the account as it is.
    entries = live["metadata"].get("managedFields") if live else None
    if options and options.applies:
        entries = managedfields.applied(live, obj)
    elif options:
        entries = managedfields.updated(resource, live, obj, options.manager, subresource)
    obj["metadata"].pop("managedFields", None)
    if entries:
        obj["metadata"]["managedFields"] = entries


def _check_name(given: str, asked: str) -> None:
    if given != asked:
        raise bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({asked})"
        )
