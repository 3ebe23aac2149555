"""The containers that people enter, by shell or SSH: those of instances and of jobs' pods."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jupyter_trainhub.errors import AlreadyExists, Conflict, InvalidField, NotFound
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS, SECRETS
from jupyter_trainhub.manifests.host_key import host_key_secret
from jupyter_trainhub.manifests.job_status import ENDED
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.pod import CONTAINER, main_container
from jupyter_trainhub.specs.names import INSTANCE_PREFIX, to_kubernetes
from jupyter_trainhub.specs.place import Place

if TYPE_CHECKING:
    from jupyter_trainhub.hub.instances.manager import Instances
    from jupyter_trainhub.hub.jobs.manager import Jobs


@dataclass(frozen=True)
class Container:
    """A container in which programs can be started."""

    pod: str
    name: str = CONTAINER


@dataclass(frozen=True)
class Host:
    """What SSH knows a place by: the Secret with its host key, and the id under which it is kept.

    ``folder`` is where its programs begin.
    """

    secret: str
    uid: str
    folder: str


class Entrances:
    """The ways in. Methods may be called by any thread, and block."""

    def __init__(self, client: KubeClient, instances: Instances, jobs: Jobs) -> None:
        self._client = client
        self._instances = instances
        self._jobs = jobs

    def container(self, place: Place) -> Container:
        """The container in which the user's program runs.

        Raises NotFound, InvalidField for a rank that the job does not have, and Conflict when it
        does not run.
        """
        return container_of(self.pod(place), place)

    def pod(self, place: Place) -> Object:
        """The pod that runs. Raises as :meth:`container` does."""
        if place.kind == "instance":
            return self._instances.running(place.name)
        return self._client.get(PODS, running(self._jobs.get(place.name), place)["name"])

    def host(self, place: Place) -> Host:
        """What SSH knows it by. The ranks and attempts of a job share one host key.

        Raises NotFound, and InvalidField for a job without SSH.
        """
        if place.kind == "instance":
            view = self._instances.get(place.name)
            secret = to_kubernetes(INSTANCE_PREFIX, place.name)
            return Host(secret, view["uid"], view["spec"].get("working_dir") or "/")
        view = self.job(place.name)
        made = host_key_secret(self._jobs.owners.of(place.name).owners[0])
        name = made["metadata"]["name"]
        try:
            kept = self._client.get(SECRETS, name)
        except NotFound:
            with contextlib.suppress(AlreadyExists):
                self._client.create(SECRETS, made)
            kept = self._client.get(SECRETS, name)
        return Host(name, kept["metadata"]["uid"], view["spec"].get("working_dir") or "/")

    def job(self, name: str) -> Object:
        """The view of a job that may be entered by SSH. Raises NotFound and InvalidField."""
        view = self._jobs.get(name)
        if not view["ssh"]:
            raise InvalidField(
                f"job {name!r} was submitted without SSH",
                field="ssh",
                remedy="Clone it with SSH switched on, or open a shell: "
                f"'trainhub exec job/{name}'.",
            )
        return view

    def places(self) -> list[Place]:
        """All that can be entered by SSH: instances, and the running pods of jobs that allow it."""
        named: list[tuple[Literal["instance", "job"], str, int]] = [
            ("instance", view["name"], 0) for view in self._instances.list()
        ]
        named += [
            ("job", view["name"], pod["rank"])
            for view in self._jobs.list()
            if view["ssh"]
            for pod in view["pods"]
            if pod["phase"] == "Running"
        ]
        found = []
        for place in named:
            # A label can hold what is no name, where somebody has written it by hand.
            with contextlib.suppress(InvalidField):
                found.append(Place(*place))
        return found


def container_of(pod: Object, place: Place) -> Container:
    """The container of ``pod`` in which the user's program runs."""
    name = CONTAINER if place.kind == "instance" else main_container(pod)
    return Container(pod["metadata"]["name"], name)


def running(view: Object, place: Place) -> Object:
    """The running pod of a rank in the view of a job.

    Raises InvalidField for a rank that it does not have, and Conflict when it does not run.
    """
    if place.rank >= view["nodes"]:
        raise InvalidField(
            f"job {place.name!r} has no rank {place.rank}",
            field="rank",
            remedy=f"Its ranks are 0 to {view['nodes'] - 1}.",
        )
    found = next((pod for pod in view["pods"] if pod["rank"] == place.rank), None)
    if found is not None and found["phase"] == "Running":
        return dict(found)
    phase = found["phase"] if found else view["phase"]
    over = phase in (*ENDED, "Stopping")
    raise Conflict(
        f"{place.title} does not run: {phase}",
        reason="PodNotRunning",
        field="rank",
        remedy="Its log says what it did. Submit the job again to enter it while it runs."
        if over
        else "Wait until it runs; the job's page says what it waits for.",
        details={"phase": phase},
    )
