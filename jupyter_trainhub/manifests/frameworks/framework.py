"""What a framework is to the rest of TrainHub: spec -> objects, objects -> state.

A package of its own may bring one: a class or an instance of :class:`Framework` as an entry point
of the group ``jupyter_trainhub.frameworks``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from jupyter_trainhub.kube.resources import Resource
from jupyter_trainhub.manifests.labels import Object, rank
from jupyter_trainhub.manifests.site import ANYWHERE, Site
from jupyter_trainhub.manifests.submission import EMPTY, Submission
from jupyter_trainhub.specs.job import JobSpec


@dataclass(frozen=True)
class JobRequest:
    """One attempt at a job, admitted and with everything that the cluster had to be asked for.

    ``name`` is the Kubernetes name of the attempt (``specs.names.attempt_name``); ``files`` are
    shown to every pod below ``/trainhub`` and hold the launcher, which starts ``argv``; ``port`` is
    where the processes of rank 0 are met; ``claims`` are the claims of the job's volumes by role
    (``checkpoint``, ``model``); ``annotations`` are put on the owner as they are.
    """

    spec: JobSpec
    name: str
    attempt: int
    run: str
    owner: str
    image: str
    files: Mapping[str, bytes]
    argv: Sequence[str]
    port: int
    site: Site = ANYWHERE
    submission: Submission = EMPTY
    annotations: Mapping[str, str] = field(default_factory=dict)
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class JobObjects:
    """The objects of one attempt.

    ``owner`` starts suspended; ``children`` are created after it, in this order, owned by it, and
    before it is released.
    """

    owner: Object
    children: Sequence[Object]


@dataclass(frozen=True)
class OwnerState:
    """What the owner's own status says, in the same words for every kind.

    ``outcome`` is Succeeded or Failed once it does not change any more; ``failing`` that it is
    about to fail and its pods are being ended, ``failing_since`` from when on; ``reason`` and
    ``message`` are the cluster's own; ``released`` is when it was last let go. Times are RFC 3339.
    """

    outcome: str | None = None
    failing: bool = False
    failing_since: str | None = None
    reason: str = ""
    message: str = ""
    finished: str | None = None
    suspended: bool = False
    released: str | None = None


class Framework(ABC):
    """One way to run a job: its ``name`` as users choose it, on one kind of object (``backend``).

    ``resource`` and ``kind`` are those of the owner; ``title`` is for people; ``multi_node`` says
    whether it runs on more than one node.
    """

    name: ClassVar[str]
    backend: ClassVar[str] = "plain"
    title: ClassVar[str]
    resource: ClassVar[Resource]
    kind: ClassVar[str]
    multi_node: ClassVar[bool] = True

    @abstractmethod
    def objects(self, request: JobRequest) -> JobObjects:
        """The objects that make the job. Raises InvalidField for what it cannot run."""

    @abstractmethod
    def suspension(self, suspended: bool) -> Object:
        """The owner's ``spec`` as a merge patch that suspends it or lets it go."""

    @abstractmethod
    def state(self, owner: Object) -> OwnerState:
        """What the status of ``owner`` says."""

    @abstractmethod
    def nodes(self, owner: Object) -> int:
        """How many pods ``owner`` makes when all is well."""

    def lacks(self, spec: JobSpec, site: Site) -> str | None:
        """What of ``spec`` this backend cannot do, such as ``host_network``; None when it fits.

        Another backend of the same framework is asked then.
        """
        return None

    def rank(self, pod: Object) -> int:
        """The index of the pod's node in the job, from 0 on."""
        return rank(pod)

    def role(self, pod: Object) -> str:
        """What the pod is in the job: node, master, worker or launcher."""
        return "node"
