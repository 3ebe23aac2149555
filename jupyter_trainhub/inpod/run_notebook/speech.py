"""What the runner itself says in the log."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    """Write one line of the runner's own into the pod's log."""
    print(f"[trainhub] {text}", file=sys.stderr, flush=True)
