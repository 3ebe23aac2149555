"""The roles and bindings that every cluster begins with.

From Kubernetes 1.36's bootstrap policy, for the kinds that are served here. What is missing is
made at each start; what is there is left as its users changed it.
"""

from __future__ import annotations

from ..apimachinery.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLES
from .registry import Registry
from .store import Object
from .user import AUTHENTICATED, MASTERS, UNAUTHENTICATED

_GROUP = ROLES.group

_READ = "get list watch"
_WRITE = "create delete deletecollection patch update"

_Rule = tuple[str, str, str]  # verbs; API group; resources, or paths where the group is "/"

_POD_STREAMS = "pods/attach pods/exec pods/portforward pods/proxy"
_HEALTH = "/healthz /livez /readyz /version /version/"

_RULES: dict[str, list[_Rule]] = {
    "cluster-admin": [("*", "*", "*"), ("*", "/", "*")],
    "system:aggregate-to-admin": [
        ("create", "authorization.k8s.io", "localsubjectaccessreviews"),
        (f"{_WRITE} {_READ}", _GROUP, "rolebindings roles"),
    ],
    "system:aggregate-to-edit": [
        (_READ, "", f"{_POD_STREAMS} secrets services/proxy"),
        ("impersonate", "", "serviceaccounts"),
        (_WRITE, "", f"pods {_POD_STREAMS}"),
        ("create", "", "pods/eviction"),
        (_WRITE, "", "configmaps events persistentvolumeclaims secrets serviceaccounts services "
                     "services/proxy"),
        ("create", "", "serviceaccounts/token"),
        (_WRITE, "apps", "statefulsets statefulsets/scale"),
        (_WRITE, "batch", "jobs"),
    ],
    "system:aggregate-to-view": [
        (_READ, "", "configmaps persistentvolumeclaims persistentvolumeclaims/status pods "
                    "serviceaccounts services services/status"),
        (_READ, "", "bindings events limitranges namespaces/status pods/log pods/status "
                    "resourcequotas resourcequotas/status"),
        (_READ, "", "namespaces"),
        (_READ, "apps", "statefulsets statefulsets/scale statefulsets/status"),
        (_READ, "batch", "jobs jobs/status"),
    ],
    # As metrics-server brings it.
    "system:aggregated-metrics-reader": [(_READ, "metrics.k8s.io", "nodes pods")],
    "system:auth-delegator": [
        ("create", "authentication.k8s.io", "tokenreviews"),
        ("create", "authorization.k8s.io", "subjectaccessreviews"),
    ],
    "system:basic-user": [
        ("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
        ("create", "authentication.k8s.io", "selfsubjectreviews"),
    ],
    "system:discovery": [
        ("get", "/", f"/api /api/* /apis /apis/* {_HEALTH} /openapi /openapi/*"),
    ],
    "system:public-info-viewer": [("get", "/", _HEALTH)],
    # Of this cluster's own: its images, by the distribution API.
    "trainhub:images": [("get head post put patch delete", "/", "/v2 /v2/ /v2/*")],
}  # fmt: skip

# What gathers the rules of others, by the label that asks for it.
_AGGREGATED = ("admin", "edit", "view")
_JOINS = {
    "system:aggregate-to-admin": ("admin",),
    "system:aggregate-to-edit": ("edit",),
    "system:aggregate-to-view": ("view",),
    "system:aggregated-metrics-reader": ("admin", "edit", "view"),
    "edit": ("admin",),
    "view": ("edit",),
}

_BOUND = {
    "cluster-admin": (MASTERS,),
    "system:basic-user": (AUTHENTICATED,),
    "system:discovery": (AUTHENTICATED,),
    "system:public-info-viewer": (AUTHENTICATED, UNAUTHENTICATED),
    "trainhub:images": (AUTHENTICATED,),
}


def ensure(registry: Registry) -> None:
    """Make the default ClusterRoles and ClusterRoleBindings that are not there."""
    for name in (*_RULES, *_AGGREGATED):
        if registry.store.find(CLUSTERROLES, "", name) is None:
            registry.create(CLUSTERROLES, "", _role(name))
    for name, groups in _BOUND.items():
        if registry.store.find(CLUSTERROLEBINDINGS, "", name) is None:
            subjects = [{"kind": "Group", "apiGroup": _GROUP, "name": group} for group in groups]
            role = {"kind": "ClusterRole", "apiGroup": _GROUP, "name": name}
            body = {"metadata": _metadata(name), "roleRef": role, "subjects": subjects}
            registry.create(CLUSTERROLEBINDINGS, "", body)


def _metadata(name: str) -> Object:
    return {
        "name": name,
        "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
        "labels": {
            "kubernetes.io/bootstrapping": "rbac-defaults",
            **{f"{_GROUP}/aggregate-to-{role}": "true" for role in _JOINS.get(name, ())},
        },
    }


def _role(name: str) -> Object:
    if name in _AGGREGATED:
        selector = {"matchLabels": {f"{_GROUP}/aggregate-to-{name}": "true"}}
        return {"metadata": _metadata(name), "rules": [],
                "aggregationRule": {"clusterRoleSelectors": [selector]}}  # fmt: skip
    return {"metadata": _metadata(name), "rules": [_rule(*rule) for rule in _RULES[name]]}


def _rule(verbs: str, group: str, names: str) -> Object:
    if group == "/":
        return {"verbs": verbs.split(), "nonResourceURLs": names.split()}
    return {"verbs": verbs.split(), "apiGroups": [group], "resources": names.split()}
