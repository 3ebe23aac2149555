"""Images in files of every kind are read, and what is none is refused with the byte at fault."""

from __future__ import annotations

import gzip
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from jupyter_trainhub.registry.archive import open_archive
from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.manifest import PackedImage
from tests.registry.packing import Layout, digest, docker_archive, tar

LAYERS = tar(("etc/", b""), ("etc/a", b"1" * 5000)), tar(("etc/b", b"2"))


def layout() -> Layout:
    made = Layout()
    return made.name("demo:1", made.image(*LAYERS, Env=["A=b"]))


def zstd() -> Layout:
    made = Layout()
    return made.name("demo:1", made.image(*LAYERS, compress=zstandard.compress, Env=["A=b"]))


def many_architectures() -> Layout:
    made = Layout()
    this = made.image(*LAYERS, Env=["A=b"])
    other = {**made.image(LAYERS[0]), "platform": {"os": "linux", "architecture": "s390x"}}
    note = {**made.image(), "platform": {"os": "unknown", "architecture": "unknown"}}
    return made.name("demo:1", made.index(other, note, made.index(this)))


def whole_in_gzip(path: Path) -> Path:
    file = docker_archive(path, ["demo:1"], *LAYERS, Env=["A=b"])
    file.write_bytes(gzip.compress(file.read_bytes()))
    return file


FORMS: dict[str, Callable[[Path], Path]] = {
    "docker save": lambda path: docker_archive(path, ["demo:1"], *LAYERS, Env=["A=b"]),
    "compressed as a whole": whole_in_gzip,
    "OCI archive": lambda path: layout().archive(path),
    "OCI folder": lambda path: layout().folder(path),
    "zstd": lambda path: zstd().archive(path),
    "many architectures": lambda path: many_architectures().archive(path),
}


def read(path: Path) -> tuple[list[PackedImage], list[list[bytes]]]:
    with open_archive(path, path.parent) as images:
        return images, [[b"".join(layer.content()) for layer in im.layers] for im in images]


@pytest.mark.parametrize("form", FORMS)
def test_an_image_is_read(form: str, tmp_path: Path) -> None:
    with open_archive(FORMS[form](tmp_path / "image"), tmp_path) as (image,):
        assert image.names == ("demo:1",)
        assert [b"".join(layer.content()) for layer in image.layers] == list(LAYERS)
        configuration = image.configuration()
        assert configuration["config"]["Env"] == ["A=b"]
        assert configuration["rootfs"]["diff_ids"] == [digest(layer) for layer in LAYERS]
        assert ("sha256:" in image.digest) == (form not in ("docker save", "compressed as a whole"))


def test_several_images_are_read(tmp_path: Path) -> None:
    made = layout()
    made.name("other", made.image(LAYERS[1]))
    images, layers = read(made.archive(tmp_path / "image"))
    assert [image.names for image in images] == [("demo:1",), ("other",)]
    assert layers == [list(LAYERS), [LAYERS[1]]]


@pytest.mark.parametrize("form", ["docker save", "OCI archive", "compressed as a whole"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_truncated_archive_is_refused_at_its_end(form: str, share: float, tmp_path: Path) -> None:
    path = FORMS[form](tmp_path / "image")
    data = path.read_bytes()
    end = int(len(data.rstrip(b"\0")) * share)
    path.write_bytes(data[:end])
    # Where a member's header is cut off, the archive seems to end before it.
    places = {0, end, end // 512 * 512}
    where = "|".join(map(str, places)) if form != "compressed as a whole" else r"\d+"
    with pytest.raises(BrokenImage, match=rf"byte ({where})\b"):
        read(path)


def test_a_damaged_layer_is_refused_where_it_lies(tmp_path: Path) -> None:
    made = layout()
    path = made.archive(tmp_path / "image")
    data = bytearray(path.read_bytes())
    start = data.index(gzip.compress(LAYERS[0])[:20])
    data[start + 40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BrokenImage, match=rf"damaged (between|at) byte {start}"):
        read(path)


def test_an_index_of_other_architectures_is_told(tmp_path: Path) -> None:
    made = Layout()
    other = {**made.image(LAYERS[0]), "platform": {"os": "linux", "architecture": "s390x"}}
    with pytest.raises(BrokenImage, match="it holds linux/s390x"):
        read(made.name("demo", made.index(other)).archive(tmp_path / "image"))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a", b"b")], "neither index.json"),
        ([("manifest.json", b"{")], "an index that cannot be read"),
        ([("manifest.json", b'[{"Config": "c", "Layers": []}]')], "no file c"),
        ([("index.json", b"[]")], "no JSON object at byte 512"),
        ([("index.json", b"{}")], "holds no images"),
        ([("index.json", b'{"manifests": [{"digest": "md5:1"}]}')], "'md5:1' is no digest"),
        ([("index.json", b'{"manifests": ["x"]}')], "an index that cannot be read"),
    ],
)
def test_an_archive_of_something_else_is_refused(
    files: list[tuple[str, bytes]], words: str, tmp_path: Path
) -> None:
    (tmp_path / "image").write_bytes(tar(*files))
    with pytest.raises(BrokenImage, match=words):
        read(tmp_path / "image")


def test_a_manifest_of_something_else_is_refused(tmp_path: Path) -> None:
    made = Layout()
    manifest = {"config": made.blob(b"{}", "x"), "layers": [made.blob(b"", "text/plain")]}
    made.name("chart", made.blob(json.dumps(manifest).encode(), "x"))
    with pytest.raises(BrokenImage, match="is no layer: text/plain"):
        read(made.archive(tmp_path / "image"))


def header(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (header(tarfile.REGTYPE, -1024) + bytes(4096), "no archive"),
        (header(tarfile.REGTYPE, 0) * 20_000, "more than 10000 members before byte"),
        (tar(("a", ""))[:512] + header(tarfile.XHDTYPE, 1 << 32), "is too large"),
        (tar(("index.json", b"[" * 100_000)), "no JSON at byte 512"),
        (tar(("manifest.json", b"[" * 99_999)), "an index that"),
        # A number without an end, on which some versions of tarfile work for hours.
        (header(tarfile.XHDTYPE, 100_000) + b"1" * 100_000 + bytes(2048), "no archive"),
    ],
)
def test_an_archive_that_was_made_to_do_harm(data: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(BrokenImage, match=words):
            read(tmp_path / "image")
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "configuration", [b"{}", b"[]", b'{"rootfs": 3}', b'{"rootfs": {"diff_ids": 3}}']
)
def test_a_configuration_that_is_none(configuration: bytes, tmp_path: Path) -> None:
    saved = json.dumps([{"Config": "c", "RepoTags": None, "Layers": []}])
    (tmp_path / "image").write_bytes(tar(("manifest.json", saved), ("c", configuration)))
    with (
        open_archive(tmp_path / "image", tmp_path) as (image,),
        pytest.raises(BrokenImage, match=r"configuration|no JSON object"),
    ):
        image.configuration()


def test_links_of_a_folder_lead_nowhere_else(tmp_path: Path) -> None:
    folder = layout().folder(tmp_path / "image")
    outside = tmp_path / "outside"
    (folder / "index.json").rename(outside)
    (folder / "index.json").symlink_to(outside)
    with pytest.raises(BrokenImage, match="neither index"):
        read(folder)
