"""What a cell is worth, sent to the notebook that started the job by records in the log.

Each value is encoded (``value_encoding.py``), compressed and cut into parts, one record each; the
first says how many there are and the digest of all. A value that cannot be sent is told of instead.
``manifests/result.py`` puts it together again.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..log_record import packed, write_record
from ..value_decoding import decode
from ..value_encoding import TooLarge, Unencodable, encode

# The value of the last expression, until it is sent; no identifier that a person would choose.
_VALUE = "__trainhub_value__"
# Bytes of a part: as a record it stays below the 4 KiB that are written in one piece.
_PART = 2048
_LONGEST_REPR = 500


def read_values(values: Mapping[str, str]) -> dict[str, Any]:
    """What the kernel handed over. Raises Unreadable for what this image has no library for."""
    return {name: decode(zlib.decompress(base64.b64decode(text))) for name, text in values.items()}


def keep_value(source: str) -> ast.Module | str:
    """The code ``source``, so that :func:`send_result` finds the value of a last expression."""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    tree: ast.Module = compile(source, "<cell>", "exec", flags)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return source
    target = ast.copy_location(ast.Name(_VALUE, ast.Store()), last)
    tree.body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
    return tree


def send_result(
    wanted: Mapping[str, Any], namespace: dict[str, Any], env: Mapping[str, str]
) -> None:
    """Write what is ``wanted`` of ``namespace`` to the log, if this is rank 0.

    ``wanted`` has ``expression``, whether the value of the last expression is; ``names``, whose
    values are; and ``max_bytes``, which all of them take at most.
    """
    if (env.get("RANK") or env.get("TRAINHUB_NODE_RANK") or "0") != "0":
        return
    values = {name: namespace[name] for name in wanted["names"] if name in namespace}
    value = namespace.pop(_VALUE, None)
    if wanted["expression"] and value is not None:
        values[""] = value
    room = wanted["max_bytes"]
    for name, value in values.items():
        for number, record in enumerate(_records(value, room)):
            room -= record.get("size", 0) if "sha256" in record else 0
            write_record("result", packed({"of": name, "part": number, **record}))


def _records(value: Any, room: int) -> Iterator[dict[str, Any]]:
    try:
        data = encode(value, room)
    except TooLarge as error:
        yield {"size": error.size, "repr": _shown(value)}
        return
    except Unencodable as error:
        yield {"why": str(error), "repr": _shown(value)}
        return
    except Exception as error:
        # Foreign code may be asked for its content here, as a tensor on a broken GPU.
        yield {"why": f"{type(error).__name__}: {error}"[:_LONGEST_REPR], "repr": _shown(value)}
        return
    about = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    sent = zlib.compress(data, 1)
    parts = [sent[start : start + _PART] for start in range(0, len(sent), _PART)]
    for part in parts:
        yield {**about, "parts": len(parts), "data": base64.b64encode(part).decode()}
        about = {}


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_LONGEST_REPR]
    except Exception as error:
        return f"<{type(value).__name__}, whose repr() raised {type(error).__name__}>"
