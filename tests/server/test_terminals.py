"""Terminals of instances and jobs, with a fake shell behind them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, TrainHubError
from jupyter_trainhub.hub.access import terminals
from jupyter_trainhub.hub.access.entrances import Container
from jupyter_trainhub.server import terminal_websocket
from tests.server.calls import SOON, Fetch, log_in, refusal
from tests.server.fakes import FakeHub

Connect = Callable[..., Awaitable[Any]]
SHELL = ("trainhub", "instances", "dev", "shell")
API = (*SHELL, "api", "terminals")
SOCKET = (*SHELL, "terminals", "websocket")


class FakeShell:
    """A shell whose output a test makes up."""

    def __init__(self, into: Container, cwd: str | None) -> None:
        self.opened = into, cwd
        self.output: asyncio.Queue[bytes] = asyncio.Queue()
        self.read_bytes = 0
        self.typed = b""
        self.sizes: list[tuple[int, int]] = []
        self.end: int | TrainHubError = 0
        self.hung_up = asyncio.Event()

    async def read(self) -> bytes:
        data = await self.output.get()
        self.read_bytes += len(data)
        return data

    async def write(self, data: bytes) -> None:
        self.typed += data

    async def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    async def wait(self) -> int:
        if isinstance(self.end, TrainHubError):
            raise self.end
        return self.end

    async def hang_up(self) -> None:
        self.hung_up.set()


@pytest.fixture
def shells(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> list[FakeShell]:
    """The shells that were opened in the instance ``dev``, and in the job of that name."""
    opened: list[FakeShell] = []

    async def shell(into: Container, cwd: str | None) -> FakeShell:
        if cwd == "/none":
            raise Conflict("no shell", reason="NoShell", remedy="Add one.")
        opened.append(FakeShell(into, cwd))
        return opened[-1]

    hub.instances.add("dev")
    hub.jobs.add("dev")
    monkeypatch.setattr(hub, "shell", shell, raising=False)
    return opened


async def answer(fetch: Fetch, method: str, *path: str, body: Any = None) -> Any:
    """The JSON of an answer."""
    options: dict[str, Any] = {"body": json.dumps(body or {})} if method == "POST" else {}
    response = await fetch(*path, method=method, **options)
    return json.loads(response.body) if response.body else None


async def said(socket: Any) -> list[Any]:
    """The next message."""
    words: list[Any] = json.loads(await asyncio.wait_for(socket.read_message(), SOON))
    return words


async def shown(socket: Any, end: str) -> str:
    """The output up to a text at its end."""
    text = ""
    while not text.endswith(end):
        kind, piece = await said(socket)
        assert kind == "stdout"
        text += piece
    return text


async def eventually(look: Callable[[], Any]) -> None:
    """Returns once ``look`` finds something true."""

    async def poll() -> None:
        while not look():
            await asyncio.sleep(0.01)

    await asyncio.wait_for(poll(), SOON)


@pytest.fixture
def watch(jp_fetch: Fetch, jp_ws_fetch: Connect, shells: list[FakeShell]) -> Connect:
    """Opens a page on a terminal, by default a new one."""

    async def open_page(id_: str | None = None) -> Any:
        if id_ is None:
            id_ = (await answer(jp_fetch, "POST", *API))["name"]
        socket = await jp_ws_fetch(*SOCKET, id_)
        socket.id = id_
        assert await said(socket) == ["setup", {}]
        return socket

    return open_page


async def test_terminals_are_made_listed_and_deleted(
    jp_fetch: Fetch, shells: list[FakeShell]
) -> None:
    made = await answer(jp_fetch, "POST", *API, body={"cwd": "/data"})
    assert shells[0].opened == (Container("dev-dev-0"), "/data")
    assert made.keys() == {"name", "last_activity"}
    assert await answer(jp_fetch, "GET", *API) == [made]
    assert await answer(jp_fetch, "GET", *API, made["name"]) == made
    await answer(jp_fetch, "DELETE", *API, made["name"])
    assert shells[0].hung_up.is_set()
    assert await answer(jp_fetch, "GET", *API) == []
    assert (await refusal(jp_fetch(*API, made["name"]))).code == 404


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"cwd": "/none"}, 409, "NoShell"),
        ({"cwd": 1}, 422, "Invalid"),
        ({"shell": "fish"}, 422, "Invalid"),
    ],
)
async def test_what_cannot_be_opened(
    jp_fetch: Fetch, shells: list[FakeShell], body: Any, status: int, reason: str
) -> None:
    refused = await refusal(jp_fetch(*API, method="POST", body=json.dumps(body)))
    assert refused.code == status
    told = json.loads(refused.body)
    assert told["reason"] == reason
    assert told["details"]["remedy"]


async def test_each_pod_of_a_job_has_terminals_of_its_own(
    jp_fetch: Fetch, jp_ws_fetch: Connect, shells: list[FakeShell], hub: FakeHub
) -> None:
    pods = [("trainhub", "jobs", "dev", rank, "shell") for rank in "01"]
    made = await answer(jp_fetch, "POST", *pods[1], "api", "terminals")
    assert shells[0].opened == (Container("job-dev-1", "pytorch"), None)
    assert await answer(jp_fetch, "GET", *pods[1], "api", "terminals") == [made]
    for others in (pods[0], SHELL):
        assert await answer(jp_fetch, "GET", *others, "api", "terminals") == []
        path = (*others, "api", "terminals", made["name"])
        assert (await refusal(jp_fetch(*path))).code == 404
    page = await jp_ws_fetch(*pods[1], "terminals", "websocket", made["name"])
    assert await said(page) == ["setup", {}]
    await page.write_message(json.dumps(["stdin", "x"]))
    await eventually(lambda: shells[0].typed == b"x")
    # Jobs are never idle.
    assert hub.idle.activity.noted.empty()


@pytest.mark.parametrize(("name", "rank", "code"), [("dev", "2", 422), ("gone", "0", 404)])
async def test_no_such_pod(
    jp_fetch: Fetch, shells: list[FakeShell], name: str, rank: str, code: int
) -> None:
    path = ("trainhub", "jobs", name, rank, "shell", "api", "terminals")
    assert (await refusal(jp_fetch(*path, method="POST", body="{}"))).code == code


async def test_no_such_instance(jp_fetch: Fetch, shells: list[FakeShell]) -> None:
    path = ("trainhub", "instances", "gone", "shell", "api", "terminals")
    assert (await refusal(jp_fetch(*path, method="POST", body="{}"))).code == 404


async def test_a_page_types_and_is_shown_what_comes(
    watch: Connect, shells: list[FakeShell]
) -> None:
    page = await watch()
    await page.write_message(json.dumps(["stdin", "ä\x03\ud800"]))
    await eventually(lambda: shells[0].typed == "ä\x03?".encode())
    euro = "€".encode()
    for piece in (b"a", euro[:1], euro[1:], b"\xff!"):
        shells[0].output.put_nowait(piece)
    assert await shown(page, "!") == "a€\ufffd!"


async def test_a_page_that_comes_back_finds_the_shell_as_it_was(
    watch: Connect, shells: list[FakeShell]
) -> None:
    page = await watch()
    shells[0].output.put_nowait(b"before\x1b[6n\x1b[c\x1b[31m")
    await shown(page, "\x1b[31m")
    page.close()
    shells[0].output.put_nowait(b"meanwhile")
    await eventually(lambda: shells[0].output.empty())
    page = await watch(page.id)
    assert await shown(page, "meanwhile") == "\x1bcbefore\x1b[31mmeanwhile"
    assert len(shells) == 1


async def test_the_last_output_is_replayed_from_a_line_on(
    watch: Connect, shells: list[FakeShell]
) -> None:
    page = await watch()
    lines = "".join(f"line {number}\n" for number in range(20_000)) + "end"
    shells[0].output.put_nowait(lines.encode())
    assert await shown(page, "end") == lines
    text = await shown(await watch(page.id), "end")
    assert lines.endswith(text.removeprefix("\x1bcline"))
    assert terminals.REPLAYED - 100 < len(text) <= terminals.REPLAYED + 2


async def test_the_smallest_window_of_those_who_watch_counts(
    watch: Connect, shells: list[FakeShell]
) -> None:
    first = await watch()
    await first.write_message(json.dumps(["set_size", 50, 200, 1, 1]))
    await eventually(lambda: shells[0].sizes[-1:] == [(200, 50)])
    second = await watch(first.id)
    await second.write_message(json.dumps(["set_size", 60, 100]))
    await eventually(lambda: shells[0].sizes[-1] == (100, 50))
    for size in ([0, 0], [-1, 5], ["a", 1], []):
        await second.write_message(json.dumps(["set_size", *size]))
    await second.write_message("no JSON")
    second.close()
    await eventually(lambda: shells[0].sizes[-1] == (200, 50))
    assert len(shells[0].sizes) == 3


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (3, "the shell has ended with exit code 3"),
        (ClusterUnavailable("the connection broke", remedy="Start it again."), "broke. Start it"),
    ],
)
async def test_the_end_of_a_shell_is_told_to_all_and_it_is_forgotten(
    watch: Connect,
    jp_fetch: Fetch,
    shells: list[FakeShell],
    end: int | TrainHubError,
    words: str,
) -> None:
    pages = [await watch()]
    pages.append(await watch(pages[0].id))
    shells[0].end = end
    shells[0].output.put_nowait(b"")
    for page in pages:
        assert words in await shown(page, "\r\n")
        assert await said(page) == ["disconnect", 1]
        assert await page.read_message() is None
        assert page.close_code == 1000
    assert (await refusal(jp_fetch(*API, pages[0].id))).code == 404


async def test_a_flood_is_merged_and_held_up(
    watch: Connect, shells: list[FakeShell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_websocket, "RATE", 4 * terminal_websocket.PENDING)
    page = await watch()
    for _ in range(5000):
        shells[0].output.put_nowait(b"y\n" * 500)
    first = await said(page)
    second = await said(page)
    assert len(first[1]) + len(second[1]) > 50_000
    assert shells[0].read_bytes < 10 * terminal_websocket.PENDING
    # What is typed still arrives.
    await page.write_message(json.dumps(["stdin", "\x03"]))
    await eventually(lambda: shells[0].typed == b"\x03")


async def test_a_page_that_takes_nothing_is_left_behind(
    watch: Connect, shells: list[FakeShell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_websocket, "PATIENCE", 0.1)
    monkeypatch.setattr(terminal_websocket, "RATE", 1)
    await watch()
    for _ in range(100):
        shells[0].output.put_nowait(b"y\n" * 5000)
    await eventually(lambda: shells[0].output.empty())


async def test_a_shell_that_nobody_watches_ends_at_last(
    watch: Connect, shells: list[FakeShell], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminals, "UNWATCHED_SECONDS", 0.3)
    page = await watch()
    await asyncio.sleep(0.4)
    assert not shells[0].hung_up.is_set()
    page.close()
    await asyncio.wait_for(shells[0].hung_up.wait(), SOON)


async def test_only_pages_of_this_server_get_in(
    jp_fetch: Fetch, watch: Connect, shells: list[FakeShell], jp_http_port: int
) -> None:
    page = await watch()
    cookie = await log_in(jp_fetch)
    url = f"ws://127.0.0.1:{jp_http_port}/a%40b/{'/'.join(SOCKET)}/{page.id}"
    own = f"http://127.0.0.1:{jp_http_port}"
    good = await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie, "Origin": own}))
    good.close()
    for headers in (
        {"Cookie": cookie, "Origin": "http://evil.example"},
        {"Cookie": cookie, "Origin": own, "Sec-Fetch-Site": "cross-site"},
        {"Origin": own},
    ):
        with pytest.raises(HTTPClientError) as refused:
            await websocket_connect(HTTPRequest(url, headers=headers))
        assert refused.value.code == 403


async def test_a_terminal_that_is_none(jp_ws_fetch: Connect, shells: list[FakeShell]) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*SOCKET, "77")
    assert refused.value.code == 404
