"""One attempt at a transfer, as what carries it out sees it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.transfer import Transfer


class Cancelled(Exception):
    """The user wants the transfer to end, or its process ends."""


class Task:
    """Tells how far an attempt is, and asks whether it is still wanted. Nothing here blocks.

    Any thread may call any method.
    """

    def __init__(self, transfer: Transfer) -> None:
        self.transfer = transfer
        # Why it ends, where that is not what a user wanted.
        self.because: str | None = None
        # Whether another process does it now.
        self.lost = False
        self.ending = threading.Event()
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._cancelled = False

    @property
    def spec(self) -> Object:
        """What was asked for, as JSON."""
        return self.transfer.spec

    @property
    def state(self) -> Object:
        """What earlier attempts have kept by :meth:`keep`."""
        return self.transfer.state

    def step(self, name: str) -> None:
        """It is now at ``measure``, ``read``, ``base``, ``upload`` or ``verify``."""
        self.change(step=name)

    def progress(self, **facts: Any) -> None:
        """Set ``files``, ``total_files``, ``bytes``, ``total_bytes``, ``sent`` or ``path``."""
        with self._lock:
            self.transfer = self.transfer.progressed(**facts)

    def keep(self, **state: Any) -> None:
        """Remember something for a later attempt; None forgets it."""
        with self._lock:
            kept = {**self.transfer.state, **state}
            kept = {name: value for name, value in kept.items() if value is not None}
            self.transfer = replace(self.transfer, state=kept)

    def change(self, **fields: Any) -> None:
        """Set fields of the transfer."""
        with self._lock:
            self.transfer = replace(self.transfer, **fields)

    def cancel(self, because: str | None = None) -> None:
        """It is to end; ``because`` says why, where it is not a user's wish."""
        with self._lock:
            if because is not None and not self._cancelled:
                self.because = because
                self.stopping.set()
            self._cancelled = True

    def end(self) -> None:
        """Nothing more comes."""
        self.ending.set()

    def cancelled(self) -> bool:
        """Whether it is to end."""
        return self._cancelled

    def check(self) -> None:
        """Raise Cancelled if it is to end."""
        if self._cancelled:
            raise Cancelled
