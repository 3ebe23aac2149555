"""The logs of jobs, on a fake API server that stamps lines as a kubelet does."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_trainhub.errors import (
    ClusterUnavailable,
    Forbidden,
    InvalidField,
    NotFound,
    TrainHubError,
)
from jupyter_trainhub.hub.jobs.log.lines import Lines
from jupyter_trainhub.hub.jobs.log.rank_log import Recorded
from jupyter_trainhub.hub.jobs.log.ranks import PodOfRank, Ranks
from jupyter_trainhub.hub.jobs.log.reader import JobLog
from jupyter_trainhub.hub.jobs.log.request import LogRequest
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import PODS
from tests.hub.fakes import FakeCluster
from tests.kube.api_server import Answer, ApiServer, Request, serve, status

State = str
Find = Callable[[int], PodOfRank]


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with serve() as server:
        yield server


@pytest.fixture
def client(api: ApiServer, tmp_path: Any) -> KubeClient:
    path = tmp_path / "kubeconfig"
    path.write_text(
        '{"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", '
        '"user": "u"}}], "users": [{"name": "u", "user": {}}], "clusters": [{"name": "c", '
        f'"cluster": {{"server": "{api.url}"}}}}]}}'
    )
    return KubeClient.connect(path)


def stamp(nanoseconds: int) -> bytes:
    return b"2026-11-22T02:00:%02d.%09dZ " % divmod(nanoseconds, 1_000_000_000)


def stamped(text: bytes, start: int = 0, step: int = 1_000_000) -> bytes:
    """``text`` as the kubelet sends it, its lines ``step`` nanoseconds apart."""
    times = itertools.count(start, step)
    return b"".join(stamp(next(times)) + line for line in re.findall(rb"[^\n]*\n|[^\n]+", text))


def pod(rank: int, state: State, *, name: str = "pod", final: bool = True) -> PodOfRank:
    phase = {"running": "Running", "terminated": "Succeeded"}.get(state, "Pending")
    container = {"name": "main", "state": {state: {}}}
    made = {
        "metadata": {"name": f"{name}-{rank}"},
        "spec": {"containers": [{"name": "main"}]},
        "status": {"phase": phase, "containerStatuses": [container]},
    }
    return PodOfRank(made, final, attempt=1 if final else 2)


def in_turn(*found: PodOfRank) -> Find:
    """Each is found once, and the last one from then on."""
    left: dict[int, list[PodOfRank]] = {}
    lock = threading.Lock()

    def find(rank: int) -> PodOfRank:
        with lock:
            mine = left.setdefault(rank, list(found))
            return mine.pop(0) if len(mine) > 1 else mine[0]

    return find


def states(*found: State) -> Find:
    """The rank's container is in each state for one look, and stays in the last."""
    looks: dict[int, Find] = {}

    def find(rank: int) -> PodOfRank:
        look = looks.setdefault(rank, in_turn(*(pod(rank, state) for state in found)))
        return look(rank)

    return find


def nothing_kept(rank: int, attempt: int, tail: int | None) -> Any:
    raise NotFound("nothing was kept")


def open_log(
    client: KubeClient, find: Find, ranks: int = 1, kept: Recorded = nothing_kept, **how: Any
) -> JobLog:
    request = LogRequest(**{"rank": 0 if ranks == 1 else None, "follow": True, **how})
    return JobLog(client, range(ranks), find, kept, request)


def read(client: KubeClient, find: Find, ranks: int = 1, **how: Any) -> bytes:
    return b"".join(open_log(client, find, ranks, **how))


def test_the_log_of_one_rank_is_what_it_wrote(api: ApiServer, client: KubeClient) -> None:
    sent = stamped(b"10%\r20%\rlast\n\nno end \xff\x00")
    api.respond = lambda request: Answer(chunks=iter([sent[:33], sent[33:60], sent[60:]]))
    assert read(client, states("terminated")) == b"10%\r20%\rlast\n\nno end \xff\x00"
    assert read(client, states("terminated"), timestamps=True) == sent


