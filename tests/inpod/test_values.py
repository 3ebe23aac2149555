"""Values that a kernel and a job hand each other, and those that somebody forged."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import struct
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_trainhub.inpod.value_decoding import Unreadable, decode
from jupyter_trainhub.inpod.value_encoding import HEADER, TooLarge, Unencodable, encode

MIB = 1 << 20
HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(max_size=50),
    st.complex_numbers(allow_nan=False),
)
VALUES = st.recursive(
    HASHABLE,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(HASHABLE, inner, max_size=4),
        st.sets(HASHABLE, max_size=4),
        st.frozensets(HASHABLE, max_size=4),
    ),
    max_leaves=12,
)


def again(value: Any) -> Any:
    """The value after a journey."""
    return decode(encode(value, MIB))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(VALUES)
def test_simple_values_come_back(value: Any) -> None:
    assert repr(again(value)) == repr(value) or again(value) == value


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0, 3)), np.arange(6).reshape(2, 3).T, np.array(3), np.array(["a", "bcd"]),
        np.array([b"x"]), np.array([True]), np.array(["2026-01-01"], "M8[s]"), np.ones(2, ">i4"),
        np.array([1 + 2j]), np.array([math.nan]), np.float32(2.5),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)  # fmt: skip
def test_arrays_come_back(array: Any) -> None:
    found = again({"a": [array]})["a"][0]
    assert (type(found), found.dtype, found.shape) == (type(array), array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(0, 3), torch.ones(2, 3).T, torch.tensor(3.0), torch.ones(3).to(torch.bfloat16),
        torch.tensor([True, False]), torch.tensor([1 + 2j]).conj(),
        torch.nn.Parameter(torch.ones(2)),
    ],
)  # fmt: skip
def test_tensors_come_back(tensor: torch.Tensor) -> None:
    found = again((tensor,))[0]
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(found, tensor.detach())


def test_the_state_of_a_model_comes_back() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    found = again(model.state_dict())
    assert torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)
    ).load_state_dict(found)  # fmt: skip


def test_frames_come_back() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "number": [1, 2],
            "text": ["x", None],
            "nullable": pd.Series([1, None], dtype="Int64"),
            "kind": pd.Categorical(["u", "v"], categories=["v", "u", "w"], ordered=True),
            "at": pd.to_datetime(["2026-01-01", "2026-01-02"]),
            "any": [[1], {"x": 2}],
        },
        index=pd.Index(["r", "s"], name="rows"),
    )
    pd.testing.assert_frame_equal(again(frame), frame)
    pd.testing.assert_series_equal(again(frame["at"]), frame["at"])
    twice = pd.DataFrame([[1, 2]], columns=["x", "x"])
    pd.testing.assert_frame_equal(again([twice])[0], twice)
    for other in (frame.set_index(["number", "text"]), frame["at"].dt.tz_localize("UTC")):
        with pytest.raises(Unencodable):
            encode(other, MIB)


class Own:
    """Something of a user's."""


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [1, Own()]}, r"the value\['a'\]\[1\] is of the type tests.inpod.test_values.Own"),
        (np.array([Own()]), "array of object"),
        (np.zeros(1, [("a", "i4")]), "array of"),
        (torch.nn.Linear(1, 1), "state_dict"),
        (torch.ones(2).to_sparse(), "sparse"),
        (lambda: 1, "function"),
    ],
)
def test_what_has_no_safe_form_is_named(value: Any, where: str) -> None:
    with pytest.raises(Unencodable, match=where):
        encode(value, MIB)


def test_what_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(Unencodable, match="holds itself"):
        encode(value, MIB)


def test_the_size_of_what_is_too_large_is_told_without_copying_it() -> None:
    # Of its 64 GiB no page is touched.
    with pytest.raises(TooLarge) as caught:
        encode(np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 33,), (0,)), MIB)
    assert caught.value.size > 1 << 36


def forged(tree: Any, blobs: bytes = b"") -> bytes:
    """Data as an attacker would write it."""
    head = json.dumps(tree).encode()
    return HEADER.pack(len(head)) + head + blobs


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 20,
        HEADER.pack(1 << 60) + b"1",
        forged({"array": ["|O", [1], 8]}, b"12345678"),
        forged({"array": ["<f4,<f4", [1], 8]}, b"12345678"),
        forged({"array": ["<f8", [1 << 40], 8]}, b"12345678"),
        forged({"array": ["<f8", [1], -8]}, b"12345678"),
        forged({"array": ["|U0", [1 << 40], 0]}),
        # One blob cannot stand for many arrays.
        forged([{"bytes": 8}, {"bytes": 8}], b"12345678"),
        forged(1, b"left over"),
        forged({"tensor": ["load", [1], 4]}, b"1234"),
        forged({"tensor": ["__name__", [1], 4]}, b"1234"),
        forged({"_init__": 1}),
        forged({"blob": 1}, b"1"),
        forged({"set": [[1]]}),
        forged({"dict": [1], "set": []}),
        # As values of a column these would be 8 TB.
        forged(
            {"series": [{"dtype": "int64", "data": {"range": [0, 1 << 40, 1]}, "name": None}] * 2}
        ),
        forged({"int": "0x" + "g"}),
        HEADER.pack(60_000) + b"[" * 30_000 + b"]" * 30_000,
    ],
)
def test_forged_data_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.integers(0, 200), st.integers(0, 255))
def test_damage_never_does_more_than_raise(tail: bytes, at: int, byte: int) -> None:
    data = bytearray(encode({"a": np.arange(3), "t": (1, {2})}, MIB))
    data[at % len(data)] = byte
    for found in (bytes(data), bytes(data) + tail, data[:at], struct.pack(">Q", 3) + tail):
        with contextlib.suppress(Unreadable):
            decode(bytes(found))


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode(torch.ones(1), MIB)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(Unreadable, match="torch"):
        decode(data)


def test_values_are_not_pickles() -> None:
    assert base64.b64encode(encode([1], MIB)) == b"AAAAAAAAAANbMV0="
