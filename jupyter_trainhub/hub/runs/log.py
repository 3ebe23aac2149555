"""The logs of a run's pods in its record: how they are written, and how they are read again.

A pod's launcher may have written its log beside the record itself, where both see one storage: then
that file is the log, and it is not copied.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.clock import now
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.views import View
from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.job_progress import JobProgress

CHUNK = 1 << 16
# What a program says of its progress at the end stands in so many lines.
_LAST_LINES = 200
# Stands in the middle of a log that was too long.
_LEFT_OUT = b"bytes of the log were left out here."
# A program may have written a line, or a hole, without end.
_FARTHEST = 64 << 20

# What the launcher writes, and what is written here; in this order a log is looked for.
_FILES = ("attempt-{attempt}/node-{rank}.log", "logs/attempt-{attempt}/rank-{rank}.log")
_PATTERN = re.compile(r"(?:logs/)?attempt-(\d+)/(?:node|rank)-(\d+)\.log")


def saved_name(attempt: int, rank: int) -> str:
    """The file of a log that is written here."""
    return _FILES[1].format(attempt=attempt, rank=rank)


def written_by_pod(attempt: int, rank: int) -> str:
    """The file of a log that the pod's launcher writes."""
    return _FILES[0].format(attempt=attempt, rank=rank)


def saved_logs(folder: RunFolder) -> dict[tuple[int, int], str]:
    """The files of a record's logs, by attempt and rank."""
    found: dict[tuple[int, int], str] = {}
    for path, _, _ in reversed(folder.files()):
        match = _PATTERN.fullmatch(path)
        # The launcher also writes a file for each of several processes of a node.
        if match and not (path.startswith("attempt") and "rank" in path):
            found[int(match[1]), int(match[2])] = path
    return dict(sorted(found.items()))


def drop_copies(folder: RunFolder, by_pods: RunFolder, pods: Iterable[View]) -> None:
    """Remove logs that were read before it showed that the pods of a run write them themselves."""
    for pod in pods:
        name = saved_name(pod["attempt"], pod["rank"])
        size = folder.size(name)
        if size and (by_pods.size(written_by_pod(pod["attempt"], pod["rank"])) or 0) >= size:
            (folder.path / name).unlink(missing_ok=True)


def write_log(file: IO[bytes], chunks: Iterable[bytes], limit: int, scratch: Path) -> int:
    """Write a log of which at most ``limit`` bytes are kept; how many were left out.

    The beginning and the end are kept, for they say most; a line in the middle tells of the rest.
    ``scratch`` is a folder for what is not yet known to be the end.
    """
    half = limit // 2
    room = half
    with tempfile.TemporaryFile(dir=scratch) as ring:
        over = 0
        for chunk in chunks:
            head, rest = chunk[:room], chunk[room:]
            file.write(head)
            room -= len(head)
            while rest:
                at = over % half
                part = rest[: half - at]
                ring.seek(at)
                ring.write(part)
                over, rest = over + len(part), rest[len(part) :]
        left_out = max(0, over - half)
        if left_out:
            file.write(b"\n[trainhub] %d %s\n" % (left_out, _LEFT_OUT))
        start = over % half if left_out else 0
        for begin, end in ((start, min(over, half)), (0, start)):
            ring.seek(begin)
            while begin < end and (block := ring.read(min(CHUNK, end - begin))):
                file.write(block)
                begin += len(block)
    return left_out


