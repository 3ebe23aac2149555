"""Ways into the pods of a job: YAML and SSH."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.access.entrances import Host
from tests.server.calls import Fetch, Refused
from tests.server.fakes import FakeHub

Api = Callable[..., Awaitable[Any]]


async def test_objects_are_text_and_may_be_kept(jp_fetch: Fetch, hub: FakeHub) -> None:
    hub.jobs.add("run")
    path = ("trainhub", "api", "jobs", "run", "yaml")
    response = await jp_fetch(*path)
    assert response.headers["Content-Type"] == "text/yaml; charset=utf-8"
    assert response.body == b"job: run\nas: applied\n"
    assert "Content-Disposition" not in response.headers
    response = await jp_fetch(*path, params={"as": "live", "download": "true"})
    assert response.body == b"job: run\nas: live\n"
    named = response.headers["Content-Disposition"]
    assert named == 'attachment; filename="run-live.yaml"'


async def test_each_running_pod_has_a_host(
    api: Api, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the key is kept is tested with real ssh.
    monkeypatch.setattr(hub, "client", None, raising=False)
    key = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    monkeypatch.setattr("jupyter_trainhub.ssh.host_key.host_key", lambda client, secret: secret)
    monkeypatch.setattr(
        "jupyter_trainhub.ssh.host_key.public_key", lambda text: f"ssh-ed25519 {key}"
    )
    phases = ["Failed", "Running", "Running"]
    pods = [{"rank": rank, "phase": phase} for rank, phase in enumerate(phases)]
    hub.jobs.add("run", ssh=True, pods=pods)
    hub.entrances.hosts = {"run": Host("secret", "uid-1", "/work")}
    items = (await api("GET", "jobs", "run", "ssh"))["items"]
    assert [item["rank"] for item in items] == [1, 2]
    assert [item["command"] for item in items] == [
        "ssh trainhub-job.run.1",
        "ssh trainhub-job.run.2",
    ]
    assert {item["known_hosts"] for item in items} == {f"trainhub-uid-1 ssh-ed25519 {key}"}
    assert all(item["setup"][1].endswith(f"job/run/{item['rank']}") for item in items)


async def test_a_job_without_ssh_has_no_tunnel(jp_ws_fetch: Any, hub: FakeHub) -> None:
    hub.jobs.add("run", ssh=False)
    for query in ({}, {"sshd": "true"}):
        with pytest.raises(HTTPClientError) as refused:
            await jp_ws_fetch("trainhub", "jobs", "run", "0", "ssh", params=query)
        assert refused.value.code == InvalidField.status


async def test_a_job_without_ssh_says_what_would_do(api: Api, hub: FakeHub) -> None:
    hub.jobs.add("run", ssh=False)
    with pytest.raises(Refused) as refused:
        await api("GET", "jobs", "run", "ssh")
    assert refused.value.status == InvalidField.status
    assert refused.value.body["details"]["field"] == "ssh"
    assert "Clone it" in refused.value.body["details"]["remedy"]
