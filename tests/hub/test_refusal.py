"""What API servers answer, in people's words."""

from __future__ import annotations

import pytest

from jupyter_trainhub.errors import ClusterUnavailable, TrainHubError
from jupyter_trainhub.hub.capacity.refusal import refusal
from jupyter_trainhub.kube.refusal import status_error

POD = 'pods "dev-a-x" is forbidden: '


def answer(code: int, message: str, reason: str = "Forbidden") -> TrainHubError:
    return status_error(code, {"reason": reason, "message": message})


@pytest.mark.parametrize(
    ("code", "message", "field", "says", "lasting"),
    [
        (403, f"{POD}exceeded quota: team, requested: requests.cpu=2, used: requests.cpu=1, "
              "limited: requests.cpu=2", "cpus", "quota team", False),
        (403, f"{POD}exceeded quota: team, requested: limits.memory=2Gi, used: limits.memory=0, "
              "limited: limits.memory=1Gi", "memory", "quota team", False),
        (403, f"{POD}exceeded quota: team, requested: requests.nvidia.com/gpu=1, "
              "used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=4",
         "gpus", "quota team", False),
        (403, f"{POD}failed quota: team: must specify limits.cpu for: main", None,
         "quota team asks", True),
        (403, f'{POD}violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false '
              '(container "main" must set securityContext.allowPrivilegeEscalation=false), '
              'runAsNonRoot != true', None, "'restricted'", True),
        (403, f'{POD}violates PodSecurity "baseline:v1.36": host namespaces (hostNetwork=true)',
         "host_network", "'baseline'", True),
        (403, f'{POD}violates PodSecurity "baseline:latest": hostPath volumes (volume "mount-0")',
         "mounts", "'baseline'", True),
        (403, f'{POD}violates PodSecurity "restricted:latest": restricted volume types (volume '
              '"mount-0" uses restricted volume type "nfs")', "mounts", "'restricted'", True),
        (403, f"{POD}maximum memory usage per Container is 1Gi, but limit is 2Gi", "memory",
         "maximum of 1Gi", True),
        (403, f"{POD}[minimum cpu usage per Pod is 1, but request is 500m, x]", "cpus",
         "minimum of 1", True),
        (403, 'admission webhook "policy.example.org" denied the request: the image must come '
              "from our registry", "image", "policy.example.org", True),
        (500, 'Internal error occurred: failed calling webhook "a.b": timeout', None, "'a.b'",
         False),
        (403, 'statefulsets.apps is forbidden: User "ada" cannot create resource "statefulsets" '
              'in API group "apps" in the namespace "lab"', None,
         "You may not create statefulsets in the namespace lab.", True),
        (404, 'namespaces "lab" not found', None, "no namespace lab", True),
        (403, f"{POD}unable to create new content in namespace lab because it is being terminated",
         None, "being deleted", True),
        (403, f'{POD}error looking up service account lab/default: serviceaccount "default" not '
              "found", None, "no service account", False),
        (422, 'Pod "x" is invalid: spec.containers[0].env[0].name: Invalid value: "1"', "env",
         "spec.containers[0].env[0].name", True),
        (403, f"{POD}something new", None, "The cluster refuses it: something new", True),
    ],
)  # fmt: skip
def test_a_refusal(code: int, message: str, field: str | None, says: str, lasting: bool) -> None:
    reason = {422: "Invalid", 404: "NotFound", 500: "InternalError"}.get(code, "Forbidden")
    found = refusal(answer(code, message, reason), "lab")
    assert found is not None
    assert found.field == field
    assert says in found.message
    assert found.remedy
    assert found.lasting == lasting
    assert found.raised().message == found.message


def test_a_webhook_without_dry_runs_tells_nothing() -> None:
    message = 'admission webhook "a.b" does not support dry run'
    assert refusal(answer(400, message, "BadRequest"), "lab") is None


def test_an_object_that_changed_meanwhile_tells_nothing() -> None:
    assert refusal(answer(409, "the object has been modified", "Conflict"), "lab") is None


def test_a_cluster_that_is_away_is_no_refusal() -> None:
    with pytest.raises(ClusterUnavailable):
        refusal(ClusterUnavailable("connection refused"), "lab")
