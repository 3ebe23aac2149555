from __future__ import annotations

import itertools
import re

import pytest

from jupyter_trainhub.specs.names import JOB_NAME_PATTERN, from_kubernetes, name_from, to_kubernetes


def test_the_escape_is_that_of_the_architecture() -> None:
    assert to_kubernetes("dev", "My_lab") == "dev--my-0lab"
    assert to_kubernetes("job", "a-b") == "job-a--b"


def test_every_name_has_its_own_kubernetes_name_and_comes_back() -> None:
    names = ["".join(parts) for parts in itertools.product("aA0_-", repeat=4)]
    mapped = [to_kubernetes("job", name) for name in names]
    assert len(set(mapped)) == len(names)
    assert [from_kubernetes("job", name) for name in mapped] == names


def test_kubernetes_takes_the_names() -> None:
    for parts in itertools.product("aA0_-", repeat=4):
        name = "".join(parts)
        if re.fullmatch(JOB_NAME_PATTERN, name):
            label = to_kubernetes("job", name)
            assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", label), label


@pytest.mark.parametrize("name", ["dev-x", "job", "job-a_b", "job-A", "job-a-"])
def test_a_name_that_was_not_escaped_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"escaped|start with"):
        from_kubernetes("job", name)


@pytest.mark.parametrize(
    ("text", "name"),
    [("My run.v2", "My-run-v2"), ("数据", "job"), ("__x__", "x"), ("a" * 40, "a" * 24)],
)
def test_a_title_becomes_a_name(text: str, name: str) -> None:
    assert name_from(text) == name
