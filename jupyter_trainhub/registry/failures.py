"""What goes wrong with a registry, in words: which registry, which repository, what would do."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

Reason = Literal[
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "Unavailable",
    "Full",
    "Refused",
    "Broken",
    "Cancelled",
]

# The last is how docker-registry tells of ENOSPC and EDQUOT outside of a write.
_FULL = re.compile(
    r"no space left|disk quota|quota exceeded|storage ?full|insufficient storage"
    r"|\"Err\": ?(?:28|122)\b",
    re.I,
)
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_UNDECIDED = {"UNKNOWN", "TOOMANYREQUESTS", "UNAVAILABLE"}
_LONGEST_WORDS = 500  # characters of a registry's answer that are passed on


class RegistryError(Exception):
    """A registry did not do what was asked.

    ``message`` names the registry and the repository, ``remedy`` says what would do, ``reason`` is
    for programs. ``transient``: the same request may do later, and not before ``retry_after``
    seconds where the registry said so. ``status`` is HTTP's, or 0 without an answer.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        reason: Reason = "Refused",
        status: int = 0,
        transient: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.reason: Reason = reason
        self.status = status
        self.transient = transient
        self.retry_after = retry_after

    def __str__(self) -> str:
        if not self.remedy:
            return self.message
        ended = self.message.endswith((".", "?", "!"))
        return f"{self.message}{'' if ended else '.'} {self.remedy}"


def cancelled(where: str) -> RegistryError:
    """Somebody asked for the transfer to end."""
    return RegistryError(f"{where}: cancelled", reason="Cancelled")


def broken(where: str, error: Exception) -> RegistryError:
    """What was read is not what it should be; `error` says where it breaks."""
    return RegistryError(
        f"{where}: {error}",
        remedy="Get it anew from where it came from, and try again.",
        reason="Broken",
    )


def from_answer(
    status: int, headers: Any, body: bytes, where: str, user: str | None = None
) -> RegistryError:
    """The failure that an HTTP answer tells of; `user` is who asked, None for nobody.

    Codes are those of the OCI distribution specification.
    """
    codes, words = _errors(body)
    said = f": {words}" if words else ""
    # A registry that says what it dislikes says so again, whatever the status.
    transient = status in _TRANSIENT and not codes - _UNDECIDED
    retry_after = _seconds(headers.get("Retry-After", ""))
    insufficient = "insufficient_scope" in headers.get("WWW-Authenticate", "")

    def failure(
        message: str, reason: Reason, remedy: str, again: bool = transient
    ) -> RegistryError:
        return RegistryError(
            f"{where}: {message}",
            remedy=remedy,
            reason=reason,
            status=status,
            transient=again,
            retry_after=retry_after,
        )

    if status == 401 and user is None:
        return failure(
            "the registry wants a user name and a password",
            "Unauthorized",
            "Log in to it (docker login), or name a Secret with the password.",
        )
    if status == 401 and not insufficient:
        return failure(
            f"the registry does not accept the password of {user!r}",
            "Unauthorized",
            "Correct the user name or the password; a token may have expired.",
        )
    if status in (401, 403):
        return failure(
            f"the registry does not allow this to {user!r}{said}"
            if user is not None
            else f"the registry does not allow this without a user name{said}",
            "Forbidden",
            "Ask its administrator for the right, or choose a repository that is yours.",
        )
    if status == 507 or (status >= 500 and _FULL.search(body.decode(errors="replace"))):
        return failure(
            "the registry has no space left",
            "Full",
            "Delete images that are not needed, or ask its administrator for more room.",
            False,
        )
    if status == 404:
        return failure(
            f"not found{said}",
            "NotFound",
            "Check the name and the tag; some registries say so of private images, too.",
        )
    if status == 413:
        return failure(
            "a proxy in front of the registry refuses requests of this size",
            "Refused",
            "Ask its administrator to raise the limit (nginx: client_max_body_size 0).",
        )
    if "DIGEST_INVALID" in codes or "SIZE_INVALID" in codes:
        return failure(
            f"the registry received other bytes than were sent{said}",
            "Broken",
            "Try again; if it happens again, a proxy on the way changes what passes.",
        )
    if "HTTP request to an HTTPS server" in body.decode(errors="replace"):
        return failure(
            "the registry answers by HTTPS only, and plain HTTP was asked for",
            "Refused",
            "Give its URL with https://.",
        )
    if status == 429:
        return failure(
            f"the registry says that there were too many requests{said}",
            "Unavailable",
            "Wait, or log in to it: registries allow more to those whom they know.",
        )
    if status >= 500:
        return failure(
            f"the registry failed with status {status}{said}",
            "Unavailable",
            "Try again later; the registry's log says more.",
        )
    return failure(
        f"the registry refused with status {status}{said}",
        "Refused",
        "Check that the address is that of a registry and that the image fits its rules.",
    )


def from_connection(error: Exception, host: str, where: str) -> RegistryError:
    """The failure of a connection to `host`, as urllib3 tells it."""
    text = str(error)
    if re.search(r"WRONG_VERSION_NUMBER|RECORD_LAYER|HTTP_REQUEST|wrong version number", text):
        # Go's programs say: server gave HTTP response to HTTPS client.
        return RegistryError(
            f"{where}: {host} answers by plain HTTP, and HTTPS was asked for",
            remedy="Have it serve HTTPS, or name it in TrainHubConfig.insecure_registries.",
            reason="Refused",
        )
    if "certificate" in text.lower():
        why = re.search(r"verify failed: ([^()]+)|(doesn't match [^()]+)", text)
        reason = next((group for group in why.groups() if group), "") if why else ""
        return RegistryError(
            f"{where}: the certificate of {host} cannot be trusted"
            + (f": {reason.strip()}" if reason else ""),
            remedy="Name the certificate of its authority in TrainHubConfig.registry_ca, or the "
            "registry in insecure_registries.",
            reason="Refused",
        )
    if "refused" in text.lower():
        said = f"{host} refuses connections"
        remedy = "Start the registry, or correct its address."
    elif re.search(r"resolve|Name or service|nodename|name resolution", text, re.I):
        said, remedy = f"there is no host {host}", "Correct the registry's address."
    elif re.search(r"unreachable|no route", text, re.I):
        said = f"{host} cannot be reached from here"
        remedy = "Copy the image from a place that reaches it, or set a proxy."
    elif re.search(r"timed? ?out", text, re.I):
        said = f"{host} does not answer in time"
        remedy = "Try again later, or check the network between."
    else:
        said = f"{host} broke off the connection"
        remedy = "Try again; the registry's log may say more."
    return RegistryError(f"{where}: {said}", remedy=remedy, reason="Unavailable", transient=True)


def _errors(body: bytes) -> tuple[set[str], str]:
    """Codes, and the words for people, of the specification's error document."""
    try:
        found = json.loads(body)["errors"]
        codes = {str(entry.get("code")) for entry in found}
        words = "; ".join(
            dict.fromkeys(str(entry.get("message") or entry.get("code")).strip() for entry in found)
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return set(), ""
    return codes, words[:_LONGEST_WORDS]


def _seconds(retry_after: str) -> float:
    # An HTTP date is possible, too, and no registry sends one.
    return float(retry_after) if retry_after.isdigit() else 0.0
