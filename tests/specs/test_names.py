from __future__ import annotations

import itertools
import re

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.manifests.labels import labels, user_name
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.names import (
    INSTANCE_PREFIX,
    JOB_NAME_PATTERN,
    LONGEST_KUBERNETES_NAME,
    from_kubernetes,
    name_from,
    to_kubernetes,
)

ACCEPTED = [
    "a", "A", "0", "_", "__", "a_b", "_a", "a_", "9lives", "My_lab", "ALLCAPS", "snake_case_name",
    "camelCase", "2026", "x86_64", "a" * 27, "A" * 27, "_" * 27, "0" * 27,
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_", "aA_0" * 6 + "aA_",
    "dev", "main", "None", "true", "null", "constructor", "__proto__",
]  # fmt: skip
REFUSED = [
    "", " ", "a b", " a", "a ", "a-b", "-", "-a", "a-", "a.b", ".", "..", "a/b", "/", "../x",
    "a\\b", "a" * 28, "A" * 28, "_" * 28, "名字", "é", "naïve", "\uff41", "\u0663", "²", "a\n",
    "a\tb", "a\0", "\u200b", "a\u0301", "a+b", "a@b", "a:b", "a;b", "a$b", "$(id)", "`id`", "a'b",
    'a"b', "a|b", "a&b", "a*b", "a?b", "a#b", "a%20b", "<b>", "a=b", "a,b", "{a}", "[a]", "a~b",
    "a!b", "\U0001f600", 7, None, True, ["a"],
]  # fmt: skip


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


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_instance_may_be_called_so(name: str) -> None:
    assert InstanceSpec.parse({"name": name}).name == name
    kubernetes_name = to_kubernetes(INSTANCE_PREFIX, name)
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", kubernetes_name)
    assert len(kubernetes_name) <= LONGEST_KUBERNETES_NAME
    assert from_kubernetes(INSTANCE_PREFIX, kubernetes_name) == name
    its_labels = labels("instance", name, "ada")
    for value in its_labels.values():
        assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", value), value
    assert user_name({"metadata": {"name": kubernetes_name, "labels": its_labels}}) == name


@pytest.mark.parametrize("name", REFUSED)
def test_no_instance_may_be_called_so(name: object) -> None:
    with pytest.raises(InvalidField) as refusal:
        InstanceSpec.parse({"name": name})
    assert refusal.value.field == "name"
    assert refusal.value.remedy


def test_two_names_never_share_a_kubernetes_name() -> None:
    long = ["".join(parts) + "A" * 20 for parts in itertools.product("aA0_", repeat=5)]
    names = [*long, *(name.lower() for name in long), *ACCEPTED]
    assert len({to_kubernetes(INSTANCE_PREFIX, name) for name in names}) == len(set(names))
