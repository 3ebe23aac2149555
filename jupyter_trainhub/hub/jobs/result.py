"""What the cell of a job was worth, read out of the log of its first pod."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.result import EXPRESSION, Result, results

__all__ = ["EXPRESSION", "Result", "read_results"]


def read_results(log: Iterable[bytes], wanted: Collection[str], largest: int) -> dict[str, Result]:
    """The values in the ``log`` of rank 0, read with records; none of more than ``largest`` bytes.

    By the names of variables, of which those ``wanted`` are read; the cell's own value is
    ``EXPRESSION``.
    """
    records = (record for text in _candidates(log) for record in log_record.find(text, "result"))
    return results(records, wanted, largest)


def _candidates(log: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines that may be records, some at a time: a log may be larger than the memory."""
    rest = b""
    for chunk in log:
        *lines, rest = (rest + chunk).split(b"\n")
        found = [line for line in lines if b"[trainhub] result " in line]
        if found:
            yield b"\n".join(found)
    yield rest
