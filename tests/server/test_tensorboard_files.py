"""TensorBoard's page before TensorBoard listens: letter by letter what it sends itself."""

from __future__ import annotations

import asyncio
import gzip
import sys
from pathlib import Path

import pytest
from tornado.httpclient import HTTPResponse

from tests.server.calls import SOON, Fetch
from tests.server.fakes import FakeTrainHub
from tests.server.tensorboard_fakes import BOARD, ID, FakeBoards, boards, conflict
from tests.server.test_tensorboard_proxy import open_board

__all__ = ["boards"]

PAGE = {"Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
# Of a moment, or of how the body is packed and sent.
OTHERS = {
    "Content-Length",
    "Date",
    "Etag",
    "Expires",
    "Server",
    "Set-Cookie",
    "Transfer-Encoding",
}


async def get(fetch: Fetch, *path: str, query: dict[str, str]) -> HTTPResponse:
    answer = fetch(*path, params=query, headers={**PAGE}, decompress_response=False)
    return await asyncio.wait_for(answer, SOON)


def told(answer: HTTPResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.get_all() if name not in OTHERS}


def body(answer: HTTPResponse) -> bytes:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(answer.body) if packed else answer.body


async def test_what_is_shown_early_is_what_tensorboard_sends(
    jp_fetch: Fetch, extension: FakeTrainHub, runs: Path
) -> None:
    view = await open_board(jp_fetch, "runs")
    board = ("trainhub", "tensorboards", view["id"])
    asked: list[tuple[str, dict[str, str]]] = [
        ("/", {}),
        ("index.js", {"_file_hash": "1"}),
        ("index.js", {}),
        ("icon_bundle.svg", {}),
        ("tf-imports/vs/editor/editor.main.css", {}),
    ]
    sent = [await get(jp_fetch, *board, path, query=query) for path, query in asked]
    await jp_fetch("trainhub", "api", "tensorboards", view["id"], method="DELETE")

    starting = FakeBoards()
    starting.states[ID] = conflict("Starting")
    kept, extension.service.tensorboards = extension.service.tensorboards, starting  # type: ignore[assignment]
    for (path, query), real in zip(asked, sent, strict=True):
        early = await get(jp_fetch, *BOARD, path, query=query)
        assert told(early) == told(real), path
        assert body(early) == body(real), path
        assert ("max-age" in early.headers["Cache-Control"]) == bool(query)
    extension.service.tensorboards = kept


@pytest.mark.parametrize(
    ("id_", "path", "python"),
    [
        (ID, "data/runs", ""),
        (ID, "../program.py", ""),
        (ID, "tf-imports/", ""),
        ("cluster-runs", "index.js", ""),
        (ID, "index.js", sys.executable + "3"),
    ],
)
async def test_all_else_waits(
    jp_fetch: Fetch,
    extension: FakeTrainHub,
    boards: FakeBoards,
    monkeypatch: pytest.MonkeyPatch,
    id_: str,
    path: str,
    python: str,
) -> None:
    """Data, what is no file of the page, and pages of a TensorBoard that may be another version."""
    monkeypatch.setattr(extension.service.config, "tensorboard_python", python)
    boards.states[id_] = conflict("Starting")
    waiting = asyncio.ensure_future(
        jp_fetch("trainhub", "tensorboards", id_, path, headers={**PAGE}, raise_error=False)
    )
    assert not (await asyncio.wait([waiting], timeout=0.2))[0]
    boards.states[id_] = conflict("Failed")
    assert (await asyncio.wait_for(waiting, SOON)).code == 503
