"""Logs are streamed, not collected."""

from __future__ import annotations

import asyncio
import json

import pytest
from tornado.httpclient import HTTPClientError
from tornado.simple_httpclient import HTTPStreamClosedError

from jupyter_trainhub.errors import ClusterUnavailable, Forbidden
from tests.server.calls import SOON, Fetch, ask
from tests.server.fakes import FakeHub, FakeLog

LOGS = ("trainhub", "api", "jobs", "run", "logs")
ASKED = {
    "rank": None, "attempt": None, "previous": False, "timestamps": False, "follow": False,
    "tail": None,
}  # fmt: skip


async def opened(hub: FakeHub) -> FakeLog:
    """The log that the server has opened."""
    return await asyncio.to_thread(hub.jobs.logs_asked.get, timeout=SOON)


async def test_chunks_arrive_while_the_job_runs(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.jobs.add("run")
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    params = {"rank": "all", "follow": "true", "tail": "5"}
    fetching = asyncio.ensure_future(
        jp_fetch(*LOGS, params=params, streaming_callback=pieces.put_nowait)
    )
    log = await opened(hub)
    assert log.arguments == ASKED | {"follow": True, "tail": 5}
    for chunk in (b"[0] one\n", b"[1] two\n"):
        log.chunks.put(chunk)
        assert await asyncio.wait_for(pieces.get(), SOON) == chunk
    log.chunks.put(None)
    response = await asyncio.wait_for(fetching, SOON)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert log.closed.is_set()


async def test_one_rank_without_following(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.jobs.add("run")
    params = {"rank": "1", "attempt": "2", "previous": "true", "timestamps": "true"}
    fetching = asyncio.ensure_future(jp_fetch(*LOGS, params=params))
    log = await opened(hub)
    wanted = {"rank": 1, "attempt": 2, "previous": True, "timestamps": True}
    assert log.arguments == ASKED | wanted
    log.chunks.put(b"hello\n")
    log.chunks.put(None)
    assert (await fetching).body == b"hello\n"


async def test_the_log_is_closed_when_the_reader_leaves(
    jp_fetch: Fetch, hub: FakeHub, jp_http_port: int, jp_auth_header: dict[str, str]
) -> None:
    hub.jobs.add("run")
    _, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(ask(f"/a%40b/{'/'.join(LOGS)}?follow=true", jp_auth_header))
    log = await opened(hub)
    writer.close()
    assert await asyncio.to_thread(log.closed.wait, SOON)


async def test_a_log_that_breaks_off_says_why(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.jobs.add("run")
    fetching = asyncio.ensure_future(jp_fetch(*LOGS))
    log = await opened(hub)
    log.chunks.put(b"one\n")
    log.chunks.put(ClusterUnavailable("the cluster went away"))
    assert (await fetching).body.decode() == "one\n\nthe cluster went away\n"


@pytest.mark.parametrize(
    ("params", "file"),
    [
        ({}, "run.log"),
        ({"rank": "0"}, "run-rank-0.log"),
        ({"rank": "3", "attempt": "2", "previous": "true"}, "run-attempt-2-rank-3-previous.log"),
    ],
)
async def test_a_log_to_keep_has_a_name(
    jp_fetch: Fetch, hub: FakeHub, params: dict[str, str], file: str
) -> None:
    hub.jobs.add("run")
    fetching = asyncio.ensure_future(jp_fetch(*LOGS, params={**params, "download": "true"}))
    log = await opened(hub)
    log.chunks.put(b"hello\n")
    log.chunks.put(None)
    response = await fetching
    assert response.headers["Content-Disposition"] == f'attachment; filename="{file}"'
    assert response.body == b"hello\n"


async def test_a_log_to_keep_that_breaks_off_does_not_look_complete(
    jp_fetch: Fetch, hub: FakeHub
) -> None:
    hub.jobs.add("run")
    fetching = asyncio.ensure_future(jp_fetch(*LOGS, params={"download": "true"}))
    log = await opened(hub)
    log.chunks.put(b"one\n")
    log.chunks.put(ClusterUnavailable("the cluster went away"))
    with pytest.raises(HTTPStreamClosedError):
        await fetching


async def test_a_log_that_cannot_be_read_at_all_is_a_status(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.jobs.add("run")
    fetching = asyncio.ensure_future(jp_fetch(*LOGS))
    (await opened(hub)).chunks.put(Forbidden("pods/log is forbidden"))
    with pytest.raises(HTTPClientError) as refused:
        await fetching
    assert refused.value.code == 403


@pytest.mark.parametrize(
    ("name", "params", "status", "field"),
    [
        ("run", {"rank": "first"}, 422, "rank"),
        ("run", {"tail": "-1"}, 422, "tail"),
        ("run", {"follow": "yes"}, 422, "follow"),
        ("run", {"attempt": "0"}, 422, "attempt"),
        ("none", {}, 404, "name"),
    ],
)
async def test_bad_requests(
    jp_fetch: Fetch, hub: FakeHub, name: str, params: dict[str, str], status: int, field: str
) -> None:
    hub.jobs.add("run")
    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("trainhub", "api", "jobs", name, "logs", params=params)
    assert refused.value.code == status
    assert refused.value.response is not None
    assert json.loads(refused.value.response.body)["details"]["field"] == field
