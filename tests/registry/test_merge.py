"""One layer made of two: it must do to any image what the two did."""

from __future__ import annotations

import copy
import io
import re
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_trainhub.registry.blob import BrokenImage
from jupyter_trainhub.registry.merge import merge
from tests.registry import layer_model
from tests.registry.layer_model import File, Folder
from tests.registry.packing import member, tar

Draw = Callable[..., Any]  # what a strategy of any kind gives

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from([0o700, 0o755, 0o644])


class Layer(bytes):
    """A tar file that is told by the names in it."""

    def __repr__(self) -> str:
        with tarfile.open(fileobj=io.BytesIO(self)) as found:
            return str([(m.name, m.type, m.linkname, m.mode) for m in found])


def merged(lower: bytes, upper: bytes) -> bytes:
    return b"".join(merge(lambda: iter([lower]), lambda: iter([upper])))


def names(layer: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(layer)) as found:
        return found.getnames()


@st.composite
def layers(draw: Draw, below: Folder, *, links_out: bool = False, tidy: bool = False) -> Layer:
    """A layer for the tree, which becomes the tree with it.

    With `links_out` it may have hard links to files that are in the tree only; a tidy one marks
    what is there, and puts entries where folders are, as layers do that engines take from trees.
    """
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as layer:

        def add(info: tarfile.TarInfo, content: bytes = b"") -> None:
            info.size = len(content)
            layer.addfile(info, io.BytesIO(content))
            one = io.BytesIO()
            with tarfile.open(fileobj=one, mode="w", format=tarfile.PAX_FORMAT) as single:
                single.addfile(info, io.BytesIO(content))
            # Marks act on what is below only; those of a layer stand before its entries here.
            layer_model.apply(below, one.getvalue())

        marked: list[str] = []
        for path in draw(st.lists(PATHS, max_size=3)):
            folder, _, name = path.rpartition("/")
            mark = draw(st.sampled_from([f"{folder}/.wh.{name}", f"{path}/.wh..wh..opq"]))
            way = _way(below, f"{path}/")
            is_there = len(way) == path.count("/") + 2
            if tidy and any(done.startswith(path) for done in marked):
                continue
            if is_there and isinstance(way[-1], File) and mark.endswith("opq"):
                continue
            if is_there or not (tidy or any(isinstance(node, File) for node in way)):
                add(member(mark.lstrip("/")))
                marked.append(path)
        brought: list[str] = []
        for path in draw(st.lists(PATHS, max_size=8)):
            way = _way(below, path)
            if tidy and (len(way) <= path.count("/") or isinstance(way[-1], File)):
                continue
            kinds = [tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
            files = [
                name
                for name, node in layer_model.paths(below)
                if isinstance(node, File) and name != path and not name.startswith(f"{path}/")
                if links_out or name in brought
            ]
            if files:
                kinds.append(tarfile.LNKTYPE)
            kind = draw(st.sampled_from(kinds))
            info = member(path, kind, mode=draw(MODES))
            if kind == tarfile.LNKTYPE:
                info.linkname = draw(st.sampled_from(files))
                node = _at(below, info.linkname)
                if node in way:
                    continue
                info.mode = node.mode
            content = draw(st.binary(max_size=3)) if kind == tarfile.REGTYPE else b""
            add(info, content)
            brought.append(path)
    return Layer(written.getvalue())


def _way(root: Folder, path: str) -> list[File | Folder]:
    """What lies on the way to a path."""
    found: list[File | Folder] = [root]
    for name in path.split("/")[:-1]:
        last = found[-1]
        if not isinstance(last, Folder) or name not in last.children:
            break
        found.append(last.children[name])
    return found


def _at(root: Folder, path: str) -> File | Folder:
    folder, name = layer_model.place(root, path)
    return folder.children[name]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
@pytest.mark.parametrize("links_out", [False, True])
def test_any_two_layers(links_out: bool, data: st.DataObject) -> None:
    base = Folder()
    data.draw(layers(base), "base")
    after = copy.deepcopy(base)
    lower = data.draw(layers(after, links_out=links_out), "lower")
    upper = data.draw(layers(after, links_out=links_out), "upper")
    try:
        one = merged(lower, upper)
    except BrokenImage as error:
        assert (links_out, "of the image below" in str(error)) == (True, True)  # noqa: PT017
        return
    found = copy.deepcopy(base)
    layer_model.apply(found, one)
    assert layer_model.seen(found) == layer_model.seen(after), names(one)


def files(layer: bytes) -> dict[str, object]:
    root = Folder()
    layer_model.apply(root, layer)
    return layer_model.seen(root)


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        pytest.param(["a"], [".wh.a"], [".wh.a"], id="deleted-later"),
        pytest.param([".wh.a"], ["a"], ["a"], id="made-again"),
        pytest.param(["d/", "d/a", "d/b"], [".wh.d"], [".wh.d"], id="folder-deleted"),
        pytest.param(
            ["d/", "d/a"], ["d/.wh..wh..opq", "d/b"], ["d", "d/.wh..wh..opq", "d/b"], id="emptied"
        ),
        pytest.param([".wh.d"], ["d/"], ["d", "d/.wh..wh..opq"], id="folder-made-again"),
        pytest.param(["d"], ["d/"], ["d", "d/.wh..wh..opq"], id="file-to-folder"),
        pytest.param(["d/", "d/a"], ["d"], ["d"], id="folder-to-file"),
        pytest.param(["d/a"], ["d/"], ["d", "d/a"], id="folder-described-later"),
        pytest.param(
            ["d/.wh..wh..opq", "d/e/a"],
            ["d/e/.wh.a"],
            ["d/.wh..wh..opq", "d/e"],
            id="nothing-to-hide-in-what-is-hidden",
        ),
        pytest.param(["b", "a"], [".wh.c"], [".wh.c", "b", "a"], id="marks-before-files"),
        pytest.param([".wh..wh.plnk/1", ".wh..wh.aufs"], ["a"], ["a"], id="notes-of-aufs"),
        pytest.param(["a", "./"], [".wh..wh..opq", "b"], [".", ".wh..wh..opq", "b"], id="root"),
    ],
)
def test_what_is_in_the_layer(lower: list[str], upper: list[str], expected: list[str]) -> None:
    def layer(paths: list[str]) -> bytes:
        return tar(*((path, b"") if path.endswith("/") else member(path) for path in paths))

    one = merged(layer(lower), layer(upper))
    assert [name or "." for name in names(one)] == expected


