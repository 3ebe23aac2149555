"""Why a container or a pod ended, in plain words."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from jupyter_trainhub.manifests import foreign_json, log_record, troubles
from jupyter_trainhub.manifests.explanation import Explanation, explain, last_cause
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.redaction import redacted_text
from jupyter_trainhub.manifests.scheduling import requested
from jupyter_trainhub.specs.quantity import describe_memory

_SIGNALS = {
    129: "SIGHUP",
    130: "SIGINT",
    132: "SIGILL",
    134: "SIGABRT",
    135: "SIGBUS",
    136: "SIGFPE",
    137: "SIGKILL",
    139: "SIGSEGV",
    143: "SIGTERM",
}


def ended_by_kubelet(status: Object) -> Explanation:
    """Why the node itself ended the pod of this ``status``, which has a reason of its own."""
    reason, message = status["reason"], status.get("message", "")
    known = explain(troubles.ENDED, reason, f"{reason} {message}".strip())
    if known is not None:
        return replace(known, details=message or None)
    return Explanation(
        reason,
        message or f"Kubernetes ended it: {reason}.",
        "Start it again; if it goes on, ask the admin.",
        message or None,
    )


def termination(pod: Object, ended: Object) -> tuple[Explanation, dict[str, Any] | None]:
    """Why a container of ``pod`` ended badly, and the launcher's error.

    ``ended`` is its state ``terminated``.
    """
    code, reason = ended.get("exitCode"), ended.get("reason") or "Error"
    text = _shown(ended.get("message", ""))
    if reason == "OOMKilled":
        limit = requested(pod, "memory")
        bound = f" of {describe_memory(float(limit))}" if limit else ""
        place = _place(text)
        ran = f" while cell {place['cell'] + 1} ran" if place else ""
        message = f"It used more memory than its limit{bound}{ran}."
        error = {**place, "etype": reason, "message": message} if place else None
        return Explanation(reason, message, "Give it more memory."), error
    told = _told(text)
    if told:
        error = told["error"] if isinstance(told.get("error"), dict) else None
        message = str(told.get("message") or _exit_sentence(code))
        # What an exception says is the program's own; it may end as it likes.
        stop = "" if error or message.endswith((".", "!", "?", "…")) else "."
        message = f"{message[:1].upper()}{message[1:]}{stop}"
        return Explanation(str(told.get("reason") or reason), message), error
    if reason in ("StartError", "ContainerCannotRun"):
        known = explain(troubles.STARTING, reason, text)
        message = f"The program could not be started: {last_cause(text)}."
        return known or Explanation(reason, message, "Look at its log.", text or None), None
    if reason in ("Error", "Completed"):
        place = _place(text)
        if place:
            # The launcher itself was ended.
            message = f"{_exit_sentence(code).rstrip('.')} while cell {place['cell'] + 1} ran."
            error = {**place, "etype": None, "message": message}
            return Explanation("Error", message, "Look at its log."), error
        last = _last_line(text)
        message = f"{_exit_sentence(code)}{f' Its last line: {last}' if last else ''}"
        return Explanation("Error", message, "Look at its log.", text or None), None
    return Explanation(reason, text or _exit_sentence(code), "Look at its log."), None


def _shown(message: str) -> str:
    """``message`` without the launcher's record of the environment, where it is the log's end."""
    lines = message.splitlines(keepends=True)
    return "".join(line for line in lines if not log_record.hide(line.encode()))


def _place(message: str) -> dict[str, Any] | None:
    """The cell that ran: as the launcher tells, or the notebook noted when the cell began."""
    with contextlib.suppress(ValueError):
        told = foreign_json.parse(message)
        place = told.get("error", told) if isinstance(told, dict) else None
        if isinstance(place, dict) and isinstance(place.get("cell"), int):
            return {**dict.fromkeys(("rank", "lineno", "line")), **place}
    return None


def _told(message: str) -> dict[str, Any]:
    """The launcher's termination message, ``{reason, message, exit_code, error}``; {} if none."""
    try:
        told = foreign_json.parse(message)
    except ValueError:
        return {}
    return _redacted(told) if isinstance(told, dict) and "message" in told else {}


def _redacted(told: dict[str, Any]) -> dict[str, Any]:
    """What a program said, without what looks like a secret."""
    return {
        name: redacted_text(value, {})
        if isinstance(value, str)
        else _redacted(value)
        if isinstance(value, dict)
        else value
        for name, value in told.items()
    }


def _exit_sentence(code: int | None) -> str:
    if code is None:
        return "It ended; its exit code is not known."
    if code in _SIGNALS:
        return f"It was ended by {_SIGNALS[code]} (exit code {code})."
    return f"It ended with exit code {code}."


def _last_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
