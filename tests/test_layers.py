"""Imports between the parts of the package go one way only (docs/architecture.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "jupyter_trainhub"
ROOT = Path(__file__).resolve().parent.parent / PACKAGE

# Each part of the package, and the other parts that it may import. A part is a folder or a module
# directly below the package; `__init__` is the package itself.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "_version": set(),
    "inpod": set(),
    "registry": set(),
    "embedded": {"registry"},
    # It works on folders of a node as the program in a pod does on its own.
    "snapshotter": {"registry", "inpod"},
    "specs": {"errors", "registry"},
    "config": {"errors", "specs"},
    # The programs that run in pods are read as text, to be sent along. Of `kube` it knows where
    # resources are served, and no HTTP: see below.
    "manifests": {"errors", "specs", "inpod", "kube"},
    "kube": {"errors"},
    "notebook": {"errors", "specs", "inpod"},
    "hub": {
        "errors",
        "specs",
        "config",
        "manifests",
        "kube",
        "notebook",
        "inpod",
        "registry",
        "embedded",
    },
    "ssh": {"errors", "specs", "kube", "inpod"},
    "server": {"errors", "specs", "config", "notebook", "hub", "ssh", "_version"},
    "extension": {"errors", "config", "server", "_version"},
    "widgets": {"errors", "specs", "config", "notebook", "hub"},
    "api": {"errors", "specs", "config", "notebook", "hub", "widgets"},
    # What a kernel and a job hand each other is read and written by the same code.
    "magics": {"errors", "specs", "notebook", "hub", "api", "inpod"},
    "cli": {"errors", "specs", "config", "notebook", "hub", "ssh", "_version"},
    # Training code calls `progress`, which is what a job brings along.
    "__init__": {"errors", "api", "extension", "inpod", "magics", "_version"},
}

# The one door, a module, between the domain and the embedded cluster.
ONLY_DOOR = {
    ("hub/cluster.py", "embedded.lifecycle"),
    ("hub/cluster.py", "embedded.runtime"),
}

# Packages that only the named parts may import, so that the rest works and loads without them.
ONLY_IN: dict[str, set[str]] = {
    "kubernetes": {"kube"},
    "jupyter_server": {"server", "extension", "api", "inpod"},
    "jupyterlab": {"server", "extension"},
    "ipywidgets": {"widgets", "api"},
    "anywidget": {"widgets"},
    "asyncssh": {"ssh"},
}

MODULES = sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))


def part_of(module: Path) -> str:
    """The part that a module belongs to, given by its path below the package."""
    return module.parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    """Full names of what a module imports, at its top or inside a function.

    Imports for type checkers alone count too: a type is knowledge of the other part.
    `from a import b` yields `a.b`, since `b` may be a module.
    """
    package = (PACKAGE, *module.parent.parts)
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{origin}.{name.name}" for name in node.names)


def inner_imports(module: Path) -> Iterator[str]:
    """What a module imports from this package, named relative to it."""
    for name in imports_of(module):
        top, _, rest = name.partition(".")
        if top == PACKAGE and rest:
            # `from jupyter_trainhub import __version__` names an attribute of the package.
            yield rest if rest.split(".")[0] in MAY_IMPORT else "__init__"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_down_only(module: Path) -> None:
    part = part_of(module)
    assert part in MAY_IMPORT, f"{part} has no place in docs/architecture.md and in this test yet"
    allowed = MAY_IMPORT[part] | {part}
    wrong = {name for name in inner_imports(module) if name.split(".")[0] not in allowed}
    assert not wrong, f"{module} must not import {', '.join(sorted(wrong))}"


def test_the_domain_knows_the_embedded_cluster_in_one_place() -> None:
    doors = {
        (module.as_posix(), ".".join(name.split(".")[:2]))
        for module in MODULES
        if part_of(module) != "embedded"
        for name in inner_imports(module)
        if name.split(".")[0] == "embedded"
    }
    assert doors <= ONLY_DOOR


def test_manifests_know_resources_only() -> None:
    used = {
        name
        for module in MODULES
        if part_of(module) == "manifests"
        for name in inner_imports(module)
        if name.split(".")[0] == "kube"
    }
    assert {".".join(name.split(".")[:2]) for name in used} == {"kube.resources"}


@pytest.mark.parametrize(
    "module", [module for module in MODULES if part_of(module) == "inpod"], ids=str
)
def test_programs_in_pods_are_single_files_of_the_standard_library(module: Path) -> None:
    # `_typeshed` exists for type checkers only.
    allowed = {*sys.stdlib_module_names, "_typeshed"}
    # What these are run by is there.
    if module.parent.name == "serve_tensorboard" or module.name == "read_scalars.py":
        allowed |= {"tensorboard", "tensorboard_data_server"}
    if module.name == "jupyter_server_config.py":
        allowed |= {"jupyter_server", "tornado", "traitlets"}
    if module.name == "torchrun.py":
        allowed.add("torch")
    # A program in several modules is sent as one, with those that several programs share.
    own = f"{PACKAGE}.inpod."
    foreign = {
        name
        for name in imports_of(module)
        if name.split(".")[0] not in allowed and not name.startswith(own)
    }
    assert not foreign


@pytest.mark.parametrize("package", ONLY_IN)
def test_packages_are_imported_where_they_belong(package: str) -> None:
    elsewhere = {
        str(module)
        for module in MODULES
        if part_of(module) not in ONLY_IN[package]
        and any(name.split(".")[0] == package for name in imports_of(module))
    }
    assert not elsewhere
