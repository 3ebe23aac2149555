"""The code of a job in its ConfigMap, and the port at which its ranks meet."""

from __future__ import annotations

import base64
import gzip
import random

import pytest

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.port import PORTS, choose_port, taken_ports
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.labels import CODE_ARGV, CODE_PARTS, CODE_PATHS
from tests.manifests.jobs import request

FILES = {
    "launch.py": b"print()",
    "data.bin": b"\xff\x00",
    "sub/x.py": b"1",
    "überblick.txt": "ü\n".encode(),
    "empty": b"",
}
ARGV = ["python", "a b", "$HOME", "ü"]


def test_code_comes_back_as_it_was() -> None:
    first, *others = code.config_maps("job-x", {}, FILES, ARGV)
    assert code.read(first, others) == code.Code(FILES, ARGV)
    assert others == []


def test_code_larger_than_one_config_map_is_spread_over_several() -> None:
    noise = random.Random(1).randbytes(1 << 20)
    files = {**FILES, **{f"files/pkg/{number}.bin": noise[number:] for number in range(3)}}
    first, *others = code.config_maps("job-x", {"a": "b"}, files, ARGV)
    assert code.read(first, others) == code.Code(files, ARGV)
    assert len(others) == 4
    assert [one["metadata"]["name"] for one in others] == code.part_names(first)
    assert all(one["metadata"]["labels"] == {"a": "b"} for one in others)
    assert all(one["immutable"] for one in (first, *others))
    for one in (first, *others):
        assert sum(map(len, [*one["data"].values(), *one["binaryData"].values()])) < 1 << 20
    # What a job's own name may be, a ConfigMap of another's code is not called.
    assert all("." in name for name in code.part_names(first))


def test_the_same_files_give_the_same_objects() -> None:
    files = {"launch.py": b"", "files/b": b"1" * 5000, "files/a": b"2"}
    again = dict(reversed(files.items()))
    assert code.config_maps("x", {}, files, []) == code.config_maps("x", {}, again, [])
    assert code.volume("x", files) == code.volume("x", again)


@pytest.mark.parametrize(
    "names", [["é/ü.py"], ["a b/c:d"], ["..x", ".hidden/.y"], ["a" * 200 + "/" + "b" * 200]]
)
def test_any_file_name_travels(names: list[str]) -> None:
    files = {f"files/{name}": b"1" for name in names}
    first, *others = code.config_maps("job-x", {}, files, [])
    assert code.read(first, others).files == files


@pytest.mark.parametrize(
    ("argv", "paths"), [("5", "{}"), ("[1]", "{}"), ("[" * 9999, "{}"), ("[]", '{"empty": 5}')]
)
def test_code_that_was_written_over_is_refused(argv: str, paths: str) -> None:
    (found,) = code.config_maps("job-x", {}, FILES, ARGV)
    found["metadata"]["annotations"] = {CODE_ARGV: argv, CODE_PATHS: paths}
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.read(found)


@pytest.mark.parametrize("parts", ["-1", "x", "99999", "٣"])
def test_a_forged_number_of_parts_is_refused(parts: str) -> None:
    (found,) = code.config_maps("job-x", {}, FILES, ARGV)
    found["metadata"]["annotations"][CODE_PARTS] = parts
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.part_names(found)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_an_archive_that_leads_elsewhere_is_refused(name: str) -> None:
    (found,) = code.config_maps("job-x", {}, {f"files/{name}": b"1"}, [])
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.read(found)


def test_a_broken_archive_is_refused() -> None:
    first, *others = code.config_maps("x", {}, {"files/a": random.Random(2).randbytes(1 << 21)}, [])
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.read(first, others[:-1])


def test_files_appear_under_their_names() -> None:
    (config_map,) = code.config_maps("job-x", {}, {**FILES, "files/a.py": b""}, ARGV)
    assert base64.b64decode(config_map["binaryData"]["data.bin"]) == b"\xff\x00"
    (source,) = code.volume("job-x", {**FILES, "files/a.py": b""})["projected"]["sources"]
    assert source["configMap"]["name"] == config_map["metadata"]["name"] == "job-x-code"
    paths = {item["path"]: item["key"] for item in source["configMap"]["items"]}
    assert set(paths) == {*FILES, "files.tar.gz.0000"}
    assert config_map["data"][paths["sub/x.py"]] == "1"


def test_code_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidField) as caught:
        code.config_maps("job-x", {}, {"cells.json": b"x" * 1_000_000}, [])
    assert caught.value.field == "notebook"
    assert "cells.json" in caught.value.message


def test_each_job_has_a_port_of_its_own() -> None:
    assert taken_ports([Single().objects(request()).owner]) == {23456}
    first = choose_port("a", set())
    assert choose_port("a", {first}) != first
    assert choose_port("b", set()) != first
    free = PORTS[17]
    assert choose_port("a", set(PORTS) - {free}) == free
    with pytest.raises(ClusterRefused):
        choose_port("a", PORTS)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "_LEAST_LIMIT", 1 << 20)
    (found,) = code.config_maps("job-x", {}, {"files/a": b"x"}, ARGV)
    bomb = gzip.compress(bytes(20 << 20))
    found["binaryData"]["files.tar.gz.0000"] = base64.b64encode(bomb).decode()
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.read(found)
