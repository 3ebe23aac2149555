"""Requests to TensorBoards that start, start again, or are not ours, against small real servers."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator

import pytest
from jupyter_server.serverapp import ServerApp

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.tensorboards import TensorBoardEndpoint
from jupyter_trainhub.server import tensorboard_proxy, tensorboard_upstreams
from tests.server.calls import SOON, Fetch, ask, log_in, refusal
from tests.server.fakes import FakeTrainHub, OnlyReaders
from tests.server.tensorboard_fakes import (
    BOARD,
    ID,
    PREFIX,
    PUBLIC,
    FakeBoards,
    at,
    boards,
    conflict,
)
from tests.server.upstreams import Upstream

__all__ = ["boards"]

NAVIGATE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def board(jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Upstream]:
    """A program that listens."""

    async def start() -> Upstream:
        return Upstream(PREFIX)

    made = jp_asyncio_loop.run_until_complete(start())
    yield made
    jp_asyncio_loop.run_until_complete(made.close())


async def begun(boards: FakeBoards) -> None:
    """Returns when the server has looked for a TensorBoard."""
    while not boards.asked:
        await asyncio.sleep(0.01)


async def until_held(extension: FakeTrainHub, count: int) -> None:
    """Returns when so many requests wait."""
    while extension.service.tensorboard_upstreams._held != count:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_requests_wait_for_one_that_starts(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream, method: str
) -> None:
    boards.states[ID] = conflict("Starting")
    body = "hello" if method == "POST" else None
    asking = asyncio.ensure_future(jp_fetch(*BOARD, "echo", method=method, body=body))
    await begun(boards)
    assert not asking.done()
    boards.states[ID] = at(board)
    response = await asyncio.wait_for(asking, SOON)
    assert response.code == 200
    if method != "HEAD":
        assert json.loads(response.body)["uri"] == f"{PREFIX}/echo"
        assert json.loads(response.body)["body"] == (body or "")


async def test_one_that_fails_ends_the_wait_with_its_reason(
    jp_fetch: Fetch, boards: FakeBoards
) -> None:
    boards.states[ID] = conflict("Starting")
    waiting = [asyncio.ensure_future(refusal(jp_fetch(*BOARD, "echo"))) for _ in range(5)]
    await begun(boards)
    boards.states[ID] = conflict("Failed", "No module named 'tensorboard'")
    for answer in await asyncio.wait_for(asyncio.gather(*waiting), SOON):
        assert answer.code == 503
        assert json.loads(answer.body)["message"] == "No module named 'tensorboard'"


async def test_the_wait_has_an_end(
    jp_fetch: Fetch, boards: FakeBoards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard_upstreams, "HELD_SECONDS", 0.1)
    boards.states[ID] = conflict("Starting", "TensorBoard is starting.")
    answer = await refusal(jp_fetch(*BOARD, "echo"))
    assert (answer.code, json.loads(answer.body)["reason"]) == (503, "TensorBoardStarting")
    assert answer.headers["Retry-After"]


async def test_only_so_many_wait(
    jp_fetch: Fetch,
    extension: FakeTrainHub,
    boards: FakeBoards,
    board: Upstream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tensorboard_upstreams, "LARGEST_HELD", 2)
    boards.states[ID] = conflict("Starting")
    held = [asyncio.ensure_future(jp_fetch(*BOARD, "echo")) for _ in range(2)]
    await until_held(extension, 2)
    assert (await refusal(jp_fetch(*BOARD, "echo"))).code == 503
    boards.states[ID] = at(board)
    assert [(await each).code for each in held] == [200, 200]


async def test_a_browser_that_leaves_does_not_wait(
    jp_fetch: Fetch,
    extension: FakeTrainHub,
    boards: FakeBoards,
    board: Upstream,
    jp_http_port: int,
    jp_auth_header: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tensorboard_upstreams, "LARGEST_HELD", 1)
    boards.states[ID] = conflict("Starting")
    _, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(ask(f"{PUBLIC}/echo", jp_auth_header))
    await until_held(extension, 1)
    writer.close()
    await until_held(extension, 0)
    asking = asyncio.ensure_future(jp_fetch(*BOARD, "echo"))
    await until_held(extension, 1)
    boards.states[ID] = at(board)
    assert (await asking).code == 200
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_one_that_ended_starts_again_for_a_person_and_for_no_script(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream
) -> None:
    boards.states[ID] = conflict("Stopped")
    assert (await refusal(jp_fetch(*BOARD, "echo"))).code == 503
    assert boards.started == []
    opening = asyncio.ensure_future(jp_fetch(*BOARD, "echo", headers={**NAVIGATE}))
    while not boards.started:
        await asyncio.sleep(0.01)
    boards.states[ID] = at(board)
    assert (await asyncio.wait_for(opening, SOON)).code == 200
    assert boards.started == [ID]


async def test_who_may_only_read_starts_none(
    jp_fetch: Fetch,
    jp_serverapp: ServerApp,
    boards: FakeBoards,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(jp_serverapp.web_app.settings, "authorizer", OnlyReaders())
    boards.states[ID] = conflict("Stopped")
    page = jp_fetch(*BOARD, "echo", headers={**NAVIGATE, "Accept-Encoding": "gzip"})
    assert (await refusal(page)).code == 503
    assert boards.started == []


async def test_nobody_is_led_to_where_one_was_that_was_stopped(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The port may be another user's by now."""
    monkeypatch.setattr(tensorboard_upstreams, "KNOWN_HERE_SECONDS", 600)
    boards.states[ID] = at(board)
    assert (await jp_fetch(*BOARD, "echo")).code == 200
    stopped = json.dumps({"state": "stopped"})
    api = ("trainhub", "api", "tensorboards", ID)
    assert (await jp_fetch(*api, method="PATCH", body=stopped)).code == 200
    assert (await refusal(jp_fetch(*BOARD, "echo"))).code == 503


