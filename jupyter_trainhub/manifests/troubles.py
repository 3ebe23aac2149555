"""The troubles that pods meet, in the words of those who report them, and in people's.

The first rule of a table that matches counts. To teach TrainHub a new message, add a rule, and the
message to the tests.
"""

from __future__ import annotations

from jupyter_trainhub.manifests.explanation import Rule

# Messages of the waiting reasons ErrImagePull, ImagePullBackOff and their like, in the words of
# containerd and CRI-O. Fact: image.
PULLING = (
    Rule(
        r"couldn't parse image|invalid reference format|InvalidImageName",
        "{image!r} is not the name of an image.",
        "Write it as registry/repository:tag, in small letters.",
    ),
    Rule(
        r"ErrImageNeverPull|is not present with pull policy of Never",
        "The node does not have the image {image!r}, and it may not be pulled.",
        "Choose an image that the nodes have.",
    ),
    Rule(
        r"toomanyrequests|rate limit|429 Too Many",
        "The registry of {image!r} allows no more downloads for now.",
        "Wait, or use a copy of the image in a registry of your own.",
    ),
    Rule(
        r"x509|certificate (?:signed by unknown|has expired|is valid for)",
        "The nodes do not trust the certificate of the registry of {image!r}.",
        "Ask the admin to install the registry's certificate on the nodes.",
    ),
    Rule(
        r"server gave HTTP response to HTTPS client",
        "The registry of {image!r} speaks plain HTTP, which the nodes do not accept from it.",
        "Ask the admin to list it as an insecure registry on the nodes.",
    ),
    Rule(
        r"lookup (?P<host>[^\s:]+).*?(?:no such host|server misbehaving|Temporary failure)",
        "The nodes do not find the registry {host!r} of the image {image!r}.",
        "Check the spelling; on a closed network use an image of the cluster's own registry.",
    ),
    Rule(
        r"pull access denied|insufficient_scope|401 Unauthorized|403 Forbidden|"
        r"authentication required|no basic auth credentials|unauthorized",
        "The registry does not let the cluster pull {image!r}, or there is no such image.",
        "Check the name; for a private registry ask the admin for a pull secret in the namespace.",
    ),
    Rule(
        r"no match for platform|no matching manifest|no image found in (?:image index|manifest)",
        "The image {image!r} is not made for the processor of the node.",
        "Choose an image that is built for it.",
    ),
    Rule(
        r"no space left on device",
        "The disk of the node is full: the image {image!r} does not fit.",
        "Ask the admin to free space on the node, or choose a smaller image.",
    ),
    Rule(
        r"connection refused|i/o timeout|deadline exceeded|network is unreachable|no route to host|"
        r"connection reset|TLS handshake timeout",
        "The nodes cannot reach the registry of {image!r}.",
        "It is tried again. On a closed network use an image of the cluster's own registry.",
    ),
    Rule(
        r"unexpected EOF|short read|unexpected commit digest|failed size validation",
        "The download of {image!r} broke off.",
        "It is tried again; if it breaks again, the registry or the network is at fault.",
    ),
    Rule(
        r"not found|manifest unknown|name unknown|does not exist",
        "There is no image {image!r}.",
        "Check its name and tag.",
    ),
)

# What a pod refers to and is not there, whoever finds out.
_MISSING = (
    Rule(
        r"secret \"(?P<name>[^\"]+)\" not found",
        "There is no secret {name!r} in the namespace.",
        "If it belongs to TrainHub, delete this and create it again; else create the secret.",
    ),
    Rule(
        r"configmap \"(?P<name>[^\"]+)\" not found",
        "There is no ConfigMap {name!r} in the namespace.",
        "If it belongs to TrainHub, delete this and create it again; else create the ConfigMap.",
    ),
    Rule(
        r"persistentvolumeclaim \"(?P<name>[^\"]+)\" (?:not found|is being deleted)",
        "There is no claim {name!r} in the namespace.",
        "Choose a storage that exists.",
    ),
)

_SUB_PATH = Rule(
    r"(?:prepare|create) subPath.*?(?P<cause>[Rr]ead-only file system|[Pp]ermission denied|"
    r"no such file or directory|not a directory)",
    "The folder below the volume cannot be made: {cause}.",
    "Ask the admin to make it, or to let TrainHub make it ('create' in the storage).",
)

