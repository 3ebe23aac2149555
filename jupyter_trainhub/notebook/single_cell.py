"""One cell as a program of its own: the definitions that it needs, and then the cell."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.inpod.value_encoding import TooLarge, Unencodable, encode
from jupyter_trainhub.notebook.bundle import CELLS, Bundle
from jupyter_trainhub.notebook.definitions import Executed
from jupyter_trainhub.notebook.planned import Plan
from jupyter_trainhub.notebook.remark import Remark

# Bytes of values that go along, as they travel; they are part of the job's code.
LARGEST_VALUES = 512 * 1024


@dataclass(frozen=True)
class SingleCell:
    """The cell ``In[number]``: its id in the notebook, its text, and what of it runs, ``body``.

    ``definitions`` run before it; ``origins`` are ids and texts of the cells that they are from, by
    number.
    """

    number: int
    id: str
    source: str
    body: str
    definitions: Sequence[Executed] = ()
    origins: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """A notebook that holds nothing else."""
        cells = [(f"In-{each.number}", each.source) for each in self.definitions]
        return {
            "nbformat": 4,
            "cells": [
                {"cell_type": "code", "id": id_, "metadata": {}, "source": source}
                for id_, source in [*cells, (self.id, self.body)]
            ],
        }

    def named(self, plan: Plan) -> Plan:
        """``plan``, made of the document, with remarks that name cells as the kernel does."""
        numbers = [*(each.number for each in self.definitions), self.number]

        def rename(remark: Remark) -> Remark:
            if remark.cell is None:
                return remark
            message = f"In[{numbers[remark.cell]}]: {remark.message}"
            return replace(remark, cell=None, message=message)

        return replace(
            plan,
            warnings=tuple(map(rename, plan.warnings)),
            errors=tuple(map(rename, plan.errors)),
        )

    def bundled(
        self,
        made: Bundle,
        values: Mapping[str, str],
        result: Mapping[str, Any],
        positions: Mapping[str, int],
    ) -> Bundle:
        """``made``, of the plan, with ``values`` to begin with and the ``result`` that is wanted.

        Tracebacks name its cells as the kernel does, ``In[7]``. ``positions`` are those of cells in
        the notebook, by their ids, as far as they are known.
        """
        numbers = {f"In-{each.number}": each.number for each in self.definitions}
        document = json.loads(made.files[CELLS])
        for entry in document["cells"]:
            number = numbers.get(entry["id"], self.number)
            id_, original = self.origins.get(number, (self.id, self.source))
            entry |= {"index": positions.get(id_), "id": id_, "file": f"In[{number}]"}
            entry["original"] = original
        document |= {"values": dict(values), "result": dict(result)}
        text = json.dumps(document, ensure_ascii=False, indent=1).encode()
        return replace(made, files={**made.files, CELLS: text})


def packed_values(values: Mapping[str, Any]) -> dict[str, str]:
    """``values`` by their names, as they travel with a cell.

    Raises InvalidField for what has no safe form, and where they are too large together.
    """
    texts: dict[str, str] = {}
    for name, value in values.items():
        try:
            data = encode(value, 64 * LARGEST_VALUES)
        except Unencodable as error:
            raise InvalidField(f"{name}: {error}", field="--pass") from None
        except TooLarge as error:
            raise _too_large(error.size) from None
        texts[name] = base64.b64encode(zlib.compress(data)).decode()
    size = sum(map(len, texts.values()))
    if size > LARGEST_VALUES:
        raise _too_large(size)
    return texts


def _too_large(size: int) -> InvalidField:
    return InvalidField(
        f"the values take {size} bytes, and a job carries at most {LARGEST_VALUES}",
        field="--pass",
        remedy="Save them to a file in a mounted folder, and read it in the cell.",
    )
