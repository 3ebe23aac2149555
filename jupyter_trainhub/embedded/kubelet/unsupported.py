"""Fields of a pod that this node cannot honour, and what happens instead."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

_CONTAINERS = ("containers", "initContainers")
_ALONE = "the scheduler places the pod without regard to where others are"

# Path below spec -> what happens instead, and the values that ask for nothing else than that.
# `*` stands for each entry of a list; a part of a name may hold one too.
_POD: dict[str, tuple[str, tuple[Any, ...]]] = {
    "hostPID": ("the pod sees no processes of the machine", ()),
    "hostIPC": ("the pod has shared memory of its own", ()),
    "hostUsers": ("the pod's users are the machine's", (True,)),
    "shareProcessNamespace": ("a container sees its own processes only", ()),
    "runtimeClassName": ("the node has one runtime", ()),
    "os.name": ("the node runs Linux", ("linux",)),
    "dnsPolicy": ("names resolve as on the machine", ("ClusterFirst", "ClusterFirstWithHostNet",
                                                      "Default")),
    "dnsConfig": ("names resolve as on the machine", ()),
    "resourceClaims": ("no devices are claimed", ()),
    "resources.limits": ("limits of the pod as a whole are not enforced", ()),
    "affinity.podAffinity": (_ALONE, ()),
    "affinity.podAntiAffinity": (_ALONE, ()),
    "topologySpreadConstraints": (_ALONE, ()),
    "securityContext.sysctls": ("the machine's settings apply", ()),
    "securityContext.supplementalGroupsPolicy": ("groups of the image apply too", ("Merge",)),
    "volumes.*.emptyDir.medium": ("the volume lies on disk", ("Memory",)),
}  # fmt: skip
_CONTAINER: dict[str, tuple[str, tuple[Any, ...]]] = {
    "securityContext.privileged": ("the container has the usual capabilities", ()),
    "securityContext.capabilities": ("the container has the usual capabilities", ()),
    "securityContext.allowPrivilegeEscalation": ("set-user-ID programs work", (True,)),
    "securityContext.procMount": ("/proc is masked as usual", ("Default",)),
    "volumeDevices": ("block devices are not attached", ()),
    "resources.claims": ("no devices are claimed", ()),
    "resources.limits.ephemeral-storage": ("the limit is not enforced", ()),
    "resources.limits.hugepages-*": ("huge pages are not set apart", ()),
    "ports.*.hostPort": ("no port is forwarded: the pod has an address of its own", ()),
    "volumeMounts.*.mountPropagation": ("mounts made later are not passed on", ("None",)),
    "restartPolicyRules.*.action": ("other containers are not restarted", ("Restart",)),
}
_BOTH: dict[str, tuple[str, tuple[Any, ...]]] = {
    "securityContext.seccompProfile": ("system calls are not filtered", ({"type": "Unconfined"},)),
    "securityContext.appArmorProfile": ("no profile is applied", ({"type": "Unconfined"},)),
    "securityContext.seLinuxOptions": ("no label is applied", ()),
    "securityContext.windowsOptions": ("the node runs Linux", ()),
}
_TABLE = {
    **_POD, **_BOTH,
    **{f"{c}.*.{path}": row for path, row in {**_CONTAINER, **_BOTH}.items() for c in _CONTAINERS},
}  # fmt: skip


def message(pod: dict[str, Any], on_disk: list[str]) -> str:
    """Which fields are not honoured, with what happens instead; "" if all are.

    ``on_disk``: volumes that are to be in memory and cannot be.
    """
    instead: dict[str, list[str]] = {}
    if on_disk:
        instead["volumes that containers share lie on disk, unless root runs the cluster"] = [
            f"emptyDir.medium of {', '.join(on_disk)}"
        ]
    for pattern, (what, neutral) in _TABLE.items():
        for path, value in _matches(pod["spec"], pattern.split("."), "spec"):
            # Empty values, as False or [], say what leaving them out does.
            if value not in neutral and (value or True in neutral):
                instead.setdefault(what, []).append(path)
    told = "; ".join(f"{', '.join(paths)} ({what})" for what, paths in instead.items())
    return f"This node does not honour {told}" if told else ""


def _matches(value: Any, parts: list[str], path: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield path, value
    elif isinstance(value, list) and parts[0] == "*":
        for i, entry in enumerate(value):
            yield from _matches(entry, parts[1:], f"{path}[{i}]")
    elif isinstance(value, dict):
        for key in value:
            if fnmatchcase(key, parts[0]):
                yield from _matches(value[key], parts[1:], f"{path}.{key}")
