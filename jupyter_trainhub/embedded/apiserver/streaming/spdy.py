"""SPDY/3.1, as far as Kubernetes uses it: streams both ways over one connection.

Source: draft-mbelshe-httpbis-spdy-00. Kubernetes' own implementation (moby/spdystream) has no flow
control, so windows are neither sent nor minded here; a stream that is not read holds up the
connection.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Awaitable, Callable

SYN_STREAM, SYN_REPLY, RST_STREAM, PING, HEADERS = 1, 2, 3, 6, 8
_FIN = 1
_VERSION = 0x8003  # with the bit that tells control frames from data
_CANCEL = 5  # status of RST_STREAM

# Words that headers often have, each with its length, and then many more without.
_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language "
    "accept-ranges age allow authorization cache-control connection content-base content-encoding "
    "content-language content-length content-location content-md5 content-range content-type date "
    "etag expect expires from host if-match if-modified-since if-none-match if-range "
    "if-unmodified-since last-modified location max-forwards pragma proxy-authenticate "
    "proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url "
    "public set-cookie keep-alive origin"
)
_DICTIONARY = (
    b"".join(struct.pack(">I", len(w)) + w.replace("_", " ").encode() for w in _WORDS.split())
    + b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    b"203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request"
    b"401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented"
    b"503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, "
    b"Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    b"application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdch"
    b"charset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


class Stream:
    """One stream that the client opened. ``headers`` have names in lower case.

    ``consume`` is called for each piece that comes, and with b"" at the end; until it returns, the
    connection takes nothing more.
    """

    def __init__(self, connection: Connection, number: int, headers: dict[str, str]) -> None:
        self.headers = headers
        self.consume: Callable[[bytes], Awaitable[None]] = _ignore
        self.ending: asyncio.Future[None] | None = None
        self._connection = connection
        self._number = number

    async def write(self, data: bytes) -> None:
        """Send a piece, once the connection takes it; b"" is the end."""
        await self._connection.send_data(self._number, data)

    async def reset(self) -> None:
        """Refuse the stream."""
        await self._connection.send(RST_STREAM, struct.pack(">II", self._number, _CANCEL))


async def _ignore(data: bytes) -> None:
    """What becomes of data that nobody wants."""


class Connection:
    """The server's side of a connection.

    Args:
        write: sends bytes, and returns once they are on their way.
        accept: gets each stream that the client opens.
    """

    def __init__(
        self, write: Callable[[bytes], Awaitable[None]], accept: Callable[[Stream], Awaitable[None]]
    ) -> None:
        self._write = write
        self._accept = accept
        self._streams: dict[int, Stream] = {}
        self._buffer = bytearray()
        self._inflate = zlib.decompressobj(zdict=_DICTIONARY)
        self._deflate = zlib.compressobj(zdict=_DICTIONARY)

    async def feed(self, data: bytes) -> None:
        """Take bytes of the client, and do what the frames that they complete say."""
        self._buffer += data
        while len(self._buffer) >= 8:
            first, rest = struct.unpack_from(">II", self._buffer)
            flags, end = rest >> 24, 8 + (rest & 0xFFFFFF)
            if len(self._buffer) < end:
                return
            body = bytes(memoryview(self._buffer)[8:end])
            del self._buffer[:end]
            number = first
            if first >> 31:
                number = await self._control(first & 0xFFFF, body)
            elif body and (stream := self._streams.get(number)):
                await stream.consume(body)
            if flags & _FIN and (stream := self._streams.pop(number, None)):
                await stream.consume(b"")

    async def _control(self, kind: int, body: bytes) -> int:
        """Obey a control frame; return the number of the stream that it opens, or 0."""
        (number,) = struct.unpack_from(">I", body)
        if kind == SYN_STREAM:
            stream = self._streams[number] = Stream(self, number, self._headers(body[10:]))
            # No headers in reply. Compressed before anything is awaited: order matters.
            block = self._deflate.compress(bytes(4)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
            await self.send(SYN_REPLY, struct.pack(">I", number) + block)
            await self._accept(stream)
            return int(number)
        if kind == RST_STREAM and number in self._streams:
            stream = self._streams.pop(number)
            # Not awaited: nobody need be left who reads what came before.
            stream.ending = asyncio.ensure_future(stream.consume(b""))
        elif kind == PING:
            await self.send(PING, body)
        elif kind == HEADERS:
            self._headers(body[4:])  # what comes later can refer to it
        return 0

    def _headers(self, block: bytes) -> dict[str, str]:
        plain = self._inflate.decompress(block)
        texts, position = [], 4
        while position < len(plain):
            (length,) = struct.unpack_from(">I", plain, position)
            texts.append(plain[position + 4 : position + 4 + length].decode(errors="replace"))
            position += 4 + length
        return dict(zip(texts[::2], texts[1::2], strict=False))

    async def send(self, kind: int, body: bytes) -> None:
        """Send a control frame."""
        await self._write(struct.pack(">HHI", _VERSION, kind, len(body)) + body)

    async def send_data(self, number: int, data: bytes) -> None:
        """Send a piece of a stream; b"" is its end."""
        flags = 0 if data else _FIN << 24
        await self._write(struct.pack(">II", number, flags | len(data)) + data)
