"""The git repository of a folder, read without running anything that the repository brings.

A repository may come from anybody, and its configuration names programs: hooks, filters, pagers,
monitors of files, other diff programs, transports for what a partial clone lacks. All of them are
turned off here. What git does not trust at all, a repository of another account, is not read.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jupyter_trainhub.manifests.submission import LARGEST_DIFFERENCE, GitState

# Seconds for everything; a submission must not wait for a slow disk.
TIMEOUT = 5.0
# Of the names of files that git does not track.
_MOST_UNTRACKED = 200
_LARGEST_ANSWER = 64 * 1024

_QUIET = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.quotePath": "false",
    "protocol.allow": "never",
    # A repository that somebody has put into a folder of another one as if it were data.
    "safe.bareRepository": "explicit",
    "diff.external": "",
    "color.ui": "false",
}
# Options for the user's taste, such as diff.noprefix, must not make it inapplicable.
_DIFFERENCE = (
    *("diff", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--submodule=short"),
    "--no-relative",
    *("--src-prefix=a/", "--dst-prefix=b/", "HEAD"),
)
_UNTRACKED = (
    *("ls-files", "--others", "--exclude-standard", "--full-name", "-z"),
    *("--directory", "--no-empty-directory", ":/"),
)
_FILTERS = r"^filter\..*\.(clean|smudge|process|required)$"


@dataclass(frozen=True)
class Repository:
    """What is recorded of a repository; see ``Submission`` for the meaning of each."""

    git: GitState | None = None
    difference: bytes = b""
    remark: str = ""


def read(folder: Path, timeout: float = TIMEOUT) -> Repository:
    """The repository around ``folder``, in at most ``timeout`` seconds; never raises.

    The difference is capped at 256 KiB and says so.
    """
    git = _Git(folder, time.monotonic() + timeout)
    try:
        tree = git.text("rev-parse", "--show-toplevel")
        if tree is None:
            return Repository()
        if not _is_tree_of(Path(tree), folder):
            raise _Untold("The repository names a folder as its own that is not.")
        git.disarm()
        return _repository(git)
    except _Untold as untold:
        return Repository(remark=str(untold))


def _is_tree_of(tree: Path, folder: Path) -> bool:
    """Whether ``tree`` is the next folder above ``folder`` that has a repository."""
    # Its configuration may name another (core.worktree), whose files would be told as differences.
    above = folder.resolve()
    found = next((at for at in (above, *above.parents) if (at / ".git").exists()), None)
    return found is not None and found.samefile(tree)


def _repository(git: _Git) -> Repository:
    commit = git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    branch = git.text("symbolic-ref", "--quiet", "--short", "HEAD")
    remote = git.text("config", "--get", f"branch.{branch}.remote") if branch else None
    address = git.text("config", "--get", f"remote.{remote or 'origin'}.url")
    try:
        changes = git.run(*_DIFFERENCE, limit=LARGEST_DIFFERENCE) if commit else b""
        untracked = _names(git.run(*_UNTRACKED))
        remark = ""
    except _Untold as untold:
        # What is known already is kept: the commit is told even where a difference takes too long.
        changes, untracked, remark = b"", [], str(untold)
    state = GitState(
        commit,
        branch,
        dirty=bool(changes or untracked or remark),
        remote=None if address is None else without_credentials(address),
    )
    return Repository(state, difference(changes, untracked), remark)


def difference(changes: bytes, untracked: Sequence[str]) -> bytes:
    """``git diff``'s output below lines with ``# `` that ``git apply`` skips."""
    head = [f"# Not tracked by git: {name}" for name in untracked[:_MOST_UNTRACKED]]
    if len(untracked) > _MOST_UNTRACKED:
        head.append(f"# and {len(untracked) - _MOST_UNTRACKED} more files.")
    room = LARGEST_DIFFERENCE - sum(len(line.encode()) + 1 for line in head) - 100
    if len(changes) > room:
        changes = changes[: changes.rfind(b"\n", 0, room) + 1]
        head.append(f"# The difference is cut off after {len(changes)} bytes.")
    return "".join(f"{line}\n" for line in head).encode(errors="replace") + changes


