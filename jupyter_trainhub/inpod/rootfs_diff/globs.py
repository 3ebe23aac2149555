"""Patterns of paths: what the user and the site leave out."""

import re
from typing import Any

_SPECIAL = re.compile(rb"[*?[]")
_PARTS = re.compile(rb"[*?]|\[!?\]?[^\]]*\]|[^*?[]+|\[")
_WILDCARDS = {b"*": b"[^/]*", b"?": b"[^/]"}


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
            if _SPECIAL.search(last):
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
    return b"/" + b"".join(map(_part_regex, _PARTS.findall(word)))


def _part_regex(part: bytes) -> bytes:
    """A regular expression of a part of a name. ``[*]`` is how a character stands for itself."""
    if part in _WILDCARDS:
        return _WILDCARDS[part]
    if part.startswith(b"[") and part.endswith(b"]"):
        but = part.startswith(b"[!") and part != b"[!]"
        characters = re.escape(part[2 if but else 1 : -1]).replace(rb"\-", b"-")
        regex = (b"[^/" if but else b"[") + characters + b"]"
        try:
            re.compile(regex)
            return regex
        except re.error:
            pass  # such as [z-a]: a name, then
    return re.escape(part)
