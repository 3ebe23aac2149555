"""``/etc/hosts`` of each pod: how names of headless Services resolve without a DNS server."""

from __future__ import annotations

from pathlib import Path

from ..apimachinery.resources import SERVICES
from ..apiserver import endpoints
from ..apiserver.store import Object, Store

DOMAIN = "svc.cluster.local"

_HEAD = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n"


def hostname(pod: Object) -> str:
    """What the pod calls itself: a label, or where it asks for that the full domain name."""
    spec = pod["spec"]
    if spec.get("hostnameOverride"):
        return str(spec["hostnameOverride"])
    name = str(spec.get("hostname") or pod["metadata"]["name"])[:63].rstrip("-.")
    return _domain_name(pod, name) if spec.get("setHostnameAsFQDN") else name


def _domain_name(pod: Object, name: str) -> str:
    subdomain = pod["spec"].get("subdomain")
    return f"{name}.{subdomain}.{pod['metadata']['namespace']}.{DOMAIN}" if subdomain else name


def render(store: Store, pod: Object, pod_ip: str) -> str:
    """The file for one pod: itself, whoever the namespace's headless Services name, its aliases."""
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    own = str(spec.get("hostname") or pod["metadata"]["name"])
    names = dict.fromkeys((_domain_name(pod, own), own))
    lines = [f"{pod_ip}\t{' '.join(names)}"]
    for service in store.list(SERVICES, namespace):
        if service["spec"].get("clusterIP") == "None":
            lines += _records(store, service)
    aliases = spec.get("hostAliases") or []
    if aliases:
        lines += ["", "# Entries added by HostAliases."]
        lines += ["\t".join([a["ip"], *(a.get("hostnames") or [])]) for a in aliases]
    return _HEAD + "\n".join(lines) + "\n"


def _records(store: Store, service: Object) -> list[str]:
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    suffixes = [name, f"{name}.{namespace}", f"{name}.{namespace}.svc",
                f"{name}.{namespace}.{DOMAIN}"]  # fmt: skip
    lines = []
    for pod in endpoints.serving(store, service):
        names = list(suffixes)
        if pod["spec"].get("subdomain") == name and pod["spec"].get("hostname"):
            names = [f"{pod['spec']['hostname']}.{suffix}" for suffix in suffixes] + names
        lines.append(f"{pod['status']['podIP']}\t{' '.join(names)}")
    return lines


def write(path: Path, text: str) -> None:
    """Write in place: the file is bound into the pod, so it must stay the same file."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        file.write(text)
