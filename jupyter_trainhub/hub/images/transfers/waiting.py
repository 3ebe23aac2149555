"""Waiting for the end of a transfer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests.transfer import ENDED

_LOOK = 0.3  # seconds between two looks


class Transfers(Protocol):
    """What is asked of the hub's transfers."""

    def get(self, id_: str) -> View: ...

    def cancel(self, id_: str) -> View: ...


def wait_transfer(transfers: Transfers, view: View, on_view: Callable[[View], None]) -> View:
    """The view of a transfer once it has ended; each look on the way is told.

    KeyboardInterrupt cancels it, and waits on for its end.
    """
    while view["phase"] not in ENDED:
        try:
            on_view(view)
            time.sleep(_LOOK)
            view = transfers.get(view["id"])
        except KeyboardInterrupt:
            view = transfers.cancel(view["id"])
    return view
