"""A small Kubernetes for one Linux machine: API server, scheduler, controllers and node.

It knows nothing of TrainHub. ``docs/embedded-cluster.md`` says what it serves and what it does not.
"""
