"""Service accounts: what a new pod gets of its account."""

from __future__ import annotations

from ...apimachinery.names import generate
from ...apimachinery.resources import NAMESPACES, PODS, SERVICEACCOUNTS
from ...apimachinery.status import forbidden
from ..store import Object, Store

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
ROOT_CA = "kube-root-ca.crt"  # the ConfigMap in every namespace that holds the server's certificate

# Seconds that the mounted token asks for. Source: the ServiceAccount admission plug-in.
MOUNTED_TOKEN = 3607


def mutate(store: Store, pod: Object) -> None:
    """Give a new pod its account's pull secrets and, unless it declines, the account's token.

    Raises:
        ApiError: 403, there is no such account.
    """
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    name = spec["serviceAccountName"]
    account = store.find(SERVICEACCOUNTS, namespace, name)
    if account is None:
        home = store.find(NAMESPACES, "", namespace)
        if home is None or home["status"]["phase"] == "Terminating":
            return  # which is the better reason for the refusal that follows
        detail = (
            f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not '
            "found"
        )
        raise forbidden(PODS, pod["metadata"]["name"], detail)
    if account.get("imagePullSecrets"):
        spec.setdefault("imagePullSecrets", account["imagePullSecrets"])
    if spec.get("automountServiceAccountToken", account.get("automountServiceAccountToken", True)):
        _mount_token(spec)


def _mount_token(spec: Object) -> None:
    volumes = spec.get("volumes") or []
    given = [v["name"] for v in volumes if str(v.get("name")).startswith("kube-api-access-")]
    name = given[0] if given else generate("kube-api-access-")
    mounted = False
    for container in [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]:
        mounts = container.get("volumeMounts") or []
        if not any(mount.get("mountPath") == MOUNT_PATH for mount in mounts):
            mount = {"name": name, "readOnly": True, "mountPath": MOUNT_PATH}
            container["volumeMounts"] = [*mounts, mount]
            mounted = True
    if mounted and not given:
        sources = [
            {"serviceAccountToken": {"expirationSeconds": MOUNTED_TOKEN, "path": "token"}},
            {"configMap": {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [
                {"path": "namespace",
                 "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]  # fmt: skip
        projected = {"sources": sources, "defaultMode": 0o644}
        spec["volumes"] = [*volumes, {"name": name, "projected": projected}]
