"""``volumes`` on a fake hub: what the routes answer, and how they send files."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, NotFound
from jupyter_trainhub.hub.volumes.files import File
from jupyter_trainhub.server.volume_files import content_disposition
from tests.server.calls import Fetch, refusal
from tests.server.fakes import FakeHub, FakeObjects

Api = Callable[..., Awaitable[Any]]
CONTENT = bytes(range(100))
URL = ("trainhub", "api", "volumes", "c")


class FakeFiles:
    """One file of 100 bytes, and a folder of two."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    async def list(self, claim: str, path: str) -> dict[str, Any]:
        self.asked.append(path)
        return {"path": path, "type": "directory", "items": [], "truncated": False, "used": None}

    async def stat(self, claim: str, path: str) -> File:
        self.asked.append(path)
        if path == "none":
            raise NotFound("there is no 'none' in the volume", field="path")
        return File(path, len(CONTENT), "2026-11-22T10:00:00Z", "1-2-64")

    async def read(
        self, claim: str, file: File, offset: int, length: int
    ) -> AsyncGenerator[bytes, None]:
        for start in range(offset, offset + length, 7):
            if self.broken and start > offset:
                raise ClusterUnavailable("the connection to the volume broke")
            yield CONTENT[start : min(start + 7, offset + length)]

    async def archive(self, claim: str, path: str, name: str) -> AsyncGenerator[bytes, None]:
        if path == "none":
            raise NotFound("there is no 'none' in the volume", field="path")
        yield b""
        yield b"tar of "
        yield name.encode()


class FakeVolumes(FakeObjects):
    def __init__(self) -> None:
        super().__init__("volume")
        self.files = FakeFiles()

    def resize(self, claim: str, size: int) -> dict[str, Any]:
        return self.get(claim) | {"size": size}

    def delete(self, name: str) -> None:
        if self.get(name).get("used_by"):
            raise Conflict("the volume is used by p", reason="VolumeInUse")
        super().delete(name)


@pytest.fixture
def volumes(hub: FakeHub) -> FakeVolumes:
    made = FakeVolumes()
    made.add("c", used_by=[])
    hub.volumes = made  # type: ignore[attr-defined]
    return made


async def test_volumes_are_listed_resized_and_deleted(api: Api, volumes: FakeVolumes) -> None:
    assert [view["name"] for view in (await api("GET", "volumes"))["items"]] == ["c"]
    assert (await api("PATCH", "volumes", "c", body={"size": "2Gi"}))["size"] == 2 << 30
    await api("DELETE", "volumes", "c")
    assert (await api("GET", "volumes"))["items"] == []


async def test_a_size_that_is_none_is_refused(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    for body in ({"size": "many"}, {"size": "1"}, {}, {"phase": "Bound"}):
        refused = await refusal(jp_fetch(*URL, method="PATCH", body=json.dumps(body)))
        assert refused.code == 422


async def test_names_may_hold_any_bytes(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    for route, path in (("files", b"a b/\xff%"), ("file", "ü/数".encode())):
        await jp_fetch(*URL, route, params={"path": path})
    assert volumes.files.asked == ["a b/\udcff%", "ü/数"]


async def test_a_file_is_sent_whole(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    answer = await jp_fetch(*URL, "file", params={"path": "sub/ü.bin"})
    assert answer.body == CONTENT
    headers = answer.headers
    assert headers["Content-Length"] == "100"
    assert headers["Etag"] == '"1-2-64"'
    assert headers["Last-Modified"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert headers["Content-Type"] == "application/octet-stream"
    assert "attachment" in headers["Content-Disposition"]
    assert quote("ü.bin") in headers["Content-Disposition"]
    head = await jp_fetch(*URL, "file", params={"path": "x"}, method="HEAD")
    assert (head.headers["Content-Length"], head.headers["Accept-Ranges"]) == ("100", "bytes")
    assert head.body == b""


async def test_a_part_of_a_file_is_sent(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    for asked, start, end in (
        ({"Range": "bytes=10-19"}, 10, 20),
        ({"Range": "bytes=90-", "If-Range": '"1-2-64"'}, 90, 100),
        ({"Range": "bytes=-1"}, 99, 100),
    ):
        answer = await jp_fetch(*URL, "file", params={"path": "x"}, headers=asked)
        assert (answer.code, answer.body) == (206, CONTENT[start:end])
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/100"


async def test_another_version_is_sent_whole(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    asked = {"Range": "bytes=90-", "If-Range": '"old"'}
    answer = await jp_fetch(*URL, "file", params={"path": "x"}, headers=asked)
    assert (answer.code, answer.body) == (200, CONTENT)


async def test_no_bytes_are_there_behind_the_end(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    answer = await jp_fetch(
        *URL, "file", params={"path": "x"}, headers={"Range": "bytes=100-"}, raise_error=False
    )
    assert (answer.code, answer.headers["Content-Range"]) == (416, "bytes */100")


async def test_a_file_that_breaks_off_is_not_taken_for_whole(
    jp_fetch: Fetch, volumes: FakeVolumes
) -> None:
    volumes.files.broken = True
    with pytest.raises(HTTPStreamClosedError):
        await jp_fetch(*URL, "file", params={"path": "x"})


async def test_a_folder_is_sent_as_a_tar_file(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    answer = await jp_fetch(*URL, "archive", params={"path": "run/epoch 1/"})
    assert answer.body == b"tar of epoch 1"
    assert answer.headers["Content-Type"] == "application/x-tar"
    assert 'filename="epoch 1.tar"' in answer.headers["Content-Disposition"]
    whole = await jp_fetch(*URL, "archive")
    assert whole.body == b"tar of c"


async def test_what_is_not_there_is_told(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    for route in ("file", "archive"):
        refused = await refusal(jp_fetch(*URL, route, params={"path": "none"}))
        assert refused.code == 404
        assert json.loads(refused.body)["reason"] == "NotFound"


async def test_another_page_cannot_start_a_reader(jp_fetch: Fetch, volumes: FakeVolumes) -> None:
    for route in ("files", "file", "archive"):
        foreign = {"Sec-Fetch-Site": "cross-site", "Authorization": ""}
        answer = await jp_fetch(*URL, route, headers=foreign, raise_error=False)
        assert answer.code in (302, 403)
    assert volumes.files.asked == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.bin", "filename=\"a.bin\"; filename*=UTF-8''a.bin"),
        ('a"\\\n;é', "filename=\"a___;_\"; filename*=UTF-8''a%22%5C%0A%3B%C3%A9"),
        ("\udcff", "filename=\"_\"; filename*=UTF-8''%EF%BF%BD"),
    ],
)
def test_any_name_fits_a_header(name: str, expected: str) -> None:
    assert content_disposition(name) == f"attachment; {expected}"
