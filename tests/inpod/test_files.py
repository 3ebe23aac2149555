"""The program that reads volumes: what it shows, and that it shows nothing else."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.inpod.files.opening import Refused, open_below


def ask(mode: str, root: Path, path: str = "", **more: Any) -> tuple[dict[str, Any], bytes]:
    """The first line of the answer, and what follows it."""
    request = {"root": str(root), "path": path, "offset": 0, "length": None, "tag": "", "name": "v"}
    source = program("files.py").decode()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", source, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    # Its end would end the program.
    process.stdin.write(json.dumps({**request, **more}).encode() + b"\n")
    process.stdin.flush()
    head, _, body = process.stdout.read().partition(b"\n")
    process.wait()
    process.stdin.close()
    process.stdout.close()
    return json.loads(head), body


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "volume"
    (root / "step 1" / "deep").mkdir(parents=True)
    (root / "model.bin").write_bytes(b"0123456789")
    (root / "step 1" / "a").write_text("a")
    (root / os.fsdecode(b"b\xff\n")).write_text("odd")
    (root / "latest").symlink_to("step 1")
    (root / "mounted").symlink_to(root / "step 1" / "a")
    (root / "out").symlink_to("../../secret")
    (root / "passwd").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    (root / "step 1" / "up").symlink_to("../model.bin")
    os.link(root / "model.bin", root / "same.bin")
    os.mkfifo(root / "fifo")
    (tmp_path / "secret").write_text("secret")
    return root


def test_a_folder_is_listed_with_sizes(root: Path) -> None:
    head, _ = ask("list", root)
    items = {item["name"]: (item["type"], item["size"]) for item in head["items"]}
    assert items["model.bin"] == ("file", 10)
    assert items["step 1"] == ("directory", None)
    assert items["latest"][0] == "link"
    assert items["fifo"][0] == "other"
    assert os.fsdecode(b"b\xff\n") in items


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("model.bin", b"0123456789"),
        ("/step 1//./a", b"a"),
        (os.fsdecode(b"b\xff\n"), b"odd"),
        ("latest/a", b"a"),
        ("mounted", b"a"),
        ("latest/up", b"0123456789"),
    ],
)
def test_a_file_is_read_also_through_links_within(root: Path, path: str, content: bytes) -> None:
    descriptor = open_below(os.fsencode(root), os.fsencode(path))
    with open(descriptor, "rb") as file:
        assert file.read() == content


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("..", "Outside"),
        ("step 1/../../secret", "Outside"),
        ("out", "Outside"),
        ("passwd", "Outside"),
        ("loop", "Loop"),
        ("fifo", "NotAFile"),
    ],
)
def test_nothing_else_is_opened(root: Path, path: str, error: str) -> None:
    with pytest.raises(Refused) as refused:
        open_below(os.fsencode(root), os.fsencode(path))
    assert refused.value.reason == error


@pytest.mark.parametrize(
    ("path", "error"), [("out", "Outside"), ("step 1", "NotAFile"), ("model.bin/x", "ENOTDIR")]
)
def test_what_cannot_be_read_is_told(root: Path, path: str, error: str) -> None:
    head, body = ask("read", root, path)
    assert head["error"] == error
    assert not body


def test_a_part_of_one_version_is_read(root: Path) -> None:
    head, body = ask("read", root, "model.bin", offset=3, length=4)
    assert body == b"3456"
    assert ask("read", root, "model.bin", offset=8, length=4, tag=head["tag"])[1] == b"89"
    assert ask("read", root, "model.bin", offset=20)[1] == b""
    (root / "model.bin").write_bytes(b"another")
    changed, _ = ask("read", root, "model.bin", tag=head["tag"])
    assert changed["error"] == "Changed"


def test_a_file_of_more_than_4_gib_is_read_at_its_end(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(5 << 30)
        file.seek(5 << 30)
        file.write(b"end")
    head, body = ask("read", root, "large", offset=5 << 30)
    assert (head["size"], body) == ((5 << 30) + 3, b"end")


def test_a_folder_becomes_a_tar_file_that_equals_it(root: Path, tmp_path: Path) -> None:
    head, body = ask("tar", root)
    assert head["type"] == "directory"
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        members = {member.name: member for member in archive}
        # Links that lead out are kept as what they are, and not followed.
        archive.extractall(tmp_path / "out", filter="fully_trusted")
    assert members["v/passwd"].linkname == "/etc/passwd"
    assert members["v/same.bin"].islnk()
    told = (tmp_path / "out" / "v" / "LEFT-OUT.txt").read_text()
    assert told == "v/fifo: it is neither a file nor a folder\n"
    copy = tmp_path / "out" / "v"
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                same = copy / file.relative_to(root)
                assert same.read_bytes() == file.read_bytes()
                assert int(same.stat().st_mtime) == int(file.stat().st_mtime)
    assert (copy / "step 1" / "deep").is_dir()


def test_a_file_is_no_archive(root: Path) -> None:
    assert ask("tar", root, "model.bin")[0]["error"] == "NotAFolder"


def test_the_end_of_its_input_ends_it(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(1 << 30)
    source = program("files.py").decode()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", source, "read"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    request = {"root": str(root), "path": "large", "offset": 0, "length": None, "tag": ""}
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.close()
    assert process.wait(10) != 0
    process.stdout.close()


def test_a_reader_pod_ends_when_nobody_reads(tmp_path: Path) -> None:
    mark = tmp_path / "used"
    source = program("wait_for_readers.py").decode()
    command = [sys.executable, "-I", "-S", "-c", source, str(mark), "0.3"]
    assert subprocess.run(command, timeout=10).returncode == 0
    assert mark.exists()
