"""Messages as kubelets, containerd, mount, CSI drivers and API servers write them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jupyter_trainhub.manifests import troubles
from jupyter_trainhub.manifests.explanation import Rule, explain
from jupyter_trainhub.manifests.scheduling import unscheduled

PULL = 'failed to pull and unpack image "r.io/t/a:1": failed to resolve reference "r.io/t/a:1": '
MOUNT = 'MountVolume.SetUp failed for volume "mount-0" : mount failed: exit status 32 Output: '
CREATE = 'create Pod dev-x-0 in StatefulSet dev-x failed error: pods "dev-x-0" is forbidden: '
RUNC = "failed to create containerd task: failed to create shim task: OCI runtime create failed: "

RECORDED: list[tuple[Sequence[Rule], str, str, str]] = [
    (troubles.PULLING, f"ErrImagePull {PULL}r.io/t/a:1: not found", "no image 'r.io/t/a:1'", "tag"),
    (
        troubles.PULLING,
        f"ErrImagePull {PULL}pull access denied, repository does not exist or may require "
        "authorization: server message: insufficient_scope: authorization failed",
        "does not let the cluster pull",
        "pull secret",
    ),
    (
        troubles.PULLING,
        f"ErrImagePull {PULL}unexpected status from HEAD request to https://r.io/v2/t/a/manifests/"
        "1: 401 Unauthorized",
        "does not let the cluster pull",
        "pull secret",
    ),
    (
        troubles.PULLING,
        f'ImagePullBackOff {PULL}failed to do request: Head "https://r.io/v2/t/a/manifests/1": '
        "dial tcp: lookup r.io on 10.0.0.10:53: no such host",
        "do not find the registry 'r.io'",
        "closed network",
    ),
    (
        troubles.PULLING,
        f'ErrImagePull {PULL}failed to do request: Head "https://r.io/v2/": dial tcp 10.1.2.3:443: '
        "i/o timeout",
        "cannot reach the registry",
        "tried again",
    ),
    (
        troubles.PULLING,
        f"ErrImagePull {PULL}tls: failed to verify certificate: x509: certificate signed by "
        "unknown authority",
        "do not trust the certificate",
        "install",
    ),
    (
        troubles.PULLING,
        f"ErrImagePull {PULL}http: server gave HTTP response to HTTPS client",
        "plain HTTP",
        "insecure registry",
    ),
    (
        troubles.PULLING,
        f"ErrImagePull {PULL}429 Too Many Requests - toomanyrequests: You have reached your "
        "unauthenticated pull rate limit.",
        "no more downloads",
        "registry of your own",
    ),
    (
        troubles.PULLING,
        "ErrImagePull failed to pull and unpack image: no match for platform in manifest: not "
        "found",
        "not made for the processor",
        "built for it",
    ),
    (
        troubles.PULLING,
        "ErrImagePull failed to extract layer sha256:ab: write /var/lib/containerd/x: no space "
        "left on device",
        "disk of the node is full",
        "free space",
    ),
    (
        troubles.PULLING,
        "ErrImagePull failed to copy: httpReadSeeker: failed open: unexpected EOF",
        "broke off",
        "tried again",
    ),
    (
        troubles.PULLING,
        'InvalidImageName Failed to apply default image tag "a b": couldn\'t parse image name '
        '"a b": invalid reference format',
        "not the name of an image",
        "registry/repository:tag",
    ),
    (
        troubles.PULLING,
        'ErrImageNeverPull Container image "r.io/t/a:1" is not present with pull policy of Never',
        "does not have the image",
        "nodes have",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount.nfs: access denied by server while mounting nas:/export/ada",
        "does not let this node mount nas:/export/ada",
        "export it",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount.nfs: mounting nas:/export/ada failed, reason given by server: No such file "
        "or directory",
        "no folder nas:/export/ada",
        "make it",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount.nfs: Failed to resolve server nas.example.org: Name or service not known",
        "does not find the NAS 'nas.example.org'",
        "name",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount: /var/lib/kubelet/pods/x: bad option; for several filesystems (e.g. nfs, "
        "cifs) you might need a /sbin/mount.<type> helper program.",
        "lacks the program",
        "nfs-common",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount.nfs: Connection timed out",
        "does not answer this node",
        "tried again",
    ),
    (
        troubles.MOUNTING,
        f"{MOUNT}mount.nfs: Stale file handle",
        "replaced the folder",
        "start again",
    ),
    (
        troubles.MOUNTING,
        'MountVolume.MountDevice failed for volume "pv": kubernetes.io/csi: attacher.MountDevice '
        "failed to create newCsiDriverClient: driver name nfs.csi.k8s.io not found in the list of "
        "registered CSI drivers",
        "no storage driver nfs.csi.k8s.io",
        "run the driver",
    ),
    (
        troubles.MOUNTING,
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) dev-b-0',
        "in use on another node",
        "Stop what else",
    ),
    (
        troubles.MOUNTING,
        'MountVolume.SetUp failed for volume "k" : secret "dev-a" not found',
        "no secret 'dev-a'",
        "create",
    ),
    (
        troubles.MOUNTING,
        'MountVolume.SetUp failed for volume "c" : configmap "job-a" not found',
        "no ConfigMap 'job-a'",
        "create",
    ),
    (
        troubles.MOUNTING,
        'MountVolume.SetUp failed for volume "h" : hostPath type check failed: /data is not a '
        "directory",
        "no folder '/data'",
        "exists",
    ),
    (
        troubles.MOUNTING,
        "Unable to attach or mount volumes: unmounted volumes=[mount-0], unattached volumes=[]: "
        "timed out waiting for the condition",
        "not be mounted in time",
        "tried again",
    ),
    (
        troubles.SETTING_UP,
        "failed to prepare subPath for volumeMount \"mount-0\" of container \"main\": "
        "mkdir /var/lib/kubelet/x/ada: read-only file system",
        "cannot be made: read-only file system",
        "'create'",
    ),
    (
        troubles.SETTING_UP,
        "couldn't find key token in Secret team/dev-a",
        "The Secret 'dev-a' has no entry 'token'",
        "entry",
    ),
    (
        troubles.SETTING_UP,
        'container has runAsNonRoot and image will run as root (pod: "x", container: main)',
        "runs as root",
        "USER 1000",
    ),
    (
        troubles.SETTING_UP,
        f"{RUNC}error running prestart hook: nvidia-container-cli: initialization error: nvml "
        "error: driver not loaded",
        "GPU of the node cannot be handed",
        "driver",
    ),
    (
        troubles.SETTING_UP,
        'Failed to create pod sandbox: rpc error: failed to setup network for sandbox "ab": plugin '
        'type="calico" failed (add): no IP addresses available in range set',
        "no network address left",
        "larger network",
    ),
    (
        troubles.SETTING_UP,
        "Failed to create pod sandbox: cni plugin not initialized",
        "network of the node is not ready",
        "tried again",
    ),
    (
        troubles.STARTING,
        f'{RUNC}exec: "/bin/sh": stat /bin/sh: no such file or directory',
        "no shell",
        "its own program",
    ),
    (
        troubles.STARTING,
        f'{RUNC}exec: "jupyter": executable file not found in $PATH',
        "no program 'jupyter'",
        "another image",
    ),
    (
        troubles.STARTING,
        f'{RUNC}exec: "/start": permission denied',
        "does not let '/start' be run",
        "another",
    ),
    (troubles.STARTING, "exec /start: exec format error", "another kind of processor", "built"),
    (
        troubles.CREATING,
        f"{CREATE}exceeded quota: team, requested: requests.cpu=4, used: requests.cpu=6, limited: "
        "requests.cpu=8",
        "allows requests.cpu=8; requests.cpu=6 is in use and requests.cpu=4 more",
        "ask for less",
    ),
    (
        troubles.CREATING,
        f"{CREATE}failed quota: team: must specify limits.cpu for: main",
        "asks every pod for limits.cpu",
        "LimitRange",
    ),
    (
        troubles.CREATING,
        f'{CREATE}violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
        "only 'restricted' pods",
        "allow it",
    ),
    (
        troubles.CREATING,
        f"{CREATE}maximum memory usage per Container is 4Gi, but limit is 8Gi",
        "maximum of 4Gi memory",
        "within it",
    ),
    (
        troubles.CREATING,
        'admission webhook "policy.example.org" denied the request: images must come from r.io',
        "images must come from r.io",
        "ask the admin",
    ),
    (
        troubles.CREATING,
        'Internal error occurred: failed calling webhook "policy.example.org": connection refused',
        "does not answer",
        "tried again",
    ),
    (
        troubles.CREATING,
        f"{CREATE}unable to create new content in namespace team because it is being terminated",
        "being deleted",
        "another namespace",
    ),
    (
        troubles.ENDED,
        "Evicted The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi.",
        "low on ephemeral-storage",
        "mounted folder",
    ),
    (
        troubles.ENDED,
        "Evicted Pod ephemeral local storage usage exceeds the total limit of containers 2Gi.",
        "wrote more to the disk",
        "mounted folder",
    ),
    (
        troubles.ENDED,
        'Evicted Container main exceeded its local ephemeral storage limit "1Gi". ',
        "wrote more to the disk",
        "mounted folder",
    ),
    (
        troubles.ENDED,
        'Evicted Usage of EmptyDir volume "scratch" exceeds the limit "1Gi". ',
        "wrote more to the disk",
        "mounted folder",
    ),
    (
        troubles.ENDED,
        "Terminated Pod was terminated in response to imminent node shutdown.",
        "shut down",
        "another node",
    ),
    (
        troubles.ENDED,
        "UnexpectedAdmissionError Allocate failed due to requested number of devices unavailable "
        "for nvidia.com/gpu. Requested: 1, Available: 0, which is unexpected",
        "some of its nvidia.com/gpu",
        "GPUs",
    ),
    (
        troubles.ENDED,
        "OutOfcpu Pod was rejected: Node didn't have enough resource: cpu",
        "no cpu left",
        "again",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "text", "message", "remedy"), RECORDED)
def test_a_recorded_message_becomes_a_sentence_and_a_next_step(
    rules: Sequence[Rule], text: str, message: str, remedy: str
) -> None:
    found = explain(rules, "Trouble", text, image="r.io/t/a:1")
    assert found is not None
    assert message in found.message
    assert remedy in (found.remedy or "")
    assert found.details == text


def test_other_messages_are_not_guessed_at() -> None:
    assert explain(troubles.MOUNTING, "FailedMount", "the moon is full") is None


SCHEDULING = [
    (
        "0/5 nodes are available: 2 Insufficient nvidia.com/gpu, 3 node(s) had untolerated taint "
        "{node.kubernetes.io/not-ready: }. preemption: 0/5 nodes are available: 5 Preemption is "
        "not helpful for scheduling.",
        "2 of 5 nodes have not that many free. Nodes are down",
        "ask for less",
    ),
    (
        "0/11 nodes are available: 1 node(s) were unschedulable, 10 Insufficient memory.",
        "10 of 11 nodes have not that much free. Nodes are closed for maintenance",
        "ask for less",
    ),
    (
        "0/3 nodes are available: 3 node(s) had volume node affinity conflict.",
        "reached from other nodes only",
        "all nodes share",
    ),
    (
        "0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports.",
        "already has its ports",
        "host network",
    ),
    ("0/4 nodes are available: 4 Too many pods.", "as many pods as they may", "stop something"),
    (
        "0/2 nodes are available: 2 node(s) had untolerated taint {team: nlp}.",
        "reserved or not ready",
        "which nodes you may use",
    ),
    ("no nodes available to schedule pods", "has no nodes", "ask the admin"),
    (
        "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
        "no volume yet",
        "Bound",
    ),
]


@pytest.mark.parametrize(("text", "message", "remedy"), SCHEDULING)
def test_the_scheduler_in_plain_words(text: str, message: str, remedy: str) -> None:
    resources = {"requests": {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": "2"}}
    pod = {"spec": {"containers": [{"resources": resources}]}}
    condition = {"status": "False", "reason": "Unschedulable", "message": text}
    found = unscheduled(pod, condition, {"cpu": 64, "memory": 512 * 2**30, "nvidia.com/gpu": 8})
    assert message in found.message
    assert remedy in (found.remedy or "")
    assert found.details == text