async def test_a_page_cannot_leave_a_service_worker_behind(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream
) -> None:
    boards.states[ID] = at(board)
    script = jp_fetch(*BOARD, "echo", headers={"Service-Worker": "script"})
    assert (await refusal(script)).code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_one_that_restarts_its_loader_is_waited_for(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream, method: str
) -> None:
    """A running TensorBoard refuses connections for a second while its loader starts anew."""
    body = "hello" if method == "POST" else None
    boards.states[ID] = TensorBoardEndpoint("127.0.0.1", 9, PREFIX)
    asking = asyncio.ensure_future(jp_fetch(*BOARD, "echo", method=method, body=body))
    while boards.asked < 2:
        await asyncio.sleep(0.01)
    boards.states[ID] = at(board)
    response = await asyncio.wait_for(asking, SOON)
    assert json.loads(response.body)["body"] == (body or "")


async def test_one_that_stays_silent_is_given_up(
    jp_fetch: Fetch, boards: FakeBoards, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorboard_proxy, "SILENT_SECONDS", 0.1)
    boards.states[ID] = TensorBoardEndpoint("127.0.0.1", 9, PREFIX)
    assert (await refusal(jp_fetch(*BOARD, "echo"))).code == 503


@pytest.mark.parametrize("id_", [ID, "cluster-my-0run", "found-4711-123456"])
@pytest.mark.parametrize("prefix", [PREFIX, ""])
async def test_all_kinds_are_reached_with_and_without_a_prefix(
    jp_fetch: Fetch, boards: FakeBoards, id_: str, prefix: str
) -> None:
    board = Upstream(prefix)
    boards.states[id_] = at(board, prefix)
    page = ("trainhub", "tensorboards", id_)
    got = json.loads((await jp_fetch(*page, "echo", params={"a": "x y"})).body)
    assert got["uri"] == f"{prefix}/echo?a=x+y"
    to = await refusal(
        jp_fetch(*page, "redirect", params={"to": f"{prefix}/"}, follow_redirects=False)
    )
    assert to.headers["Location"] == f"/a%40b/trainhub/tensorboards/{id_}/"
    await board.close()


