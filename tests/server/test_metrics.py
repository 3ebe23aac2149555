"""The route of what a job uses."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import NotFound
from tests.server.calls import Fetch, Refused, call
from tests.server.fakes import FakeTrainHub


class FakeMetrics:
    """Metrics that remember what they were asked."""

    def of(self, name: str, since: str | None, pod: str | None) -> dict[str, Any]:
        if name != "train":
            raise NotFound("there is no such job", field="name")
        return {"job": name, "since": since, "pod": pod}


@pytest.fixture(autouse=True)
def metrics(extension: FakeTrainHub) -> None:
    extension.fake.hub.metrics = FakeMetrics()  # type: ignore[attr-defined]


async def test_all_or_what_is_new_of_one_pod(jp_fetch: Fetch) -> None:
    found = await call(jp_fetch, "GET", "jobs", "train", "metrics")
    assert found == {"job": "train", "since": None, "pod": None}
    asked = {"since": "2030-01-01T00:00:00Z", "pod": "p0"}
    response = await jp_fetch("trainhub", "api", "jobs", "train", "metrics", params=asked)
    assert b'"since": "2030-01-01T00:00:00Z", "pod": "p0"' in response.body


async def test_a_job_that_is_not_there(jp_fetch: Fetch) -> None:
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "GET", "jobs", "nope", "metrics")
    assert refused.value.status == 404
