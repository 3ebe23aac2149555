"""torchrun in the program's own interpreter, with a word on the ranks that failed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .rank_errors import SEEN_BY_TORCHRUN


def run_torchrun(arguments: Sequence[str]) -> None:
    """Be torchrun, and leave a note of how each rank failed.

    The message that torchrun itself hands on says nothing of a rank that a signal has ended.
    """
    # As under ``python -m``, the folder of this file is none to import from.
    sys.path[0] = os.getcwd()
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    sys.argv[:] = ["torchrun", *arguments]
    try:
        run.main(list(arguments))
    except ChildFailedError as failed:
        folder = os.environ.get("TRAINHUB_ERROR_DIR")
        if folder:
            seen = {rank: _seen(failure) for rank, failure in failed.failures.items()}
            Path(folder, SEEN_BY_TORCHRUN).write_text(json.dumps(seen))
        raise


def _seen(failure: Any) -> dict[str, Any]:
    """A ``ProcessFailure``; where the program was a function under ``@record`` with its error."""
    code = failure.exitcode
    seen = {"exit_code": 128 - code if code < 0 else code, "time": failure.timestamp}
    told = failure.error_file_data.get("message")
    if isinstance(told, dict):
        stack = (told.get("extraInfo") or {}).get("py_callstack")
        seen |= {"message": str(told.get("message")), "traceback": str(stack or "")[-8192:]}
    return seen
