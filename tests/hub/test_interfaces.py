"""What a container offers, found by the real script in a real shell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from jupyter_trainhub.hub.access.ide import session
from jupyter_trainhub.hub.access.interfaces import interfaces
from jupyter_trainhub.inpod import program


def found(tmp_path: Path, *programs: str, shell: str = "") -> dict[str, str]:
    """What the script finds where these programs are on the path and no others."""
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    shown = subprocess.run(
        ["/bin/sh", "-c", program("interfaces.sh").decode(), "interfaces.sh"],
        env={"PATH": str(tmp_path), "SHELL": shell},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.stderr == ""
    return dict(line.split(" ", 1) for line in shown.stdout.splitlines())


@pytest.mark.parametrize("ide", ["code-server", "openvscode-server"])
def test_a_full_image(tmp_path: Path, ide: str) -> None:
    names = ("jupyter-lab", ide, "bash", "python3", "python", "sftp-server", "sshd")
    shown = interfaces(found(tmp_path, *names))
    assert (shown["lab"], shown["ide"], shown["sshd"]) == (True, ide, True)
    assert shown["shell"] == f"{tmp_path}/bash"
    assert shown["python"] == f"{tmp_path}/python3"
    assert shown["remedies"] == {}


def test_the_persons_own_shell_comes_first(tmp_path: Path) -> None:
    assert found(tmp_path, "bash", shell="/bin/sh")["shell"] == "/bin/sh"


def test_an_image_with_a_shell_only(tmp_path: Path) -> None:
    shown = interfaces(found(tmp_path, "sh") | {"shell": "/bin/sh"})
    assert (shown["lab"], shown["ide"], shown["python"]) == (False, None, None)
    assert set(shown["remedies"]) >= {"lab", "ide"}
    assert shown["remedies"]["lab"] == "RUN pip install jupyterlab"


def test_an_image_without_a_shell() -> None:
    shown = interfaces({})
    assert (shown["lab"], shown["shell"]) == (False, None)
    assert shown["remedies"]["shell"].startswith("COPY ")
    assert shown["remedies"]["ssh"] == shown["remedies"]["shell"]


def test_the_secret_of_an_ide_is_not_the_token() -> None:
    first, second = session("t", "code-server"), session("t", "openvscode-server")
    assert (len(first), len(second)) == (64, 20)
    assert not first.startswith(second)
    assert session("u", "code-server") != first