@pytest.mark.parametrize(
    ("upper", "expected"),
    [
        ([("a", b"new")], {"a": b"new", "b": b"old", "c": b"old"}),
        ([member(".wh.a")], {"b": b"old", "c": b"old"}),
        ([member(".wh.b")], {"a": b"old", "c": b"old"}),
        ([member(".wh.a"), member(".wh.b")], {"c": b"old"}),
        ([member("a", tarfile.DIRTYPE)], {"b": b"old", "c": b"old"}),
        (
            [("a", b"new"), member("d", tarfile.LNKTYPE, linkname="c")],
            {"a": b"new", "b": b"old", "c": b"old", "d": b"old"},
        ),
    ],
)
def test_a_hard_link_keeps_its_content(
    upper: list[tarfile.TarInfo], expected: dict[str, bytes]
) -> None:
    first = member("a", mode=0o4711, mtime=1.5, uid=1234)
    links = [member(name, tarfile.LNKTYPE, linkname="a") for name in "bc"]
    one = merged(tar((first, b"old"), *links), tar(*upper))
    root = Folder()
    layer_model.apply(root, one)
    found = {name: node for name, node in root.children.items() if isinstance(node, File)}
    assert {name: node.content for name, node in found.items()} == expected
    assert len({id(node) for node in found.values() if node.content == b"old"}) == 1
    with tarfile.open(fileobj=io.BytesIO(one)) as layer:
        for entry in layer:
            # Engines take owner, mode and time from every link anew.
            if entry.name in ("b", "c", "d"):
                assert (entry.mode, entry.mtime, entry.uid) == (0o4711, 1.5, 1234)


def test_links_on_the_way_are_followed() -> None:
    lower = tar(
        ("usr/lib/", b""),
        member("lib", tarfile.SYMTYPE, linkname="usr/lib"),
        member("usr/here", tarfile.SYMTYPE, linkname="/usr/../usr/./lib"),
        ("lib/a", b"a"),
        ("usr/lib/b", b"b"),
    )
    upper = tar(
        member("lib/.wh.b"),
        ("usr/here/c", b"c"),
        ("lib/folder/", b""),
        member("d", tarfile.LNKTYPE, linkname="lib/a"),
    )
    one = merged(lower, upper)
    assert sorted(names(one)) == [
        *("d", "lib", "usr/here", "usr/lib", "usr/lib/.wh.b", "usr/lib/a", "usr/lib/c"),
        "usr/lib/folder",
    ]
    assert files(one)["d"] == (tarfile.REGTYPE, b"a", 0o755, "d")


@pytest.mark.parametrize(
    ("lower", "upper", "why"),
    [
        (
            [
                member("a", tarfile.SYMTYPE, linkname="b"),
                member("b", tarfile.SYMTYPE, linkname="a"),
            ],
            [member("a/x")],
            "symbolic links on the way to 'a/x' lead nowhere",
        ),
        (
            [member(".wh.a")],
            [member("b", tarfile.LNKTYPE, linkname="a")],
            "'b' is a hard link to 'a', which is no file",
        ),
        (
            [member("b", tarfile.LNKTYPE, linkname="a")],
            [member("a")],
            "'b' is a hard link to 'a' of the image below, which a layer replaces",
        ),
    ],
)
def test_what_cannot_be_one_layer(
    lower: list[tarfile.TarInfo], upper: list[tarfile.TarInfo], why: str
) -> None:
    with pytest.raises(BrokenImage, match=re.escape(why)):
        merged(tar(*lower), tar(*upper))


@pytest.mark.parametrize("broken", ["lower", "upper"])
def test_a_damaged_layer_is_named(broken: str) -> None:
    layers = {"lower": tar(("a", b"a")), "upper": tar(("b", b"b"))}
    layers[broken] = layers[broken][:600]
    with pytest.raises(BrokenImage, match=f"the {broken} layer breaks off at byte 600"):
        merged(**layers)
