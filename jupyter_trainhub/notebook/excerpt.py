"""Some statements of a cell, on the lines that they have there."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence


def excerpt(source: str, chosen: Sequence[ast.stmt]) -> str:
    """The ``chosen`` statements of ``source`` and nothing else, on their own lines."""
    lines = source.encode().splitlines(keepends=True)
    texts: dict[int, list[str]] = defaultdict(list)
    for node in chosen:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        last = node.end_lineno or node.lineno
        part = lines[first - 1 : last]
        # Other statements may stand on the same lines; columns count bytes.
        part[-1] = part[-1][: node.end_col_offset]
        part[0] = part[0][0 if first < node.lineno else node.col_offset :]
        texts[first].append(b"".join(part).decode())
    result: list[str] = []
    for first in sorted(texts):
        text = "; ".join(texts[first])
        at = sum(each.count("\n") for each in result) + 1
        result.append("\n" * (first - at) + text + "\n")
    return "".join(result)
