"""Reading the tar streams that layers are: what other programs write, and what is damaged."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_trainhub.registry import tar_header
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.tar import Entry, TarReader
from tests.registry.packing import member, tar

GNU_TAR = shutil.which("tar")
LONG = f"{'n' * 90}/{'ö' * 80}/{'x' * 120}"
FORMATS = [
    "--format=v7",
    "--format=ustar",
    "--format=gnu",
    "--format=posix",
    "--format=gnu --sparse",
    "--format=posix --sparse --sparse-version=0.0",
    "--format=posix --sparse --sparse-version=0.1",
    "--format=posix --sparse --sparse-version=1.0",
    "--format=posix --xattrs --xattrs-include=*",
]


def chunks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    return [(entry, b"".join(content)) for entry, content in TarReader(chunks(data))]


def extracted(data: bytes, folder: Path) -> Path:
    folder.mkdir()
    subprocess.run(
        ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", "-", "-C", folder],
        input=data,
        check=True,
    )
    return folder


def described(root: Path) -> dict[str, object]:
    """What can be seen of all files in a folder, but times of folders."""
    found: dict[str, object] = {}
    first: dict[int, str] = {}
    for path in sorted(root.rglob("*")):
        name, status = str(path.relative_to(root)), path.lstat()
        kind = status.st_mode, status.st_uid, status.st_gid
        if path.is_symlink():
            found[name] = (*kind, os.readlink(path))
        elif path.is_dir():
            found[name] = kind
        else:
            attributes = {key: os.getxattr(path, key) for key in os.listxattr(path)}
            content = path.read_bytes() if path.is_file() else b""
            one = first.setdefault(status.st_ino, name)
            found[name] = (*kind, content, status.st_mtime_ns, attributes, one)
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Files of all kinds that every format of tar can hold."""
    root = tmp_path / "tree"
    (root / "folder" / "empty").mkdir(parents=True)
    (root / "folder" / "file").write_bytes(b"content\0")
    os.utime(root / "folder" / "file", ns=(1, 1_700_000_000_000_000_000))
    os.link(root / "folder" / "file", root / "second")
    (root / "link").symlink_to("folder/nowhere")
    os.mkfifo(root / "fifo")
    os.utime(root / "fifo", (1, 1))
    with (root / "sparse").open("wb") as file:
        for number in range(60):  # more pieces than the first block of a map holds
            file.seek(number * 100_000)
            file.write(b"%d" % number)
    os.utime(root / "sparse", ns=(1, 1_700_000_000_000_000_000))
    os.chmod(root / "second", 0o4711)
    return root


@pytest.mark.skipif(GNU_TAR is None, reason="needs tar")
@pytest.mark.parametrize("options", FORMATS)
def test_what_gnu_tar_writes_is_read_and_copied(options: str, tree: Path, tmp_path: Path) -> None:
    rich = "posix" in options or "gnu" in options
    if rich:
        (tree / LONG).parent.mkdir(parents=True)
        (tree / LONG).write_bytes(b"long")
        os.utime(tree / LONG, ns=(1, 1_700_000_000_000_000_000))
        Path(os.fsdecode(os.fsencode(tree) + b"/\xff\xfe")).symlink_to(LONG)
    if "xattrs" in options:
        try:
            os.setxattr(tree / "second", "user.binary", b"\0\xff=\n")
        except OSError:
            pytest.skip("this file system keeps no extended attributes")
    if "v7" in options:
        (tree / "fifo").unlink()
    names = sorted(os.listdir(tree))
    stored = subprocess.run(
        ["tar", *options.split(), "-cf", "-", "-C", tree, *names], capture_output=True, check=True
    ).stdout
    found = read(stored)
    with tarfile.open(fileobj=io.BytesIO(stored)) as reference:
        assert [entry.path for entry, _ in found] == reference.getnames()
    kinds = {entry.path: entry.kind for entry, _ in found}
    assert kinds.get("fifo", tarfile.FIFOTYPE) == tarfile.FIFOTYPE
    assert kinds["folder/empty"] == tarfile.DIRTYPE
    assert kinds["link"] == tarfile.SYMTYPE
    if "--sparse" in options:
        assert {entry.path: entry.size for entry, _ in found}["sparse"] < 1_000_000
    copied = [entry.header + content + entry.padding for entry, content in found]
    again = extracted(b"".join(copied) + tar_header.END, tmp_path / "again")
    assert described(again) == described(tree)


