"""An answer of the API server that is read while it arrives: a watch or a log."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

from jupyter_trainhub.errors import ClusterUnavailable


class Stream:
    """Chunks of bytes of an HTTP response, as they arrive.

    :meth:`close` may be called by any thread and ends a read that waits for data.
    """

    CHUNK = 65536

    def __init__(self, response: Any) -> None:
        self._response = response
        # The connection leaves the response once that is read, and the socket has to be reached.
        self._socket = _socket_of(response)
        self._closed = threading.Event()
        self._reading = False

    def __iter__(self) -> Iterator[bytes]:
        """The chunks. Ends when the server ends the answer, or at :meth:`close`.

        Raises ClusterUnavailable when the connection breaks or nothing arrives for too long.
        """
        import urllib3

        self._reading = True
        try:
            # read1 returns what has arrived; stream and read wait until a whole chunk is there.
            yield from _chunks(self._response, self.CHUNK)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if not self._closed.is_set():
                raise ClusterUnavailable(
                    f"the connection to the cluster broke ({type(error).__name__})",
                    remedy="Try again.",
                ) from None
        finally:
            self._reading = False
            self.close()
            self._response.close()

    def lines(self) -> Iterator[bytes]:
        """The lines, without the line break; a last line that is not ended is left out."""
        rest = b""
        for chunk in self:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines

    def events(self) -> Iterator[dict[str, Any]]:
        """The objects of a watch: ``{"type", "object"}``."""
        for line in self.lines():
            if line.strip():
                yield json.loads(line)

    def close(self) -> None:
        """End the stream now. May be called twice."""
        if self._closed.is_set():
            return
        self._closed.set()
        if self._socket is not None:
            # The other side may have been faster.
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        # A response must not be closed under a thread that reads it; that thread does it itself,
        # now that its socket has ended.
        if not self._reading:
            self._response.close()


def _chunks(response: Any, size: int) -> Iterator[bytes]:
    if hasattr(response, "read1"):
        while chunk := response.read1(size):
            yield chunk
    else:
        # urllib3 before 2.1 has no read1; its stream yields the chunks of chunked encoding.
        yield from response.stream(size)


def _socket_of(response: Any) -> socket.socket | None:
    connection = getattr(response, "connection", None) or getattr(response, "_connection", None)
    found: socket.socket | None = getattr(connection, "sock", None)
    if found is None:
        # Where the server closes the connection after the answer, only the response holds it.
        reader = getattr(getattr(response, "_fp", None), "fp", None)
        found = getattr(getattr(reader, "raw", None), "_sock", None)
    return found
