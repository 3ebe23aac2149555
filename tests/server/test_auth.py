"""Who may do what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_trainhub.server.routes import HANDLERS
from tests.server.calls import Fetch, Refused, call, refusal
from tests.server.fakes import FakeHub, OnlyReaders
from tests.server.upstreams import LAB, Upstream


@pytest.mark.parametrize("path", [pattern for pattern, _ in HANDLERS])
async def test_nobody_gets_in_without_logging_in(jp_fetch: Fetch, path: str) -> None:
    concrete = (
        re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda group: "x" if group[1] == "name" else "0", path)
        .replace("([^/]+)", "x")
        .replace("([A-Za-z0-9_]+)", "x")
        .replace("([0-9a-f]+)", "0")
        .replace("([0-9]+)", "0")
        .replace("(preview)", "preview")
        .replace("(check)", "check")
        .replace("(?:/.*)?", "/")
    )
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        body = "{}" if method in ("POST", "PATCH", "PUT") else None
        with pytest.raises(HTTPClientError) as refused:
            await jp_fetch(
                concrete,
                method=method,
                body=body,
                headers={"Authorization": "token wrong"},
                follow_redirects=False,
            )
        # 405: there is no such verb, for nobody.
        assert refused.value.code in (403, 405), method


def test_every_verb_of_every_route_is_decorated(jp_serverapp: Any) -> None:
    """Jupyter's own check, which otherwise only warns."""
    undecorated = [
        problem
        for pattern, handler in HANDLERS
        for problem in jp_serverapp.web_app._check_handler_auth(pattern, handler)
        if "OPTIONS" not in problem
    ]
    assert undecorated == []


@pytest.mark.parametrize("handler", [handler for _, handler in HANDLERS])
def test_every_route_names_its_resource(handler: Any) -> None:
    assert handler.auth_resource.startswith("trainhub:")


@pytest.fixture
def only_readers(jp_server_config: Config) -> None:
    """Nobody may write."""
    jp_server_config.ServerApp.authorizer_class = OnlyReaders


@pytest.mark.usefixtures("only_readers")
async def test_who_may_read_may_not_write(
    jp_fetch: Fetch, upstream: Upstream, hub: FakeHub
) -> None:
    assert (await call(jp_fetch, "GET", "instances"))["items"]
    for method, path in [
        ("POST", ["instances"]),
        ("PATCH", ["instances", "dev"]),
        ("DELETE", ["instances", "dev"]),
        ("POST", ["jobs"]),
        ("POST", ["tensorboards"]),
        ("POST", ["cluster"]),
    ]:
        with pytest.raises(Refused) as refused:
            await call(jp_fetch, method, *path)
        assert refused.value.status == 403, path
    assert (await jp_fetch(*LAB, "echo")).code == 200
    assert (await refusal(jp_fetch(*LAB, "upload", method="PUT", body="x"))).code == 403
    assert upstream.received == 0


@pytest.mark.usefixtures("only_readers")
async def test_who_may_not_execute_gets_no_kernel(jp_ws_fetch: Any, upstream: Upstream) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await jp_ws_fetch(*LAB, "ws")
    assert refused.value.code == 403


@pytest.mark.usefixtures("only_readers")
async def test_asking_a_tensorboard_by_post_is_reading(jp_fetch: Fetch, runs: Path) -> None:
    answer = await refusal(
        jp_fetch("trainhub", "tensorboards", "00", "data", method="POST", body="x")
    )
    assert answer.code == 404
