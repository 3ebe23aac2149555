"""A pod's status, computed from the state of its containers."""

from __future__ import annotations

from dataclasses import dataclass

from ..apimachinery import quantity
from ..apimachinery.conditions import of_pod
from ..apimachinery.podresources import pod_resources
from ..apiserver.store import Object
from .container_run import ContainerRun, restarts, restarts_always

# Nodes are this machine, by an address that its pods reach.
HOST_IP = "127.0.0.1"


@dataclass
class PodState:
    """What a node knows of a pod it runs."""

    initial: list[ContainerRun]
    main: list[ContainerRun]
    start_time: str
    address: str
    ending: tuple[str, str] | None = None
    """Reason and message of an end that the node decided on."""
    set_up: bool = False
    """The pod's volumes are there, and its containers may start."""
    final: bool = False
    """Nothing runs any more, and nothing will."""


def pod_status(pod: Object, state: PodState) -> Object:
    """The ``PodStatus``."""
    phase = _phase(pod, state)
    over = phase in ("Succeeded", "Failed")
    status: Object = {**pod["status"], "phase": phase, "hostIP": HOST_IP,
                      "hostIPs": [{"ip": HOST_IP}], "startTime": state.start_time}  # fmt: skip
    status["observedGeneration"] = pod["metadata"]["generation"]
    if state.ending:
        status["reason"], status["message"] = state.ending
    if state.set_up:
        status |= {"podIP": state.address, "podIPs": [{"ip": state.address}]}
    status["conditions"] = _conditions(pod, state, phase, over)
    status["containerStatuses"] = [run.status() for run in state.main]
    if state.initial:
        status["initContainerStatuses"] = [_initial_status(run) for run in state.initial]
    status.setdefault("resources", {})
    if allocated := _allocated(pod):
        status["allocatedResources"] = allocated
    return status


def _allocated(pod: Object) -> Object:
    """What the pod requests in all, each amount written as its first container writes it."""
    spec = pod["spec"]
    written: Object = {}
    for container in [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]:
        written = (container.get("resources") or {}).get("requests", {}) | written
    sums = pod_resources(pod)
    return {name: quantity.format_like(sums[name], text) for name, text in written.items()}


def _initial_status(run: ContainerRun) -> Object:
    # One that has done its work counts as ready.
    ready = run.ready if restarts_always(run.spec) else run.exit_code == 0
    return {**run.status(), "ready": ready}


def _conditions(pod: Object, state: PodState, phase: str, over: bool) -> list[Object]:
    old, generation = pod["status"].get("conditions") or [], pod["metadata"]["generation"]

    def make(kind: str, true: bool, reason: str = "", message: str = "") -> Object:
        return of_pod(kind, "True" if true else "False", reason, message, generation)

    reason = message = ""
    sidecars = [run for run in state.initial if restarts_always(run.spec)]
    unready = [run.name for run in [*sidecars, *state.main] if not run.ready]
    if over:
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
    elif unready:
        reason = "ContainersNotReady"
        message = f"containers with unready status: [{' '.join(unready)}]"
    containers_ready = make("ContainersReady", not (over or unready), reason, message)
    gates = _unready_gates(pod, old)
    if not reason and gates:
        reason, message = "ReadinessGatesNotReady", gates
    waiting = [run.name for run in state.initial if not _initialized(run)]
    initialized = make("Initialized", True, "PodCompleted" if phase == "Succeeded" else "")
    if waiting and phase != "Succeeded":
        incomplete = f"containers with incomplete status: [{' '.join(waiting)}]"
        initialized = make("Initialized", False, "ContainersNotInitialized", incomplete)
    return _merged(old, [
        make("PodReadyToStartContainers", state.set_up and not over),
        initialized,
        make("Ready", not reason, reason, message),
        containers_ready,
    ])  # fmt: skip


def _unready_gates(pod: Object, conditions: list[Object]) -> str:
    found = {c["type"]: c["status"] for c in conditions}
    messages = []
    for gate in pod["spec"].get("readinessGates") or []:
        kind = gate["conditionType"]
        if kind not in found:
            messages.append(
                f'corresponding condition of pod readiness gate "{kind}" does not exist.'
            )
        elif found[kind] != "True":
            messages.append(
                f'the status of pod readiness gate "{kind}" is not "True", but {found[kind]}'
            )
    return ", ".join(messages)


def _initialized(run: ContainerRun) -> bool:
    return run.started if restarts_always(run.spec) else run.exit_code == 0


def _phase(pod: Object, state: PodState) -> str:
    if state.ending:
        return "Failed"

    def over(run: ContainerRun, initial: bool) -> bool:
        policy, code = pod["spec"]["restartPolicy"], run.exit_code
        return code is not None and (
            state.final or not restarts(policy, run.spec, code, initial=initial)
        )

    steps = [run for run in state.initial if not restarts_always(run.spec)]
    if any(run.exit_code and over(run, initial=True) for run in steps):
        return "Failed"
    if any(run.exit_code != 0 for run in steps):
        return "Pending"
    sidecars_run = any("running" in run.state for run in state.initial)
    if not sidecars_run and all(over(run, initial=False) for run in state.main):
        return "Failed" if any(run.exit_code for run in state.main) else "Succeeded"
    if any(run.state.keys() & {"running", "terminated"} or run.last_state for run in state.main):
        return "Running"
    return "Pending"


def _merged(old: list[Object], new: list[Object]) -> list[Object]:
    # A condition that stays as it was keeps the time of its last change.
    before = {c["type"]: c for c in old}
    for entry in new:
        earlier = before.pop(entry["type"], None)
        if earlier and earlier["status"] == entry["status"]:
            entry["lastTransitionTime"] = earlier["lastTransitionTime"]
    return [*new, *before.values()]
