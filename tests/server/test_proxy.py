"""The proxy to instances, against a small real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jupyter_trainhub.hub.access.reach import Endpoint
from tests.server.calls import SOON, Fetch, ask, log_in, refusal
from tests.server.fakes import FakeHub
from tests.server.upstreams import LAB, MEBIBYTE, PREFIX, Upstream

PUBLIC = f"/a%40b{PREFIX}"


@pytest.fixture
def token(jp_serverapp: Any) -> str:
    """The user's own token, for the Jupyter server in front."""
    return str(jp_serverapp.identity_provider.token)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_every_method_passes_with_path_and_query_as_they_were(
    jp_fetch: Fetch, upstream: Upstream, token: str, method: str
) -> None:
    response = await jp_fetch(
        *LAB,
        "echo",
        method=method,
        params={"a": "x y", "token": token},
        body="hello" if method in ("POST", "PUT", "PATCH") else None,
    )
    got = json.loads(response.body)
    assert got["method"] == method
    assert got["uri"] == f"{PREFIX}/echo?a=x+y"
    assert got["body"] == ("hello" if method in ("POST", "PUT", "PATCH") else "")


async def test_the_users_credentials_stop_and_the_instances_are_added(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    response = await jp_fetch(
        *LAB, "echo", headers={"Cookie": "mine=1", "Origin": "http://127.0.0.1", "X-Own": "1"}
    )
    got = json.loads(response.body)["headers"]
    assert got["Authorization"] == "token right"
    assert got["Host"] == f"127.0.0.1:{upstream.port}"
    assert got["X-Own"] == "1"
    assert not {"Cookie", "Origin", "Referer"} & got.keys()


async def test_a_path_does_not_lead_upwards(
    jp_fetch: Fetch, upstream: Upstream, jp_http_port: int, jp_auth_header: dict[str, str]
) -> None:
    # By hand, for clients resolve such a path themselves.
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(ask(f"{PUBLIC}/../../../../api/v1/secrets", jp_auth_header))
    status = await asyncio.wait_for(reader.readline(), SOON)
    writer.close()
    assert status.split()[1] == b"400"


async def test_the_instance_sets_no_cookies_and_is_framed_by_us_only(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    response = await jp_fetch(*LAB, "echo")
    assert response.headers["X-Upstream"] == "yes"
    assert "upstream=1" not in response.headers.get("Set-Cookie", "")
    assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]


async def test_redirects_lead_to_the_public_address(jp_fetch: Fetch, upstream: Upstream) -> None:
    answer = await refusal(
        jp_fetch(*LAB, "redirect", params={"to": f"{PREFIX}/lab?x"}, follow_redirects=False)
    )
    assert answer.headers["Location"] == f"{PUBLIC}/lab?x"


async def test_the_slash_is_added(jp_fetch: Fetch, upstream: Upstream, token: str) -> None:
    answer = await refusal(
        jp_fetch(*LAB, params={"a": "1", "token": token}, follow_redirects=False)
    )
    assert answer.code == 302
    assert answer.headers["Location"] == f"{PUBLIC}/?a=1"


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}])
async def test_pages_name_the_public_prefix_and_no_token(
    jp_fetch: Fetch, upstream: Upstream, headers: dict[str, str]
) -> None:
    response = await jp_fetch(*LAB, "page", headers=headers)
    assert response.body.decode() == f'<base href="{PUBLIC}/"><i></i>'


