"""The value of a cell, from the runner to those who read its log."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.hub.jobs.result import EXPRESSION, Result, read_results
from jupyter_trainhub.inpod import program
from jupyter_trainhub.inpod.value_decoding import decode
from jupyter_trainhub.manifests.result import results
from jupyter_trainhub.notebook.single_cell import packed_values

MIB = 1 << 20
Run = Callable[..., bytes]


@pytest.fixture
def log(tmp_path: Path) -> Run:
    """Runs a cell, and returns what it wrote to standard error."""

    def run(source: str, cap: int = 8 * MIB, names: tuple[str, ...] = (), **how: Any) -> bytes:
        document = {
            "notebook": "a.ipynb",
            "cells": [{"index": None, "id": "x", "file": "In[3]", "source": source}],
            "values": packed_values(how.get("values", {})),
            "result": {"expression": True, "names": names, "max_bytes": cap},
        }
        (tmp_path / "cells.json").write_text(json.dumps(document))
        (tmp_path / "run_notebook.py").write_bytes(program("run_notebook.py"))
        done = subprocess.run(
            [sys.executable, str(tmp_path / "run_notebook.py")],
            env={**os.environ, **how.get("env", {})},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        return done.stderr

    return run


WANTED = (EXPRESSION, "m", "absent")


def values(log: bytes, largest: int = 8 * MIB) -> dict[str, Any]:
    """The values that came back, and why others did not."""
    found = read_results([log], WANTED, largest)
    return {
        name: result.why if result.data is None else decode(result.data)
        for name, result in found.items()
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\nx + 1", 2),
        ("import asyncio\nawait asyncio.sleep(0, 'late')", "late"),
        ("print('not this')\n(1, {'a': b'x'})", (1, {"a": b"x"})),
        ("(1\n ,\n 2)", (1, 2)),
    ],
)
def test_the_last_expression_is_the_value(log: Run, source: str, expected: Any) -> None:
    assert values(log(source)) == {EXPRESSION: expected}


def test_values_go_there_and_names_come_back(log: Run) -> None:
    found = values(log("m = n * 2\nm = None or m", names=("m", "absent"), values={"n": [1]}))
    assert found == {"m": [1, 1]}


def test_nothing_comes_of_nothing_and_of_other_ranks(log: Run) -> None:
    assert values(log("None")) == {}
    assert values(log("x = 1")) == {}
    assert values(log("5 + 1", env={"RANK": "1"})) == {}


def test_what_cannot_come_back_is_told(log: Run) -> None:
    found = read_results([log("class Own:\n    pass\nOwn()")], WANTED, MIB)[EXPRESSION]
    assert "of the type __main__.Own" in found.why
    assert found.shown.startswith("<__main__.Own object")
    found = read_results([log("[1] * 1000", cap=100)], WANTED, 100)[EXPRESSION]
    assert found.data is None
    assert "it takes 2009 bytes, and 100 are allowed" in found.why


def test_four_mebibytes_come_back_whole_and_soon(log: Run) -> None:
    begun = time.monotonic()
    text = log(f"import os, random\nrandom.Random(1).randbytes({4 * MIB})")
    assert max(map(len, text.splitlines())) < 3200
    # In whatever pieces a log is read, twice in parts after a connection broke.
    pieces = [text[at : at + 50_001] for at in range(0, len(text), 50_001)]
    (found,) = read_results([*pieces[:9], b"\n", *pieces], WANTED, 8 * MIB).values()
    assert found.data is not None
    assert len(decode(found.data)) == 4 * MIB
    assert time.monotonic() - begun < 3
    cut = text.splitlines(keepends=True)
    del cut[1000]
    assert "a part of it is missing" in values(b"".join(cut))[EXPRESSION]


def parts(data: bytes, /, **changes: Any) -> list[dict[str, Any]]:
    """Records as a program would forge them."""
    digest = hashlib.sha256(data).hexdigest()
    text = base64.b64encode(zlib.compress(data)).decode()
    first = {"of": "", "part": 0, "parts": 1, "size": len(data), "sha256": digest, "data": text}
    return [{**first, **changes}]


@pytest.mark.parametrize(
    "records",
    [
        parts(b"x", sha256="0" * 64),
        parts(b"x", size=2),
        parts(b"x", data="!"),
        parts(b"x", data=None),
        parts(b"x", parts=10**12),
        parts(b"x", parts="1"),
        parts(b"x", size="1"),
        parts(b"x", size=10**15),
        parts(b"0" * 99 * MIB, size=-1),
        parts(b"x", data=base64.b64encode(zlib.compress(b"0" * 99 * MIB)).decode()),
        parts(b"x", part=1),
        [{"of": "", "part": 0}],
    ],
)  # fmt: skip
def test_forged_records_are_no_value(records: list[dict[str, Any]]) -> None:
    assert results(parts(b"x"), WANTED, MIB) == {"": Result(b"x")}
    assert results(records, WANTED, MIB)[""].data is None


def test_what_is_no_record_of_a_value_is_nothing() -> None:
    assert results([{"of": 1, "part": 0}, {"of": "m", "part": []}, {}], WANTED, MIB) == {}


def test_nobody_sets_what_was_not_asked_for() -> None:
    # A program that prints foreign text may print such records, too.
    assert results(parts(b"x", of="print"), WANTED, MIB) == {}
