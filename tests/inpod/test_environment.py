"""The record of the environment: written by the launcher, found again in the log."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.launch.environment import LARGEST, encode, image_record, masked
from jupyter_trainhub.manifests.environment_record import find
from jupyter_trainhub.manifests.log_record import hide
from tests.inpod.pod import StartPod


def test_secrets_are_masked() -> None:
    env = {
        "HF_TOKEN": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "db_password": "c",
        "INDEX_URL": "https://ada:d@pypi.example.org/simple",
        "PATH": "/bin",
    }
    assert masked(env) == {
        "AWS_SECRET_ACCESS_KEY": "***",
        "HF_TOKEN": "***",
        "INDEX_URL": "https://***@pypi.example.org/simple",
        "PATH": "/bin",
        "db_password": "***",
    }


def test_the_record_is_found_in_the_log_and_hidden_there(start: StartPod, tmp_path: Path) -> None:
    pod = start("echo", "hi", API_KEY="geheim", SEED="7", TRAINHUB_RUN_FOLDER=str(tmp_path))
    assert pod.wait() == 0
    assert "geheim" not in pod.stdout
    found = find(pod.stdout.encode())
    assert found is not None
    assert found["packages"]["pytest"] == pytest.__version__
    assert (found["variables"]["API_KEY"], found["variables"]["SEED"]) == ("***", "7")
    assert json.loads((tmp_path / "environment.json").read_text()) == found
    line = next(line for line in pod.stdout.encode().splitlines() if b"environment" in line)
    for shown in (line, b"[0] " + line, b"2026-11-22T02:00:00.123456789Z " + line, line[-99:]):
        assert hide(shown)
    assert not hide(b"hi")


def test_only_node_0_tells(start: StartPod) -> None:
    pod = start(
        "true", PET_NNODES="2", PET_NODE_RANK="1", POD_IP="127.0.0.3", TRAINHUB_PEER_TIMEOUT="0"
    )
    assert pod.wait() == 1
    assert find(pod.stderr.encode()) is None


def test_a_record_of_any_size_fits() -> None:
    record = {**image_record(), "variables": {"SEED": "7"}}
    noise = random.Random(1)
    record["variables"] |= {
        f"NAME_{n}": "".join(noise.choices(string.ascii_letters, k=9000)) for n in range(100)
    }
    text = encode(record)
    assert len(text) <= LARGEST
    found = find(f"[trainhub] environment {text} [trainhub]\n".encode())
    assert found is not None
    assert found["python"] == record["python"]


@pytest.mark.parametrize("text", ["AAAA", "eNo=", "x", ""])
def test_what_is_no_record_is_not_taken_for_one(text: str) -> None:
    assert find(f"[trainhub] environment {text} [trainhub]\n".encode()) is None
