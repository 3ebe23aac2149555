"""TensorBoards through the server: opened by REST, read through the proxy."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.server.boards import STEPS, write_loss
from tests.server.calls import Fetch


async def until_running(fetch: Fetch, id_: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        view = json.loads((await fetch("trainhub", "api", "tensorboards", id_)).body)
        if view["phase"] != "Starting":
            return dict(view)
        await asyncio.sleep(0.1)
    raise AssertionError("TensorBoard did not start")


async def open_board(fetch: Fetch, *folders: str) -> dict[str, Any]:
    opened = await fetch(
        "trainhub", "api", "tensorboards", method="POST", body=json.dumps({"folders": folders})
    )
    assert opened.code == 201
    view = await until_running(fetch, json.loads(opened.body)["id"])
    assert view["phase"] == "Running", view["message"]
    return view


async def test_a_loss_curve_is_read_through_the_proxy(
    jp_fetch: Fetch, jp_ws_fetch: Callable[..., Awaitable[Any]], runs: Path
) -> None:
    write_loss(runs / "run")
    socket = await jp_ws_fetch("api", "events", "subscribe")
    view = await open_board(jp_fetch, "runs")
    page = ("trainhub", "tensorboards", view["id"])

    pushed: list[dict[str, Any]] = []
    while not pushed or pushed[-1]["phase"] != "Running":
        event = json.loads(await asyncio.wait_for(socket.read_message(), 10))
        # Those that others on this machine run are told of, too.
        if event["schema_id"].endswith("/trainhub/object/v1") and event["name"] == view["id"]:
            pushed.append(event["object"])
    socket.close()

    same = await jp_fetch(
        "trainhub", "api", "tensorboards", method="POST", body=json.dumps({"folders": [str(runs)]})
    )
    assert json.loads(same.body)["id"] == view["id"]

    index = await jp_fetch(*page, "/", headers={"Accept-Encoding": "gzip"})
    assert b"url(/font-roboto/" not in index.body
    assert b"<tb-webapp" in index.body
    assert "frame-ancestors 'self'" in index.headers["Content-Security-Policy"]
    font = index.body.partition(b"url(./")[2].partition(b")")[0].decode()
    assert (await jp_fetch(*page, *font.split("/"))).code == 200

    tags = json.loads((await jp_fetch(*page, "data/plugin/timeseries/tags")).body)
    assert tags["scalars"]["runTagInfo"] == {"run": ["loss"]}
    boundary = "b0undary"
    requests = json.dumps([{"plugin": "scalars", "tag": "loss", "run": "run"}])
    form = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="requests"\r\n\r\n'
        f"{requests}\r\n--{boundary}--\r\n"
    )
    series = await jp_fetch(
        *page,
        "data/plugin/timeseries/timeSeries",
        method="POST",
        body=form,
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    points = json.loads(series.body)[0]["runToSeries"]["run"]
    assert [point["step"] for point in points] == list(range(STEPS))
    assert points[3]["value"] == pytest.approx(0.25)

    deleted = await jp_fetch("trainhub", "api", "tensorboards", view["id"], method="DELETE")
    assert deleted.code == 204
    with pytest.raises(HTTPClientError) as gone:
        await jp_fetch(*page, "data", "runs")
    assert gone.value.code == 404


async def test_the_script_is_fetched_once_and_its_plugins_are_at_public_addresses(
    jp_fetch: Fetch, runs: Path
) -> None:
    view = await open_board(jp_fetch, "runs")
    page = ("trainhub", "tensorboards", view["id"])
    script = await jp_fetch(
        *page, "index.js", headers={"Accept-Encoding": "gzip"}, decompress_response=False
    )
    assert len(gzip.decompress(script.body)) > 10**6
    with pytest.raises(HTTPClientError) as unchanged:
        await jp_fetch(*page, "index.js", headers={"If-None-Match": script.headers["Etag"]})
    assert unchanged.value.code == 304

    plugins = json.loads((await jp_fetch(*page, "data/plugins_listing")).body)
    modules = [
        plugin["loading_mechanism"]["module_path"]
        for plugin in plugins.values()
        if plugin["loading_mechanism"]["type"] == "IFRAME"
    ]
    assert modules
    public = f"/a%40b/{view['url']}"
    assert all(module.startswith(public) for module in modules)
    await jp_fetch("trainhub", "api", "tensorboards", view["id"], method="DELETE")


async def test_one_that_ended_is_started_again_when_its_page_is_opened(
    jp_fetch: Fetch, runs: Path
) -> None:
    view = await open_board(jp_fetch, "runs")
    page = ("trainhub", "tensorboards", view["id"])
    pid = json.loads((await jp_fetch(*page, "trainhub", "state")).body)["pid"]
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(HTTPClientError) as ended:
        await jp_fetch(*page, "data", "runs")
    assert ended.value.code == 503
    opened = await jp_fetch(*page, "/", headers={"Sec-Fetch-Mode": "navigate"})
    assert b"<tb-webapp" in opened.body
    assert json.loads((await jp_fetch(*page, "trainhub", "state")).body)["pid"] != pid
    await jp_fetch("trainhub", "api", "tensorboards", view["id"], method="DELETE")