def test_a_rank_that_has_not_started_is_waited_for(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(chunks=iter([stamped(b"x\n")]))
    assert read(client, states("waiting", "waiting", "terminated")) == b"x\n"
    assert read(client, states("waiting"), follow=False) == b""


def test_lines_of_all_ranks_come_in_the_order_of_their_times(
    api: ApiServer, client: KubeClient
) -> None:
    def respond(request: Request) -> Answer:
        rank = int(request.path.split("pod-")[1][0])
        sent = stamped(b"a%d\nb\nlast" % rank, rank, 10)
        return Answer(chunks=iter([sent[:45], sent[45:]]))

    api.respond = respond
    lines = read(client, states("terminated"), ranks=3, follow=False).splitlines()
    texts = [(b"a%d" % rank, b"b", b"last") for rank in range(3)]
    assert lines == [b"[%d] %s" % (rank, texts[rank][n]) for n in range(3) for rank in range(3)]


def test_a_silent_rank_does_not_hold_up_the_others(api: ApiServer, client: KubeClient) -> None:
    gate = threading.Event()

    def silent() -> Iterator[bytes]:
        gate.wait(20)
        yield b""

    def respond(request: Request) -> Answer:
        rank = int(request.path.split("pod-")[1][0])
        return Answer(chunks=iter([stamped(b"x\n")]) if rank else silent())

    api.respond = respond
    log = open_log(client, states("running"), 2)
    assert next(log) == b"[1] x\n"
    log.close()
    gate.set()


@pytest.mark.parametrize("cut", [1, 32, 33, 35, 36, 70, 100])
def test_a_log_that_broke_off_is_read_on(api: ApiServer, client: KubeClient, cut: int) -> None:
    """Two lines have the same time; the connection breaks at any place."""
    whole = stamped(b"one\ntw\ro\n") + stamped(b"three\nfour\n", 1_000_000)
    answers = [
        Answer(chunks=iter([whole[:cut]]), break_off=True),
        status(503, "ServiceUnavailable"),
        Answer(chunks=iter([whole[:80], whole[80:]])),
    ]
    api.respond = lambda request: answers.pop(0)
    find = states("running", "running", "terminated")
    assert read(client, find) == b"one\ntw\ro\nthree\nfour\n"


def test_a_tail_that_broke_off_goes_on_from_its_last_line(
    api: ApiServer, client: KubeClient
) -> None:
    last = stamped(b"9\n", 1_500_000_000)
    answers = [
        Answer(chunks=iter([last]), break_off=True),
        Answer(chunks=iter([stamped(b"8\n", 1_200_000_000) + last + stamped(b"10\n", 2**32)])),
    ]
    api.respond = lambda request: answers.pop(0)
    assert read(client, states("running", "terminated"), tail=1) == b"9\n10\n"
    assert api.requests[0].query["tailLines"] == "1"
    assert api.requests[1].query["sinceTime"] == "2026-11-22T02:00:01Z"
    assert "tailLines" not in api.requests[1].query


def test_times_of_nodes_elsewhere_are_told_in_utc() -> None:
    sent = b"2026-01-01T07:59:59.000000001+08:00 x\n"
    (line,) = Lines(parts=False).take(sent)
    assert line == (b"2025-12-31T23:59:59.000000001Z", b"x\n", True)


def test_a_line_without_end_is_passed_on_in_parts() -> None:
    lines = Lines(parts=False)
    taken = [line for _ in range(40) for line in lines.take(stamp(0) * (not lines.stamp) +
                                                            b"x" * (1 << 18))]  # fmt: skip
    assert len(taken) >= 8
    assert [line.begins for line in taken] == [True] + [False] * (len(taken) - 1)


def test_a_cluster_that_is_away_for_a_while_is_waited_for(
    api: ApiServer, client: KubeClient
) -> None:
    api.respond = lambda request: Answer(chunks=iter([stamped(b"x\n")]))
    failures = [ClusterUnavailable("away"), ClusterUnavailable("away")]

    def find(rank: int) -> PodOfRank:
        if failures:
            raise failures.pop()
        return pod(rank, "terminated")

    with pytest.raises(ClusterUnavailable):
        read(client, find, follow=False)
    assert read(client, find) == b"x\n"


def test_another_attempt_goes_on_in_the_same_log(api: ApiServer, client: KubeClient) -> None:
    def respond(request: Request) -> Answer:
        return Answer(chunks=iter([stamped(request.path.split("/")[-2].encode() + b"\n")]))

    api.respond = respond
    find = in_turn(
        pod(0, "terminated", name="first", final=False),
        pod(0, "terminated", name="first", final=False),
        pod(0, "waiting", name="second"),
        pod(0, "terminated", name="second"),
    )
    shown = read(client, find).splitlines()
    assert shown == [b"first-0", b"[trainhub] attempt 1", b"second-0"]
    assert len(api.requests) == 2


class Kept:
    """A log in a run's record."""

    closed = False
    is_whole = False

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"one\nt", b"wo"])

    def close(self) -> None:
        self.closed = True


def test_a_whole_log_is_the_one_that_the_pod_has_kept_itself(
    api: ApiServer, client: KubeClient
) -> None:
    api.respond = lambda request: Answer(chunks=iter([stamped(b"the end\n")]))
    kept = Kept()

    def shown(**how: Any) -> bytes:
        return read(client, states("terminated"), kept=lambda *_: kept, **how)

    assert shown(follow=False) == b"the end\n"
    kept.is_whole = True
    assert shown(follow=False) == b"one\ntwo"
    assert shown(follow=False, tail=1) == shown() == b"the end\n"


