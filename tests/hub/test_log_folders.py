"""Log folders as people write them: their names, and which may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.tensorboards.folders import LogFolder, named, parse
from jupyter_trainhub.hub.tensorboards.roots import allowed_folder


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("/x/runs", ("", "/x/runs")),
        ("runs", ("", "runs")),
        ("big:/x/runs", ("big", "/x/runs")),
        ("a b:c:d", ("a b", "c:d")),
        ("/x/a:b", ("", "/x/a:b")),
        ("./a:b", ("", "./a:b")),
        ("pvc://claim/runs", ("", "pvc://claim/runs")),
    ],
)
def test_reads_folders_as_people_write_them(text: str, folder: tuple[str, str]) -> None:
    assert parse(text) == folder
    assert str(parse(text)) == text
    assert parse(str(LogFolder("", "a:b"))).name == ""


@pytest.mark.parametrize("text", ["", "a:", "..:/x", "a\n:/x", "/x\0", "n" * 201 + ":/x"])
def test_refuses_what_names_no_folder(text: str) -> None:
    with pytest.raises(InvalidField):
        parse(text)


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["/x/runs"], ["runs"]),
        (["/a/runs", "/b/runs", "/c"], ["a-runs", "b-runs", "c"]),
        (["/"], ["root"]),
        (["/a/b-c", "/a-b/c", "/x/c"], ["b-c", "a-b-c", "x-c"]),
        (["/runs", "/a/runs"], ["runs", "a-runs"]),
        (["runs:/a", "/b/runs"], ["runs", "b-runs"]),
        (["/a/x:y"], ["x-y"]),
    ],
)
def test_names_are_short_and_different(texts: list[str], names: list[str]) -> None:
    assert [folder.name for folder in named(map(parse, texts))] == names


def test_links_out_of_the_roots_are_refused_where_they_show_logs(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "runs" / "deep").mkdir(parents=True)
    (outside / "run").mkdir(parents=True)
    for name in ("data", "deep/inside"):
        (root / "runs" / name).symlink_to(root if name == "deep/inside" else outside)

    def allowed(path: Path) -> Path:
        return allowed_folder(path, [root], shown="runs", field="folders")

    assert allowed(root / "runs") == root / "runs"
    (outside / "run" / "events.out.tfevents.1").touch()
    with pytest.raises(InvalidField, match="the link 'data' in 'runs' leads to logs outside"):
        allowed(root / "runs")
    with pytest.raises(InvalidField, match="outside the allowed roots"):
        allowed(root / "runs" / "data")
    (root / "runs" / "data").unlink()
    (root / "runs" / "deep" / "tfevents").symlink_to(outside / "run" / "events.out.tfevents.1")
    with pytest.raises(InvalidField, match="'deep/tfevents'"):
        allowed(root / "runs")
