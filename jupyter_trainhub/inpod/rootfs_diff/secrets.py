"""What is known to be a secret by what is in it."""

import os
import re

from .opening import MIB

# What only secrets look like: a kind, words of which one must occur, and how it goes on.
SECRETS = [
    ("private key", [b"PRIVATE KEY"],
     rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|[\r\n]){1,4}[\w/:, .-]{16}"),
    ("AWS access key", [b"AKIA", b"ASIA"], rb"\bA[KS]IA(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b"),
    ("Hugging Face token", [b"hf_"], rb"\bhf_[A-Za-z0-9]{30,}\b"),
    ("GitHub token", [b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"],
     rb"\b(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{36,}"),
    ("GitLab token", [b"glpat-"], rb"\bglpat-[\w-]{20,}"),
    ("Slack token", [b"xox"], rb"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    # Classes of CSS begin so, too, but have no digits and capitals.
    ("API key", [b"sk-"], rb"\bsk-(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])[\w-]{32,}"),
]  # fmt: skip
# Packages bring keys for their tests, and are many; nobody keeps secrets in them.
PACKAGES = re.compile(rb"/(?:site-packages|dist-packages|node_modules|pkgs)/|\A/usr/(?:lib|share)/")
# These lie beside secrets, and everybody may see them.
PUBLIC = re.compile(rb"\.pub\Z|\A(?:known_hosts(?:\.old)?|authorized_keys)\Z")


def is_searched(path: bytes, found: os.stat_result) -> bool:
    """Whether a file's content may hold secrets."""
    return 0 < found.st_size <= MIB and not PACKAGES.search(path)


def secret_in(text: bytes) -> "tuple[str, int] | None":
    """What kind of secret a file's content holds, and on which line; None for binary files."""
    if b"\0" in text[:8192]:
        return None
    for kind, words, regex in SECRETS:
        match = re.search(regex, text) if any(word in text for word in words) else None
        if match:
            return kind, text.count(b"\n", 0, match.start()) + 1
    return None
