"""Records in logs, also those that a program wrote in our name."""

from __future__ import annotations

import base64
import time
import zlib

from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.manifests import log_record


def record(text: str) -> bytes:
    return f"[trainhub] errors {text} [trainhub]\n".encode()


def test_records_are_found_and_others_left_out() -> None:
    log = b"a\n" + record(packed({"n": 1})) + record("!") + record("QUJD") + record(packed({}))
    assert list(log_record.find(log, "errors")) == [{"n": 1}, {}]
    assert not [*log_record.find(log, "progress")]


def test_bombs_take_neither_time_nor_memory() -> None:
    # 4 MiB in 5 KiB, as often as the end of a log that is read has room.
    bomb = zlib.compress(b'{"a": "' + b" " * (4 << 20) + b'"}', 9)
    begun = time.process_time()
    assert not [*log_record.find(record(base64.b64encode(bomb).decode()) * 90, "errors")]
    assert time.process_time() - begun < 1
