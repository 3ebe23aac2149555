"""Which framework runs a job here, and which kinds of objects may be jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.kube.resources import JOBS, Resource
from jupyter_trainhub.manifests.frameworks.framework import Framework
from jupyter_trainhub.manifests.frameworks.registry import frameworks
from jupyter_trainhub.manifests.site import Site
from jupyter_trainhub.specs.job import JobSpec


class Served(Protocol):
    """What a cluster serves; see :class:`jupyter_trainhub.kube.discovery.Discovery`."""

    def serves(self, version: str, plural: str) -> bool: ...


def choose(spec: JobSpec, site: Site, served: Served, config: TrainHubConfig) -> Framework:
    """The framework of ``spec`` on the first backend that the cluster serves and that fits.

    The site says in which order backends are tried. Raises InvalidField.
    """
    known = [framework for framework in frameworks() if framework.name == spec.framework]
    if not known:
        names = sorted({framework.name for framework in frameworks()})
        raise InvalidField(
            f"there is no framework {spec.framework!r}",
            field="framework",
            remedy=f"Choose {', '.join(names[:-1])} or {names[-1]}.",
        )
    wanted = config.framework_backends.get(spec.framework) or [item.backend for item in known]
    reasons = []
    for backend in wanted:
        framework = next((item for item in known if item.backend == backend), None)
        if framework is None:
            reasons.append(f"there is no backend {backend!r}")
        elif spec.nodes > 1 and not framework.multi_node:
            reasons.append(f"{framework.title} runs on one node, {spec.nodes} were asked for")
        elif not _is_served(framework.resource, served):
            reasons.append(f"the cluster does not serve {framework.resource.plural}")
        elif lack := framework.lacks(spec, site):
            reasons.append(f"{framework.title} does not take this {lack}")
        else:
            return framework
    raise InvalidField(
        f"framework {spec.framework!r} cannot run this job: {'; '.join(reasons)}",
        field="framework",
        remedy="Choose another framework, or ask the administrator for another backend "
        "(TrainHubConfig.framework_backends).",
    )


def resources(served: Served) -> Sequence[Resource]:
    """The resources that owners of jobs may be objects of, those which the cluster serves."""
    every = dict.fromkeys(framework.resource for framework in frameworks())
    return [JOBS, *(item for item in every if item != JOBS and _is_served(item, served))]


def kind_of(resource: Resource) -> str:
    """The kind of the owners in ``resource``: ``Job`` for ``jobs``."""
    return next(framework.kind for framework in frameworks() if framework.resource == resource)


def _is_served(resource: Resource, served: Served) -> bool:
    return resource == JOBS or served.serves(resource.version, resource.plural)
