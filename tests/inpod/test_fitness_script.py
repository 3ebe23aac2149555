"""What ``fitness.sh`` finds, in a made root and with made programs, in each shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_trainhub.inpod import program
from jupyter_trainhub.manifests.fitness_readings import Readings

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
Look = Callable[..., Readings]


class Root:
    """A root file system and the programs on its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.write("proc/self/status", "Name:\tsh\nUid:\t1000\t1000\t1000\t1000\n")
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nada:x:1000:0::/home/ada:/bin/sh\n")

    def write(self, path: str, text: str) -> Path:
        """A file of it."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def program(self, name: str, prints: str = "", *, code: int = 0, on: str = "bin") -> str:
        """A program of it, which prints that; its path."""
        file = self.write(f"{on}/{name}", f"#!/bin/sh\necho '{prints}'\nexit {code}\n")
        file.chmod(0o755)
        return str(file)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path / "root")
    made.bin.mkdir()
    return made


@pytest.fixture(params=SHELLS)
def look(request: pytest.FixtureRequest, root: Root) -> Look:
    """The readings of the root."""
    shell = shutil.which(SHELLS[request.param][0])
    if shell is None:
        pytest.skip(f"there is no {request.param} here")

    def look(**env: str) -> Readings:
        script = program("fitness.sh").decode()
        done = subprocess.run(
            [shell, *SHELLS[request.param][1:], "-c", script, "fitness.sh", str(root.folder)],
            env={"PATH": str(root.bin), **env},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
        assert done.stderr == ""
        return Readings.parse(done.stdout)

    return look


def test_an_image_with_a_shell_only(look: Look) -> None:
    found = look()
    assert (found["uid"], found["user"]) == ("1000", "ada")
    assert not {"ssh", "sshd", "sudo", "mpirun", "nvcc", "lab", "manager"} & found.values.keys()


def test_a_user_without_a_name_and_the_package_manager(look: Look, root: Root) -> None:
    root.write("proc/self/status", "Name:\tsh\nUid:\t4711\t4711\t4711\t4711\n")
    root.program("apt-get")
    root.program("conda")
    found = look()
    assert (found["uid"], found["user"]) == ("4711", "")
    # The system's own comes before conda.
    assert found["manager"] == "apt-get"


def test_sudo_is_tried(look: Look, root: Root) -> None:
    root.program("sudo")
    assert look()["sudo_works"] == "yes"
    root.program("sudo", "sudo: a password is required", code=1)
    found = look()
    assert (found["sudo_works"], found["sudo_error"]) == ("", "sudo: a password is required")


def test_the_settings_of_sshd_in_the_order_in_which_it_reads_them(look: Look, root: Root) -> None:
    sshd = root.program("sshd", on="usr/sbin")
    main = root.write(
        "etc/ssh/sshd_config",
        "# PasswordAuthentication no\n"
        "Include /etc/ssh/sshd_config.d/*.conf relative.conf none/*.conf\n"
        "  port = 2222\n"
        'PasswordAuthentication "yes"\n'
        "Match User eve\n"
        "  PasswordAuthentication no\n"
        "UsePAM no\n",
    )
    first = root.write("etc/ssh/sshd_config.d/a.conf", "passwordauthentication NO\n")
    second = root.write("etc/ssh/sshd_config.d/b.conf", "Match all\nPort 1\n")
    third = root.write("etc/ssh/relative.conf", "PermitRootLogin\tyes  \nInclude relative.conf")
    found = look()
    assert found["sshd"] == sshd
    assert [entry for entry in found.settings.found if entry[0] != str(third)] == [
        (str(first), "passwordauthentication", "NO"),
        (str(main), "port", "2222"),
        (str(main), "passwordauthentication", "yes"),
    ]
    # A file that includes itself comes to an end.
    assert (str(third), "permitrootlogin", "yes") in found.settings.found
    assert str(second) not in {entry[0] for entry in found.settings.found}


def test_mpi_cuda_and_nccl(look: Look, root: Root) -> None:
    root.program("mpirun", "mpirun (Open MPI) 4.1.4\n\nReport bugs to …")
    root.program("nvcc", "nvcc: NVIDIA\nCuda compilation tools, release 12.4, V12.4.131")
    root.write(
        "usr/local/cuda/version.json",
        '{\n  "cccl" : {\n    "version" : "9"\n  },\n  "cuda" : {\n    "name" : "CUDA SDK",\n'
        '    "version" : "12.4.1"\n  }\n}\n',
    )
    root.write("usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5", "")
    found = look(CUDA_VERSION="11.0")
    assert found["mpi_version"] == "mpirun (Open MPI) 4.1.4"
    assert (found["nvcc_version"], found["cuda_version"]) == ("12.4.131", "12.4.1")
    assert found["nccl_version"] == "2.21.5"


def test_nccl_by_its_header_and_cuda_by_the_base_image(look: Look, root: Root) -> None:
    define = "#define NCCL_MAJOR 2\n#define NCCL_MINOR 18\n#define NCCL_PATCH 3\n"
    root.write("usr/include/nccl.h", f"/* */\n{define}#define NCCL_SUFFIX\n")
    found = look(CUDA_VERSION="11.8.0")
    assert (found["nccl_version"], found["cuda_version"]) == ("2.18.3", "11.8.0")


def test_python_packages_are_found_without_importing_them(look: Look, root: Root) -> None:
    packages = root.folder / "packages"
    for entry in (
        "ipykernel-6.29.5.dist-info",
        "torch-2.6.0+cu124.dist-info",
        "nvidia_nccl_cu12-2.21.5.dist-info",
        "jupyter_trainhub-0.1.0-py3.egg-info",
        "torchvision-0.21.0.dist-info",
    ):
        (packages / entry).mkdir(parents=True)
    root.write("packages/torch/__init__.py", "raise SystemExit('imported')\n")
    root.write("packages/torch/version.py", "__version__ = '2.6.0'\ncuda: Optional[str] = '12.4'\n")
    (root.bin / "python3").symlink_to(sys.executable)
    begun = time.monotonic()
    found = look(PYTHONPATH=str(packages))
    assert time.monotonic() - begun < 1
    assert found["package.python"].endswith(sys.version.split()[0])
    assert found["package.ipykernel"] == "6.29.5"
    assert (found["package.torch"], found["package.torch-cuda"]) == ("2.6.0+cu124", "12.4")
    assert found["package.nvidia-nccl-cu12"] == "2.21.5"
    assert found["package.jupyter-trainhub"] == "0.1.0"
    assert "package.torchvision" not in found.values


def test_jupyterlab_in_an_environment_of_its_own(look: Look, root: Root) -> None:
    (root.bin / "python3").symlink_to(sys.executable)
    elsewhere = root.folder / "lab" / "bin"
    elsewhere.mkdir(parents=True)
    (elsewhere / "python3").write_text('#!/bin/sh\necho "$3jupyterlab=4.9.9"\n')
    (elsewhere / "python3").chmod(0o755)
    lab = root.write("bin/jupyter-lab", f"#!{elsewhere}/python3 -s\n")
    lab.chmod(0o755)
    found = look()
    assert found["lab"] == str(lab)
    assert found["lab.jupyterlab"] == "4.9.9"
    assert found.package("jupyterlab") == "4.9.9"
