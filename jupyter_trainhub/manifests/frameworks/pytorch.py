"""Framework ``pytorch`` without an operator."""

from __future__ import annotations

from jupyter_trainhub.manifests.frameworks.indexed_job import IndexedJob


class PyTorch(IndexedJob):
    """Processes on all nodes, started by torchrun, on plain Kubernetes."""

    name = "pytorch"
    title = "PyTorch"
