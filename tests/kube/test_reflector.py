from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest

from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.reflector import Reflector
from jupyter_trainhub.kube.resources import PODS
from tests.conftest import eventually
from tests.kube.api_server import Answer, ApiServer, Request, event, item, page, status

Change = tuple[str, str]


class Cluster:
    """Lists as told, and sends the chunks of ``watch`` until ``None`` ends it."""

    def __init__(self) -> None:
        self.lists: list[Answer] = [page([], 1)]
        self.watch: queue.Queue[bytes | Answer | None] = queue.Queue()
        self.watched_from: list[str] = []
        self.refusal: Answer | None = None

    def respond(self, request: Request) -> Answer:
        if "watch" not in request.query:
            return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        self.watched_from.append(request.query["resourceVersion"])
        assert request.query["allowWatchBookmarks"] == "true"
        if self.refusal is None:
            return Answer(chunks=self._chunks())
        refusal, self.refusal = self.refusal, None
        return refusal

    def _chunks(self) -> Iterator[bytes]:
        while isinstance(chunk := self.watch.get(), bytes):
            yield chunk
        # An answer ends this watch and is what the next one gets.
        self.refusal = chunk


@pytest.fixture
def cluster(api: ApiServer) -> Iterator[Cluster]:
    fake = Cluster()
    api.respond = fake.respond
    yield fake
    fake.watch.put(None)


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def reflector(client: KubeClient, cluster: Cluster, changes: list[Change]) -> Iterator[Reflector]:
    made = Reflector(
        client,
        PODS,
        project=lambda found: {"size": found.get("size")},
        on_change=lambda action, name, kept: changes.append((action, name)),
        pause=0.01,
    )
    yield made
    made.stop()


def test_it_lists_in_pages_and_then_watches(
    cluster: Cluster, reflector: Reflector, changes: list[Change]
) -> None:
    cluster.lists = [page([item("a", 1)], 5, "more"), page([item("b", 2)], 5)]
    reflector.start()
    assert reflector.synced.wait(5)
    assert set(reflector.items()) == {"a", "b"}
    cluster.watch.put(event("MODIFIED", item("a", 6, size=3)) + event("DELETED", item("b", 7)))
    eventually(lambda: reflector.items() == {"a": {"size": 3}}, 5)
    assert changes == [("changed", "a"), ("changed", "b"), ("changed", "a"), ("deleted", "b")]
    assert cluster.watched_from == ["5"]


def test_an_event_may_come_in_pieces(cluster: Cluster, reflector: Reflector) -> None:
    reflector.start()
    line = event("ADDED", item("a", 2, size=1))
    cluster.watch.put(line[:20])
    cluster.watch.put(line[20:])
    eventually(lambda: reflector.items() == {"a": {"size": 1}}, 5)


def test_a_watch_that_ended_goes_on_where_it_was(
    cluster: Cluster, reflector: Reflector, changes: list[Change]
) -> None:
    reflector.start()
    cluster.watch.put(event("ADDED", item("a", 2)))
    cluster.watch.put(event("BOOKMARK", item("", 42)))
    cluster.watch.put(None)
    eventually(lambda: len(cluster.watched_from) == 2, 5)
    assert cluster.watched_from == ["1", "42"]
    assert changes == [("changed", "a")]


def test_a_watch_that_broke_off_goes_on_where_it_was(
    cluster: Cluster, reflector: Reflector, api: ApiServer
) -> None:
    cluster.refusal = Answer(chunks=iter([event("ADDED", item("a", 7))]), break_off=True)
    reflector.start()
    eventually(lambda: len(cluster.watched_from) == 2, 5)
    assert cluster.watched_from == ["1", "7"]


@pytest.mark.parametrize("level", ["http", "event"])
def test_after_a_gap_it_tells_only_what_differs(
    level: str, cluster: Cluster, reflector: Reflector, changes: list[Change]
) -> None:
    before = [item("same", 1), item("changes", 1), item("goes", 1)]
    after = [item("same", 1), item("changes", 8), item("comes", 9)]
    cluster.lists = [page(before, 5), page(after, 9)]
    reflector.start()
    assert reflector.synced.wait(5)
    del changes[:]
    expired = status(410, "Expired")
    cluster.watch.put(expired if level == "http" else event("ERROR", expired.body))
    eventually(lambda: "goes" not in reflector.items(), 5)
    assert changes == [("changed", "changes"), ("changed", "comes"), ("deleted", "goes")]


def test_an_outage_is_told_and_got_over(cluster: Cluster, reflector: Reflector) -> None:
    cluster.watch.put(status(503, "ServiceUnavailable"))
    reflector.start()
    eventually(lambda: reflector.failure, 5)
    cluster.watch.put(event("ADDED", item("a", 2)))
    eventually(lambda: "a" in reflector.items(), 5)
    cluster.watch.put(None)
    eventually(lambda: reflector.failure is None, 5)


def test_without_the_right_it_ends_and_says_which(
    cluster: Cluster, reflector: Reflector, api: ApiServer
) -> None:
    cluster.lists = [status(403, "Forbidden", 'pods is forbidden: cannot list resource "pods"')]
    reflector.start()
    assert reflector.synced.wait(5)
    assert 'list resource "pods"' in str(reflector.failure)
    assert len(api.requests) == 1


def test_stopping_is_immediate_and_final(
    cluster: Cluster, reflector: Reflector, changes: list[Change]
) -> None:
    reflector.start()
    cluster.watch.put(event("ADDED", item("a", 2)))
    eventually(lambda: changes, 5)
    begun = time.monotonic()
    reflector.stop()
    assert time.monotonic() - begun < 1
    cluster.watch.put(event("ADDED", item("b", 3)))
    assert changes == [("changed", "a")]


def test_a_server_that_ends_every_watch_is_not_asked_without_a_pause(
    client: KubeClient, cluster: Cluster, api: ApiServer
) -> None:
    api.respond = lambda request: (
        Answer(chunks=iter([])) if "watch" in request.query else page([], 1)
    )
    slow = Reflector(client, PODS, pause=0.2)
    slow.start()
    assert slow.synced.wait(5)
    eventually(lambda: len(api.requests) >= 3, 5)
    slow.stop()
    # The first pause is at least 0.1 s, the second 0.2 s.
    assert len(api.requests) <= 4
