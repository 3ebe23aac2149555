"""What is told of TensorBoards, and how often they are looked at."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_trainhub.hub.tensorboards.folders import LogFolder
from jupyter_trainhub.hub.tensorboards.view import TensorBoardView, make_view
from jupyter_trainhub.server.tensorboard_watch import (
    SETTLED_SECONDS,
    STARTING_SECONDS,
    WAITING_SECONDS,
    TensorBoardWatch,
    is_news,
    pause,
)

MEBIBYTE = 2**20


def seen(used: int | None = None, limit: int | None = None, **changes: Any) -> TensorBoardView:
    """A TensorBoard that runs, but for ``changes``."""
    view = make_view("a1", "local", [LogFolder("", "/runs")], "Running")
    view["memory"] = {"used": used, "limit": limit}
    view.update(changes)  # type: ignore[typeddict-item]
    return view


@pytest.mark.parametrize(
    ("old", "new", "news"),
    [
        (seen(), seen(), False),
        (seen(), seen(phase="Stopped"), True),
        (seen(), seen(waiting=True), True),
        (seen(used=100 * MEBIBYTE), seen(used=105 * MEBIBYTE), False),
        (seen(used=100 * MEBIBYTE), seen(used=120 * MEBIBYTE), True),
        (seen(used=100 * MEBIBYTE), seen(used=50 * MEBIBYTE), True),
        (seen(), seen(used=MEBIBYTE), True),
        (seen(limit=1), seen(limit=2), True),
    ],
)
def test_small_changes_of_memory_are_no_news(
    old: TensorBoardView, new: TensorBoardView, news: bool
) -> None:
    assert is_news(old, new) is news


@pytest.mark.parametrize(
    ("views", "seconds"),
    [
        ([], SETTLED_SECONDS),
        ([seen()], SETTLED_SECONDS),
        ([seen(), seen(waiting=True)], WAITING_SECONDS),
        ([seen(waiting=True), seen(phase="Starting")], STARTING_SECONDS),
    ],
)
def test_it_looks_often_only_while_something_is_awaited(
    views: list[TensorBoardView], seconds: float
) -> None:
    assert pause(views) == seconds


async def test_growth_in_small_steps_is_told_once_it_is_large() -> None:
    """And a list that cannot be read is read again."""
    memory = 100 * MEBIBYTE
    told: list[tuple[str, Any]] = []
    fails = True

    async def listed() -> list[TensorBoardView]:
        if fails:
            raise OSError("the disk is full")
        return [seen(used=memory)]

    watch = TensorBoardWatch(
        listed, lambda _kind, _name, action, view: told.append((action, view and view["memory"]))
    )
    await asyncio.sleep(0)
    fails = False
    for _ in range(12):
        watch.look()
        await asyncio.sleep(0.01)
        memory += 2 * MEBIBYTE
    await watch.stop()
    assert [view["used"] // MEBIBYTE for _, view in told] == [100, 112]
