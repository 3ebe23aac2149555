"""Blobs as they come from a registry: a stream that goes on where it was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import failures
from .failures import RegistryError
from .transport import Cancelled, Transport, wait

if TYPE_CHECKING:
    import urllib3


class Download:
    """A blob of `size` bytes, read like a file, from its beginning. Nothing is verified here.

    After a cut it asks for the rest (Range); the endpoint's retries count anew whenever bytes
    have come. Memory: what one read asks for.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        where: str,
        scopes: tuple[str, ...],
        size: int,
        cancelled: Cancelled | None,
    ) -> None:
        """Raises RegistryError: the registry does not give it."""
        self._cancelled = cancelled
        self._transport, self._url, self._where = transport, url, where
        self._scopes, self._size, self._position = scopes, size, 0
        self._stream: urllib3.BaseHTTPResponse | None = None
        self._open()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end. Raises RegistryError when the cuts do not end."""
        import urllib3

        delays = iter(self._transport.endpoint.retries)
        while True:
            failure: Exception | None = None
            try:
                if self._stream is None:
                    self._open()
                assert self._stream is not None
                if chunk := self._stream.read(size):
                    self._position += len(chunk)
                    return chunk
            except (urllib3.exceptions.HTTPError, OSError) as error:
                failure = error
            if failure is None and self._position >= self._size:
                return b""
            self.close()
            delay = next(delays, None)
            if delay is None:
                cause = failure or EOFError(f"the blob ended at byte {self._position}")
                host = self._transport.host
                raise failures.from_connection(cause, host, self._where) from None
            wait(delay, self._cancelled, self._where)

    def close(self) -> None:
        """End the connection, unless all has been read."""
        if self._stream is not None:
            if self._position < self._size:
                self._stream.close()
            self._stream.release_conn()
            self._stream = None

    def __enter__(self) -> Download:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        answer = self._transport.request(
            "GET",
            self._url,
            where=self._where,
            scopes=self._scopes,
            headers={"Range": f"bytes={self._position}-"} if self._position else {},
            expect=(200, 206),
            stream=True,
            patient=True,
            cancelled=self._cancelled,
        )
        assert answer.stream is not None
        self._stream = answer.stream
        if answer.status == 206:
            begin = answer.headers.get("Content-Range", "").partition("-")[0]
            if begin != f"bytes {self._position}":
                raise RegistryError(
                    f"{self._where}: the registry sends other bytes than were asked for: {begin!r}",
                    remedy="Try again.",
                    reason="Broken",
                )
            return
        left = self._position  # a registry without ranges begins anew
        while left and (chunk := self._stream.read(min(left, 1 << 20))):
            left -= len(chunk)
