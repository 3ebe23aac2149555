"""JSONPath finds what printer columns name."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.embedded.apimachinery import jsonpath

_OBJECT = {
    "a": {"b": 1, "x.y/z": 2},
    "list": [{"type": "A", "n": 1}, {"type": "B", "n": 3, "last": True}],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".a.b", [1]),
        ("['a'].b", [1]),
        (r".a.x\.y/z", [2]),
        (".a.*", [1, 2]),
        (".list[0].type", ["A"]),
        (".list[-1].type", ["B"]),
        (".list[-1:].type", ["B"]),
        (".list[0:1].n", [1]),
        (".list[5].type", []),
        (".list[*].n", [1, 3]),
        ('.list[?(@.type=="B")].n', [3]),
        (".list[?(@.type=='A')].n", [1]),
        (".list[?(@.n>2)].type", ["B"]),
        (".list[?(@.last)].type", ["B"]),
        (".list[?(@.last==true)].type", ["B"]),
        (".missing.b", []),
        (".list.type", []),
    ],
)
def test_a_path_finds(path: str, found: list[Any]) -> None:
    assert jsonpath.find(path, _OBJECT) == found


@pytest.mark.parametrize("path", ["{.a}", ".a[", ".a[?(]", ".a[]", ".a[?(@.b==c)]"])
def test_other_text_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        jsonpath.find(path, {"a": [{"b": 1}]})
