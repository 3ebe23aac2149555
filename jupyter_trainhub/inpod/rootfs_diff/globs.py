"""Patterns of paths: what the user and the site leave out."""

import re
from typing import Any


class Globs:
    """Patterns of paths."""

    def __init__(self, patterns: "list[str]") -> None:
        self._by_name: dict[bytes, list[Any]] = {}
        self._others: list[Any] = []
        for pattern in patterns:
            words = pattern.encode("utf-8", "surrogateescape").strip(b"/").split(b"/")
            inside = words[-1] == b"**"
            words = words[:-1] if inside else words
            if not pattern.startswith("/"):
                words.insert(0, b"**")
            last = words[-1] if words else b""
            rule = (re.compile(b"".join(map(_regex, words)) + rb"\Z"), pattern, inside)
            if b"*" in last or b"?" in last:
                self._others.append((re.compile(_regex(last) + rb"\Z"), rule))
            else:
                self._by_name.setdefault(last, []).append(rule)

    def find(self, path: bytes, name: bytes) -> "tuple[str, bool] | None":
        """The pattern that ``path`` is of, and whether only what lies in it is meant."""
        rules = self._by_name.get(name, [])
        # The name alone decides quickly about most.
        rules = rules + [rule for last, rule in self._others if last.match(b"/" + name)]
        for regex, pattern, inside in rules:
            if regex.match(path):
                return pattern, inside
        return None

    def cover(self, path: bytes) -> bool:
        """Whether ``path``, or a folder that it lies in, is meant by a pattern."""
        itself = True
        while path:
            folder, _, name = path.rpartition(b"/")
            match = self.find(path, name)
            if match is not None and not (itself and match[1]):
                return True
            path, itself = folder, False
        return False


def _regex(word: bytes) -> bytes:
    if word == b"**":
        return rb"(?:/[^/]+)*"
    return b"/" + re.escape(word).replace(rb"\*", b"[^/]*").replace(rb"\?", b"[^/]")
