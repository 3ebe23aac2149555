"""The view of an instance: its StatefulSet and pod as people and programs see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

from jupyter_trainhub.manifests import instance as instance_manifest
from jupyter_trainhub.manifests import revision
from jupyter_trainhub.manifests.explanation import Explanation
from jupyter_trainhub.manifests.folders import folders
from jupyter_trainhub.manifests.idle import NO_POLICY, REASON, Policy, view_of
from jupyter_trainhub.manifests.idle_words import stopped_message
from jupyter_trainhub.manifests.labels import STOPPED_REASON, Object, owner, spec_of, user_name
from jupyter_trainhub.manifests.pod import CONTAINER
from jupyter_trainhub.manifests.pod_status import PodStatus, pod_status
from jupyter_trainhub.manifests.progress import progress
from jupyter_trainhub.manifests.requests import Amounts, amounts, devices
from jupyter_trainhub.manifests.workload_status import Phase, refused, stopped_by, told


def instance_view(
    stateful_set: Object,
    pods: Iterable[Object],
    *,
    events: Sequence[Object] = (),
    largest: Amounts | None = None,
    policy: Policy = NO_POLICY,
    now: datetime | None = None,
) -> Object:
    """The view of an instance: its StatefulSet and the pods that belong to it.

    ``policy`` is the site's for idle instances; ``now`` is the present unless it says otherwise.
    """
    pods = list(pods)
    metadata = stateful_set["metadata"]
    name = user_name(stateful_set)
    its_pod = next(iter(pods), None)
    pod = pod_status(its_pod, events=events, largest=largest) if its_pod is not None else None
    ending = its_pod is not None and bool(its_pod["metadata"].get("deletionTimestamp"))
    phase, why = _instance_phase(stateful_set, pod, ending, events)
    container = _container(stateful_set)
    resources = container.get("resources") or {}
    requests = amounts(resources.get("requests"))
    return {
        "kind": "instance",
        "name": name,
        "phase": phase,
        **told(why),
        "ready": phase == "Running",
        "progress": progress(its_pod, phase, events),
        "image": container.get("image"),
        "cpus": requests.get("cpu", 0.0),
        "memory": int(requests.get("memory", 0)),
        "gpus": devices(resources),
        "created": metadata.get("creationTimestamp"),
        "owner": owner(stateful_set),
        "node": pod.node if pod else None,
        "url": f"{instance_manifest.prefix(name)[1:]}/lab",
        "spec": spec_of(stateful_set),
        "folders": folders(stateful_set) if container else [],
        "version": revision.version(stateful_set),
        "restart_needed": revision.restart_needed(stateful_set, pods),
        "uid": metadata.get("uid"),
        "idle": view_of(stateful_set, pods, policy, now or datetime.now(timezone.utc)),
    }


def _container(workload: Object) -> Object:
    containers = workload["spec"].get("template", {}).get("spec", {}).get("containers", [])
    named = [container for container in containers if container["name"] == CONTAINER]
    return dict((named or containers or [{}])[0])


def _instance_phase(
    stateful_set: Object, pod: PodStatus | None, ending: bool, events: Sequence[Object]
) -> Phase:
    metadata = stateful_set["metadata"]
    if metadata.get("deletionTimestamp"):
        return "Stopping", Explanation("Deleting", "It is being deleted.")
    if stateful_set["spec"].get("replicas", 1) == 0:
        if pod is not None:
            return "Stopping", Explanation("Terminating", "It is ending.")
        if metadata.get("generation") == 1:
            # An instance is made without replicas, which is a change of its spec once it gets them.
            return "Pending", Explanation("Creating", "It is being created.")
        return "Stopped", _stopped(stateful_set)
    if pod is None:
        return "Pending", refused(stateful_set, events) or Explanation(
            "Creating", "It is being created."
        )
    if ending:
        # However the old pod ends, it is no failure of the instance.
        return "Starting", Explanation("Restarting", "It starts anew once its old pod has ended.")
    if pod.phase == "Running" and not pod.ready:
        return "Starting", Explanation("NotReady", "It runs, but does not answer yet.")
    if pod.phase == "Succeeded":
        return "Starting", Explanation("Restarting", "It was ended from inside and starts again.")
    return pod.phase, pod.why


def _stopped(stateful_set: Object) -> Explanation:
    if stateful_set["metadata"].get("annotations", {}).get(STOPPED_REASON) == REASON:
        return Explanation(REASON, stopped_message(stateful_set), "Start it when you need it.")
    return stopped_by(stateful_set)
