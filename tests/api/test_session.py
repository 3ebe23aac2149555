from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_trainhub.api.session import JupyterServer, this_notebook
from jupyter_trainhub.errors import InvalidField


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root folder of a Jupyter server that this process takes for its parent."""
    root = tmp_path / "root"
    runtime = tmp_path / "runtime"
    root.mkdir()
    runtime.mkdir()
    description = {
        "url": "http://localhost:8888/user/a%40b/",
        "base_url": "/user/a%40b/",
        "root_dir": str(root),
    }
    (runtime / f"jpserver-{os.getppid()}.json").write_text(json.dumps(description))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("JPY_PARENT_PID", str(os.getppid()))
    return root


def test_the_server_of_this_kernel(server: Path) -> None:
    found = JupyterServer.of_this_kernel()
    assert found is not None
    assert found.base_url == "/user/a%40b/"
    assert found.contents_path(server / "a" / "b.ipynb") == "a/b.ipynb"
    assert found.contents_path(server.parent / "b.ipynb") is None


@pytest.mark.parametrize("parent", ["", "999999999", "x"])
def test_programs_that_are_no_kernel_have_no_server(
    parent: str, server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", parent)
    assert JupyterServer.of_this_kernel() is None


def test_this_notebook_is_found_by_its_session(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = server / "sub" / "train.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    for name in (str(notebook), "sub/train.ipynb"):
        monkeypatch.setenv("JPY_SESSION_NAME", name)
        assert this_notebook() == notebook


@pytest.mark.parametrize("name", ["", "/nowhere/x.ipynb", "console-1"])
def test_where_it_cannot_be_told_a_path_is_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", name)
    with pytest.raises(InvalidField) as caught:
        this_notebook()
    assert caught.value.field == "notebook"


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = (
        "import sys, jupyter_trainhub as th\n"
        "heavy = {'kubernetes', 'pydantic', 'traitlets', 'yaml', 'tornado', 'IPython'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert {'submit', 'jobs', 'instances', 'tensorboard', 'cluster'} <= set(dir(th))\n"
        "th.submit\n"
        "assert 'kubernetes' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_hub_loads_nothing_that_only_notebooks_and_ssh_need() -> None:
    program = (
        "import sys, jupyter_trainhub.hub.hub\n"
        "heavy = {'nbformat', 'jsonschema', 'IPython', 'asyncssh', 'tensorboard'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import jupyter_trainhub

    with pytest.raises(AttributeError, match="submitt"):
        getattr(jupyter_trainhub, "submitt")  # noqa: B009 (mypy knows it is not there)


def test_tensorboard_shows_no_folder_outside_the_roots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jupyter_trainhub as th

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    with pytest.raises(InvalidField, match="outside the allowed roots") as caught:
        th.tensorboard("/etc")
    assert caught.value.field == "folders"
