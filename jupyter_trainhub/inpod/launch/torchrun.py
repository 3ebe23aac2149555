"""torchrun in the program's own interpreter, with a word on the rank that failed first."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from .ending import FAILED_RANK


def run_torchrun(arguments: Sequence[str]) -> None:
    """Be torchrun, and leave a note of the rank that failed first.

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
        rank, failure = failed.get_first_failure()
        folder = os.environ.get("TRAINHUB_ERROR_DIR")
        if folder:
            Path(folder, FAILED_RANK).write_text(f"{rank} {failure.exitcode}")
        raise
