"""Dockerfiles that do again what a layer did."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_trainhub.registry.changes import Changes
from jupyter_trainhub.registry.recipe import recipe
from jupyter_trainhub.registry.reference import InvalidReference
from tests.registry.composed import oci_layout
from tests.registry.packing import programs, tar

NOTHING: Changes = {
    "files": 0,
    "bytes": 0,
    "deleted": [],
    "emptied": [],
    "folders": [],
    "large": [],
    "packages": {"apt": [], "pip": [], "conda": []},
    "environments": {},
    "rest": [],
    "unexplained": [],
}
SITE = "usr/local/lib/python3.12/site-packages"


def changes(**changed: Any) -> Changes:
    packages = {kind: changed.pop(kind, []) for kind in ("apt", "pip", "conda")}
    return {**NOTHING, "packages": packages, **changed}  # type: ignore[typeddict-item]


def apt(name: str, change: str = "added", **more: Any) -> dict[str, Any]:
    flags = {"manual": True, "recommended": False, "held": False}
    return {"name": name, "version": "1:2~3", "change": change, **flags, **more}


def pip(name: str, version: str = "1", change: str = "added", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, "location": SITE, "change": change, **more}


def conda(name: str, change: str = "added", **more: Any) -> dict[str, Any]:
    told = {"version": "1", "build": "0", "channel": "conda-forge", "prefix": "opt/conda"}
    return {"name": name, "change": change, **told, **more}


def commands(dockerfile: str) -> list[list[str]]:
    """The words of the steps in JSON form."""
    found = []
    for line in dockerfile.splitlines():
        if line.startswith("RUN ["):
            found.append(json.loads(line.removeprefix("RUN ")))
    return found


def test_nothing_but_a_base() -> None:
    base = f"docker.io/library/debian@sha256:{'0' * 64}"
    found = recipe(NOTHING, base)
    assert found["Dockerfile"].splitlines()[1:] == [f"FROM {base}"]
    assert (found["requirements.txt"], found["environment.yml"], found["notes"]) == ("", "", [])


@pytest.mark.parametrize("base", ["debian\nRUN x", "a b", "", "$HOME"])
def test_a_base_is_the_name_of_an_image(base: str) -> None:
    with pytest.raises(InvalidReference):
        recipe(NOTHING, base)


def test_packages_of_apt() -> None:
    found = recipe(
        changes(
            apt=[
                apt("curl"),
                apt("libcurl4", manual=False),
                apt("ca-certificates", manual=False, recommended=True),
                apt("libc6", "changed", manual=False),
                apt("cuda", held=True),
                apt("nano", "removed", version=""),
                apt("$(evil)"),
            ]
        ),
        "debian",
    )
    text = found["Dockerfile"]
    script = re.search(r"^RUN (export(?:.*\\\n)*.*)", text, re.MULTILINE)
    assert script is not None
    words = shlex.split(script[1].replace("\\\n", ""))
    start = words.index("--no-install-recommends") + 1
    assert words[start:-4] == [
        *("curl", "ca-certificates", "libc6", "cuda=1:2~3"),
        *("&&", "apt-mark", "auto", "ca-certificates", "libc6"),
    ]
    assert commands(text) == [["apt-get", "remove", "-y", "nano"]]
    assert "evil" not in text
    assert found["notes"] == ["cuda was held, and is pinned to 1:2~3."]


def test_packages_of_pip() -> None:
    found = recipe(
        changes(
            pip=[
                pip("numpy", "2.0", requested=True),
                pip("dep", "1.0"),
                pip("torch", "2.3.0+cu121"),
                pip("own", "1+local"),
                pip("fork", url="git+https://example.com/x.git@c0ffee"),
                pip("work", url="file:///home/me/work", editable=True),
                pip("bad name; rm", "1"),
                pip("gone", change="removed"),
            ]
        ),
        "python:3.12",
    )
    assert found["requirements.txt"].splitlines() == [
        "--extra-index-url https://download.pytorch.org/whl/cu121",
        "# Asked for",
        "numpy==2.0",
        "# What these brought",
        "dep==1.0",
        "torch==2.3.0+cu121",
        "own==1+local",
        "fork @ git+https://example.com/x.git@c0ffee",
        '# -e "file:///home/me/work" (work 1)',
        "# a package with a name that cannot be written",
    ]
    uninstall, install = commands(found["Dockerfile"])
    assert uninstall[-3:] == ["uninstall", "-y", "gone"]
    assert install[-2:] == ["-r", "/tmp/requirements.txt"]
    assert "/usr/local/bin/python3.12" in install
    assert len(found["notes"]) == 3


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("usr/local/lib/python3.11/dist-packages", ["python3.11", "-m", "pip", "install"]),
        ("usr/lib64/python3.9/site-packages", ["/usr/bin/python3.9", "-m", "pip", "install"]),
        ("home/me/.local/lib/python3.11/site-packages", ["PYTHONUSERBASE=/home/me/.local"]),
        ("srv/libs", ["--target", "/srv/libs"]),
        ("opt/env/lib/python3.11/site-packages", ["--python", "/opt/env/bin/python", "install"]),
    ],
)
def test_packages_go_where_they_were(location: str, expected: list[str]) -> None:
    one = pip("one", location=location)
    found = recipe(changes(pip=[one], environments={"/opt/env": "/usr/bin"}), "debian")
    *_, command = commands(found["Dockerfile"])
    at = command.index(expected[0])
    assert command[at : at + len(expected)] == expected
    assert commands(found["Dockerfile"])[0][1:4] == ["-m", "venv", "--without-pip"]


def test_only_one_folder_has_a_file_of_requirements() -> None:
    many = [pip("a"), pip("b"), pip("c", location="opt/x/lib/python3.9/site-packages")]
    found = recipe(changes(pip=many), "debian")
    assert found["requirements.txt"] == "a==1\nb==1\n"
    assert commands(found["Dockerfile"])[-1][-1] == "c==1"


def test_packages_of_conda() -> None:
    found = recipe(
        changes(
            conda=[
                conda("numpy", version="2.0", build="py312_0"),
                conda("own", channel="https://conda.example.com/team"),
                conda("x; y"),
                conda("gone", "removed"),
                conda("other", prefix="opt/conda/envs/b", channel=""),
            ]
        ),
        "conda",
    )
    assert found["environment.yml"].splitlines() == [
        "channels:",
        '  - "conda-forge"',
        '  - "https://conda.example.com/team"',
        "dependencies:",
        "  - numpy=2.0=py312_0",
        "  - own=1=0",
    ]
    update, remove, other = commands(found["Dockerfile"])
    assert update[:5] == ["conda", "env", "update", "--prefix", "/opt/conda"]
    assert remove == ["conda", "remove", "-y", "--prefix", "/opt/conda", "gone"]
    assert other[-4:] == ["/opt/conda/envs/b", "--channel", "defaults", "other=1=0"]


def test_files_are_proposed_and_not_copied() -> None:
    paths = ("/srv/$X\n'\"", "/tmp/x", "/etc/apt")
    rest = [{"path": path, "files": 1, "bytes": 5} for path in paths]
    found = recipe(changes(rest=rest, apt=[apt("curl")]), "debian")
    lines = found["Dockerfile"].splitlines()
    copies = [line for line in lines if "COPY" in line]
    update = next(at for at, line in enumerate(lines) if "apt-get update" in line)
    assert copies == [
        '# COPY ["etc/apt/", "/etc/apt/"]',
        '# COPY ["srv/\\\\$X\\n\'\\"/", "/srv/\\\\$X\\n\'\\"/"]',
    ]
    assert lines.index(copies[0]) < update < lines.index(copies[1])


def test_whoever_the_base_runs_as_is_set_again() -> None:
    deleted = {"deleted": ["/x"], "unexplained": ["/x"]}
    lines = recipe(changes(**deleted), "debian", "jovyan")["Dockerfile"].splitlines()
    assert (lines[2], lines[-1]) == ("USER root", "USER jovyan")
    assert "USER" not in recipe(changes(**deleted), "debian", "root")["Dockerfile"]
    assert "evil" not in recipe(changes(**deleted), "debian", "x\nRUN evil")["Dockerfile"]


def test_what_cannot_be_written_is_noted() -> None:
    paths = ["/srv/\udcff", "/", "/tmp/x", *(f"/many/{number}" for number in range(1001))]
    found = recipe(changes(deleted=paths, unexplained=paths), "debian")
    found["Dockerfile"].encode()
    deleted = [path for command in commands(found["Dockerfile"]) for path in command[3:]]
    assert deleted == sorted(f"/many/{number}" for number in range(1001))[:1000]
    assert len(found["notes"]) == 1


HOSTILE = [
    *("a b", "$(touch pwned)", "new\nline", "<<EOF", "-rf", "quote\"'`\\", "*", "ü", "${X}", "#"),
    *("\\", "]", "end\\", "& x", "tab\there"),
]


@pytest.fixture
def buildah(tmp_path: Path) -> Callable[..., str]:
    """Runs buildah, with a storage of its own."""
    if shutil.which("buildah") is None or os.getuid() != 0:
        pytest.skip("needs buildah, and root for it")

    def run(*arguments: str | Path) -> str:
        storage = ("--root", tmp_path / "store", "--runroot", tmp_path / "run")
        done = subprocess.run(
            ["buildah", *storage, "--storage-driver", "vfs", *arguments],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def test_a_recipe_is_built(buildah: Callable[..., str], tmp_path: Path) -> None:
    base = tar(
        *((f"srv/{name}", name) for name in HOSTILE),
        ("srv/kept", b"1"),
        ("opt/full/inner/file", b"1"),
        ("tmp/", b""),
    )
    variables = ["PATH=/bin", "X=kept"]
    layout = oci_layout(tmp_path / "layout", programs("rm", "find"), base, Env=variables)
    identity = buildah("pull", "-q", f"oci:{layout}:image")
    buildah("tag", identity, "localhost/base:1")

    gone = [f"/srv/{name}" for name in HOSTILE]
    found = recipe(
        changes(deleted=gone, emptied=["/opt/full"], unexplained=[*gone, "/opt/full"]),
        "localhost/base:1",
    )
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(found["Dockerfile"])
    buildah("bud", "-q", "--isolation", "chroot", "--pull=never", "-t", "again:1", context)
    container = buildah("from", "--pull=never", "localhost/again:1")
    root = Path(buildah("mount", container))
    assert os.listdir(root / "srv") == ["kept"]
    assert os.listdir(root / "opt/full") == []
    assert not list(root.rglob("pwned"))
    buildah("umount", container)