class SavedLog:
    """Chunks of bytes of a run's saved log; as a job's log otherwise.

    With several ranks each line starts with ``[rank] ``, and one rank follows the other. Without
    ``records`` the line is left out in which the launcher tells of the environment.
    """

    def __init__(
        self,
        folder: RunFolder,
        files: Mapping[int, str],
        *,
        prefixed: bool,
        tail: int | None = None,
        records: bool = True,
        ended: bool = False,
    ) -> None:
        """``ended`` says that the record was completed after the pods had ended."""
        self._folder = folder
        self._ended = ended
        self._files = files
        self._prefixed = prefixed
        self._tail = tail
        self._closed = threading.Event()
        self._chunks = self._read() if records else _without_records(self._read())

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """The next chunk."""
        if self._closed.is_set():
            raise StopIteration
        return next(self._chunks)

    @property
    def is_whole(self) -> bool:
        """Whether it holds all that there was to read: the cluster keeps the end of a long log.

        The pods wrote it themselves, or it was read while they ran, and it was not too long.
        """
        return all(
            name.startswith("attempt-") or (self._ended and not self._is_cut(name))
            for name in self._files.values()
        )

    def _is_cut(self, name: str) -> bool:
        with self._folder.open(name) as file:
            file.seek(max(0, file.seek(0, 2) // 2 - 100))
            return _LEFT_OUT in file.read(200)

    def close(self) -> None:
        """End the log; may be called by any thread."""
        self._closed.set()

    def _read(self) -> Iterator[bytes]:
        for rank, name in self._files.items():
            with self._folder.open(name) as file:
                if self._tail is not None:
                    _seek_tail(file, self._tail)
                if self._prefixed:
                    yield from _prefixed(file, b"[%d] " % rank)
                else:
                    while chunk := file.read(CHUNK):
                        yield chunk


def open_log(
    folder: RunFolder,
    rank: int | None,
    attempt: int | None,
    tail: int | None = None,
    records: bool = True,
    ended: bool = False,
) -> SavedLog:
    """The saved log of one rank, or of all; of one attempt, default the newest that has one.

    ``tail`` begins with the last lines only. Raises NotFound.
    """
    logs = saved_logs(folder)
    chosen = attempt or max((number for number, _ in logs), default=1)
    files = {number: path for (of, number), path in logs.items() if of == chosen}
    if rank is not None:
        files = {number: path for number, path in files.items() if number == rank}
    if not files:
        raise NotFound(
            f"the record of {folder.run!r} holds no such log",
            field="attempt" if rank is None else "rank",
            remedy=f"It holds {_listed(list(logs))}." if logs else "No log was kept.",
        )
    prefixed = rank is None
    return SavedLog(folder, files, prefixed=prefixed, tail=tail, records=records, ended=ended)


def final_words(folders: Iterable[RunFolder], view: View) -> View:
    """What the log of the first rank told last of the newest attempt at a run."""
    for folder in folders:
        with contextlib.suppress(NotFound):
            log = b"".join(open_log(folder, 0, view.get("attempt") or 1, tail=_LAST_LINES))
            known = JobProgress()
            known.take(log[-CHUNK:], _seconds(view.get("finished")))
            told = known.told(0.0, running=False)
            return {name: value for name, value in told.items() if value}
    return {}


def _seconds(time: str | None) -> float:
    return datetime.fromisoformat((time or now()).replace("Z", "+00:00")).timestamp()


def _listed(logs: Sequence[tuple[int, int]]) -> str:
    attempts: dict[int, list[str]] = {}
    for attempt, rank in logs:
        attempts.setdefault(attempt, []).append(str(rank))
    return "; ".join(
        f"rank {', '.join(ranks)} of attempt {attempt}" for attempt, ranks in attempts.items()
    )


def _prefixed(file: IO[bytes], prefix: bytes) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    while line := file.readline(CHUNK):
        whole = line if line.endswith(b"\n") else line + b"\n"
        lines.append(prefix + whole)
        size += len(whole)
        if size > CHUNK:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _without_records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        shown = b"".join(log_record.shown(line + b"\n") for line in lines)
        if shown:
            yield shown
        if len(rest) > CHUNK:
            # Longer than any record; nor may a line without an end fill the memory.
            yield rest
            rest = b""
    if rest:
        yield rest


def _seek_tail(file: IO[bytes], lines: int) -> None:
    """Go to the beginning of the last ``lines`` lines, at most :data:`_FARTHEST` bytes back."""
    at = file.seek(0, 2)
    first = max(0, at - _FARTHEST)
    wanted = lines + 1
    ends_line = False
    while at > first:
        step = min(CHUNK, at - first)
        at -= step
        file.seek(at)
        block = file.read(step)
        if not ends_line:
            # A last line without its end counts as one.
            wanted -= 0 if block.endswith(b"\n") else 1
            ends_line = True
        found = block.count(b"\n")
        if found >= wanted:
            position = len(block)
            for _ in range(wanted):
                position = block.rfind(b"\n", 0, position)
            file.seek(at + position + 1)
            return
        wanted -= found
    file.seek(first)
