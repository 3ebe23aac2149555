"""The code of a job in its ConfigMap, and the port at which its ranks meet."""

from __future__ import annotations

import base64

import pytest

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.port import PORTS, choose_port, taken_ports
from jupyter_trainhub.manifests.frameworks.single import Single
from jupyter_trainhub.manifests.labels import CODE_ARGV, CODE_PATHS
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
    found = code.read(code.config_map("job-x", {}, FILES, ARGV))
    assert found == code.Code(FILES, ARGV)


@pytest.mark.parametrize(
    ("argv", "paths"), [("5", "{}"), ("[1]", "{}"), ("[" * 9999, "{}"), ("[]", '{"empty": 5}')]
)
def test_code_that_was_written_over_is_refused(argv: str, paths: str) -> None:
    found = code.config_map("job-x", {}, FILES, ARGV)
    found["metadata"]["annotations"] = {CODE_ARGV: argv, CODE_PATHS: paths}
    with pytest.raises(ClusterRefused, match="changed by hand"):
        code.read(found)


def test_files_appear_under_their_names() -> None:
    config_map = code.config_map("job-x", {}, FILES, ARGV)
    assert base64.b64decode(config_map["binaryData"]["data.bin"]) == b"\xff\x00"
    volume = code.volume("job-x", FILES)["configMap"]
    assert volume["name"] == config_map["metadata"]["name"] == "job-x-code"
    paths = {item["path"]: item["key"] for item in volume["items"]}
    assert set(paths) == set(FILES)
    assert config_map["data"][paths["sub/x.py"]] == "1"


def test_code_that_is_too_large_is_refused() -> None:
    with pytest.raises(InvalidField) as caught:
        code.config_map("job-x", {}, {"cells.json": b"x" * 1_000_000}, [])
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
