"""What people enter, by its name."""

from __future__ import annotations

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.specs.place import Place


@pytest.mark.parametrize(
    ("text", "place", "route"),
    [
        ("lab", Place("instance", "lab"), "instances/lab"),
        ("job", Place("instance", "job"), "instances/job"),
        ("job/Tr-1", Place("job", "Tr-1"), "jobs/Tr-1/0"),
        ("job/Tr-1/12", Place("job", "Tr-1", 12), "jobs/Tr-1/12"),
    ],
)
def test_names(text: str, place: Place, route: str) -> None:
    assert Place.parse(text) == place
    assert Place.parse(str(place)) == place
    assert place.route == route


def test_a_rank_may_be_given_beside_the_name() -> None:
    assert Place.parse("job/train/1", 2) == Place("job", "train", 2)


@pytest.mark.parametrize(
    ("text", "rank", "field"),
    [
        ("lab", 0, "rank"),
        ("job/train/x", None, "rank"),
        ("job/train/1/2", None, "rank"),
        ("job/train/123456", None, "rank"),
        ("pod/x", None, "name"),
        ("job/", None, "name"),
        ("job/a b", None, "name"),
        ("lab\nHost *", None, "name"),
    ],
)
def test_what_is_none(text: str, rank: int | None, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        Place.parse(text, rank)
    assert refused.value.field == field
    assert refused.value.remedy
