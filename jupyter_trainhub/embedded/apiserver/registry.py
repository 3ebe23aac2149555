"""What creating, changing and deleting objects means: the API server's rules over the store.

The HTTP API and the controllers both write through here, so that all objects obey the same rules.
"""

from __future__ import annotations

import copy
import uuid
from dataclasses import dataclass

from ..apimachinery import clock, patch, schema
from ..apimachinery.names import generated_suffix
from ..apimachinery.resources import (
    CUSTOMRESOURCEDEFINITIONS,
    JOBS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    RESOURCEQUOTAS,
    SERVICES,
    Resource,
    of_kind,
)
from ..apimachinery.status import (
    Cause,
    bad_request,
    conflict,
    invalid,
    invalid_object,
    not_found,
    precondition_failed,
    required,
    unsupported_media_type,
)
from . import admission, defaults, managedfields, validation
from .apply import CONTENT_TYPE as APPLY
from .apply import Applier, apply
from .customresources import CLEANUP, CustomResource
from .fieldvalidation import FieldValidation, kind_of
from .managedfields import Track
from .scale import scale_of, scaled
from .store import Object, Store
from .tokens import TokenIssuer

# metadata that only the server sets
_SERVER_OWNED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True)
class DeleteOptions:
    """How to delete: seconds of grace for a pod, what becomes of dependents, and preconditions."""

    grace_seconds: int | None = None
    propagation: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    dry_run: bool = False

    @classmethod
    def parse(cls, body: Object | None, query: dict[str, str]) -> DeleteOptions:
        """From the body (``DeleteOptions``) and the query of a DELETE request."""
        body = body or {}
        grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        conditions = body.get("preconditions") or {}
        propagation = body.get("propagationPolicy") or query.get("propagationPolicy")
        if propagation not in (None, "Background", "Foreground", "Orphan"):
            raise bad_request(f"invalid propagationPolicy: {propagation}")
        return cls(
            None if grace is None else max(0, int(grace)),
            propagation,
            conditions.get("uid"),
            conditions.get("resourceVersion"),
            bool(body.get("dryRun") or query.get("dryRun")),
        )


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
        *,
        dry_run: bool = False,
        track: Track | None = None,
    ) -> Object:
        """Keep a new object, defaulted, admitted and validated.

        Args:
            track: keeps account of who set which fields; the cluster's own writes go without.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        if isinstance(resource, CustomResource):
            resource.admit()
        metadata = self._identify(resource, namespace, obj)
        for field in (*_SERVER_OWNED, "resourceVersion", "selfLink", "generation"):
            metadata.pop(field, None)
        generated = not metadata.get("name") and metadata.get("generateName")
        if generated:
            metadata["name"] = metadata["generateName"] + generated_suffix()
        if resource.has_status and resource not in (NODES, PERSISTENTVOLUMECLAIMS):
            obj.pop("status", None)
        if not metadata.get("name"):
            detail = "name or generateName is required"
            raise invalid_object(resource, "", [required("metadata.name", detail)])
        if not dry_run and self.store.find(resource, namespace, metadata["name"]):
            # Said before anything else about the object, as the real server's clients expect.
            self.store.create(resource, obj)
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = clock.now()
        if resource.has_generation:
            metadata["generation"] = 1
        defaults.apply_defaults(resource, obj)
        _own(None, obj, track)
        self._prepare(resource, obj)
        self._confirm(resource, metadata["name"], validation.validate(resource, obj))
        admission.admit(self.store, resource, obj)
        if dry_run:
            return obj
        return self.store.create(resource, obj)

    def _identify(self, resource: Resource, namespace: str, obj: Object) -> Object:
        if not isinstance(obj.get("metadata"), dict):
            obj["metadata"] = {}
        metadata: Object = obj["metadata"]
        kind, version = obj.get("kind"), obj.get("apiVersion")
        if (kind and kind != resource.kind) or (version and version != resource.api_version):
            raise bad_request(
                f"{kind} in version {version!r} cannot be handled as a {resource.kind}: the API "
                "version in the data does not match the expected API version"
            )
        obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        if resource.namespaced:
            if metadata.get("namespace", namespace) != namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on "
                    "the request"
                )
            metadata["namespace"] = namespace
        else:
            metadata.pop("namespace", None)
        return metadata

    def _prepare(self, resource: Resource, obj: Object) -> None:
        admission.mutate(self.store, resource, obj)
        if resource is PODS:
            obj["status"] = {"phase": "Pending", "qosClass": qos_class(obj)}
            if obj["spec"].get("schedulingGates"):
                obj["status"]["conditions"] = [
                    condition(
                        "PodScheduled", "False", "SchedulingGated",
                        "Scheduling is blocked due to non-empty scheduling gates",
                    )
                ]  # fmt: skip
        elif resource is JOBS:
            defaults.job_selector(obj)
            obj["status"] = {}
        elif resource is SERVICES:
            self._allocate_address(obj["spec"])
        elif resource is NAMESPACES:
            obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        elif resource is RESOURCEQUOTAS:
            obj["status"] = {}

    def _allocate_address(self, spec: Object) -> None:
        # Nothing routes a Service's address here; it is unique, as clients may rely on.
        if "clusterIP" not in spec:
            taken = {s["spec"].get("clusterIP") for s in self.store.list(SERVICES)}
            spec["clusterIP"] = next(
                a for n in range(1, 1 << 16) if (a := f"10.96.{n >> 8}.{n & 255}") not in taken
            )
        spec.setdefault("clusterIPs", [spec["clusterIP"]])
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")

    def update(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        given: Object,
        *,
        subresource: str = "",
        dry_run: bool = False,
        track: Track | None = None,
    ) -> Object:
        """Replace an object, or only its status.

        Raises:
            ApiError: whatever the API server would answer.
        """
        obj = copy.deepcopy(given)
        metadata = self._identify(resource, namespace, obj)
        _check_name(metadata.setdefault("name", name), name)
        current = self.store.get(resource, namespace, name)
        if metadata.get("uid", current["metadata"]["uid"]) != current["metadata"]["uid"]:
            detail = (
                f"the UID in the precondition ({metadata['uid']}) does not match the UID in record "
                f"({current['metadata']['uid']}). The object might have been deleted and then "
                "recreated"
            )
            raise precondition_failed(resource, name, detail)
        if subresource == "status":
            obj = {**current, "status": obj.get("status") or {}, "metadata": {
                **current["metadata"],
                **{k: metadata[k] for k in ("resourceVersion", "managedFields") if metadata.get(k)},
            }}  # fmt: skip
            _own(current, obj, track)
            if isinstance(resource, CustomResource):
                defaults.apply_defaults(resource, obj)
                self._confirm(resource, name, resource.validate(obj, current))
        else:
            self._carry_over(resource, current, obj)
            _own(current, obj, track)
            self._confirm(resource, name, validation.validate_update(resource, current, obj))
            admission.admit(self.store, resource, obj, current)
        if dry_run:
            return obj
        written = self.store.update(resource, obj)
        return self._finalize(resource, written)

    def _confirm(self, resource: Resource, name: str, causes: list[Cause]) -> None:
        if causes:
            raise invalid_object(resource, name, causes)

    def _carry_over(self, resource: Resource, current: Object, obj: Object) -> None:
        # What the server owns survives any update.
        metadata, kept = obj["metadata"], current["metadata"]
        for field in (*_SERVER_OWNED, "generation"):
            metadata.pop(field, None)
            if field in kept:
                metadata[field] = kept[field]
        if resource.has_status and "status" in current:
            obj["status"] = current["status"]
        elif resource.has_status:
            obj.pop("status", None)
        defaults.apply_defaults(resource, obj)
        if resource is PODS:
            for field in ("nodeName", "serviceAccountName", "serviceAccount", "priority",
                          "preemptionPolicy", "tolerations"):  # fmt: skip
                if field in current["spec"]:
                    obj["spec"].setdefault(field, current["spec"][field])
        elif resource is JOBS:
            obj["spec"].setdefault("selector", current["spec"].get("selector"))
        elif resource is SERVICES:
            for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                obj["spec"].setdefault(field, current["spec"].get(field))
        elif resource is NAMESPACES:
            obj["spec"] = current["spec"]
        if resource.has_generation and _asked(resource, obj) != _asked(resource, current):
            metadata["generation"] = kept.get("generation", 1) + 1

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        media_type: str,
        body: bytes,
        validation: FieldValidation,
        *,
        subresource: str = "",
        dry_run: bool = False,
        track: Track | None = None,
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
        where = (resource, namespace, name, given)
        if subresource == "scale":
            return self.scale(*where, dry_run=dry_run, track=track)
        return self.update(*where, subresource=subresource, dry_run=dry_run, track=track)

    def apply(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        config: Object,
        applier: Applier,
        *,
        dry_run: bool = False,
    ) -> Object:
        """Make an object, which need not be there yet, what its applier wants of it.

        Raises:
            ApiError: whatever the API server would answer.
        """
        live = self.store.find(resource, namespace, name)
        if live is None and applier.subresource:
            raise not_found(resource, name)
        applied = apply(resource, live, config, applier)
        settled = managedfields.settled
        if live is not None:
            return self.update(
                resource, namespace, name, applied,
                subresource=applier.subresource, dry_run=dry_run, track=settled,
            )  # fmt: skip
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
        return self.create(resource, namespace, applied, dry_run=dry_run, track=settled)

    def scale(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        given: Object,
        *,
        dry_run: bool = False,
        track: Track | None = None,
    ) -> Object:
        """Change ``spec.replicas`` through the scale subresource; answers a ``Scale``."""
        replicas = (given.get("spec") or {}).get("replicas", 0)
        if replicas < 0:
            cause = invalid("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid_object(Resource("autoscaling", "v1", "scales", "Scale"), name, [cause])
        current = self.store.get(resource, namespace, name)
        changed = scaled(resource, current, replicas)
        written = self.update(resource, namespace, name, changed, dry_run=dry_run, track=track)
        return scale_of(resource, written)

    def update_status(self, resource: Resource, obj: Object, status: Object) -> Object | None:
        """Set the status of an object that may have gone; None when it has, or is another one."""
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
        current = self.store.find(resource, namespace, name)
        if current is None or current["metadata"]["uid"] != obj["metadata"]["uid"]:
            return None
        return self.store.update(resource, {**current, "status": status})

    def delete(
        self, resource: Resource, namespace: str, name: str, options: DeleteOptions
    ) -> tuple[Object, bool]:
        """Delete an object: at once, or (pods, finalizers) marked to go.

        Returns:
            The object as it was left, and whether it is gone.
        """
        obj = self.store.get(resource, namespace, name)
        metadata = obj["metadata"]
        for given, field in ((options.uid, "uid"), (options.resource_version, "resourceVersion")):
            if given and given != metadata[field]:
                label = "UID" if field == "uid" else "ResourceVersion"
                detail = (
                    f"the {label} in the precondition ({given}) does not match the {label} in "
                    f"record ({metadata[field]}). The object might have been deleted and then "
                    "recreated"
                )
                raise precondition_failed(resource, name, detail)
        if options.dry_run:
            return obj, False
        grace = self._grace_seconds(resource, obj, options.grace_seconds)
        finalizers = list(metadata.get("finalizers") or [])
        extra = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(
            options.propagation or ""
        )
        if extra and extra not in finalizers:
            finalizers.append(extra)
        if resource is CUSTOMRESOURCEDEFINITIONS and CLEANUP not in finalizers:
            finalizers.append(CLEANUP)
        if not finalizers and grace == 0 and resource is not NAMESPACES:
            return self.store.delete(resource, namespace, name), True
        marked = dict(metadata)
        if finalizers:
            marked["finalizers"] = finalizers
        earlier = marked.get("deletionGracePeriodSeconds")
        marked.setdefault("deletionTimestamp", clock.now())
        if resource is PODS:
            marked["deletionGracePeriodSeconds"] = grace if earlier is None else min(grace, earlier)
        else:
            marked.setdefault("deletionGracePeriodSeconds", 0)
        changed = {**obj, "metadata": marked}
        if resource is NAMESPACES:
            changed["status"] = {**obj["status"], "phase": "Terminating"}
        return self.store.update(resource, changed), False

    def _grace_seconds(self, resource: Resource, obj: Object, asked: int | None) -> int:
        if resource is not PODS:
            return 0
        # A pod that no node runs has nothing to end gracefully.
        if not obj["spec"].get("nodeName"):
            return 0
        if obj["status"].get("phase") in ("Succeeded", "Failed"):
            return 0
        return int(obj["spec"]["terminationGracePeriodSeconds"] if asked is None else asked)

    def _finalize(self, resource: Resource, obj: Object) -> Object:
        # An object marked to go goes with its last finalizer.
        metadata = obj["metadata"]
        waiting = resource is PODS and metadata.get("deletionGracePeriodSeconds")
        if "deletionTimestamp" not in metadata or metadata.get("finalizers") or waiting:
            return obj
        if resource is NAMESPACES and (obj.get("spec") or {}).get("finalizers"):
            return obj
        return self.store.delete(resource, metadata.get("namespace", ""), metadata["name"])

    def bind(self, namespace: str, name: str, node: str) -> None:
        """Give a pod to a node, as the scheduler does."""
        pod = self.store.get(PODS, namespace, name)
        scheduled = condition("PodScheduled", "True", generation=pod["metadata"]["generation"])
        kept = [
            c for c in pod["status"].get("conditions") or [] if c["type"] != "PodScheduled"
        ]  # fmt: skip
        status = {**pod["status"], "conditions": [*kept, scheduled]}
        status.pop("nominatedNodeName", None)
        self.store.update(
            PODS, {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
        )


def _own(live: Object | None, obj: Object, track: Track | None) -> None:
    # What the cluster itself writes is not accounted for, but leaves the account as it is.
    entries = live["metadata"].get("managedFields") if live else None
    if track:
        entries = track(live, obj)
    obj["metadata"].pop("managedFields", None)
    if entries:
        obj["metadata"]["managedFields"] = entries


def _asked(resource: Resource, obj: Object) -> Object:
    # What somebody wants: of a custom resource all but its metadata.
    if isinstance(resource, CustomResource):
        return {key: value for key, value in obj.items() if key != "metadata"}
    return {"spec": obj.get("spec")}


def _check_name(given: str, asked: str) -> None:
    if given != asked:
        raise bad_request(
            f"the name of the object ({given}) does not match the name on the URL ({asked})"
        )


def condition(
    kind: str, status: str, reason: str = "", message: str = "", generation: int | None = None
) -> Object:
    """A pod condition that changed now."""
    body: Object = {"type": kind, "status": status, "lastProbeTime": None}
    if generation is not None:
        body["observedGeneration"] = generation
    body["lastTransitionTime"] = clock.now()
    if reason:
        body["reason"] = reason
    if message:
        body["message"] = message
    return body


def qos_class(pod: Object) -> str:
    """``Guaranteed``, ``Burstable`` or ``BestEffort``, by requests and limits of cpu and memory."""
    spec = pod["spec"]
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    guaranteed, any_named = True, False
    for container in containers:
        resources = container.get("resources") or {}
        requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
        for name in ("cpu", "memory"):
            any_named = any_named or name in requests or name in limits
            if limits.get(name) is None or requests.get(name) != limits[name]:
                guaranteed = False
    if not any_named:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def owner_reference(owner: Object) -> Object:
    """A reference by which ``owner`` controls an object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: Object) -> Object | None:
    """The owner reference that controls the object, or None."""
    for reference in obj["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            found: Object = reference
            return found
    return None


def resource_of(obj: Object) -> Resource:
    """The served resource of an object that names its kind.

    Raises:
        ApiError: 400, no such kind is served.
    """
    resource = of_kind(obj.get("apiVersion", ""), obj.get("kind", ""))
    if resource is None:
        raise bad_request(f"no kind {obj.get('kind')!r} is served in {obj.get('apiVersion')!r}")
    return resource
