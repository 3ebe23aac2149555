"""What the user may do, as the API server says: SelfSubjectAccessReview."""

from __future__ import annotations

from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import Resource

REVIEWS = Resource("authorization.k8s.io/v1", "selfsubjectaccessreviews", namespaced=False)


def may(
    client: KubeClient, verb: str, resource: Resource, subresource: str = "", name: str = ""
) -> bool:
    """Whether the user may do that, in the client's namespace where the resource has one."""
    group, _, _ = resource.version.rpartition("/")
    attributes = {"verb": verb, "group": group, "resource": resource.plural}
    attributes |= {"subresource": subresource, "name": name}
    if resource.namespaced:
        attributes["namespace"] = client.namespace
    review = client.create(
        REVIEWS,
        {
            "apiVersion": REVIEWS.version,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        },
    )
    return bool(review["status"].get("allowed"))
