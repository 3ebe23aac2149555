"""The frameworks that there are: our own, and those of other packages.

A package brings one as an entry point of the group ``jupyter_trainhub.frameworks``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.mpi import Mpi
from jupyter_trainhub.manifests.frameworks.mpijob import MpiJob
from jupyter_trainhub.manifests.frameworks.pytorch import PyTorch
from jupyter_trainhub.manifests.frameworks.pytorchjob import PyTorchJob
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.frameworks.trainjob import TrainJob
from jupyter_trainhub.manifests.labels import FRAMEWORK, Object, rank, spec_of

GROUP = "jupyter_trainhub.frameworks"

BUILT_IN: Sequence[Framework] = (Single(), PyTorch(), PyTorchJob(), TrainJob(), Mpi(), MpiJob())

_log = logging.getLogger(__name__)


@cache
def frameworks() -> Sequence[Framework]:
    """All frameworks, our own first; one that cannot be loaded is logged and left out."""
    found = list(BUILT_IN)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        framework = _load(point)
        if framework is not None:
            found.append(framework)
    return found


def framework_of(owner: Object) -> Framework:
    """The framework that made ``owner``.

    Where the package that brought it is gone, another one on the same kind of object: it knows as
    well how such an object is stopped and how it ends. An object without a kind is a Job, for API
    servers leave the kind out of lists.
    """
    of_kind = owner.get("apiVersion", "batch/v1"), owner.get("kind", "Job")
    alike = [
        framework
        for framework in frameworks()
        if (framework.resource.version, framework.kind) == of_kind
    ]
    named = owner["metadata"].get("annotations", {}).get(FRAMEWORK) or spec_of(owner).get(
        "framework"
    )
    for framework in alike:
        if framework.name == named:
            return framework
    return alike[0]


def rank_of(pod: Object) -> int:
    """The index of the pod's node in its job, told by what made the pod."""
    references = pod["metadata"].get("ownerReferences") or ()
    kinds = {reference["kind"] for reference in references if reference.get("controller")}
    for framework in frameworks():
        if framework.kind in kinds:
            return framework.rank(pod)
    return rank(pod)


def _load(point: EntryPoint) -> Framework | None:
    try:
        loaded = point.load()
        framework = loaded() if isinstance(loaded, type) else loaded
    except Exception:
        # It is another package's code: whatever it raises must not end TrainHub.
        _log.exception("framework %r (%s) cannot be loaded", point.name, point.value)
        return None
    if not isinstance(framework, Framework):
        _log.error("framework %r (%s) is no Framework", point.name, point.value)
        return None
    return framework
