"""Which rank failed first, where, and who only followed, from what pods leave in their logs."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from jupyter_trainhub.inpod.log_record import packed
from jupyter_trainhub.manifests.failure import failure_of
from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.node_log import Node
from jupyter_trainhub.manifests.rank_failure import Cell, cells_of

VIEW: Object = {
    "name": "train-7",
    "run": "train-7-0a",
    "uid": "u",
    "phase": "Failed",
    "reason": "Error",
    "message": "",
    "remedy": None,
    "finished": "2026-11-22T02:30:00Z",
    "error": None,
    "spec": {"notebook": "train.ipynb", "env": {"WANDB_KEY": "s3cret-value", "LR": "0.1"}},
}
FILE = "train.ipynb#cell-3-a1"
CELLS = {FILE: Cell(2, "a1", "%time f()")}
AT = 1_795_000_000.0
LOST = "[/gloo/transport/tcp/pair.cc:553] Connection closed by peer [10.0.0.7]:5123"
TRACEBACK = """\
Traceback (most recent call last):
  File "/home/ada/train.py", line 9, in <module>
    main()
  File "/home/ada/train.py", line 5, in main
    rows = open("/data/rows.csv")
FileNotFoundError: [Errno 2] No such file or directory: '/data/rows.csv'
"""
TORCHRUN = """\
Traceback (most recent call last):
  File "/venv/bin/torchrun", line 8, in <module>
    sys.exit(main())
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
"""


def error(rank: int, **fields: Any) -> Object:
    """What the launcher writes of a rank that raised something."""
    return {
        "rank": rank,
        "etype": "ValueError",
        "message": "no data",
        "time": AT,
        "follower": False,
        "cell": 2,
        "cell_id": "a1",
        "lineno": 1,
        "line": "f()",
        "exit_code": 1,
        "traceback": "",
        **fields,
    }


def lost(rank: int, **fields: Any) -> Object:
    return error(rank, etype="RuntimeError", message=LOST, follower=True, **fields)


def silent(rank: int, code: int = 1, **fields: Any) -> Object:
    """What the launcher writes of a rank that said nothing itself."""
    nowhere: Object = {"cell": None, "cell_id": None, "lineno": None, "line": None}
    return error(rank, etype=None, message=f"exit code {code}", exit_code=code, **nowhere, **fields)


def node(index: int, *errors: Object, log: str = "", **pod: Any) -> Node:
    """A pod that failed, with these errors at the end of its log."""
    facts = {"name": f"pod-{index}", "rank": index, "node": f"gpu-{index}", "phase": "Failed",
             "finished": "2026-11-22T02:30:00Z", "exit_code": 1, **pod}  # fmt: skip
    records = "".join(
        f"[trainhub] errors {packed({'node': index, 'errors': [each]})} [trainhub]\n"
        for each in errors
    )
    return Node.of(facts, (log + records).encode())


def ranks(listed: list[Object]) -> list[Any]:
    return [each["rank"] for each in listed]


def told(*nodes: Node, view: Object = VIEW, **how: Any) -> Object:
    return failure_of(view, 1, nodes, CELLS, **how)


def told_of_command(*nodes: Node, **how: Any) -> Object:
    view = {**VIEW, "spec": {"command": ["python", "train.py"]}}
    return failure_of(view, 1, nodes, {}, **how)


def test_the_first_failure_is_the_root_and_who_lost_it_is_folded() -> None:
    failure = told(
        node(0, lost(0, time=AT + 0.2), lost(1, time=AT + 0.3)),
        node(1, error(3, time=AT + 9, message="mine"), error(2), lost(4, time=AT + 0.1)),
    )
    assert failure["root"]["rank"] == 2
    assert ranks(failure["others"]) == [3]
    assert ranks(failure["followers"]) == [4, 0, 1]
    root = failure["root"]
    assert (root["node"], root["pod"], root["node_rank"]) == ("gpu-1", "pod-1", 1)
    assert (root["cell"], root["cell_source"]) == (2, "%time f()")
    assert root["time"] == "2026-11-18T11:06:40.000Z"
    assert failure["at"] == root["time"]
    assert failure["notebook"] == "train.ipynb"


@pytest.mark.parametrize(
    ("root", "first"),
    [
        # The clock of its node is ahead.
        (error(5, time=AT + 1.5), 5),
        # So late that it cannot be why the others failed.
        (error(5, time=AT + 5), 0),
        # torchrun saw only later that it was gone.
        (silent(5, 137, time=AT + 5), 5),
        (silent(5, 137, time=AT + 60), 0),
    ],
)
def test_clocks_may_differ(root: Object, first: int) -> None:
    failure = told(node(0, lost(0)), node(1, root))
    assert failure["root"]["rank"] == first
    assert len(failure["followers"]) == (1 if first == 5 else 0)


def test_if_all_only_lost_each_other_the_first_is_the_root() -> None:
    failure = told(node(0, lost(0, time=AT + 3)), node(1, lost(1)))
    assert failure["root"]["rank"] == 1
    assert [hint["id"] for hint in failure["hints"]] == ["peer"]


def test_nccl_ends_processes_that_lost_another() -> None:
    watchdog = "[Rank 0] Watchdog caught collective operation timeout: WorkNCCL(SeqNum=12)\n"
    failure = told(
        node(0, silent(0, 134, time=AT + 4), log=watchdog), node(1, error(1, time=AT + 5))
    )
    assert failure["root"]["rank"] == 1
    assert ranks(failure["followers"]) == [0]


def test_the_log_is_shown_around_the_traceback() -> None:
    before = "".join(f"step {step}\n" for step in range(100))
    shown = error(0, etype="FileNotFoundError",
                  message="[Errno 2] No such file or directory: '/data/rows.csv'")  # fmt: skip
    log = told(node(0, shown, log=f"{before}{TRACEBACK}bye\n"))["root"]["log"]
    assert log["lines"][0] == "step 60"
    assert log["lines"][log["at"]] == "Traceback (most recent call last):"
    assert log["lines"][-1] == "bye"
    # 100 steps, 6 lines of the traceback and one more, from the end.
    assert log["start"] == 60 - 107
    alone = told(node(0, error(0), log=before))["root"]["log"]
    assert (alone["at"], alone["lines"][-1], len(alone["lines"])) == (None, "step 99", 40)


def test_the_traceback_of_a_command_is_found_in_its_log() -> None:
    early = TRACEBACK.replace("/data/rows.csv", "/data/optional.csv")
    steps = "".join(f"step {step}\n" for step in range(80))
    root = told_of_command(node(0, silent(0), log=early + steps + TRACEBACK + TORCHRUN))["root"]
    assert (root["etype"], root["lineno"], root["cell"]) == ("FileNotFoundError", 5, None)
    assert root["message"].endswith("'/data/rows.csv'")
    assert [(frame["file"], frame["name"]) for frame in root["frames"]] == [
        ("/home/ada/train.py", "<module>"),
        ("/home/ada/train.py", "main"),
    ]
    assert root["traceback"] == TRACEBACK.rstrip()


def test_the_ranks_of_a_command_are_told_apart_by_their_prefix() -> None:
    def prefixed(rank: int, text: str) -> str:
        return "".join(f"[rank{rank}]: {line}\n" for line in text.splitlines())

    peer = TRACEBACK.replace("FileNotFoundError: [Errno 2]", f"RuntimeError: {LOST}")
    log = prefixed(2, peer) + prefixed(3, TRACEBACK) + TORCHRUN
    failure = told_of_command(node(1, silent(3, time=AT + 1), silent(2), log=log), processes=2)
    assert (failure["root"]["rank"], failure["root"]["line"]) == (
        3,
        'rows = open("/data/rows.csv")',
    )
    assert ranks(failure["followers"]) == [2]


def test_a_rank_that_was_killed_is_not_taken_for_one_that_raised_something() -> None:
    log = TRACEBACK.replace("FileNotFoundError: [Errno 2]", f"RuntimeError: {LOST}")
    root = told_of_command(node(1, silent(3, 137), log=log), processes=2)["root"]
    assert (root["rank"], root["etype"], root["frames"]) == (3, None, [])
    # A notebook's ranks note what they raise themselves.
    assert told(node(1, silent(3, 3), log=log))["root"]["etype"] is None


def test_pods_that_died_without_a_word_are_told_by_kubernetes() -> None:
    told_by_pod: Object = {"exit_code": 137, "reason": "OOMKilled", "message": "It used too much."}
    ended: Object = {"exit_code": 143, "reason": "Terminated", "message": "Told to stop."}
    view = {**VIEW, "error": {"pod": "pod-1", "cell": 2, "cell_id": "a1", "etype": "OOMKilled"}}
    failure = told(node(0, **ended), node(1, **told_by_pod), view=view)
    root = failure["root"]
    assert (root["rank"], root["reason"], root["cell"]) == (1, "OOMKilled", 2)
    assert root["cell_source"] == "%time f()"
    assert ranks(failure["followers"]) == [0]
    assert told(node(1, **told_by_pod), processes=4)["root"]["rank"] is None


def test_a_job_that_was_stopped_tells_where_its_ranks_were() -> None:
    places = [silent(rank, 143, reason="TimeLimit") | {"cell": 2, "lineno": 7} for rank in range(4)]
    places[2] |= {"lineno": 3, "cell_id": "a1"}
    failure = told(node(0, *places), view={**VIEW, "phase": "Stopped", "reason": "TimeLimit"})
    assert failure["root"] is None
    assert ranks(failure["others"]) == [2, 0, 1, 3]
    (hint,) = failure["hints"]
    assert (hint["id"], hint["rank"]) == ("apart", 2)


def test_a_job_that_a_user_stopped_has_not_failed() -> None:
    ended: Object = {"exit_code": 143, "reason": "Terminated", "message": "Told to stop."}
    failure = told(node(0, **ended), view={**VIEW, "phase": "Stopped"})
    assert (failure["root"], failure["others"], failure["followers"]) == (None, [], [])


def test_secrets_do_not_leave() -> None:
    message = "login https://ada:pw@hub.example/x with s3cret-value failed"
    log = "HF_TOKEN=abcd1234\nkey hf_abcdefghijklmnopqrstuvwx\nLR=0.1\nKeyError: 'KEY'\n"
    failure = told(node(0, error(0, message=message, traceback=message), log=log))
    text = json.dumps(failure)
    for secret in ("s3cret-value", "ada:pw", "abcd1234", "hf_abcdef"):
        assert secret not in text
    assert failure["root"]["message"] == "login https://***@hub.example/x with *** failed"
    assert failure["root"]["log"]["lines"][-2:] == ["LR=0.1", "KeyError: 'KEY'"]


@pytest.mark.parametrize(
    "forged",
    [
        {},
        {"rank": "0", "time": "now", "frames": 7, "message": ["x"], "cell": True, "traceback": 1},
        {"rank": 1 << 80, "time": 1e300, "frames": [3, {"file": 1}], "lineno": -1, "etype": {}},
        {"time": float("-1e18"), "cell_id": [], "follower": "yes", "reason": 5},
    ],
)
def test_what_a_pod_forges_breaks_nothing(forged: Object) -> None:
    failure = told(node(0, forged, log="[trainhub] errors !!! [trainhub]\n"), node(1, error(1)))
    json.dumps(failure, allow_nan=False)
    assert failure["root"] is not None
    assert cells_of({"cells": [3, {"index": "x"}]}) == {"None": Cell(None, "None", "")}


def test_many_ranks_are_judged_at_once() -> None:
    noise = "".join(f"[rank7]: loss {step}: 0.123\n" for step in range(2000))
    listed = [node(0, *(error(rank) for rank in range(8)), log=noise)]
    for index in range(1, 64):
        follow = (lost(8 * index + rank, traceback="x" * 8000) for rank in range(8))
        listed.append(node(index, *follow, log=noise))
    # Of the processor, for the machine may be busy.
    begun = time.thread_time()
    failure = told(*listed, processes=8)
    assert time.thread_time() - begun < 3
    assert (failure["root"]["rank"], len(failure["followers"])) == (0, 504)
    assert len(json.dumps(failure)) < 1 << 20


def test_what_a_program_wrote_in_the_name_of_the_launcher_is_cut() -> None:
    forged = error(0, time=10**400, lineno=10**20, traceback="x" * 10**6, frames=[{}] * 1000)
    assert len(node(0, *[error(0)] * 1000).errors) <= 64
    # Times are compared with those of others.
    root = told(node(0, forged), node(1, lost(1, time=10**400)))["root"]
    assert (root["time"], root["lineno"], len(root["frames"])) == (None, None, 40)
    assert len(root["traceback"]) < 20_000
