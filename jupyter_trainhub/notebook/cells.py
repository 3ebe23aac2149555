"""The code cells of a notebook file, and which of them are meant to run as a job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

from jupyter_trainhub.errors import InvalidField

SKIP_TAG = "trainhub-skip"
ONLY_TAG = "trainhub"
# What programs that execute notebooks unattended leave out, and where they go on after an error:
# https://nbclient.readthedocs.io/en/latest/client.html
SKIP_EXECUTION_TAG = "skip-execution"
MAY_RAISE_TAG = "raises-exception"
PARAMETERS_TAG = "parameters"
# Tags of cells that the cells tagged `trainhub` build on; `imports` and `functions` are Kale's
# names, `parameters` is papermill's.
SUPPORTING_TAGS = frozenset({"imports", "functions", PARAMETERS_TAG})


@dataclass(frozen=True)
class CodeCell:
    """A code cell; ``index`` is its position among all cells of the notebook, from 0."""

    index: int
    id: str
    source: str
    tags: frozenset[str] = frozenset()


def read_cells(source: bytes | str | Mapping[str, Any]) -> list[CodeCell]:
    """The code cells of a notebook: its file's content, or the document that it holds.

    Any format version that ``nbformat`` knows. Raises InvalidField, field ``notebook``, when it is
    not a notebook.
    """
    parsed = _parsed(source)
    _require_python(parsed)
    document = _upgraded(parsed)
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise _unreadable("it has no list of cells")
    found = []
    for index, cell in enumerate(cells):
        if not isinstance(cell, dict) or "cell_type" not in cell:
            raise _unreadable(f"cell {index + 1} has no type")
        if cell["cell_type"] != "code":
            continue
        text = cell.get("source", "")
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "".join(text)
        if not isinstance(text, str):
            raise _unreadable(f"the source of cell {index + 1} is not text")
        metadata = cell.get("metadata")
        tags = metadata.get("tags") if isinstance(metadata, dict) else None
        found.append(
            CodeCell(
                index=index,
                # Formats before 4.5 have no ids.
                id=str(cell.get("id") or index + 1),
                source=text,
                tags=frozenset(map(str, tags)) if isinstance(tags, list) else frozenset(),
            )
        )
    return found


def _unreadable(why: str) -> InvalidField:
    return InvalidField(
        f"this is not a notebook: {why}.",
        field="notebook",
        remedy="Open it in JupyterLab and save it again, or choose another file.",
    )


def _require_python(document: Mapping[str, Any]) -> None:
    """Raise InvalidField for a notebook whose kernel runs another language."""
    metadata = _object(document.get("metadata"))
    kernel = _object(metadata.get("kernelspec"))
    about = _object(metadata.get("language_info"))
    language = str(kernel.get("language") or about.get("name") or "python")
    if not language.lower().startswith(("python", "ipython")):
        raise InvalidField(
            f"this notebook is for the kernel {kernel.get('display_name') or language}, "
            f"which runs {language}; jobs run Python.",
            field="notebook",
            remedy="Choose a notebook with a Python kernel, or run the program by a command.",
        )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _parsed(source: bytes | str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source, Mapping):
        return dict(source)
    try:
        document = json.loads(source)
    except UnicodeDecodeError as error:
        raise _unreadable("its content is not UTF-8 text") from error
    except ValueError as error:
        raise _unreadable(f"its content is not JSON ({error})") from error
    except RecursionError as error:
        raise _unreadable("its JSON is nested too deeply") from error
    if not isinstance(document, dict):
        raise _unreadable("its JSON is not an object")
    return document


def _upgraded(document: dict[str, Any]) -> Mapping[str, Any]:
    version = document.get("nbformat")
    if version == 4:
        return document
    if not isinstance(version, int):
        raise _unreadable("it does not name its format version")
    try:
        # Reading joins the lines of texts, which converting expects.
        upgraded = nbformat.convert(nbformat.reader.reads(json.dumps(document)), 4)
    except Exception as error:
        # nbformat raises whatever the foreign structure provokes.
        raise _unreadable(f"its format version {version} cannot be converted to 4") from error
    # The ids that nbformat draws for the cells change with each conversion.
    return {"cells": [{**cell, "id": None} for cell in upgraded.cells]}


def reason_to_skip(cell: CodeCell, cells: Sequence[CodeCell]) -> str | None:
    """Why ``cell``, one of ``cells``, is not meant to run; None when it is."""
    for tag in (SKIP_TAG, SKIP_EXECUTION_TAG):
        if tag in cell.tags:
            return f"tagged {tag}"
    if not cell.source.strip():
        return "empty"
    selective = any(ONLY_TAG in other.tags for other in cells)
    if selective and not cell.tags & {ONLY_TAG, *SUPPORTING_TAGS}:
        return f"not tagged {ONLY_TAG}, as other cells are"
    return None
