"""Reading goes on where a connection broke, and elsewhere where a pod is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.errors import ClusterUnavailable, Conflict, NotFound
from jupyter_trainhub.hub.volumes import files as module
from jupyter_trainhub.hub.volumes.answer import Answer, CannotRead, _is_answer
from jupyter_trainhub.hub.volumes.download import blocking, download
from jupyter_trainhub.hub.volumes.files import File, Files
from jupyter_trainhub.hub.volumes.readers import VolumeRoot

CONTENT = bytes(range(200))
FILE = File("m", len(CONTENT), "2026-11-22T10:00:00Z", "t")


class Pods:
    """Pods that read a volume: each breaks after 30 bytes, as often as it is told to."""

    def __init__(self) -> None:
        self.breaks = 0
        self.gone: set[str] = set()
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def root(self, claim: Any, avoid: set[str]) -> VolumeRoot:
        return VolumeRoot(f"pod-{len(avoid)}", "main", "/volume")

    async def to(self, _: Any, root: VolumeRoot, mode: str, request: dict[str, Any]) -> Answer:
        self.asked.append((root.pod, request))
        if root.pod in self.gone:
            raise CannotRead("it has ended")
        return Reply(self, mode, request)


class Reply(Answer):
    def __init__(self, pods: Pods, mode: str, request: dict[str, Any]) -> None:
        self._pods, self._mode, self._request = pods, mode, request
        facts = {"type": "file", "size": len(CONTENT), "modified": 0, "tag": "t"}
        self.head = {**facts, "items": [], "used": 0, "total": 0}

    def check(self, path: str) -> None:
        if path == "none":
            raise NotFound("there is no such file")

    async def body(self) -> AsyncGenerator[bytes, None]:
        request = self._request
        wanted = CONTENT[request["offset"] :][: request["length"]]
        if self._pods.breaks:
            self._pods.breaks -= 1
            yield wanted[:30]
            raise ClusterUnavailable("the connection broke")
        yield wanted

    async def close(self) -> None:
        pass


@pytest.fixture
def pods() -> Pods:
    return Pods()


@pytest.fixture
def files(pods: Pods, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    monkeypatch.setattr(Answer, "to", pods.to)
    return Files(None, pods, lambda claim: {"status": {}})  # type: ignore[arg-type]


async def read(files: Files, *part: int) -> bytes:
    return b"".join([data async for data in files.read("c", FILE, *part)])


def test_what_came_is_not_read_twice(files: Files, pods: Pods) -> None:
    pods.breaks = 3
    assert blocking(read(files)) == CONTENT
    assert [request["offset"] for _, request in pods.asked] == [0, 30, 60, 90]
    assert {request["tag"] for _, request in pods.asked} == {"t"}


def test_a_part_stays_a_part_over_breaks(files: Files, pods: Pods) -> None:
    pods.breaks = 2
    assert blocking(read(files, 10, 100)) == CONTENT[10:110]


def test_it_is_given_up_when_nothing_comes(files: Files, pods: Pods) -> None:
    pods.gone = {f"pod-{number}" for number in range(9)}
    with pytest.raises(Conflict, match="has ended"):
        blocking(read(files))


def test_another_pod_is_asked_where_one_cannot(files: Files, pods: Pods) -> None:
    pods.gone = {"pod-0", "pod-1"}
    assert blocking(read(files)) == CONTENT
    assert [pod for pod, _ in pods.asked] == ["pod-0", "pod-1", "pod-2"]


def test_what_is_refused_is_not_asked_again(files: Files, pods: Pods) -> None:
    with pytest.raises(NotFound):
        blocking(files.stat("c", "none"))
    assert len(pods.asked) == 1


def test_a_download_goes_on_with_what_is_there(files: Files, pods: Pods, tmp_path: Path) -> None:
    (tmp_path / "m.t.part").write_bytes(CONTENT[:50])
    told: list[tuple[int, int | None]] = []
    came = download(files, "c", "m", tmp_path, resume=True, report=lambda *how: told.append(how))
    assert came == tmp_path / "m"
    assert came.read_bytes() == CONTENT
    assert told[0] == (50, 200)
    assert pods.asked[-1][1]["offset"] == 50
    assert [file.name for file in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize(("left", "resume"), [("m.t.part", False), ("m.old.part", True)])
def test_a_download_begins_anew(
    files: Files, pods: Pods, tmp_path: Path, left: str, resume: bool
) -> None:
    (tmp_path / left).write_bytes(b"x" * 300)
    came = download(files, "c", "m", tmp_path / "renamed", resume=resume)
    (tmp_path / left).unlink(missing_ok=True)
    assert came == tmp_path / "renamed"
    assert came.read_bytes() == CONTENT


def test_a_kernel_with_a_loop_of_its_own_can_wait(files: Files) -> None:
    async def cell() -> None:
        assert blocking(read(files)) == CONTENT
        with pytest.raises(NotFound):
            blocking(files.stat("c", "none"))

    asyncio.run(cell())


ENTRY = {"type": "file", "size": 5, "modified": 1.5, "tag": "1a-2b-5"}


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (ENTRY, True),
        ({**ENTRY, "type": "directory", "size": None, "items": [{**ENTRY, "name": "x"}]}, True),
        ({"error": "ENOENT", "message": "no such file"}, True),
        ({"error": 5, "message": "x"}, False),
        ({**ENTRY, "tag": 'x"\r\nSet-Cookie: a=b'}, False),
        ({**ENTRY, "tag": "../../x"}, False),
        ({**ENTRY, "size": "5"}, False),
        ({**ENTRY, "items": [5]}, False),
        ({**ENTRY, "items": [ENTRY]}, False),
        ({**ENTRY, "total": "x"}, False),
        ([], False),
        (None, False),
    ],
)
def test_what_a_container_answers_is_looked_at(head: Any, is_one: bool) -> None:
    """Any image may have mounted the volume, and any program may be its python3."""
    assert _is_answer(head) is is_one
