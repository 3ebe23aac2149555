"""The magics before anything runs, and what is shown of a failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from jupyter_trainhub.api import session
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import JobFailed
from jupyter_trainhub.hub.cluster import ClusterChoice
from jupyter_trainhub.hub.hub import Hub
from jupyter_trainhub.kube.resources import CONFIG_MAPS
from jupyter_trainhub.magics.remote_error import DistributedError
from tests.hub.fakes import FakeCluster, node
from tests.magics.shell import Shell


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(node("n1", gpus=8), node("n2", gpus=8))


@pytest.fixture
def shell(cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder of its own, on a cluster where nothing ever runs."""
    config = TrainHubConfig(run_folder=str(tmp_path / "runs"), default_image="image:1")
    hub = Hub(cluster, config, ClusterChoice(embedded=False), "ada")
    monkeypatch.setattr(session, "hub", lambda: hub)
    monkeypatch.setattr(session, "running_hub", lambda: hub)
    monkeypatch.chdir(tmp_path)
    return Shell()


def test_a_dry_run_shows_what_would_run(shell: Shell, cluster: FakeCluster) -> None:
    shell.run("import math", "def area(r): return math.pi * r ** 2")
    shell.run("n = 3")
    done = shell.run("%%distributed -n 2 --gpus 4 --dry-run", "area(n)")
    assert done.error is None
    expected = "This runs on 2 nodes with 4 processes each, with definitions from In[2], In[3]."
    assert expected in done.text
    assert "init_process_group" in done.text
    assert not cluster.names(CONFIG_MAPS)


def test_what_runs_is_what_was_executed(
    shell: Shell, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing runs the job: it is looked at as soon as it is there.
    monkeypatch.setattr("jupyter_trainhub.magics.distributed.follow", lambda hub, name: stop())

    def stop() -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("jupyter_trainhub.magics.distributed._stop", lambda hub, name: "stopped")
    shell.run("x = 1", "def f(): return x")
    done = shell.run("%%distributed --pass y --only", "y")
    assert isinstance(done.error, UsageError)
    shell.run("y = [2]")
    done = shell.run("%%distributed --pass y --fetch a,b", "", "f()")
    assert isinstance(done.error, KeyboardInterrupt)
    (name,) = [name for name in cluster.names(CONFIG_MAPS) if name.endswith("-code")]
    cells = json.loads(cluster.get(CONFIG_MAPS, name)["data"]["cells.json"])
    assert [(cell["file"], cell["source"]) for cell in cells["cells"]] == [
        ("In[2]", "x = 1\ndef f(): return x\n"),
        ("In[5]", "\n\nf()\n"),
    ]
    assert cells["cells"][1]["original"] == "%%distributed --pass y --fetch a,b\n\nf()"
    assert [*cells["values"]] == ["y"]
    assert cells["result"]["names"] == ["a", "b"]
    (job,) = session.hub().jobs.list()
    assert (job["category"], job["description"]) == ("debug", "Cell In[5] of IPython.ipynb")
    assert (job["name"], job["time_limit"]) == ("IPython-cell-1", 4 * 3600)
    # The next cell tells of it, and line magics find it.
    done = shell.run("%%distributed --dry-run", "f()")
    assert "To end it: %trainhub stop IPython-cell-1" in done.text
    assert "IPython-cell-1" in shell.complete("%trainhub logs ")
    assert "IPython-cell-1" in repr(shell.run("%trainhub").value)
    assert "Stopp" in shell.run("%trainhub stop IPython-cell-1", "%trainhub list").text + repr(
        shell.run("%trainhub get IPython-cell-1").value
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%distributed\nlive", "live (a object: In[2] computes or changes it)"),
        ("%%distributed\nlive", "--pass live"),
        ("%%distributed --pass live\nlive", "--pass: live: the value is of the type object."),
        ("%%distributed --pass nix\n1 + 1", "--pass: there is no variable 'nix'"),
        ("%%distributed --pass 1x\n1 + 1", "'1x' is not the name of a variable"),
        ("%%distributed --nix\n1", "unrecognized arguments: --nix"),
        ("%%distributed --gpus 99\nprint(1)", "gpus: 99 GPUs"),
        ("%%distributed --env A\nprint(1)", "--env: 'A' has no value"),
        ("%%distributed\ninput()", "In[3]: line 2: input() waits for a keyboard"),
        ("%%distributed\n1 +", "In[3]: line 2: syntax error"),
        ("%trainhub nix", "invalid choice: 'nix'"),
        ("%trainhub logs", "the following arguments are required: JOB"),
        ("%trainhub stop nix", "there is no job 'nix'"),
        ("%trainhub stop 'nix", "Close each quote"),
    ],
)
def test_errors_are_one_line_that_says_what_would_do(
    shell: Shell, cell: str, expected: str
) -> None:
    shell.run("live = object()")
    done = shell.run(cell)
    assert isinstance(done.error, UsageError)
    assert expected in done.text
    assert "Traceback" not in done.text