async def test_plugins_are_at_public_addresses_also_without_a_prefix(
    jp_fetch: Fetch, boards: FakeBoards
) -> None:
    """TensorBoard names the scripts of its plugins by absolute paths."""
    board = Upstream("")
    boards.states[ID] = at(board, "")
    listing = json.loads((await jp_fetch(*BOARD, "data/plugins_listing")).body)
    assert listing["a"]["loading_mechanism"]["module_path"] == f"{PUBLIC}/data/plugin/a/index.js"
    await board.close()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream, method: str
) -> None:
    boards.states[ID] = at(board)
    body = "x" if method in ("PUT", "PATCH") else None
    assert (await refusal(jp_fetch(*BOARD, "echo", method=method, body=body))).code == 405


async def test_a_websocket_is_refused(jp_fetch: Fetch, boards: FakeBoards, board: Upstream) -> None:
    boards.states[ID] = at(board)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    assert (await refusal(jp_fetch(*BOARD, "echo", headers=headers))).code == 400


async def test_ranges_and_their_answers_pass(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream
) -> None:
    boards.states[ID] = at(board)
    response = await jp_fetch(*BOARD, "part", headers={"Range": "bytes=2-4"})
    assert (response.code, response.body) == (206, b"cde")
    assert response.headers["Content-Range"] == "bytes 2-4/8"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("site", ["same-origin", "cross-site"])
async def test_data_is_for_pages_of_this_server_only(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream, method: str, site: str
) -> None:
    """TensorBoard's pages send no token against forgery with what they ask for, GET or POST."""
    boards.states[ID] = at(board)
    cookie = await log_in(jp_fetch)
    request = jp_fetch(
        *BOARD,
        "echo",
        method=method,
        body="x" if method == "POST" else None,
        headers={
            "Authorization": "",
            "Cookie": cookie,
            "Sec-Fetch-Site": site,
            "Sec-Fetch-Mode": "cors",
        },
    )
    if site == "same-origin":
        got = json.loads((await request).body)
        assert not {"Cookie", "Authorization"} & got["headers"].keys()
    else:
        assert (await refusal(request)).code == 403


async def test_a_port_leads_to_a_tensorboard_and_to_nothing_else(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream
) -> None:
    boards.ports[6006] = "found-1-2"
    place = ("trainhub", "tensorboards", "port")
    found = await refusal(jp_fetch(*place, "6006", "/", params={"a": "1"}, follow_redirects=False))
    assert found.code == 307
    assert found.headers["Location"] == "/a%40b/trainhub/tensorboards/found-1-2/?a=1"
    assert (await refusal(jp_fetch(*place, str(board.port), "echo"))).code == 404


async def test_kernels_learn_where_a_port_leads(extension: FakeTrainHub) -> None:
    """`%tensorboard` would show an address of this machine, which a Hub's users cannot reach."""
    assert os.environ["TENSORBOARD_PROXY_URL"] == "/a%40b/trainhub/tensorboards/port/%PORT%/"
    await extension.stop_extension()
    assert "TENSORBOARD_PROXY_URL" not in os.environ


async def test_an_address_is_looked_for_once_and_anew_when_it_was_stopped(
    jp_fetch: Fetch, boards: FakeBoards, board: Upstream
) -> None:
    boards.states[ID] = at(board)
    await asyncio.gather(*(jp_fetch(*BOARD, "echo") for _ in range(10)))
    assert boards.asked == 1
    await board.close()
    boards.states[ID] = NotFound("there is no TensorBoard")
    assert (await refusal(jp_fetch(*BOARD, "echo"))).code == 404
