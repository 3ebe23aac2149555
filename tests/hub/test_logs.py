from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jupyter_trainhub.errors import ClusterUnavailable, Forbidden
from jupyter_trainhub.hub.logs import JobLog, PodOfRank
from jupyter_trainhub.kube.client import KubeClient
from tests.kube.api_server import Answer, ApiServer, Request, serve, status

State = str


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


def pod(rank: int, state: State) -> PodOfRank:
    phase = {"running": "Running", "terminated": "Succeeded"}.get(state, "Pending")
    container = {"name": "main", "state": {state: {}}}
    made = {
        "metadata": {"name": f"pod-{rank}"},
        "status": {"phase": phase, "containerStatuses": [container]},
    }
    return PodOfRank(made, ended=False)


def states(*found: State) -> Callable[[int], PodOfRank]:
    """The rank's container is in each state for one look, and stays in the last."""
    left: dict[int, list[State]] = {}
    lock = threading.Lock()

    def find(rank: int) -> PodOfRank:
        with lock:
            mine = left.setdefault(rank, list(found))
            return pod(rank, mine.pop(0) if len(mine) > 1 else mine[0])

    return find


def read(client: KubeClient, find: Callable[[int], PodOfRank], ranks: int = 1, **how: Any) -> bytes:
    options = {"prefixed": ranks > 1, "follow": True, "tail": None, **how}
    return b"".join(JobLog(client, range(ranks), find, **options))


def test_the_log_of_one_rank_is_what_it_wrote(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(chunks=iter([b"no line", b" break \xff\x00"]))
    assert read(client, states("terminated")) == b"no line break \xff\x00"


def test_a_rank_that_has_not_started_is_waited_for(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: Answer(chunks=iter([b"x\n"]))
    assert read(client, states("waiting", "waiting", "terminated")) == b"x\n"
    assert read(client, states("waiting"), follow=False) == b""


def test_lines_of_all_ranks_carry_their_rank(api: ApiServer, client: KubeClient) -> None:
    def respond(request: Request) -> Answer:
        rank = request.path.split("pod-")[1][0].encode()
        return Answer(chunks=iter([b"a" + rank + b"\nb", rank + b"\nlast"]))

    api.respond = respond
    lines = read(client, states("terminated"), ranks=3).splitlines()
    for rank in b"012":
        mine = [line for line in lines if line.startswith(b"[%c] " % rank)]
        assert mine == [b"[%c] a%c" % (rank, rank), b"[%c] b%c" % (rank, rank), b"[%c] last" % rank]
    assert len(lines) == 9


def test_a_log_that_broke_off_is_read_on(api: ApiServer, client: KubeClient) -> None:
    answers = [
        Answer(chunks=iter([b"one\ntw"]), break_off=True),
        status(503, "ServiceUnavailable"),
        Answer(chunks=iter([b"one", b"\ntwo\nthree\n"])),
    ]
    api.respond = lambda request: answers.pop(0)
    find = states("running", "running", "terminated")
    assert read(client, find) == b"one\ntwo\nthree\n"


def test_a_cluster_that_is_away_for_a_while_is_waited_for(
    api: ApiServer, client: KubeClient
) -> None:
    api.respond = lambda request: Answer(chunks=iter([b"x\n"]))
    failures = [ClusterUnavailable("away"), ClusterUnavailable("away")]

    def find(rank: int) -> PodOfRank:
        if failures:
            raise failures.pop()
        return pod(rank, "terminated")

    with pytest.raises(ClusterUnavailable):
        read(client, find, follow=False)
    assert read(client, find) == b"x\n"


def test_a_tail_that_broke_off_goes_on_by_time(api: ApiServer, client: KubeClient) -> None:
    answers = [Answer(chunks=iter([b"9\n"]), break_off=True), Answer(chunks=iter([b"10\n"]))]
    api.respond = lambda request: answers.pop(0)
    assert read(client, states("running", "running", "terminated"), tail=1) == b"9\n10\n"
    assert api.requests[0].query["tailLines"] == "1"
    assert "sinceSeconds" in api.requests[1].query


def test_a_rank_whose_pod_will_never_come_ends(client: KubeClient) -> None:
    assert read(client, lambda rank: PodOfRank(None, ended=True)) == b""


def test_a_refusal_is_told_after_what_could_be_read(api: ApiServer, client: KubeClient) -> None:
    api.respond = lambda request: status(403, "Forbidden", "pods/log is forbidden")
    with pytest.raises(Forbidden, match="pods/log"):
        read(client, states("running"))


def test_a_reader_that_goes_away_ends_it(api: ApiServer, client: KubeClient) -> None:
    gate = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield b"x\n"
        gate.wait(20)

    api.respond = lambda request: Answer(chunks=chunks())
    log = JobLog(client, [0], states("running"), prefixed=False, follow=True, tail=None)
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
    api.respond = lambda request: Answer(chunks=iter([b"x" * 65536] * 500))
    assert len(read(client, states("terminated"))) == 500 * 65536