def test_help_and_completion(shell: Shell) -> None:
    assert "--nodes" in str(shell.shell.find_cell_magic("distributed").__doc__)
    assert "tensorboard" in shell.run("%trainhub help").text
    assert shell.complete("%trainhub st") == ["stop"]


def test_tensorboards_of_a_cell(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my runs").mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    board = shell.run("%trainhub tensorboard 'first:my runs' --name mine").value
    assert board.folders == [f"first:{tmp_path / 'my runs'}"]
    assert board.id in repr(shell.run("%trainhub tensorboard --list").value)
    assert shell.run("%trainhub tensorboard --stop mine").text == "TensorBoard mine is stopped.\n"
    assert board.state["phase"] == "Stopped"
    missing = shell.run("%trainhub tensorboard nowhere").error
    assert "folders: there is no folder" in str(missing)
    board.delete()


FAILURE = {
    "root": {
        "etype": "ValueError",
        "message": "boom",
        "rank": 5,
        "node": "node-2",
        "pod": "job-a-2-x",
        "traceback": "Traceback (most recent call last):\n"
        '  File "In[7]", line 3, in <module>\n    f(1)\n    ^^^^\n'
        '  File "In[2]", line 1, in f\n    def f(x): return g(x)\n'
        '  File "/usr/lib/lib.py", line 9, in g\n    raise ValueError("boom")\n'
        "ValueError: boom\n",
    },
    "others": [],
    "followers": [{"rank": 0}, {"rank": 1}],
    "hints": [{"title": "It went off", "remedy": "Take cover."}],
}


def test_a_failure_is_shown_as_ipython_shows_local_ones(shell: Shell) -> None:
    sources = {"In[7]": "%%distributed -n 2\nx = 1\nf(x)\n", "In[2]": "def f(x): return g(x)"}
    error = DistributedError(JobFailed("job 'a' failed"), FAILURE, sources)
    shell.names["error"] = error
    lines = shell.run("raise error").text.splitlines()
    assert " ".join(lines[1].split()) == "ValueError Traceback (most recent call last)"
    assert lines[2:] == [
        "On the cluster: rank 5 on node node-2 in pod job-a-2-x.",
        "Cell In[7], line 3",
        "        1 %%distributed -n 2",
        "        2 x = 1",
        "---->   3 f(x)",
        "Cell In[2], line 1, in f",
        "---->   1 def f(x): return g(x)",
        "File /usr/lib/lib.py:9, in g",
        '    raise ValueError("boom")',
        "ValueError: boom",
        "",
        "Ended because of this one: ranks 0, 1.",
        "",
        "It went off: Take cover.",
    ]


def test_a_failure_without_a_traceback_says_what_is_known(shell: Shell) -> None:
    error = DistributedError(JobFailed("job 'a' was stopped"), {"root": None}, {})
    shell.names["error"] = error
    assert "DistributedError: job 'a' was stopped" in shell.run("raise error").text
    hint = {"title": "It ran out of memory.", "remedy": "Give it more."}
    failed = JobFailed("job 'a' failed: It ran out of memory.", details={"name": "a"})
    shell.names["error"] = DistributedError(failed, {"root": {"rank": 1}, "hints": [hint]}, {})
    text = shell.run("raise error").text
    assert "It ran out of memory. Its log: %trainhub logs a\n\nGive it more." in text
