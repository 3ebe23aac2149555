"""What is told of a repository, and what is not run while it is read."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from jupyter_trainhub.hub.runs import git
from jupyter_trainhub.manifests.submission import LARGEST_DIFFERENCE

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    """A repository with one commit of the file ``train.py``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "ada@example.org")
        self.git("config", "user.name", "Ada")
        (folder / "train.py").write_text("lr = 1\n")
        self.git("add", ".")
        self.git("commit", "-qm", "first")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "code")


def test_a_clean_repository(repository: Repository) -> None:
    repository.git("remote", "add", "origin", "https://ada:secret@example.org/x.git?token=secret")
    found = git.read(repository.folder)
    assert found.git is not None
    assert found.git.commit == repository.git("rev-parse", "HEAD")
    assert (found.git.branch, found.git.dirty) == ("main", False)
    assert found.git.remote == "https://example.org/x.git"
    assert (found.difference, found.remark) == (b"", "")


def test_the_difference_can_be_applied_again(repository: Repository) -> None:
    folder = repository.folder
    (folder / "train.py").write_text("lr = 2\n")
    (folder / "new file.txt").write_text("x")
    (folder / "sub").mkdir()
    found = git.read(folder / "sub")
    assert found.git is not None
    assert found.git.dirty
    assert found.difference.startswith(b"# Not tracked by git: new file.txt\n")
    repository.git("checkout", "-q", "train.py")
    subprocess.run(["git", "apply"], cwd=folder, input=found.difference, check=True)
    assert (folder / "train.py").read_text() == "lr = 2\n"


def test_a_large_difference_is_cut_and_says_so(repository: Repository) -> None:
    (repository.folder / "train.py").write_text("lr = 3\n" * 100_000)
    found = git.read(repository.folder)
    assert len(found.difference) <= LARGEST_DIFFERENCE
    assert b"cut off after" in found.difference.partition(b"\n")[0]


def test_nothing_that_the_repository_names_is_run(repository: Repository, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = f"touch {ran} #"
    for name in ("core.fsmonitor", "diff.external", "core.pager", "filter.x.clean",
                 "filter.x.process", "diff.x.textconv", "diff.x.command"):  # fmt: skip
        repository.git("config", name, program)
    repository.git("config", "filter.x.required", "true")
    hooks = repository.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-index-change").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (hooks / "post-index-change").chmod(0o755)
    (repository.folder / ".git/info").mkdir(exist_ok=True)
    (repository.folder / ".git/info/attributes").write_text("* filter=x diff=x\n")
    (repository.folder / "train.py").write_text("lr = 2\n")
    found = git.read(repository.folder)
    assert b"+lr = 2" in found.difference
    assert not ran.exists()


def test_a_repository_shows_no_files_but_its_own(repository: Repository, tmp_path: Path) -> None:
    """It may name any folder above as its own, whose files would be its uncommitted changes."""
    (tmp_path / "train.py").write_text("geheim")
    repository.git("config", "core.worktree", str(tmp_path))
    found = git.read(repository.folder)
    assert (found.git, found.difference) == (None, b"")
    assert "names a folder" in found.remark


def test_a_repository_among_the_data_is_none(repository: Repository, tmp_path: Path) -> None:
    data = repository.folder / "data"
    repository.git("init", "-q", "--bare", str(data))
    for name, text in (("core.bare", "false"), ("core.worktree", str(repository.folder))):
        repository.git("--git-dir", str(data), "config", name, text)
    assert git.read(data).git is None


def test_work_trees_and_submodules_are_repositories(repository: Repository) -> None:
    repository.git("worktree", "add", "-q", "../tree")
    allowed = ("-c", "protocol.file.allow=always")
    repository.git(*allowed, "submodule", "--quiet", "add", str(repository.folder), "sub")
    for folder in (repository.folder.parent / "tree", repository.folder / "sub"):
        found = git.read(folder)
        assert found.git is not None, found.remark
        assert found.git.commit


def test_filters_without_end_are_not_turned_off_by_halves(repository: Repository) -> None:
    ran = repository.folder / "ran"
    filters = "".join(f'[filter "{"x" * 200}{n}"]\n\tclean = touch {ran} #\n' for n in range(400))
    with (repository.folder / ".git/config").open("a") as file:
        file.write(filters)
    (repository.folder / ".gitattributes").write_text(f"* filter={'x' * 200}399\n")
    (repository.folder / "train.py").write_text("lr = 2\n")
    assert "too many filters" in git.read(repository.folder).remark
    assert not ran.exists()


def test_no_repository(tmp_path: Path) -> None:
    assert git.read(tmp_path) == git.Repository()


def test_a_folder_that_is_not_here(tmp_path: Path) -> None:
    assert "not on this machine" in git.read(tmp_path / "nowhere").remark


def test_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in git.read(tmp_path).remark


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_account(repository: Repository) -> None:
    for path in (repository.folder, repository.folder / ".git"):
        os.chown(path, 12345, 12345)
    found = git.read(repository.folder)
    assert found.git is None
    assert "safe.directory" in found.remark


def test_a_repository_that_takes_too_long(repository: Repository, tmp_path: Path) -> None:
    found = git.read(repository.folder, timeout=0.0)
    assert found.git is None
    assert "too large" in found.remark


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ada:secret@example.org/a@b.git", "https://example.org/a@b.git"),
        ("https://token@example.org/x", "https://example.org/x"),
        ("ssh://git:secret@example.org:22/x", "ssh://git@example.org:22/x"),
        ("git@example.org:team/x.git", "git@example.org:team/x.git"),
        ("/srv/git/x", "/srv/git/x"),
    ],
)
def test_addresses_hold_no_passwords(address: str, shown: str) -> None:
    assert git.without_credentials(address) == shown