# FailedMount, FailedAttachVolume and FailedMapVolume, in the words of kubelet, mount(8), mount.nfs
# and CSI drivers.
MOUNTING = (
    Rule(
        r"hostPath type check failed: (?P<path>.+?) is not a directory",
        "The node has no folder {path!r}.",
        "Mount a folder that exists on the nodes.",
    ),
    *_MISSING,
    Rule(
        r"access denied by server while mounting (?P<export>\S+)",
        "The NAS does not let this node mount {export}.",
        "Ask the admin to export it to all nodes.",
    ),
    Rule(
        r"mounting (?P<export>\S+) failed, reason given by server: No such file",
        "The NAS has no folder {export}.",
        "Ask the admin to make it, or to correct the path of the storage.",
    ),
    Rule(
        r"Failed to resolve server (?P<server>[^:\s]+)",
        "The node does not find the NAS {server!r}.",
        "Ask the admin to correct the server's name.",
    ),
    Rule(
        r"bad option; for several filesystems|need a /sbin/mount\.<type>|mount\.nfs: not found|"
        r"unknown filesystem type '?nfs",
        "The node cannot mount NFS: it lacks the program for it.",
        "Ask the admin to install nfs-common (Debian) or nfs-utils on the nodes.",
    ),
    Rule(
        r"mount\.nfs4?:.*?(?:timed out|refused|No route to host|unreachable)",
        "The NAS does not answer this node.",
        "It is tried again. Ask the admin whether the NAS runs and the node may reach it.",
    ),
    Rule(
        r"Stale (?:NFS )?file handle",
        "The NAS has replaced the folder while it was mounted.",
        "Stop and start again; if that does not help, ask the admin.",
    ),
    Rule(
        r"driver name (?P<driver>\S+) not found in the list of registered CSI drivers",
        "The node has no storage driver {driver}.",
        "Ask the admin to run the driver on this node.",
    ),
    Rule(
        r"Multi-Attach error|already exclusively attached|already used by pod",
        "Its volume is in use on another node, and it can be on one node only.",
        "Stop what else uses the volume, or choose a storage that many nodes can share.",
    ),
    _SUB_PATH,
    Rule(
        r"wrong fs type|bad superblock",
        "The volume does not hold the file system that was expected.",
        "Ask the admin to look at the volume.",
    ),
    Rule(
        r"permission denied|operation not permitted",
        "The node may not mount a folder.",
        "Ask the admin to look at the rights on the storage.",
    ),
    Rule(
        r"timed out waiting|DeadlineExceeded|context deadline exceeded",
        "A folder could not be mounted in time.",
        "It is tried again. If it goes on, ask the admin whether the storage answers.",
    ),
)

# CreateContainerConfigError, CreateContainerError, RunContainerError and FailedCreatePodSandBox.
SETTING_UP = (
    Rule(
        r"couldn't find key (?P<key>\S+) in (?P<kind>Secret|ConfigMap) \S*?/?(?P<name>[^/\s]+)$",
        "The {kind} {name!r} has no entry {key!r}.",
        "Add the entry, or leave out what refers to it.",
    ),
    *_MISSING,
    _SUB_PATH,
    Rule(
        r"runAsNonRoot and image (?:will run as root|has non-numeric user)",
        "The namespace allows no programs of root, and the image runs as root.",
        "Choose an image with a user of its own (USER 1000 in its Dockerfile).",
    ),
    Rule(
        r"nvidia-container-cli|nvml|libcuda|could not select device driver|CDI device|"
        r"runtime handler \"nvidia\"",
        "The GPU of the node cannot be handed to a container.",
        "Ask the admin to look at the node's GPU driver and container toolkit.",
    ),
    Rule(
        r"failed to assign an IP|no IP addresses available|no available IP|address pool",
        "The cluster has no network address left for it.",
        "Stop what is not needed, or ask the admin for a larger network.",
    ),
    Rule(
        r"cni plugin not initialized|failed to setup network|network plugin|plugin type=",
        "The network of the node is not ready.",
        "It is tried again. If it goes on, ask the admin to look at the node.",
    ),
    Rule(
        r"exec: \"(?P<program>[^\"]*)\".*?(?:no such file|not found)",
        "The image has no program {program!r}.",
        "Choose another image or program.",
    ),
)

