"""How an attempt at a job failed: which rank first, and who only followed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_trainhub.manifests.labels import Object
from jupyter_trainhub.manifests.log_hints import hints
from jupyter_trainhub.manifests.node_log import Node
from jupyter_trainhub.manifests.rank_failure import Cell, RankError, errors_of
from jupyter_trainhub.manifests.redaction import redacted_text

# Lines of the log that are shown before a traceback, and at most with it.
_BEFORE, _SHOWN = 40, 120
_LONGEST_LINE = 500
# Seconds by which the clocks of nodes may differ, and by which it is noticed late that a rank died
# without a word.
_SKEW, _NOTICED = 2.0, 10.0


def failure_of(view: Object, attempt: int, nodes: Sequence[Node], cells: Mapping[str, Cell],
               *, processes: int = 1) -> Object:  # fmt: skip
    """The Failure of an attempt at the job of ``view``; its ``root`` is None where none failed.

    ``processes`` is how many ranks a node has.
    """
    found = [error for node in nodes for error in errors_of(node, view, cells, processes)]
    explained = sorted((item for item in found if not item.follower), key=_at)
    followers = sorted((item for item in found if item.follower), key=_at)
    places = [item for item in explained if item.reason is not None]
    explained = [item for item in explained if item.reason is None]
    lost = [item for item in followers if item.reason is None]
    root = next(iter(explained or lost), None)
    if explained and followers:
        late = _SKEW if explained[0].shown["etype"] else _NOTICED
        if _at(explained[0]) > _at(followers[0]) + late:
            root = followers[0]
    others = [item for item in explained if item is not root] + _rarest_first(places)
    spec = view.get("spec") or {}
    env = spec.get("env")
    answer = {
        "job": view["name"],
        "run": view.get("run"),
        "attempt": attempt,
        "phase": view["phase"],
        "notebook": spec.get("notebook"),
        "uid": view.get("uid"),
        "at": root.shown["time"] if root else view.get("finished"),
        "root": root.shown | {"log": _around(root)} if root else None,
        "others": [item.shown | {"log": _around(item)} for item in others],
        "followers": [_brief(item) for item in followers if item is not root],
        "hints": _apart(places)
        + hints(view, root.shown if root else None, _tails(root, nodes), lost=root in followers),
    }
    redacted: Object = _redacted(answer, env if isinstance(env, dict) else {})
    return redacted


def _around(item: RankError) -> Object:
    """The log before a traceback and with it.

    ``start`` counts from the end of the pod's log: -1 is its last line.
    """
    lines = item.node.lines
    begin = item.story[0].start if item.story else len(lines)
    first = max(0, begin - _BEFORE)
    shown = lines[first : min(first + _SHOWN, item.story[-1].end + 3 if item.story else len(lines))]
    return {
        "lines": [line[:_LONGEST_LINE] for line in shown],
        "start": first - len(lines),
        "at": begin - first if item.story else None,
    }


def _brief(item: RankError) -> Object:
    shown = item.shown | {"cell_source": None, "frames": [], "traceback": ""}
    return shown | {"log": {"lines": [], "start": 0, "at": None}}


def _where(item: RankError) -> tuple[Any, ...]:
    return (item.shown["cell"], item.shown["lineno"], item.shown["line"])


def _rarest_first(places: Sequence[RankError]) -> list[RankError]:
    """Where ranks were: of a job that hung, the few that were elsewhere tell most."""
    counts = Counter(map(_where, places))
    return sorted(places, key=lambda item: (counts[_where(item)], item.shown["rank"] or 0))


def _apart(places: Sequence[RankError]) -> list[Object]:
    """The hint at the ranks that were not where most of the others waited."""
    most = Counter(map(_where, places)).most_common(1)
    apart = [item.shown["rank"] for item in places if _where(item) != most[0][0]]
    if not apart or len(apart) >= len(places) - len(apart) + 1:
        return []
    ranks = ", ".join(str(rank) for rank in sorted(apart, key=str)[:8])
    title = f"Rank {ranks} stood elsewhere than the others."
    remedy = "The others may have waited for it in a collective operation: look at its line."
    return [{"id": "apart", "title": title, "remedy": remedy, "line": None, "rank": apart[0]}]


def _tails(root: RankError | None, nodes: Sequence[Node]) -> list[tuple[int, Sequence[str]]]:
    """The ends of logs that hints are looked for in, by pod; that of the root first."""
    first = [root.node] if root else []
    rest = [node for node in nodes if node not in first and node.pod.get("phase") == "Failed"]
    return [(node.pod["rank"], node.lines[-200:]) for node in (*first, *rest)]


def _redacted(value: Any, secrets: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return redacted_text(value, secrets)
    if isinstance(value, list):
        return [_redacted(item, secrets) for item in value]
    if isinstance(value, dict):
        # The author's own text stays as it is, to be compared with the notebook.
        return {
            key: item if key == "cell_source" else _redacted(item, secrets)
            for key, item in value.items()
        }
    return value


def _at(item: RankError) -> float:
    return item.at if item.at is not None else float("inf")
