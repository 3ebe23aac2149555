"""The routes that tell how jobs, runs and notebooks failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.server.calls import Refused
from tests.server.fakes import FakeHub

Call = Callable[..., Awaitable[Any]]


async def test_a_failure_of_a_job_and_of_a_run(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("run")
    failure = await api("GET", "jobs", "run", "failure", params={"attempt": "2"})
    assert (failure["job"], failure["attempt"]) == ("run", 2)
    assert (await api("GET", "jobs", "run", "failure"))["attempt"] is None
    assert (await api("GET", "runs", "x-1", "failure"))["run"] == "x-1"


async def test_what_is_wrong_is_named(api: Call, hub: FakeHub) -> None:
    hub.jobs.add("run")
    with pytest.raises(Refused) as refused:
        await api("GET", "jobs", "run", "failure", params={"attempt": "0"})
    assert (refused.value.status, refused.value.body["details"]["field"]) == (422, "attempt")
    with pytest.raises(Refused) as missing:
        await api("GET", "jobs", "none", "failure")
    assert missing.value.status == 404


async def test_a_notebook_is_known_by_both_its_names(
    api: Call, hub: FakeHub, jp_root_dir: Path
) -> None:
    await api("GET", "notebooks", "failures", params={"path": "lab/My train.ipynb"})
    is_it = hub.failures.asked
    assert is_it("lab/My train.ipynb")
    assert is_it(str(jp_root_dir / "lab" / "My train.ipynb"))
    assert not is_it("My train.ipynb")
    assert not is_it("/lab/other.ipynb")
    with pytest.raises(Refused) as refused:
        await api("GET", "notebooks", "failures", params={"path": "../../etc/x.ipynb"})
    assert refused.value.status == 422
