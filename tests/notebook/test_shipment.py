"""What travels with a notebook out of its folder."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook.beside import Beside
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.notebook.folder import Folder, Unshippable
from jupyter_trainhub.notebook.imports import imports
from jupyter_trainhub.notebook.plan import Plan, plan_notebook
from tests.notebook.conftest import MakeNotebook

PlanBeside = Callable[..., Plan]


@pytest.fixture
def plan(tmp_path: Path, notebook: MakeNotebook) -> PlanBeside:
    """Plans a notebook of ``cells`` in a folder with ``files``."""

    def make(
        *cells: str,
        files: Mapping[str, str | bytes] | None = None,
        include: Sequence[str] = (),
        starts_there: bool = True,
        max_bytes: int = 1 << 20,
    ) -> Plan:
        for name, content in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        beside = Beside(tmp_path, include, starts_there, max_bytes)
        return plan_notebook(notebook(*cells), name="train.ipynb", beside=beside)

    return make


def names(plan: Plan) -> set[str]:
    assert not plan.errors, plan.errors
    return {file.name for file in plan.shipped}


def left_out(plan: Plan) -> dict[str, str]:
    return {file.name: file.reason for file in plan.left_out}


MODULES = {
    "a.py": "import b",
    "b.py": "def f():\n    import c",
    "c.py": "",
    "unused.py": "",
    "pkg/__init__.py": "from .core import x",
    "pkg/core.py": "from . import sub\nfrom ..outside import y\nimport d",
    "pkg/sub/__init__.py": "",
    "pkg/table.json": "{}",
    "pkg/unread.py": "import unused",
    "space/one.py": "from .two import x",
    "space/two.py": "",
    "space/three.py": "",
    "d.py": "",
}
PACKAGE = {name for name in MODULES if name.startswith("pkg/")} | {"d.py"}


@pytest.mark.parametrize(
    ("cell", "shipped"),
    [
        ("import a", {"a.py", "b.py", "c.py"}),
        ("from b import f", {"b.py", "c.py"}),
        ("import pkg", PACKAGE),
        ("import pkg.sub", PACKAGE),
        ("from pkg import table, sub", PACKAGE),
        ("import space.one", {"space/one.py", "space/two.py"}),
        ("from space import three", {"space/three.py"}),
        ("import space", set()),
        ("import importlib\nimportlib.import_module('c')", {"c.py"}),
        ("try:\n    import c\nexcept ImportError:\n    import d", {"c.py", "d.py"}),
        ("if x:\n    import c", {"c.py"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import c", set()),
        ("%run b.py --flag 1", {"b.py", "c.py"}),
        ("import os, sys, time", set()),
        ("x = 'import a'", set()),
        ("%%writefile c.py\nimport d", set()),
    ],
)
def test_what_is_imported_travels(plan: PlanBeside, cell: str, shipped: set[str]) -> None:
    assert names(plan(cell, "1 + 1", files=MODULES)) == shipped


def test_files_that_cells_write_go_before_those_of_the_folder(plan: PlanBeside) -> None:
    planned = plan("%%writefile a.py\nimport c", "import a", files=MODULES)
    assert names(planned) == {"c.py"}
    told = {file["name"]: file["origin"] for file in planned.to_dict()["files"]}
    assert told == {"a.py": "cell", "c.py": "module"}


def test_each_file_tells_which_cells_need_it(plan: PlanBeside) -> None:
    planned = plan("import a", "import c", files=MODULES)
    assert {file.name: file.imported_by for file in planned.shipped} == {
        "a.py": (0,),
        "b.py": (0,),
        "c.py": (0, 1),
    }


def test_what_the_image_has_to_have_is_named(plan: PlanBeside) -> None:
    planned = plan(
        "import os, a, sklearn.svm\nfrom cv2 import x",
        "try:\n    import ujson\nexcept ImportError:\n    pass\nimport space, jupyter_trainhub",
        files={**MODULES, "c.py": "import einops"},
    )
    assert [(one.module, one.cell, one.package) for one in planned.absent] == [
        ("cv2", 0, "opencv-python-headless"),
        ("einops", 0, "einops"),
        ("sklearn", 0, "scikit-learn"),
        ("space", 1, "space"),
    ]


def test_a_relative_import_in_a_cell_is_refused(plan: PlanBeside) -> None:
    (error,) = plan("x = 1\nfrom .c import y", files=MODULES).errors
    assert (error.cell, error.line) == (0, 2)
    assert "from c import" in error.message


def test_a_module_that_hides_another_is_said(plan: PlanBeside) -> None:
    planned = plan("import random, pytest", files={"random.py": "", "pytest.py": ""})
    assert names(planned) == {"random.py", "pytest.py"}
    assert [remark.message.split(" in ")[0] for remark in planned.warnings] == [
        "random.py hides Python's own module 'random'",
        "pytest.py hides the installed package 'pytest'",
    ]


NAMED = {"data/a.csv": "1", "conf.yaml": "2", "pkg/__init__.py": "", "pkg/t.py": ""}


@pytest.mark.parametrize(
    "cell",
    [
        "open('conf.yaml')",
        "open('conf.yaml', mode='rb')",
        "from pathlib import Path\nPath('conf.yaml').read_text()",
        "import pathlib\npathlib.Path('.') / 'x'\npathlib.Path('.', 'conf.yaml')",
        "F = 'conf' + '.yaml'\nopen(F)",
        "import pandas as pd\npd.read_csv('conf.yaml')",
        "import os\nopen(os.path.join('.', 'conf.yaml'))",
    ],
)
def test_files_that_code_names_travel(plan: PlanBeside, cell: str) -> None:
    assert names(plan(cell, files=NAMED)) == {"conf.yaml"}


@pytest.mark.parametrize(
    "cell",
    [
        "open('conf.yaml', 'w')",
        "open('/conf.yaml')",
        "open('../conf.yaml')",
        "open('absent.yaml')",
        "open(name)",
        "for F in x:\n    F = 'conf.yaml'\nF = 1\nopen(F)",
        "open('https://conf.yaml')",
    ],
)
def test_other_files_do_not(plan: PlanBeside, cell: str) -> None:
    assert names(plan(cell, files=NAMED)) == set()


def test_names_are_followed_from_cell_to_cell(plan: PlanBeside) -> None:
    cells = ("ROOT = 'data'", "import os\nopen(f) if 0 else open(os.path.join(ROOT, 'a.csv'))")
    assert names(plan(*cells, files=NAMED)) == {"data/a.csv"}


def test_where_a_job_starts_elsewhere_it_finds_its_files_there(plan: PlanBeside) -> None:
    files = {**NAMED, "beside.txt": ""}
    files["m.py"] = "from pathlib import Path\nopen(Path(__file__).parent / 'beside.txt')"
    planned = plan("import m", "open('conf.yaml')", files=files, starts_there=False)
    assert names(planned) == {"m.py", "beside.txt"}
    assert left_out(planned) == {"conf.yaml": "read where the job starts, as it is then"}


def test_a_large_file_does_not_travel_unasked(plan: PlanBeside) -> None:
    files = {"big.bin": b"\0" * ((1 << 20) + 1)}
    planned = plan("open('big.bin')", files=files)
    assert names(planned) == set()
    assert "big.bin (1.0 MiB) does not travel" in planned.warnings[0].message
    asked = plan("open('big.bin')", files=files, include=["*.bin"], max_bytes=2 << 20)
    assert names(asked) == {"big.bin"}
    assert left_out(asked) == {}


def test_what_is_included_travels(plan: PlanBeside) -> None:
    files = {"assets/x/a.txt": "", "assets/b.md": "", "c1.yaml": "", "c2.yaml": "", "d.yaml": ""}
    assert names(plan("x", files=files, include=["assets", "c?.yaml"])) == set(files) - {"d.yaml"}
    files[".gitignore"] = "assets"
    for pattern in ("assets/**", "**/a*/*", "assets/"):
        planned = plan("x", files=files, include=[pattern])
        assert names(planned) == {"assets/x/a.txt", "assets/b.md"}, pattern
    (error,) = plan("x", include=["nothing*"]).errors
    assert "nothing*" in error.message
    (error,) = plan("x", files={".env": "KEY=1"}, include=[".env"]).errors
    assert ".env does not travel with the job: may hold a secret" in error.message


def test_what_an_installation_reads_travels(plan: PlanBeside) -> None:
    files = {"requirements.txt": "einops", "limits.txt": "", "other.txt": ""}
    cell = "%pip install -q -r requirements.txt -c ./limits.txt -r ../other.txt\nx"
    assert names(plan(cell, files=files)) == {"requirements.txt", "limits.txt"}


IGNORED = {
    ".gitignore": "*.log\n/pkg/data/\nlocal.py\n",
    "pkg/.gitignore": "!kept.log\ngenerated/\n",
    "pkg/__init__.py": "from . import local\nfrom .generated import code",
    "pkg/generated/__init__.py": "",
    "pkg/generated/code.py": "",
    "pkg/generated/more.py": "",
    "pkg/local.py": "",
    "pkg/a.log": "",
    "pkg/kept.log": "",
    "pkg/data/x.bin": "",
    "pkg/__pycache__/x.pyc": "",
    "pkg/.env": "KEY=1",
    "pkg/server.pem": "",
    "pkg/huge.txt": "",
    ".trainhubignore": "huge.txt",
}


def test_packages_leave_out_what_git_and_trainhub_ignore(plan: PlanBeside) -> None:
    planned = plan("import pkg", files=IGNORED)
    generated = {"pkg/generated/__init__.py", "pkg/generated/code.py"}
    assert names(planned) == {"pkg/__init__.py", "pkg/local.py", "pkg/kept.log", *generated}
    assert left_out(planned) == {
        "pkg/a.log": "ignored by git",
        "pkg/data/": "ignored by git",
        "pkg/generated/": "ignored by git",
        "pkg/.env": "may hold a secret",
        "pkg/server.pem": "may hold a secret",
        "pkg/huge.txt": "left out by .trainhubignore",
    }
    assert len(planned.warnings) == 3
    assert "pkg/local.py is ignored by git, and travels" in planned.warnings[0].message


def test_the_rules_of_the_repository_above_count(plan: PlanBeside, tmp_path: Path) -> None:
    inner = tmp_path / "notebooks"
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("notebooks/pkg/*.log\n")
    (inner / "pkg").mkdir(parents=True)
    (inner / "pkg/__init__.py").write_text("")
    (inner / "pkg/a.log").write_text("")
    found = plan_notebook(
        {"nbformat": 4, "cells": [{"cell_type": "code", "source": "import pkg"}]},
        name="x.ipynb",
        beside=Beside(inner),
    )
    assert names(found) == {"pkg/__init__.py"}


def test_an_import_that_must_not_travel_is_refused(plan: PlanBeside) -> None:
    files = {".trainhubignore": "b.py", "b.py": "", "a.py": "import b"}
    (error,) = plan("x", "import a", files=files).errors
    assert error.cell == 1
    assert "b.py is imported, but does not travel" in error.message


def test_links_out_of_the_folder_are_not_followed(plan: PlanBeside, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "m.py").write_text("secret")
    (tmp_path / "m.py").symlink_to(outside / "m.py")
    (tmp_path / "inner.py").write_text("")
    (tmp_path / "alias.py").symlink_to("inner.py")
    (outside / "__init__.py").write_text("")
    (tmp_path / "pkg").symlink_to(outside)
    planned = plan("import m, alias, pkg", include=["**/*.py"])
    assert names(planned) == {"alias.py", "inner.py"}
    for name in ("m.py", "pkg/", "pkg/__init__.py"):
        assert "leads out" in left_out(planned)[name]
    assert "Copy what it leads to" in planned.warnings[0].message


def test_what_cannot_be_read_is_said(plan: PlanBeside, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bin")
    planned = plan(
        "import latin, broken", files={"latin.py": "ü".encode("latin-1"), "broken.py": "x ="}
    )
    assert [remark.message.split(".")[1] for remark in planned.warnings] == [
        "py is not UTF-8 text",
        "py, line 1: syntax error: invalid syntax",
    ]
    (error,) = plan("x", include=["pipe.bin"]).errors
    assert "pipe.bin does not travel with the job: not a plain file" in error.message


def test_too_much_is_refused_and_the_largest_are_named(plan: PlanBeside) -> None:
    files = {"pkg/__init__.py": "", "pkg/a.bin": b"1" * 700_000, "pkg/b.bin": b"2" * 600_000}
    planned = plan("import pkg", files=files)
    with pytest.raises(InvalidField) as caught:
        bundle(planned)
    assert "pkg/a.bin (0.7 MiB), pkg/b.bin (0.6 MiB)" in caught.value.message
    assert ".trainhubignore" in caught.value.message
    assert planned.to_dict()["bytes"] == 1_300_000


def test_the_bundle_holds_what_travels(plan: PlanBeside) -> None:
    made = bundle(plan("import a", files=MODULES))
    assert {name for name in made.files if name.startswith("files/")} == {
        "files/a.py",
        "files/b.py",
        "files/c.py",
    }


def test_a_deeply_nested_expression_is_no_trouble() -> None:
    tree = ast.parse("x = " + " + ".join(["1"] * 2000) + "\nimport c")
    assert [one.module for one in imports(tree)] == ["c"]


@pytest.mark.parametrize(
    "name", [".env", "SERVER.PEM", ".git/config", "sub/.aws/credentials", "service-account-7.json"]
)
def test_no_way_leads_to_a_secret(plan: PlanBeside, tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").symlink_to(name)
    planned = plan("x", files={name: "geheim"}, include=["notes.txt", name])
    assert len(planned.errors) == 2
    assert all("may hold a secret" in error.message for error in planned.errors)
    assert not planned.shipped


def test_a_link_put_there_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("geheim")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_text("")
    folder = Folder(tmp_path / "in", 100)
    plain_open = os.open

    def swapped(path: Path, *how: int) -> int:
        return plain_open(outside if path.name == "a.txt" else path, *how)

    monkeypatch.setattr(os, "open", swapped)
    with pytest.raises(Unshippable, match="being replaced"):
        folder.read("a.txt")