def test_what_was_recorded_stands_in_for_pods_that_are_gone(client: KubeClient) -> None:
    kept = Kept()
    asked: list[tuple[int, int, int | None]] = []

    def recorded(*what: Any) -> Kept:
        asked.append(what)
        return kept

    gone = PodOfRank(None, final=True, attempt=2)
    assert read(client, lambda rank: gone, kept=recorded, tail=9) == b"one\ntwo"
    assert asked == [(0, 2, 9)]
    assert kept.closed
    assert read(client, lambda rank: gone, ranks=2) == b""


def test_what_the_launcher_tells_of_the_environment_is_for_those_who_ask(
    api: ApiServer, client: KubeClient
) -> None:
    sent = stamped(b"[trainhub] environment eJw= [trainhub]\n[trainhub] environment of mine\nx\n")
    api.respond = lambda request: Answer(chunks=iter([sent]))
    shown = b"[trainhub] environment of mine\nx\n"
    assert read(client, states("terminated")) == shown
    whole = read(client, states("terminated"), records=True)
    assert whole == b"[trainhub] environment eJw= [trainhub]\n" + shown


def test_a_refusal_is_told_after_what_could_be_read(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: status(403, "Forbidden", "pods/log is forbidden")
    with pytest.raises(Forbidden, match="pods/log"):
        read(client, states("running"))


def test_a_reader_that_goes_away_ends_it(api: ApiServer, client: KubeClient) -> None:
    gate = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield stamped(b"x\n")
        gate.wait(20)

    api.respond = lambda request: Answer(chunks=chunks())
    log = open_log(client, states("running"))
    assert next(log) == b"x\n"
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.extend(log))
    waiting.start()
    log.close()
    waiting.join(5)
    gate.set()
    assert not waiting.is_alive()
    assert got == []


def test_a_log_larger_than_what_may_wait_arrives_whole(api: ApiServer, client: KubeClient) -> None:
    chunk = stamped(b"x" * 99 + b"\n", step=0) * 500
    api.respond = lambda request: Answer(chunks=iter([chunk] * 500))
    assert len(read(client, states("terminated"))) == 500 * 500 * 100


VIEW = {
    "name": "run", "uid": "1", "nodes": 2, "phase": "Running", "attempt": 2, "attempts": 3,
    "restart": None, "run": "run-1",
    "pods": [{"name": "b-0", "rank": 0, "previous": False}],
    "earlier": [{"attempt": 1, "pods": [{"name": "a-1", "rank": 1, "previous": True}]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "error", "field"),
    [
        ({"rank": 2}, InvalidField, "rank"),
        ({"attempt": 3}, InvalidField, "attempt"),
        ({"previous": True, "follow": True}, InvalidField, "follow"),
        ({"previous": True}, NotFound, "previous"),
        ({"previous": True, "attempt": 1, "rank": 0}, NotFound, "previous"),
    ],
)
def test_what_a_job_does_not_have(
    asked: dict[str, Any], error: type[TrainHubError], field: str
) -> None:
    with pytest.raises(error) as refused:
        LogRequest(**asked).ranks(VIEW)
    assert refused.value.field == field
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("asked", "view", "rank", "found"),
    [
        # The newest attempt may be followed by another one.
        ({}, {}, 0, ("b-0", False)),
        ({}, {"attempts": 2}, 0, ("b-0", True)),
        ({}, {"phase": "Failed", "restart": "waiting"}, 0, ("b-0", False)),
        ({}, {"phase": "Succeeded"}, 0, ("b-0", True)),
        # A pod that is not there yet, one that is gone, and one of an attempt that has failed.
        ({}, {"attempts": 2}, 1, (None, False)),
        ({}, {"phase": "Stopped"}, 1, (None, True)),
        ({"attempt": 1}, {}, 1, ("a-1", True)),
        ({"attempt": 1}, {}, 0, (None, True)),
    ],
)
def test_the_pod_of_a_rank(
    asked: dict[str, Any], view: dict[str, Any], rank: int, found: tuple[str | None, bool]
) -> None:
    cluster = FakeCluster()
    for name in ("a-1", "b-0"):
        cluster.put(PODS, {"metadata": {"name": name}})
    seen = {**VIEW, **view}
    got = Ranks(cluster, lambda: seen, LogRequest(**asked), seen).find(rank)
    assert (got.pod and got.pod["metadata"]["name"], got.final) == found
