"""Who may do what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError
from traitlets.config import Config

from jupyter_trainhub.server.routes import HANDLERS
from tests.server.calls import Fetch, Refused, call, log_in, refusal
from tests.server.fakes import FakeHub, OnlyReaders
from tests.server.upstreams import LAB, Upstream


@pytest.mark.parametrize("path", [pattern for pattern, _ in HANDLERS])
async def test_nobody_gets_in_without_logging_in(jp_fetch: Fetch, path: str) -> None:
    concrete = (
        re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda group: "x" if group[1] == "name" else "0", path)
        .replace("([^/]+)", "x")
        .replace("([A-Za-z0-9_]+)", "x")
        .replace("([A-Za-z0-9-]+)", "x")
        .replace("([0-9]{1,5})", "0")
        .replace("([0-9a-f]+)", "0")
        .replace("([0-9]+)", "0")
        .replace("(preview)", "preview")
        .replace("(check)", "check")
        .replace("(compare)", "compare")
        .replace("(?:/.*)?", "/")
    )
    for method in ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"):
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


# What changes something of jobs, their runs and their volumes.
OF_JOBS = [
    ("PATCH", ["jobs", "run"]),
    ("DELETE", ["jobs", "run"]),
    ("POST", ["jobs", "run", "resubmit"]),
    ("PATCH", ["runs", "x-1"]),
    ("DELETE", ["runs", "x-1"]),
    ("POST", ["runs", "x-1", "submit"]),
    ("POST", ["runs", "x-1", "export"]),
    ("PATCH", ["volumes", "job-x-model"]),
    ("DELETE", ["volumes", "job-x-model"]),
]


@pytest.mark.parametrize(("method", "path"), OF_JOBS)
async def test_a_page_of_another_site_changes_nothing(
    jp_fetch: Fetch, hub: FakeHub, method: str, path: list[str]
) -> None:
    """A browser sends the cookies along; what it lacks is the token against forgery."""
    cookies = await log_in(jp_fetch)
    body = None if method == "DELETE" else "{}"
    # Jupyter hides the route from those that name their origin.
    for origin, code in (({}, 403), ({"Origin": "https://evil.example.org"}, 404)):
        headers = {"Authorization": "", "Cookie": cookies, **origin}
        request = jp_fetch("trainhub", "api", *path, method=method, body=body, headers=headers)
        assert (await refusal(request)).code == code
    assert hub.runs.views["x-1"]["pinned"] is False


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
        *OF_JOBS,
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
    entrances = ("ssh", "shell/terminals/websocket/1")
    places = ("trainhub/instances/dev", "trainhub/jobs/run/0")
    for path in ((*LAB, "ws"), *((place, way) for place in places for way in entrances)):
        with pytest.raises(HTTPClientError) as refused:
            await jp_ws_fetch(*path)
        assert refused.value.code == 403, path


@pytest.mark.usefixtures("only_readers")
async def test_asking_a_tensorboard_by_post_is_reading(jp_fetch: Fetch, runs: Path) -> None:
    answer = await refusal(
        jp_fetch("trainhub", "tensorboards", "00", "data", method="POST", body="x")
    )
    assert answer.code == 404
