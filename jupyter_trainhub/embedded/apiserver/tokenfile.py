"""Users and their bearer tokens, in the format of kube-apiserver's ``--token-auth-file``."""

from __future__ import annotations

import csv
import fcntl
import hmac
import io
import os
import re
import secrets
from dataclasses import replace
from pathlib import Path

from .. import private_file
from .user import User

# A name is also a file's, and needs no quoting in a kubeconfig.
_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.@]{0,62}")
_GROUP = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.@:/]{0,127}")

Users = dict[str, tuple[str, User]]


class TokenFile:
    """Users by their tokens. Read again when it changes: other processes add users."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._users: Users = {}

    def find(self, token: str) -> User | None:
        """The user whose token it is; takes equally long for every wrong one."""
        given, found = token.encode(), None
        for known, user in self.users().values():
            if hmac.compare_digest(known.encode(), given):
                found = user
        return found

    def users(self) -> Users:
        """Token and user by the user's name."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return {}
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp != self._stamp:
            with self._path.open(newline="") as file:
                self._users = {
                    name: (token, User(name, tuple(groups.split(",")) if groups else (), uid))
                    for token, name, uid, groups in csv.reader(file)
                }
            self._stamp = stamp
        return self._users

    def add(self, name: str, groups: tuple[str, ...] = ()) -> str:
        """The token of a user, made when there is none; groups, if given, replace the earlier.

        Raises:
            ValueError: the name or a group is none; the message says what would be one.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} is no user's name: up to 63 letters, digits and '-_.@', the first a "
                "letter or a digit"
            )
        for group in groups:
            if not _GROUP.fullmatch(group):
                raise ValueError(
                    f"{group!r} is no group's name: up to 128 letters, digits and '-_.@:/', the "
                    "first a letter or a digit"
                )
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            # Two commands at once must not lose one another's users.
            fcntl.flock(folder, fcntl.LOCK_EX)
            known = self.users()
            token, user = known.get(name) or (secrets.token_urlsafe(32), User(name))
            entry = (token, replace(user, groups=groups or user.groups))
            if known.get(name) != entry:
                self._write({**known, name: entry})
        finally:
            os.close(folder)
        return token

    def _write(self, users: Users) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(
            (token, user.name, user.uid, ",".join(user.groups)) for token, user in users.values()
        )
        private_file.write(self._path, text.getvalue())