@pytest.mark.skipif(GNU_TAR is None, reason="needs tar")
@pytest.mark.parametrize("options", FORMATS)
def test_other_names_for_what_was_stored(options: str, tree: Path, tmp_path: Path) -> None:
    stored = subprocess.run(
        ["tar", *options.split(), "-cf", "-", "-C", tree, "sparse", "link"],
        capture_output=True,
        check=True,
    ).stdout
    (sparse, content), (link, _) = read(stored)
    moved = [
        tar_header.renamed(sparse, LONG) + content + sparse.padding,
        tar_header.linked(sparse, "other", LONG),
        tar_header.renamed(link, "\udcff"),
        tar_header.END,
    ]
    again = extracted(b"".join(moved), tmp_path / "again")
    assert (again / LONG).read_bytes() == (tree / "sparse").read_bytes()
    assert (again / LONG).lstat().st_mtime_ns == (tree / "sparse").lstat().st_mtime_ns
    assert (again / "other").samefile(again / LONG)
    assert os.readlink(os.fsencode(again) + b"/\xff") == b"folder/nowhere"
    with tarfile.open(fileobj=io.BytesIO(b"".join(moved))) as reference:
        assert reference.getnames() == [LONG, "other", "\udcff"]


def test_names_are_told_from_the_root_of_the_layer() -> None:
    data = tar(*map(member, ["./", "./a//b/", "/etc/x", "a/../c"]))
    assert [entry.path for entry, _ in read(data)] == ["", "a/b", "etc/x", "c"]


def test_a_file_of_more_than_8_gib_is_told_by_its_size() -> None:
    info = member("huge", size=9 << 30)
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        entries = iter(TarReader([info.tobuf(form)]))
        entry, content = next(entries)
        assert entry.size == 9 << 30
        with pytest.raises(BrokenImage, match="breaks off at byte"):
            next(content)


def test_pax_headers_for_all_are_left_out_as_engines_do() -> None:
    written = io.BytesIO()
    headers = {"comment": "a commit", "uid": "7"}
    with tarfile.open(fileobj=written, mode="w", pax_headers=headers) as file:
        file.addfile(member("a"))
    ((entry, _),) = read(written.getvalue())
    assert entry.path == "a"
    assert b"a commit" not in entry.header


SAMPLE = tar(
    ("folder/", b""),
    ("folder/file", b"x" * 1500),
    (LONG, b"y" * 10),
    member("link", tarfile.LNKTYPE, linkname="folder/file"),
)
END_OF_SAMPLE = len(SAMPLE.rstrip(b"\0")) // 512 * 512 + 512  # where the mark of the end begins


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, 1024, 2048, 2600, END_OF_SAMPLE])
def test_a_stream_that_breaks_off_is_refused_with_the_byte(length: int) -> None:
    with pytest.raises(BrokenImage, match=f"^the layer breaks off at byte {length}: "):
        read(SAMPLE[:length])
    assert len(read(SAMPLE[: END_OF_SAMPLE + 512])) == 4


@pytest.mark.parametrize(
    ("at", "data", "why"),
    [
        (148, b"777777", "bad checksum"),
        (512 + 20, b"\xff", "bad checksum"),
    ],
)
def test_a_damaged_header_is_refused_with_its_byte(at: int, data: bytes, why: str) -> None:
    damaged = SAMPLE[:at] + data + SAMPLE[at + len(data) :]
    with pytest.raises(BrokenImage, match=f"damaged at byte {at // 512 * 512}: {why}"):
        read(damaged)


@pytest.mark.parametrize("record", [b"9 path=", b"nonsense", b"99999 path=x\n", b"4 a\n", b"0 =\n"])
def test_a_malformed_pax_record_is_refused(record: bytes) -> None:
    info = member("PaxHeader", tarfile.XHDTYPE, size=len(record))
    data = info.tobuf() + record.ljust(512, b"\0") + SAMPLE
    with pytest.raises(BrokenImage, match="damaged at byte 0: a record"):
        read(data)


def test_blocks_of_zeros_in_headers_are_not_the_end() -> None:
    info = member("PaxHeader", tarfile.XHDTYPE, size=0)
    with pytest.raises(BrokenImage, match="damaged at byte 512: a header belongs to no entry"):
        read(info.tobuf() + bytes(1024))


@pytest.mark.parametrize("size", [b"-1", b"x", b"9" * 5000])
def test_a_size_that_is_none_is_refused(size: bytes) -> None:
    rest = b" size=" + size + b"\n"
    record = b"%d" % (len(rest) + len(str(len(rest) + 4))) + rest
    info = member("PaxHeader", tarfile.XHDTYPE, size=len(record))
    data = info.tobuf() + record + bytes(-len(record) % 512) + SAMPLE
    with pytest.raises(BrokenImage, match="damaged at byte 0: "):
        read(data)


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(BrokenImage, match="damaged at byte 0: a name leads out"):
        read(tar(member(name)))
    with pytest.raises(BrokenImage, match="damaged at byte 0: a name leads out"):
        read(tar(member("a", tarfile.LNKTYPE, linkname=name)))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(at=st.integers(0, len(SAMPLE) - 1), data=st.binary(min_size=1, max_size=20))
def test_damage_is_refused_or_seen_in_what_is_read(at: int, data: bytes) -> None:
    damaged = SAMPLE[:at] + data + SAMPLE[at + len(data) :]
    try:
        read(damaged)
    except BrokenImage as error:
        assert re.search(r"byte \d+", str(error))  # noqa: PT017
