"""What an installation puts on a machine."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest

from tests.test_layers import MODULES, PACKAGE, imports_of

ROOT = Path(__file__).resolve().parent.parent
BUNDLE = ROOT / "jupyter_trainhub" / "labextension"
LABEXTENSION = "share/jupyter/labextensions/jupyter_trainhub"


def jupyter(*arguments: str) -> str:
    """What Jupyter's command prints on both streams, without colours."""
    finished = subprocess.run(
        [sys.executable, "-m", "jupyter", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return re.sub(r"\x1b\[\d*m", "", finished.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from this tree with the front end that is already built."""
    if not (BUNDLE / "static" / "style.js").exists():
        pytest.fail("The front end is not built. Run the tests with `make test`.")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def data(wheel: zipfile.ZipFile) -> set[str]:
    """Paths, below the installation's prefix, of the wheel's shared data."""
    marker = ".data/data/"
    return {name.split(marker, 1)[1] for name in wheel.namelist() if marker in name}


def test_wheel_holds_the_prebuilt_front_end(wheel: zipfile.ZipFile) -> None:
    names = data(wheel)
    assert f"{LABEXTENSION}/package.json" in names
    assert f"{LABEXTENSION}/install.json" in names
    assert any(name.startswith(f"{LABEXTENSION}/static/remoteEntry.") for name in names)


def test_wheel_switches_the_server_extension_on(wheel: zipfile.ZipFile) -> None:
    assert "etc/jupyter/jupyter_server_config.d/jupyter_trainhub.json" in data(wheel)


def test_wheel_holds_the_programs_that_run_in_pods_and_no_tests(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    programs = {path.name for path in (ROOT / "jupyter_trainhub" / "inpod").glob("*.*")}
    assert {"start.sh", "sftp_server.py"} <= programs
    assert "jupyter_trainhub/inpod/launch/__main__.py" in names
    assert "jupyter_trainhub/inpod/run_notebook/__main__.py" in names
    assert "jupyter_trainhub/inpod/serve_tensorboard/__main__.py" in names
    assert {f"jupyter_trainhub/inpod/{program}" for program in programs} <= names
    assert "jupyter_trainhub/server/events/object.yaml" in names
    assert not {name for name in names if name.startswith(("tests/", "labextension/"))}
    assert not {name for name in names if name.startswith("jupyter_trainhub/labextension/")}


def test_wheel_brings_its_translations(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert "jupyter_trainhub/locale/zh_CN/LC_MESSAGES/jupyter_trainhub.json" in names
    (path,) = (name for name in names if name.endswith("/entry_points.txt"))
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(path).decode())
    assert dict(parser["jupyterlab.locale"]) == {"jupyter_trainhub": "jupyter_trainhub"}


def test_wheel_names_both_commands(wheel: zipfile.ZipFile) -> None:
    (path,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    parser = configparser.ConfigParser()
    parser.read_string(wheel.read(path).decode())
    assert dict(parser["console_scripts"]) == {
        "trainhub": "jupyter_trainhub.cli.main:main",
        "jupyter-trainhub": "jupyter_trainhub.cli.main:main",
    }


def test_front_end_and_package_have_one_version() -> None:
    package = json.loads((ROOT / "labextension" / "package.json").read_text(encoding="utf-8"))
    assert package["version"] == version("jupyter_trainhub")


def test_jupyterlab_finds_the_front_end() -> None:
    (line,) = (
        line
        for line in jupyter("labextension", "list").splitlines()
        if line.strip().startswith("jupyter_trainhub ")
    )
    assert "enabled" in line
    assert "OK" in line


def test_jupyter_server_finds_the_extension() -> None:
    listing = jupyter("server", "extension", "list")
    assert "jupyter_trainhub enabled" in listing
    assert f"jupyter_trainhub {version('jupyter_trainhub')} OK" in " ".join(listing.split())


def test_everything_imported_is_declared() -> None:
    declared = {
        re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        for requirement in requires("jupyter_trainhub") or []
        # What only users of an extra have is imported where it is there.
        if "extra ==" not in requirement or "markdown" in requirement
    }
    # pydantic fixes the exact pydantic-core that goes with it.
    declared.add("pydantic-core")
    # What programs in pods start, where the image has it; the latter comes with TensorBoard.
    declared |= {"torch", "tensorboard-data-server"}
    owners = packages_distributions()
    undeclared = {
        top
        for module in MODULES
        for top in {name.split(".")[0] for name in imports_of(module)}
        if top not in {*sys.stdlib_module_names, PACKAGE, "_typeshed"}
        and not declared & {owner.lower().replace("_", "-") for owner in owners.get(top, [])}
    }
    assert not undeclared


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"kubernetes", "pydantic", "tensorboard", "torch", "tornado", "jupyter_server"}
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, jupyter_trainhub; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not heavy & set(loaded)
