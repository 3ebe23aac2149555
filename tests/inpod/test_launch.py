"""The launcher: what it executes, how it waits, how a program ends under it."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import pytest

from jupyter_trainhub.inpod.launch import command as command_module
from jupyter_trainhub.inpod.launch.command import expand, plan_command
from jupyter_trainhub.inpod.launch.ending import Ended, meaning, termination_message
from jupyter_trainhub.inpod.launch.rank_errors import describe_error, rank_errors
from jupyter_trainhub.inpod.launch.shape import Shape, complete_environment, read_shape
from tests.inpod.pod import StartPod, gone

SHAPE = Shape(nodes=2, processes=4, node_rank=1, master_addr="job-x-0.job-x", master_port=23456)
PYTORCH = {"TRAINHUB_FRAMEWORK": "pytorch", "POD_IP": "127.0.0.3"}
TORCHRUN = [
    command_module.__file__,
    "torchrun",
    "--nnodes=2",
    "--nproc-per-node=4",
    "--node-rank=1",
    "--master-addr=job-x-0.job-x",
    "--master-port=23456",
    "--local-addr=127.0.0.3",
    "--rdzv-conf=timeout=600",
]


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (["python", "a.py", "-x"], ["a.py", "-x"]),
        (["python3", "-u", "a.py"], ["a.py"]),
        (["a.py"], ["a.py"]),
        (["python", "-m", "pkg.train", "-x"], ["--module", "pkg.train", "-x"]),
    ],
)
def test_torchrun_starts_pythons_programs(argv: list[str], program: list[str]) -> None:
    command = plan_command(argv, PYTORCH, SHAPE)
    assert command.argv[1:] == TORCHRUN + program
    assert command.elastic
    # torchrun sets these for each process.
    assert not {"RANK", "WORLD_SIZE", "LOCAL_RANK"} & set(command.env)


def test_an_interpreter_with_options_keeps_them() -> None:
    command = plan_command([sys.executable, "-X", "dev", "a.py"], PYTORCH, SHAPE)
    assert command.argv == [
        sys.executable, *TORCHRUN, "--no-python", sys.executable, "-X", "dev", "a.py"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [
        ["torchrun", "train.py"],
        ["accelerate", "launch", "train.py"],
        ["python", "-m", "torch.distributed.run", "train.py"],
        ["python", "-m", "accelerate.commands.launch", "train.py"],
    ],
)
def test_other_programs_run_as_they_are_on_every_node(argv: list[str]) -> None:
    command = plan_command(argv, PYTORCH, SHAPE)
    assert command.argv == argv
    assert not command.elastic
    expected = {
        "MASTER_ADDR": "job-x-0.job-x",
        "MASTER_PORT": "23456",
        "PET_MASTER_ADDR": "job-x-0.job-x",
        "PET_MASTER_PORT": "23456",
        "WORLD_SIZE": "8",
        "RANK": "1",
        "PET_NODE_RANK": "1",
        "PET_NPROC_PER_NODE": "4",
        "PET_NNODES": "2",
        "TRAINHUB_NODE_RANK": "1",
    }
    assert expected.items() <= command.env.items()


@pytest.mark.parametrize(
    ("program", "started"),
    [
        (["a.py"], ["-u", "a.py"]),
        (["-m", "pkg.train", "-x"], ["-u", "-m", "pkg.train", "-x"]),
        (["-X", "dev", "a.py"], ["-X", "dev", "a.py"]),
    ],
)
def test_a_rank_may_print_into_a_pipe_of_its_own(program: list[str], started: list[str]) -> None:
    command = plan_command([sys.executable, *program], PYTORCH, SHAPE, Path("/pipes"))
    flag, shell, option, script, *rest = command.argv[len(TORCHRUN) + 1 :]
    assert (flag, shell, option) == ("--no-python", "/bin/sh", "-c")
    assert "$LOCAL_RANK" in script
    assert rest == ["/pipes", sys.executable, *started]


def test_under_mpirun_no_rank_takes_the_nodes_number_for_its_own() -> None:
    env = {"TRAINHUB_FRAMEWORK": "mpi", "RANK": "1", "WORLD_SIZE": "8"}
    command = plan_command(["mpirun", "train"], env, SHAPE)
    assert command.argv == ["mpirun", "train"]
    assert not {"RANK", "WORLD_SIZE"} & set(command.env)
    assert command.env["MASTER_ADDR"] == "job-x-0.job-x"


def test_a_node_knows_its_rank_by_its_name() -> None:
    hosts = "job-x-launcher.job-x,job-x-worker-0.job-x,job-x-worker-1.job-x"
    env = {"PET_NNODES": "3", "POD_IP": "10.0.0.1", "TRAINHUB_HOSTS": hosts}
    assert read_shape({**env, "TRAINHUB_POD": "job-x-worker-1"}).node_rank == 2


def test_a_single_process_gets_no_process_group() -> None:
    command = plan_command([sys.executable, "-X", "dev", "a.py"], {}, read_shape({}))
    assert command.argv == [sys.executable, "-X", "dev", "a.py"]
    assert not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} & set(command.env)


@pytest.mark.parametrize(
    ("env", "threads"),
    [
        ({"TRAINHUB_CPUS": "8"}, "2"),
        ({"TRAINHUB_CPUS": "0.5"}, "1"),
        ({}, "1"),
        ({"TRAINHUB_CPUS": "8", "OMP_NUM_THREADS": "7"}, "7"),
    ],
)
def test_threads_share_the_cores(env: dict[str, str], threads: str) -> None:
    assert complete_environment(env, SHAPE, "pytorch")["OMP_NUM_THREADS"] == threads


def test_variables_are_replaced_without_a_shell() -> None:
    env = {"A": "x y; $(reboot)", "B": "$A"}
    argv = ["echo", "$A", "pre-${B}-post", "$NO_SUCH", "$1", "cost: 5$", "`id`", "$(id)"]
    assert expand(argv, env) == [
        "echo", "x y; $(reboot)", "pre-$A-post", "$NO_SUCH", "$1", "cost: 5$", "`id`", "$(id)"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"PET_NNODES": "two"}, "PET_NNODES='two' is not a number"),
        ({"PET_NNODES": "0"}, "at least 1"),
        ({"PET_NNODES": "2", "PET_NODE_RANK": "2", "POD_IP": "127.0.0.1"}, "not below"),
        ({"PET_NNODES": "2"}, "PET_MASTER_ADDR is not set"),
    ],
)
def test_a_contradictory_shape_is_refused(env: dict[str, str], message: str) -> None:
    with pytest.raises(Ended, match=message):
        read_shape(env)


@pytest.mark.parametrize(
    ("code", "words"),
    [(137, "memory limit"), (139, "segmentation fault"), (135, "/dev/shm"), (142, "SIGALRM")],
)
def test_exit_codes_are_explained(code: int, words: str) -> None:
    assert words in meaning(code)


def test_the_rank_that_a_signal_ended_is_named_with_the_cell_that_ran(tmp_path: Path) -> None:
    seen = {"2": {"exit_code": 143, "time": 1.0}, "3": {"exit_code": 137, "time": 2.0}}
    (tmp_path / "torchrun.json").write_text(json.dumps(seen))
    (tmp_path / "rank-3.cell").write_text('{"cell": 6, "cell_id": "a1"}')
    first, sibling = rank_errors(tmp_path)
    assert describe_error(first).startswith("rank 3: cell 7: exit code 137, killed")
    assert (sibling["rank"], sibling["follower"]) == (2, True)
    assert rank_errors(tmp_path / "none") == []


def test_a_long_message_keeps_its_place_and_its_kind() -> None:
    error = {"cell": 3, "etype": "ValueError", "message": "é" * 9000, "traceback": "t" * 9000}
    encoded = termination_message("Error", "m" * 9000, 1, error)
    assert len(encoded) <= 4096
    document = json.loads(encoded)
    assert document["error"]["cell"] == 3
    assert document["error"]["etype"] == "ValueError"
    assert document["error"]["message"].startswith("é")


def test_success_leaves_no_message(start: StartPod) -> None:
    pod = start("sh", "-c", "echo $PYTHONUNBUFFERED; echo err >&2")
    assert pod.wait() == 0
    assert (pod.stdout, pod.said, pod.message) == ("1\n", "err\n", {})


def test_a_failing_program_is_explained(start: StartPod) -> None:
    pod = start("sh", "-c", "exit 3")
    assert pod.wait() == 3
    assert pod.message == {
        "reason": "Error",
        "message": "the program reported an error",
        "exit_code": 3,
    }
    assert "exit code 3" in pod.stderr


def test_a_killed_program_is_explained(start: StartPod) -> None:
    pod = start("sh", "-c", "kill -KILL $$")
    assert pod.wait() == 137
    assert "memory limit" in pod.message["message"]


def test_a_missing_program_is_named(start: StartPod) -> None:
    pod = start("no-such-program")
    assert pod.wait() == 127
    assert "no-such-program was not found" in pod.message["message"]


def test_a_wrong_environment_is_named(start: StartPod) -> None:
    pod = start("true", TRAINHUB_TIME_LIMIT="soon")
    assert pod.wait() == 2
    assert "TRAINHUB_TIME_LIMIT='soon' is not a number" in pod.message["message"]


def test_arguments_are_taken_literally(start: StartPod) -> None:
    pod = start("printf", "%s\n", "a  b", "$(id)", "`id`", "$GREETING", GREETING="hi; id")
    assert pod.wait() == 0
    assert pod.stdout == "a  b\n$(id)\n`id`\nhi; id\n"


def test_the_time_limit_ends_the_program(start: StartPod) -> None:
    pod = start(
        "sh", "-c", "trap 'echo saving; exit 0' TERM; sleep 60 & wait", TRAINHUB_TIME_LIMIT="0.5"
    )
    assert pod.wait() == 124
    assert pod.stdout == "saving\n"
    assert pod.message["reason"] == "TimeLimit"
    assert pod.message["exit_code"] == 124
    assert "0.5 s" in pod.message["message"]


def test_who_ignores_sigterm_is_killed_with_all_its_processes(start: StartPod) -> None:
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    pod = start(sys.executable, "-c", script, TRAINHUB_GRACE="0.3")
    child = int(pod.wait_for_line())
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.message["reason"] == "Terminated"
    assert "killing it" in pod.stderr
    assert gone(child)


def test_sigterm_lets_the_program_save(start: StartPod) -> None:
    pod = start("sh", "-c", "trap 'echo saved; exit 7' TERM; echo ready; sleep 60 & wait")
    assert pod.wait_for_line() == "ready"
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.stdout == "saved\n"


def test_a_process_in_a_session_of_its_own_may_save_too(start: StartPod) -> None:
    inner = "trap 'echo saved; exit' TERM; echo ready; sleep 60 & wait"
    pod = start("sh", "-c", 'setsid sh -c "$0" & wait', inner)
    assert pod.wait_for_line() == "ready"
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert pod.stdout == "saved\n"


def test_torchrun_is_not_waited_for_when_its_ranks_have_ended(
    start: StartPod, tmp_path: Path
) -> None:
    # As the real one, it waits for the other nodes in native code, where no signal is heard.
    package = tmp_path / "site" / "torch" / "distributed"
    errors = package / "elastic" / "multiprocessing"
    errors.mkdir(parents=True)
    for folder in (package.parent, package, errors.parent, errors):
        (folder / "__init__.py").touch()
    (errors / "errors.py").write_text("class ChildFailedError(Exception): pass\n")
    (package / "run.py").write_text(
        "import signal, subprocess, time\n"
        "def main(arguments):\n"
        "    script = \"trap 'sleep 0.5; echo saved; exit' TERM; echo ready; sleep 60 & wait\"\n"
        "    rank = subprocess.Popen(['sh', '-c', script], start_new_session=True)\n"
        "    signal.signal(signal.SIGTERM, lambda number, frame: rank.terminate())\n"
        "    rank.wait()\n"
        "    time.sleep(60)\n"
    )
    environment = {"PYTHONPATH": str(tmp_path / "site"), "TRAINHUB_FRAMEWORK": "pytorch"}
    pod = start(sys.executable, "train.py", TRAINHUB_GRACE="50", **environment)
    assert pod.wait_for_line() == "ready"
    began = time.monotonic()
    pod.process.send_signal(signal.SIGTERM)
    assert pod.wait() == 143
    assert time.monotonic() - began < 20
    assert pod.stdout == "saved\n"
    assert pod.message["reason"] == "Terminated"


def test_what_the_program_leaves_behind_is_ended(start: StartPod) -> None:
    pod = start("sh", "-c", "setsid sleep 60 >/dev/null 2>&1 & echo $!")
    child = int(pod.wait_for_line())
    assert pod.wait() == 0
    assert gone(child)
