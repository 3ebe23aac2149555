"""Blobs on their way into a registry: uploads in chunks, which go on after cuts and restarts."""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Callable
from typing import Protocol

from . import failures
from .failures import RegistryError
from .transport import Answer, Cancelled, Transport, wait

Progress = Callable[[str, int, int], None]
"""Told of a blob by its digest how many bytes are done, and how many it has.

An upload that does not know its digest and size yet tells them as "" and 0.
"""

CHUNKS = (16 << 20, 4 << 20, 1 << 20)
"""Bytes sent at once; the smaller ones for proxies that take no more."""

_COMMIT_SECONDS = 900.0  # a registry reads a large blob once more when it is complete
_CANCEL_SECONDS = 10.0


class Source(Protocol):
    """What a blob is made of; it may grow while it is read, and be read again from any byte."""

    def read(self, offset: int, size: int) -> bytes:
        """At most `size` bytes from `offset`; waits until there are some; b"" at the end."""
        ...

    def digest(self) -> str:
        """`sha256:…` of all of it; known after the end."""
        ...


class Upload:
    """One upload to a repository.

    A registry that was killed may know the upload still: it is asked for its offset, and the rest
    follows; else the upload begins anew. (docker-registry 2 and 3 forget one that was cut in the
    middle of a chunk, whatever part of it they have.)
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        where: str,
        scopes: tuple[str, ...],
        location: str = "",
    ) -> None:
        """`location`: of an upload that has been begun."""
        self._transport, self._path, self._where = transport, path, where
        self._scopes, self._location = scopes, location
        self._chunk = CHUNKS[0]
        self._offset = 0  # bytes that the registry has
        self._best = 0  # the most that it ever had
        self._failed = 0  # attempts since there was more than ever

    def send(self, source: Source, progress: Progress | None, cancelled: Cancelled | None) -> str:
        """Send all of it; its digest. Raises RegistryError, or what the source raises."""
        try:
            self._begin(patient=True, cancelled=cancelled)
            while True:
                self._send_rest(source, progress, cancelled)
                if self._commit(source.digest(), cancelled):
                    return source.digest()
        except BaseException:
            self.cancel()
            raise

    def probe(self) -> None:
        """Begin an upload and end it. Raises RegistryError: the registry does not let us."""
        self._begin(patient=False)
        self.cancel()

    def cancel(self) -> None:
        """Have the registry forget it, if it can be told."""
        if self._location:
            with contextlib.suppress(RegistryError):
                self._ask("DELETE", self._location, (200, 202, 204), timeout=_CANCEL_SECONDS)
            self._location = ""

    def _begin(self, *, patient: bool, cancelled: Cancelled | None = None) -> None:
        answer = self._ask(
            "POST", f"{self._path}/blobs/uploads/", (202,), patient=patient, cancelled=cancelled
        )
        self._follow(answer)
        least = answer.headers.get("OCI-Chunk-Min-Length", "")
        self._chunk = max(self._chunk, int(least) if least.isdigit() else 0)
        self._offset = 0

    def _send_rest(
        self, source: Source, progress: Progress | None, cancelled: Cancelled | None
    ) -> None:
        begin, held = self._offset, bytearray()  # what was read, from byte `begin` on
        while True:
            if not begin <= self._offset <= begin + len(held):
                held.clear()
            else:
                del held[: self._offset - begin]
            begin = self._offset
            while len(held) < self._chunk:
                _check(cancelled, self._where)
                more = source.read(begin + len(held), self._chunk - len(held))
                if not more:
                    break
                held += more
            if not held:
                return
            self._patch(begin, bytes(memoryview(held)[: self._chunk]), cancelled)
            if progress:
                progress("", self._offset, 0)

    def _patch(self, begin: int, piece: bytes, cancelled: Cancelled | None) -> None:
        _check(cancelled, self._where)
        end = begin + len(piece)
        kind = {
            "Content-Type": "application/octet-stream",
            "Content-Range": f"{begin}-{end - 1}",
        }
        try:
            answer = self._ask("PATCH", self._location, (201, 202, 204), kind, piece)
        except RegistryError as error:
            self._recover(error, cancelled)
            return
        self._follow(answer)
        told = _received(answer)
        # What a registry took of a chunk may be less than all of it.
        self._offset = told if begin < told < end else end
        if self._offset > self._best:
            self._best, self._failed = self._offset, 0

    def _recover(self, error: RegistryError, cancelled: Cancelled | None) -> None:
        """Find out how to go on after a failure, or raise it."""
        delays = self._transport.endpoint.retries
        while True:
            smaller = next((size for size in CHUNKS if size < self._chunk), 0)
            if error.status == 413 and smaller:
                self._chunk = smaller
                return
            lost = error.status == 404
            self._failed += 1
            if self._failed > len(delays) or not (lost or error.transient or error.status == 416):
                raise error
            if not lost and error.status != 416:
                wait(max(delays[self._failed - 1], error.retry_after), cancelled, self._where)
            try:
                if lost or not self._resume():
                    self._begin(patient=False)
                return
            except RegistryError as again:
                error = again

    def _resume(self) -> bool:
        """Ask the registry how far it is; False: it does not know the upload any more."""
        answer = self._ask("GET", self._location, (200, 204, 400, 404, 416))
        if answer.status >= 400:
            return False
        self._follow(answer)
        # "0-0" is how docker-registry says that it has nothing.
        self._offset = 0 if answer.headers.get("Range") == "0-0" else _received(answer)
        return True

    def _commit(self, digest: str, cancelled: Cancelled | None) -> bool:
        """End the upload as the blob `digest`; False: there is more to be sent."""
        _check(cancelled, self._where)
        query = urllib.parse.urlencode({"digest": digest})
        url = f"{self._location}{'&' if '?' in self._location else '?'}{query}"
        try:
            self._ask("PUT", url, (200, 201, 204), timeout=_COMMIT_SECONDS)
        except RegistryError as error:
            if not error.transient and error.status != 404:
                raise
            # It may have been done, and only the answer got lost.
            blob = f"{self._path}/blobs/{digest}"
            if self._ask("HEAD", blob, (200, 404), patient=True, cancelled=cancelled).status == 404:
                self._recover(error, cancelled)
                return False
        self._location = ""
        return True

    def _follow(self, answer: Answer) -> None:
        location = answer.headers.get("Location")
        if location:
            self._location = self._transport.absolute(urllib.parse.urljoin(answer.url, location))

    def _ask(
        self,
        method: str,
        url: str,
        expect: tuple[int, ...],
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        *,
        patient: bool = False,
        timeout: float | None = None,
        cancelled: Cancelled | None = None,
    ) -> Answer:
        return self._transport.request(
            method,
            url,
            where=self._where,
            scopes=self._scopes,
            headers=headers,
            body=body,
            expect=expect,
            patient=patient,
            retry=patient,
            timeout=timeout,
            cancelled=cancelled,
        )


def _received(answer: Answer) -> int:
    """How many bytes a registry says that it has (Range: 0-LAST); 0 where it does not."""
    found = re.fullmatch(r"(?:bytes=)?0-(\d+)", answer.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0


def _check(cancelled: Cancelled | None, where: str) -> None:
    if cancelled is not None and cancelled():
        raise failures.cancelled(where)
