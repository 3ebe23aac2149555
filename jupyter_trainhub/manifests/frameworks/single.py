"""Framework ``single``: one process on one node."""

from __future__ import annotations

from jupyter_trainhub.manifests.frameworks.indexed_job import IndexedJob


class Single(IndexedJob):
    """One process on one node, on plain Kubernetes."""

    name = "single"
    title = "Single node"
    multi_node = False