async def test_a_response_is_passed_on_while_it_is_made(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    fetching = asyncio.ensure_future(jp_fetch(*LAB, "slow", streaming_callback=pieces.put_nowait))
    assert await asyncio.wait_for(pieces.get(), SOON) == b"first "
    upstream.go_on.set()
    await asyncio.wait_for(fetching, SOON)
    assert pieces.get_nowait() == b"second"


async def test_a_large_response_comes_whole(jp_fetch: Fetch, upstream: Upstream) -> None:
    sizes: list[int] = []
    await jp_fetch(*LAB, "big", "50", streaming_callback=lambda piece: sizes.append(len(piece)))
    assert sum(sizes) == 50 * len(MEBIBYTE)
    assert max(sizes) <= 2**20


async def test_a_slow_browser_makes_the_instance_wait(
    jp_fetch: Fetch, upstream: Upstream, jp_http_port: int, jp_auth_header: dict[str, str]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(ask(f"{PUBLIC}/big/500", jp_auth_header))
    await reader.readuntil(b"\r\n\r\n")
    # Sent is what fits into the buffers between the three, and then no more.
    sent = -1
    while sent != upstream.received:
        sent = upstream.received
        await asyncio.sleep(0.3)
    assert 0 < sent < 100
    writer.close()
    await asyncio.wait_for(upstream.browser_left.wait(), SOON)


async def test_the_instance_hears_when_the_browser_leaves(
    jp_fetch: Fetch, upstream: Upstream, jp_http_port: int, jp_auth_header: dict[str, str]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    writer.write(ask(f"{PUBLIC}/slow", jp_auth_header))
    await reader.readuntil(b"first ")
    writer.close()
    await asyncio.wait_for(upstream.browser_left.wait(), SOON)


async def test_a_response_that_breaks_off_is_not_taken_for_the_whole(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    with pytest.raises(Exception, match="closed"):
        await jp_fetch(*LAB, "broken")


async def test_an_upload_is_passed_on_while_it_comes(jp_fetch: Fetch, upstream: Upstream) -> None:
    async def body(write: Callable[[bytes], Awaitable[None]]) -> None:
        await write(MEBIBYTE)
        await asyncio.wait_for(upstream.got_first_piece.wait(), SOON)
        for _ in range(19):
            await write(MEBIBYTE)

    response = await jp_fetch(*LAB, "upload", method="PUT", body_producer=body)
    assert json.loads(response.body) == 20 * len(MEBIBYTE)


async def test_small_responses_of_an_instance_are_not_held_for_an_etag(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    assert "Etag" not in (await jp_fetch(*LAB, "small")).headers


async def test_without_logging_in_nothing_is_passed_on(
    jp_fetch: Fetch, upstream: Upstream, hub: FakeHub
) -> None:
    for method in ("GET", "PUT"):
        answer = await refusal(
            jp_fetch(
                *LAB,
                "upload",
                method=method,
                body="x" if method == "PUT" else None,
                headers={"Authorization": "token wrong"},
            )
        )
        assert answer.code == 403
    assert upstream.received == 0
    assert hub.instances.asked == 0


async def test_a_person_who_is_not_logged_in_is_sent_to_the_login(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    headers = {"Authorization": "token wrong", "Sec-Fetch-Mode": "navigate"}
    answer = await refusal(jp_fetch(*LAB, "page", headers=headers, follow_redirects=False))
    assert answer.code == 302
    assert "/login" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({}, False),
    ],
)
async def test_other_sites_pages_cannot_write_through_the_proxy(
    jp_fetch: Fetch, upstream: Upstream, headers: dict[str, str], allowed: bool
) -> None:
    cookie = await log_in(jp_fetch)
    request = jp_fetch(
        *LAB,
        "upload",
        method="POST",
        body="x",
        headers={"Authorization": "", "Cookie": cookie, **headers},
    )
    if allowed:
        assert (await request).code == 200
    else:
        assert (await refusal(request)).code == 403
        assert upstream.received == 0


async def test_other_sites_pages_cannot_read_through_the_proxy(
    jp_fetch: Fetch, upstream: Upstream
) -> None:
    cookie = await log_in(jp_fetch)
    headers = {"Authorization": "", "Cookie": cookie, "Sec-Fetch-Mode": "no-cors"}
    answer = await refusal(
        jp_fetch(*LAB, "echo", headers=headers | {"Sec-Fetch-Site": "cross-site"})
    )
    assert answer.code == 403
    assert (
        await jp_fetch(*LAB, "echo", headers=headers | {"Sec-Fetch-Site": "same-origin"})
    ).code == 200


@pytest.mark.parametrize(
    ("name", "status", "words"), [("stopped", 503, "does not run"), ("gone", 404, "no instance")]
)
async def test_a_person_sees_a_page_that_looks_again(
    jp_fetch: Fetch, hub: FakeHub, name: str, status: int, words: str
) -> None:
    hub.instances.add("stopped")
    answer = await refusal(
        jp_fetch("trainhub", "instances", name, "lab/", headers={"Sec-Fetch-Mode": "navigate"})
    )
    page = answer.body.decode()
    assert answer.code == status
    assert words in page
    assert 'http-equiv="refresh"' in page
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


async def test_a_program_gets_json(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.instances.add("stopped")
    answer = await refusal(jp_fetch("trainhub", "instances", "stopped", "lab", "api"))
    assert answer.code == 503
    assert answer.headers["Retry-After"]
    assert json.loads(answer.body)["reason"] == "InstanceNotRunning"


async def test_an_instance_that_does_not_answer_is_looked_for_anew(
    jp_fetch: Fetch, hub: FakeHub, upstream: Upstream
) -> None:
    running = hub.instances.endpoints["dev"]
    hub.instances.endpoints["dev"] = Endpoint("127.0.0.1", 9, PREFIX, "right")
    answer = await refusal(jp_fetch(*LAB, "echo"))
    assert answer.code == 503
    assert "does not answer" in json.loads(answer.body)["message"]
    hub.instances.endpoints["dev"] = running
    assert (await jp_fetch(*LAB, "echo")).code == 200


async def test_a_page_asks_the_cluster_once(
    jp_fetch: Fetch, hub: FakeHub, upstream: Upstream
) -> None:
    await asyncio.gather(*(jp_fetch(*LAB, "echo") for _ in range(10)))
    assert hub.instances.asked == 1


async def test_a_token_that_is_refused_is_read_anew(
    jp_fetch: Fetch, hub: FakeHub, upstream: Upstream
) -> None:
    right = hub.instances.endpoints["dev"]
    hub.instances.endpoints["dev"] = Endpoint(right.host, right.port, PREFIX, "old")
    assert (await refusal(jp_fetch(*LAB, "forbidden"))).code == 403
    hub.instances.endpoints["dev"] = right
    assert (await jp_fetch(*LAB, "forbidden")).body == b"welcome"


async def test_work_through_the_proxy_keeps_the_server_alive_and_polling_does_not(
    jp_fetch: Fetch, jp_serverapp: Any, upstream: Upstream
) -> None:
    times = jp_serverapp.web_app.settings["last_activity_times"]
    await jp_fetch(*LAB, "echo")
    assert "trainhub_proxy" not in times
    await jp_fetch(*LAB, "echo", method="PUT", body="")
    assert "trainhub_proxy" in times
