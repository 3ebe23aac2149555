"""How a pod ends: the reasons, what exit codes say, and the message for Kubernetes."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TIME_LIMIT_CODE = 124  # what timeout(1) returns, so that scripts recognise it
# The kubelet keeps no more of a container's message:
# https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
LONGEST_MESSAGE = 4096

_MEANINGS = {
    0: "success",
    1: "the program reported an error",
    2: "the program did not accept its arguments",
    TIME_LIMIT_CODE: "the time limit was reached",
    126: "the program is not executable",
    127: "the program was not found",
    134: "the program aborted itself (SIGABRT)",
    135: "bus error (SIGBUS), most often because /dev/shm is full: ask for more shared memory",
    136: "arithmetic error in native code (SIGFPE)",
    137: "killed (SIGKILL), most often because the memory limit was reached",
    139: "segmentation fault in native code (SIGSEGV)",
    143: "told to stop (SIGTERM)",
}
_MEMORY_EVENTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


class Ended(Exception):
    """The pod ends without the program's own verdict; carries what is reported.

    Reasons: TimeLimit, Terminated, PeerTimeout, PeerLost, CannotStart, SetupFailed,
    InvalidEnvironment, Error.
    """

    def __init__(self, reason: str, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.exit_code = exit_code


def say(text: str) -> None:
    """Write one line of the launcher's own into the pod's log."""
    print(f"[trainhub] {text}", file=sys.stderr, flush=True)


def meaning(exit_code: int) -> str:
    """What ``exit_code`` says, in plain words."""
    if exit_code in _MEANINGS:
        return _MEANINGS[exit_code]
    if exit_code > 128:
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(exit_code - 128).name}"
    return "the program reported an error"


def memory_kills() -> int:
    """How many processes of this container the kernel has killed for memory (cgroup v2, v1)."""
    for path in _MEMORY_EVENTS:
        with contextlib.suppress(OSError, ValueError):
            for line in Path(path).read_text().splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
    return 0


def termination_message(
    reason: str, message: str, exit_code: int, error: Mapping[str, Any] | None = None
) -> bytes:
    """The JSON that the pod's status shows, shortened to what the kubelet keeps."""
    document: dict[str, Any] = {"reason": reason, "message": message, "exit_code": exit_code}
    if error is not None:
        document["error"] = {key: value for key, value in error.items() if key != "frames"}
    encoded = json.dumps(document).encode()
    if len(encoded) > LONGEST_MESSAGE and error is not None:
        document["error"].pop("traceback", None)
        encoded = json.dumps(document).encode()
    keep = LONGEST_MESSAGE
    while len(encoded) > LONGEST_MESSAGE and keep:
        keep //= 2
        for holder in (document, document.get("error", {})):
            for key, value in holder.items():
                if isinstance(value, str) and len(value) > keep:
                    holder[key] = value[:keep] + "…"
        encoded = json.dumps(document).encode()
    return encoded
