"""The kinds that this API server serves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One served kind, as discovery describes it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = False
    has_scale: bool = False
    # Objects of kinds with a desired state count its changes in metadata.generation.
    has_generation: bool = False
    verbs: tuple[str, ...] = ALL_VERBS
    # name -> (kind, verbs) of subresources other than status and scale
    subresources: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict, hash=False)
    # Empty: the kind in lower case.
    singular_name: str = ""
    # What whoever uses this version is to be told.
    warning: str = ""
    # The version of the kind as which its objects are kept, where that is another one, and the
    # fields that have another name there: (kept, shown).
    storage: Resource | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    # Beyond metadata.name and metadata.namespace: by what field selectors can choose.
    selectable: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """``v1``, ``batch/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``pods``, ``jobs.batch``: how errors name the resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        """``pod``."""
        return self.singular_name or self.kind.lower()

    @property
    def stored(self) -> Resource:
        """The version of the kind as which its objects are kept."""
        return self.storage or self

    def shown(self, kept: Object) -> Object:
        """A kept object as this version shows it."""
        return self._named(kept, dict(self.renamed), self)

    def kept(self, shown: Object) -> Object:
        """An object of this version as it is kept."""
        return self._named(shown, {new: old for old, new in self.renamed}, self.stored)

    def _named(self, obj: Object, names: dict[str, str], version: Resource) -> Object:
        if self.storage is None:
            return obj
        renamed = {names.get(name, name): value for name, value in obj.items()}
        return {**renamed, "apiVersion": version.api_version}

    @property
    def parts(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Kind and verbs of each subresource by its name, status and scale included."""
        found = dict(self.subresources)
        if self.has_status:
            found["status"] = (self.kind, _PART_VERBS)
        if self.has_scale:
            found["scale"] = ("Scale", _PART_VERBS)
        return found

    @property
    def root(self) -> str:
        """The path under which the group version is served."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


_PART_VERBS = ("get", "patch", "update")
_CONNECT = ("create", "get")
_PROXY = ("create", "delete", "get", "patch", "update")

NAMESPACES = Resource(
    "", "v1", "namespaces", "Namespace", False, ("ns",), has_status=True,
    verbs=tuple(v for v in ALL_VERBS if v != "deletecollection"),
    subresources={"finalize": ("Namespace", ("update",))},
)  # fmt: skip
NODES = Resource(
    "", "v1", "nodes", "Node", False, ("no",), has_status=True,
    subresources={"proxy": ("NodeProxyOptions", _PROXY)},
)  # fmt: skip
PODS = Resource(
    "", "v1", "pods", "Pod", True, ("po",), ("all",), has_status=True, has_generation=True,
    subresources={
        "attach": ("PodAttachOptions", _CONNECT),
        "binding": ("Binding", ("create",)),
        "eviction": ("Eviction", ("create",)),
        "exec": ("PodExecOptions", _CONNECT),
        "log": ("Pod", ("get",)),
        "portforward": ("PodPortForwardOptions", _CONNECT),
        "proxy": ("PodProxyOptions", _PROXY),
    },
)  # fmt: skip
SERVICES = Resource(
    "", "v1", "services", "Service", True, ("svc",), ("all",), has_status=True,
    subresources={"proxy": ("ServiceProxyOptions", _PROXY)},
)  # fmt: skip
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",))
SECRETS = Resource("", "v1", "secrets", "Secret", True)
SERVICEACCOUNTS = Resource(
    "", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",),
    subresources={"token": ("TokenRequest", ("create",))},
)  # fmt: skip
LIMITRANGES = Resource("", "v1", "limitranges", "LimitRange", True, ("limits",))
EVENTS = Resource("", "v1", "events", "Event", True, ("ev",))
RESOURCEQUOTAS = Resource(
    "", "v1", "resourcequotas", "ResourceQuota", True, ("quota",), has_status=True
)
PERSISTENTVOLUMES = Resource(
    "", "v1", "persistentvolumes", "PersistentVolume", False, ("pv",), has_status=True
)
PERSISTENTVOLUMECLAIMS = Resource(
    "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), has_status=True
)
CONTROLLERREVISIONS = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")
STATEFULSETS = Resource(
    "apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), ("all",),
    has_status=True, has_scale=True, has_generation=True,
)  # fmt: skip
JOBS = Resource(
    "batch", "v1", "jobs", "Job", True, (), ("all",), has_status=True, has_generation=True
)
PRIORITYCLASSES = Resource(
    "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, ("pc",)
)
STORAGECLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",))
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
ROLEBINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
CLUSTERROLES = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", False)
CLUSTERROLEBINDINGS = Resource(
    "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", False
)
CUSTOMRESOURCEDEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False,
    ("crd", "crds"), ("api-extensions",), has_status=True, has_generation=True,
)  # fmt: skip
EVENTS_V1 = Resource(
    "events.k8s.io", "v1", "events", "Event", True, ("ev",), storage=EVENTS,
    renamed=(
        ("involvedObject", "regarding"), ("message", "note"),
        ("reportingComponent", "reportingController"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ),
)  # fmt: skip
POD_METRICS = Resource(
    "metrics.k8s.io", "v1beta1", "pods", "PodMetrics", verbs=("get", "list"), storage=PODS
)
NODE_METRICS = Resource(
    "metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", False, verbs=("get", "list"),
    storage=NODES,
)  # fmt: skip
# What is answered and forgotten.
REVIEWS: tuple[Resource, ...] = tuple(
    Resource(group, "v1", f"{kind.lower()}s", kind, kind.startswith("Local"), verbs=("create",))
    for group, kind in (
        ("authentication.k8s.io", "SelfSubjectReview"),
        ("authentication.k8s.io", "TokenReview"),
        ("authorization.k8s.io", "LocalSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectAccessReview"),
        ("authorization.k8s.io", "SelfSubjectRulesReview"),
        ("authorization.k8s.io", "SubjectAccessReview"),
    )
)

# In the order in which a real server's discovery names the groups. A list, as custom resources come
# and go.
SERVED: list[Resource] = [
    CONFIGMAPS, EVENTS, LIMITRANGES, NAMESPACES, NODES, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES,
    PODS, RESOURCEQUOTAS, SECRETS, SERVICEACCOUNTS, SERVICES, CONTROLLERREVISIONS, STATEFULSETS,
    EVENTS_V1, *REVIEWS, JOBS, CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES,
    STORAGECLASSES, CUSTOMRESOURCEDEFINITIONS, PRIORITYCLASSES, NODE_METRICS, POD_METRICS,
]  # fmt: skip

# Kinds that are kept; a review is answered and forgotten, and events.k8s.io shows core events.
STORED: list[Resource] = [r for r in SERVED if r.storage is None and r not in REVIEWS]


def version_priority(version: str) -> tuple[int, int, int, str]:
    """By which the versions of a group are sorted: v2, v1, v2beta1, v1beta2, v1alpha1, others."""
    match = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if match is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return (stage, -int(match[1]), -int(match[3] or 0), "")


def serve(group: str, plural: str, served: Sequence[Resource], stored: Sequence[Resource]) -> None:
    """Serve a custom kind in these versions and no others, and keep it as ``stored``."""
    for known, now in ((SERVED, served), (STORED, stored)):
        known[:] = [r for r in known if (r.group, r.plural) != (group, plural)]
        known += now


def find(group: str, version: str, plural: str) -> Resource | None:
    """The served resource of that name, or None."""
    for resource in SERVED:
        if (resource.group, resource.version, resource.plural) == (group, version, plural):
            return resource
    return None


def of_kind(api_version: str, kind: str) -> Resource | None:
    """The served resource whose objects say ``apiVersion`` and ``kind``, or None."""
    for resource in SERVED:
        if (resource.api_version, resource.kind) == (api_version, kind):
            return resource
    return None
