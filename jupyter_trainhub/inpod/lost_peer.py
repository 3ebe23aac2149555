"""How the ranks of a job say that they have lost another one, which explains nothing.

The words are those of PyTorch (``torch/csrc/distributed/c10d``), Gloo, NCCL, Open MPI and torchrun.
Standard library only: the programs in pods contain this file, too.
"""

from __future__ import annotations

import re

_WORDS = re.compile(
    r"connection (?:was )?(?:closed|reset|aborted|refused)|closed by peer|reset by peer|"
    r"broken pipe|application timeout caused pair closure|timed out waiting \d+ ?ms for|"
    r"socket ?timeout|dist(?:network|store)error|remote process exited|ncclremoteerror|"
    r"collective operation timeout|nccl (?:communicator|operations?).{0,40}(?:aborted|timed out)|"
    r"(?:the )?(?:client|server) socket has (?:failed|timed out)|wait timeout after \d+ms|"
    r"failed to recv, got 0 bytes|exception (?:raised from|in) .{0,60}tcpstore|"
    r"lost communication with|received signal 15|got signal: 15|peerlost|peertimeout|"
    r"other ranks|rank \d+ (?:successfully reached|failed to pass) monitoredbarrier",
    re.IGNORECASE,
)
# PyTorch calls it an error of the network, too, when a port is taken.
_NO_PEER = re.compile(r"EADDRINUSE|address already in use", re.IGNORECASE)
# Characters that are looked at.
_LONGEST = 8192


def lost_peer(text: str) -> bool:
    """Whether ``text``, an error's type and message, only says that another rank has gone."""
    text = text[:_LONGEST]
    return _WORDS.search(text) is not None and _NO_PEER.search(text) is None
