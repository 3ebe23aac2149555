"""Names of images, read as container engines do (github.com/distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HOST_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_PATH_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<domain>(?:{_HOST_PART}(?:\.{_HOST_PART})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?)"
    rf"/(?P<path>{_PATH_PART}(?:/{_PATH_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?",
    re.ASCII,
)
_IDENTIFIER = re.compile("[a-f0-9]{64}")
_LONGEST_PATH = 255
_DEFAULT_DOMAIN = "docker.io"


class InvalidReference(ValueError):
    """The text names no image; the message is that of container engines."""


@dataclass(frozen=True)
class Reference:
    """A full image name; with neither tag nor digest given, the tag is `latest`."""

    domain: str
    path: str
    tag: str
    digest: str

    @property
    def repository(self) -> str:
        """The name without tag and digest, as `docker.io/library/busybox`."""
        return f"{self.domain}/{self.path}"

    def __str__(self) -> str:
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.repository}{tag}{digest}"


def parse(text: str) -> Reference:
    """The image that people call `text`: `busybox` is `docker.io/library/busybox:latest`.

    Raises:
        InvalidReference: it is no image name.
    """
    if _IDENTIFIER.fullmatch(text):
        raise InvalidReference(
            f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        )
    first, slash, rest = text.partition("/")
    # A host is told from a folder by a dot, a port or a capital; and there is `localhost`.
    if not slash or not (set(".:") & set(first) or first == "localhost" or first.lower() != first):
        first, rest = _DEFAULT_DOMAIN, text
    elif first == "index.docker.io":
        first = _DEFAULT_DOMAIN
    if first == _DEFAULT_DOMAIN and "/" not in rest:
        rest = f"library/{rest}"
    path = rest.partition(":")[0]
    if path.lower() != path:
        raise InvalidReference(
            f"invalid reference format: repository name ({path}) must be lowercase"
        )
    match = _REFERENCE.fullmatch(f"{first}/{rest}")
    if match is None:
        raise InvalidReference("invalid reference format")
    if len(match["path"]) > _LONGEST_PATH:
        raise InvalidReference(f"repository name must not be more than {_LONGEST_PATH} characters")
    digest = match["digest"] or ""
    return Reference(
        match["domain"], match["path"], match["tag"] or ("" if digest else "latest"), digest
    )
