"""Which answer an exception gives: the one map from errors to HTTP."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from tornado.web import HTTPError

from jupyter_trainhub.errors import Cause, InvalidField, TrainHubError


def answer(error: BaseException) -> tuple[int, dict[str, Any]]:
    """The status and the JSON body ``{message, reason, details}`` for an exception.

    An exception that nobody foresaw is told as such and nothing more: its text may hold what the
    user must not see. It stands in the server's log.
    """
    domain = _domain_error(error)
    if domain is not None:
        return domain.status, domain.to_dict()
    if isinstance(error, HTTPError):
        phrase = error.reason or _phrase(error.status_code)
        # Tornado doubles each `%` of a message that comes without arguments.
        message = (error.log_message or phrase) % error.args
        return error.status_code, _body(message, phrase.title().replace(" ", ""))
    return 500, _body(
        "TrainHub failed in a way that was not foreseen",
        "InternalError",
        "Look into the log of the Jupyter server, and report it.",
    )


def is_foreseen(error: BaseException | None) -> bool:
    """Whether the exception is an answer to the user, not a defect to log with its traceback."""
    return error is not None and _domain_error(error) is not None


def _domain_error(error: BaseException) -> TrainHubError | None:
    if isinstance(error, TrainHubError):
        return error
    # Looked up, not imported: without pydantic in the process there is no such error, and importing
    # it takes long.
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not isinstance(error, pydantic.ValidationError):
        return None
    causes = [
        Cause(field=".".join(map(str, problem["loc"])) or "body", message=problem["msg"])
        for problem in error.errors()
    ]
    return InvalidField(
        causes[0]["message"],
        field=causes[0]["field"],
        remedy="Correct this field.",
        causes=causes,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _body(message: str, reason: str, remedy: str | None = None) -> dict[str, Any]:
    details: dict[str, Any] = {"field": None, "remedy": remedy, "causes": []}
    return {"message": message, "reason": reason, "details": details}
