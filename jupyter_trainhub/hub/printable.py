"""Texts of others on a terminal: their control characters are shown, and not obeyed.

kubectl does so in tables since CVE-2021-25743; logs are passed on as they are, by both.
"""

from __future__ import annotations

import re

# All but the line break and the tabulator; and what turns the direction of writing.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """``text`` with ``^[`` for the escape character, as ``cat -v`` writes it, and so on."""
    return _CONTROL.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"^{chr(code ^ 0x40)}" if code < 0x80 else f"<{code:04X}>"
