"""The kinds that this API server serves."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    @property
    def api_version(self) -> str:
        """``v1``, ``batch/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``pods``, ``jobs.batch``: how errors name the resource."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def root(self) -> str:
        """The path under which the group version is served."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


_CONNECT = ("create", "get")
_PROXY = ("create", "delete", "get", "patch", "update")

NAMESPACES = Resource(
    "", "v1", "namespaces", "Namespace", False, ("ns",), has_status=True,
    verbs=tuple(v for v in ALL_VERBS if v != "deletecollection"),
)  # fmt: skip
NODES = Resource("", "v1", "nodes", "Node", False, ("no",), has_status=True)
PODS = Resource(
    "", "v1", "pods", "Pod", True, ("po",), ("all",), has_status=True, has_generation=True,
    subresources={
        "attach": ("PodAttachOptions", _CONNECT),
        "binding": ("Binding", ("create",)),
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
EVENTS_V1 = Resource("events.k8s.io", "v1", "events", "Event", True, ("ev",))
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", False,
    verbs=("create",),
)  # fmt: skip
SUBJECT_REVIEWS = Resource(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", False,
    verbs=("create",),
)  # fmt: skip

SERVED: tuple[Resource, ...] = (
    NAMESPACES, NODES, PODS, SERVICES, CONFIGMAPS, SECRETS, SERVICEACCOUNTS, EVENTS,
    RESOURCEQUOTAS, LIMITRANGES, PERSISTENTVOLUMES, PERSISTENTVOLUMECLAIMS, STATEFULSETS, JOBS,
    PRIORITYCLASSES, STORAGECLASSES, ROLES, ROLEBINDINGS, CLUSTERROLES, CLUSTERROLEBINDINGS,
    CUSTOMRESOURCEDEFINITIONS, EVENTS_V1, ACCESS_REVIEWS, SUBJECT_REVIEWS,
)  # fmt: skip

# Kinds that are kept; a review is answered and forgotten, and events.k8s.io shows core events.
STORED: tuple[Resource, ...] = tuple(
    r for r in SERVED if r not in (EVENTS_V1, ACCESS_REVIEWS, SUBJECT_REVIEWS)
)


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
