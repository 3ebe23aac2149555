"""Transfers that the cluster's snapshotter does for its users: offered, followed, handed back.

A user's server writes the record of one with the engine ``node``, and waits. The snapshotter takes
the record over. What it cannot do it hands back, for the engine ``pod``.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace

from jupyter_trainhub.errors import Conflict, NotFound, TrainHubError
from jupyter_trainhub.hub.images.transfers.heartbeat import OnChange
from jupyter_trainhub.hub.images.transfers.records import Records
from jupyter_trainhub.hub.images.transfers.task import Task
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.transfer import Transfer

# Seconds for which a snapshotter may let one wait.
OFFER_SECONDS = 30.0
_LOOK_SECONDS = 0.25
_FOLLOW_SECONDS = 1.0

_NOBODY = "no snapshotter in the cluster has begun it"


class HandBack(Exception):
    """The snapshotter cannot read this instance, and a program in it may; says why."""


def is_offered(transfer: Transfer) -> bool:
    """Whether a snapshotter is to do it."""
    return transfer.engine == "node"


def is_handed_back(transfer: Transfer) -> bool:
    """Whether a user's server is to go on with what a snapshotter has begun."""
    return transfer.engine == "pod" and transfer.phase == "Pending"


def offer(task: Task) -> None:
    """Wait until a snapshotter takes it, which ends the task.

    Where none does, and the user wants any engine, the task goes on with the engine ``pod``; else
    this raises Conflict.
    """
    deadline = time.monotonic() + OFFER_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        task.check()
        # With each change the record is looked at, and whose it is.
        task.change(message=f"It waits for the cluster's snapshotter, {left:.0f} s at the most.")
        time.sleep(_LOOK_SECONDS)
    if task.spec.get("engine") != "auto":
        raise Conflict(
            f"{_NOBODY} for {OFFER_SECONDS:.0f} s",
            reason="NoSnapshotter",
            remedy="Ask the cluster's administrator for 'trainhub snapshotter', or save it with "
            "the engine 'pod'.",
        )
    task.keep(fell_back=[f"It was read from within: {_NOBODY}."])
    task.change(engine="pod", message=None)


def handed_back(transfer: Transfer, why: HandBack) -> Transfer:
    """The transfer for a user's server to go on with."""
    state = {**transfer.state, "fell_back": [f"It was read from within: {why}."]}
    return replace(transfer, phase="Pending", step=None, engine="pod", message=None, state=state)


def follow(records: Records, id_: str, on_change: OnChange, stopping: threading.Event) -> bool:
    """Tell how a transfer goes on that is a snapshotter's now; whether it was handed back."""
    told: Object | None = None
    while not stopping.wait(_FOLLOW_SECONDS):
        try:
            transfer = records.get(id_)
        except NotFound:
            on_change(id_, None)
            return False
        except TrainHubError:
            continue  # the cluster is away for a moment
        if is_handed_back(transfer):
            return True
        with contextlib.suppress(Exception):
            if transfer.view() != told:
                told = transfer.view()
                on_change(id_, told)
        if transfer.ended:
            return False
    return False
