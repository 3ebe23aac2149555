"""Which cells of which notebook files are read and chosen."""

from __future__ import annotations

import json

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook.cells import read_cells, reason_to_skip
from tests.notebook.conftest import MakeNotebook


def test_reads_code_cells_with_their_place_among_all_cells() -> None:
    document = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "cells": [
            {"cell_type": "markdown", "id": "m", "source": "# Title", "metadata": {}},
            {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y = 2"], "metadata": {}},
        ],
    }
    (cell,) = read_cells(json.dumps(document).encode())
    assert (cell.index, cell.id, cell.source) == (1, "a", "x = 1\ny = 2")


def test_reads_format_3() -> None:
    document = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "source": "Old", "metadata": {}},
                    {
                        "cell_type": "code",
                        "input": ["print(1)"],
                        "language": "python",
                        "metadata": {},
                        "outputs": [],
                        "collapsed": False,
                    },
                ]
            }
        ],
    }
    assert read_cells(document) == read_cells(document)
    assert [cell.source for cell in read_cells(document)] == ["print(1)"]


def test_reads_format_4_without_ids() -> None:
    cell = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
    (read,) = read_cells({"nbformat": 4, "nbformat_minor": 0, "cells": [cell]})
    assert read.id == "1"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"print('hello')", "not JSON"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b"", "not JSON"),
        (b"[1, 2]", "not an object"),
        (b"{}", "format version"),
        (b'{"nbformat": 99}', "format version 99"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [1]}', "cell 1 has no type"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": 3}]}', "cell 1 is not text"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_says_why_a_file_is_not_a_notebook(content: bytes, problem: str) -> None:
    with pytest.raises(InvalidField, match=problem) as caught:
        read_cells(content)
    assert caught.value.field == "notebook"
    assert caught.value.remedy


def test_a_tag_leaves_a_cell_out(notebook: MakeNotebook) -> None:
    cells = read_cells(notebook("a = 1", ("b = 2", "trainhub-skip"), "  \n"))
    assert [reason_to_skip(cell, cells) for cell in cells] == [
        None,
        "tagged trainhub-skip",
        "empty",
    ]


def test_one_tagged_cell_leaves_out_the_untagged_ones(notebook: MakeNotebook) -> None:
    cells = read_cells(
        notebook(
            ("import os", "imports"),
            ("def f(): ...", "functions"),
            ("lr = 1", "parameters"),
            "plot()",
            ("train()", "trainhub"),
            ("submit()", "trainhub", "trainhub-skip"),
        )
    )
    running = [cell.source for cell in cells if reason_to_skip(cell, cells) is None]
    assert running == ["import os", "def f(): ...", "lr = 1", "train()"]
