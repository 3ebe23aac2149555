"""How long the names of a job's objects get, for operators that append to them."""

from __future__ import annotations

from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.names import JOB_PREFIX, attempt_name, to_kubernetes


def longest_name(spec: JobSpec) -> str:
    """The Kubernetes name of the last attempt that there may be."""
    return attempt_name(to_kubernetes(JOB_PREFIX, spec.name), spec.restarts + 1)
