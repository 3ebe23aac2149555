"""The route of a job's curves."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.errors import NotFound
from tests.server.calls import Fetch, Refused, call
from tests.server.fakes import FakeTrainHub


class FakeScalars:
    """The curves of one job."""

    def of(self, name: str) -> dict[str, Any]:
        if name != "train":
            raise NotFound("there is no such job", field="name")
        last = {"step": 3, "value": "NaN"}
        return {"source": "log", "series": [{"tag": "loss", "points": [(3, "NaN")], "last": last}]}


@pytest.fixture(autouse=True)
def scalars(extension: FakeTrainHub) -> None:
    extension.fake.hub.scalars = FakeScalars()  # type: ignore[attr-defined]


async def test_the_curves_of_a_job(jp_fetch: Fetch) -> None:
    found = await call(jp_fetch, "GET", "jobs", "train", "scalars")
    (series,) = found["series"]
    assert (series["points"], series["last"]) == ([[3, "NaN"]], {"step": 3, "value": "NaN"})


async def test_a_job_that_is_not_there(jp_fetch: Fetch) -> None:
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "GET", "jobs", "nope", "scalars")
    assert refused.value.status == 404