def without_credentials(address: str) -> str:
    """A remote's address without user, password, and what follows ``?``."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        # user@host:path of ssh has no password in it.
        return address
    place, slash, path = rest.partition("/")
    if scheme not in ("ssh", "git+ssh"):
        place = place.rpartition("@")[2]
    elif "@" in place:
        user, _, host = place.rpartition("@")
        place = f"{user.partition(':')[0]}@{host}"
    return f"{scheme}://{place}{slash}{path}".partition("?")[0]


def _names(listed: bytes) -> list[str]:
    found = (name.decode(errors="replace") for name in listed.split(b"\0")[:-1])
    # A name may hold line breaks, and each is one line here.
    return [re.sub(r"[\x00-\x1f\x7f]", "�", name) for name in found]


class _Untold(Exception):
    """Why a repository cannot be read, as a sentence."""


class _Git:
    """Runs git in one folder until a deadline."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self._folder = folder
        self._deadline = deadline
        self._settings = dict(_QUIET)

    def disarm(self) -> None:
        """Turn off the filters that the configuration names, by which files are read."""
        found = self.run("config", "--name-only", "-z", "--get-regexp", _FILTERS)
        if len(found) > _LARGEST_ANSWER:
            raise _Untold("The repository has too many filters.")
        for name in found.decode(errors="surrogateescape").split("\0")[:-1]:
            self._settings[name] = "false" if name.endswith(".required") else ""

    def text(self, *arguments: str) -> str | None:
        """The only line that git prints; None where it prints nothing."""
        return self.run(*arguments).decode(errors="replace").strip() or None

    def run(self, *arguments: str, limit: int = _LARGEST_ANSWER) -> bytes:
        """What git prints, at most ``limit`` bytes and one more. Raises _Untold."""
        try:
            process = subprocess.Popen(
                ["git", "--no-pager", *arguments],
                cwd=self._folder,
                env=_environment(self._settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            if not self._folder.is_dir():
                raise _Untold("The folder of the code is not on this machine.") from None
            raise _Untold("git is not installed where the job was submitted.") from None
        except OSError as error:
            raise _Untold(f"git cannot be started: {error.strerror}.") from None
        with process:
            return self._answer(process, limit)

    def _answer(self, process: subprocess.Popen[bytes], limit: int) -> bytes:
        assert process.stdout is not None
        assert process.stderr is not None
        out, complaint = bytearray(), bytearray()
        try:
            if _read_until(self._deadline, {process.stdout: out, process.stderr: complaint}, limit):
                process.kill()
                return bytes(out)
            code = process.wait(max(0.0, self._deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            process.kill()
            raise _Untold("The repository is too large to be read in a few seconds.") from None
        if b"dubious ownership" in complaint or b"unsafe repository" in complaint:
            raise _Untold(
                "git does not trust the repository, which belongs to another account: "
                "git config --global --add safe.directory FOLDER"
            )
        # 1 is git's way to say that there is no such setting, branch or commit.
        return bytes(out) if code == 0 else b""


def _read_until(deadline: float, pipes: Mapping[IO[bytes], bytearray], limit: int) -> bool:
    """Read pipes to their ends; whether the first of them gave more than ``limit`` bytes."""
    import selectors

    first = next(iter(pipes.values()))
    with selectors.DefaultSelector() as selector:
        for pipe in pipes:
            selector.register(pipe, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fileobj)
                    continue
                text = pipes[key.fileobj]  # type: ignore[index]
                text += chunk
                if text is not first:
                    del text[:-_LARGEST_ANSWER]
                elif len(first) > limit:
                    return True
    return False


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    # GIT_CONFIG_COUNT (git 2.31) takes names with any characters, unlike -c.
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    numbered = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        numbered[f"GIT_CONFIG_KEY_{number}"] = name
        numbered[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        **inherited,
        **numbered,
        # An index is not refreshed behind the user's back.
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # Nothing is fetched for a partial clone.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }
