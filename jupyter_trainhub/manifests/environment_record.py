"""What a job's first node tells of its image and variables, found again in its log.

The launcher writes it (``inpod/launch/environment.py``): ``{python, implementation, platform,
packages: {name: version}, torch, cuda, nccl, variables: {name: value}}``.
"""

from __future__ import annotations

from typing import Any

from jupyter_trainhub.manifests import log_record


def find(log_head: bytes) -> dict[str, Any] | None:
    """The record in the beginning of a log; None where there is none, or one that is broken."""
    return next(log_record.find(log_head, "environment"), None)