# StartError and ContainerCannotRun: why runc did not start the program.
STARTING = (
    Rule(
        r"exec: \"(?P<program>/bin/sh)\".*?(?:no such file|not found)",
        "The image has no shell (/bin/sh).",
        "Choose another image, or let it start with its own program.",
    ),
    Rule(
        r"exec: \"(?P<program>[^\"]*)\".*?permission denied",
        "The image does not let {program!r} be run.",
        "Choose another image or program.",
    ),
    Rule(
        r"exec format error",
        "The program is made for another kind of processor than the node's.",
        "Choose an image that is built for it.",
    ),
    *SETTING_UP,
)

# FailedCreate of a workload's controller, and what the API server answers when a pod is refused.
CREATING = (
    Rule(
        r"exceeded quota: (?P<quota>[^,]+), requested: (?P<requested>.+?), "
        r"used: (?P<used>.+?), limited: (?P<limited>.+)",
        "The quota {quota} allows {limited}; {used} is in use and {requested} more is needed.",
        "Stop something or ask for less.",
    ),
    Rule(
        r"failed quota: (?P<quota>[^:]+): must specify (?P<what>[\w.,/ -]+?) for",
        "The quota {quota} asks every pod for {what}, which this one does not name.",
        "Ask the admin for a default (LimitRange) in the namespace.",
    ),
    Rule(
        r"violates PodSecurity \"(?P<level>[\w-]+)[^\"]*\": (?P<what>.+)",
        "The namespace allows only {level!r} pods, and this one needs more: {what}.",
        "Leave out what is named there, or ask the admin to allow it.",
    ),
    Rule(
        r"(?P<bound>maximum|minimum) (?P<resource>[\w./-]+) usage per (?P<what>Container|Pod) is "
        r"(?P<limit>[^,.]+)(?:, but (?:limit|request) is (?P<asked>[^,.\]]+))?",
        "The namespace sets a {bound} of {limit} {resource} for a pod.",
        "Ask for an amount within it.",
    ),
    Rule(
        r"admission webhook \"(?P<webhook>[^\"]+)\" denied the request:? ?(?P<why>.*)",
        "The cluster's policy {webhook!r} refuses it: {why}",
        "Change what it names, or ask the admin.",
    ),
    Rule(
        r"failed calling webhook \"(?P<webhook>[^\"]+)\"",
        "The cluster's policy {webhook!r} does not answer, so nothing can be made.",
        "Ask the admin to look at it; it is tried again.",
    ),
    Rule(
        r"because it is being terminated",
        "The namespace is being deleted.",
        "Use another namespace.",
    ),
    Rule(
        r"serviceaccount \"(?P<name>[^\"]+)\" not found|service account \S+ was not found",
        "The namespace has no service account yet.",
        "It is tried again; a new namespace gets one within seconds.",
    ),
)

# A pod that kubelet ended or did not take: status.reason and status.message.
ENDED = (
    Rule(
        r"^DeadlineExceeded",
        "It ran longer than its time limit.",
        "Give it more time.",
    ),
    Rule(
        r"^Evicted.*low on resource: (?P<resource>[\w-]+)",
        "The node ran low on {resource} and ended it.",
        "Start it again; write large files to a mounted folder.",
    ),
    Rule(
        r"^Evicted.*(?:(?:ephemeral|EmptyDir).*exceeds|exceeded its local ephemeral storage)",
        "It wrote more to the disk of the node than it may.",
        "Write large files to a mounted folder.",
    ),
    Rule(r"^Evicted", "The node ended it to keep itself working.", "Start it again."),
    Rule(
        r"^(?:Preempt|TerminationByKubelet.*preempt|.*preempted)",
        "Something of higher priority took its place.",
        "Start it again; it waits for room.",
    ),
    Rule(
        r"^(?:NodeShutdown|Shutdown|Terminated).*node shutdown|^NodeShutdown",
        "Its node was shut down.",
        "Start it again on another node.",
    ),
    Rule(r"^NodeLost", "Its node does not answer.", "Start it again on another node."),
    Rule(
        r"^UnexpectedAdmissionError.*devices unavailable for (?P<what>[^\s,]+?)\.?(?:\s|$)",
        "The node has lost some of its {what} since the pod was sent there.",
        "Start it again; ask the admin to look at the node's GPUs.",
    ),
    Rule(
        r"^OutOf(?P<resource>\w+)",
        "The node had no {resource} left when the pod came.",
        "Start it again.",
    ),
)
