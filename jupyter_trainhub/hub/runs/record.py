"""What ``run.json`` holds, and the view of a run: pure functions of a job's view and a record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.manifests.job_status import over
from jupyter_trainhub.manifests.submission import Submission

Record = dict[str, Any]

# What the record takes over from the view of the job.
_COPIED = (
    "from_run",
    "owner",
    "phase",
    "reason",
    "message",
    "created",
    "started",
    "finished",
    "attempt",
    "attempts",
    "pinned",
    "restart",
    "framework",
    "backend",
    "nodes",
    "spec",
    "volumes",
    "error",
)
# What the log of the first rank tells, and how it is where it told nothing.
TOLD: Mapping[str, Any] = {"progress": None, "log_folders": [], "log_runs": []}
_OF_POD = ("name", "rank", "role", "attempt", "node", "phase", "exit_code", "image_digest")
_TIMES = ("started", "finished")


def is_over(record: Record) -> bool:
    """Whether the run has come to its end, and no further attempt follows."""
    return over({"phase": record.get("phase"), "restart": record.get("restart")})


def updated(before: Record, view: View, submission: Submission) -> Record:
    """``run.json`` once the job looks as ``view``; ``before`` is what it was, or empty.

    Pods that the cluster does not have any more stay.
    """
    pods = merged_pods(before.get("pods", []), every_pod(view))
    digests = [pod["image_digest"] for pod in pods if pod.get("image_digest")]
    return {
        **before,
        **{name: view.get(name) for name in _COPIED},
        "run": view["run"],
        "job": view["name"],
        "user": submission.submitted_by or before.get("user") or view.get("owner"),
        "git": submission.git.to_dict() if submission.git else before.get("git"),
        "remark": submission.remark or before.get("remark", ""),
        "started": before.get("started") or view.get("started"),
        "image_digest": digests[0] if digests else None,
        "pods": pods,
    }


def every_pod(view: View) -> Views:
    """The pods of all attempts."""
    earlier = [pod for attempt in view.get("earlier", ()) for pod in attempt["pods"]]
    return [*earlier, *view.get("pods", ())]


def merged_pods(before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]]) -> Views:
    """What is kept of each pod: as it is, else as it was last seen."""
    found: dict[tuple[int, int, str], View] = {}
    for pod in (*before, *now):
        key = (pod.get("attempt") or 1, pod["rank"], pod["name"])
        known = found.get(key, {})
        kept = {name: pod.get(name) for name in (*_OF_POD, *_TIMES)}
        # A pod that is being removed may have lost what its container told.
        found[key] = {
            **kept,
            "attempt": key[0],
            **{
                name: known.get(name) if kept[name] is None else kept[name]
                for name in ("image_digest", "node", "exit_code", *_TIMES)
            },
        }
    return [found[key] for key in sorted(found)]


def missing(record: Record, files: Iterable[str], logs: Mapping[tuple[int, int], str]) -> Views:
    """What the record of a run that is over lacks, each ``{what, why}``."""
    have = set(files)
    found = []
    for what, there in (
        ("the code", record.get("argv") is not None),
        ("the objects as applied", "applied.yaml" in have),
        ("the objects as they were", "live.yaml" in have),
        ("the events", "events.json" in have),
    ):
        if not there:
            found.append(_gone(what, "The job was deleted before they were read."))
    ran = {(pod["attempt"], pod["rank"]) for pod in record["pods"] if pod.get("started")}
    for attempt, rank in sorted(ran - logs.keys()):
        found.append(
            _gone(
                f"the log of rank {rank}, attempt {attempt}",
                "Its pod or node was gone before it was read, or there was no room for it.",
            )
        )
    if ran and "environment.json" not in have:
        found.append(
            _gone("the environment", "The program ended before it was told, or its log is gone.")
        )
    return found


def _gone(what: str, why: str) -> View:
    return {"what": what, "why": why}


def run_view(record: Record, *, pinned: bool, size: int, problem: str | None = None) -> View:
    """The view of a run, as REST shows it; ``size`` is in bytes. That of a pinned job is pinned."""
    names = ("attempts", "framework", "backend", "nodes", "volumes", "error", "remark", "pods",
             "progress")  # fmt: skip
    return {
        "kind": "run",
        "run": record["run"],
        "job": record["job"],
        "from_run": record.get("from_run"),
        "owner": record.get("owner"),
        "user": record.get("user"),
        "phase": record.get("phase"),
        "reason": record.get("reason") or "",
        "message": record.get("message") or "",
        "created": record.get("created"),
        "started": record.get("started"),
        "finished": record.get("finished"),
        "attempt": record.get("attempt") or 1,
        "spec": record.get("spec") or {},
        "image_digest": record.get("image_digest"),
        "git": record.get("git"),
        "pinned": pinned or bool(record.get("pinned")),
        "size": size,
        "complete": bool(record.get("complete")) and problem is None,
        "missing": record.get("missing", []),
        "problem": problem,
        "metrics_summary": record.get("metrics_summary") or {},
        **{name: record.get(name) for name in names},
    }


def matches(view: View, search: str) -> bool:
    """Whether each word of ``search`` occurs in what a run is known by."""
    spec, git = view["spec"], view["git"] or {}
    facts = (
        *(view[name] for name in ("run", "job", "owner", "user", "phase", "from_run")),
        *(
            spec.get(name)
            for name in ("category", "project", "description", "framework", "image", "notebook")
        ),
        *(git.get(name) for name in ("commit", "branch")),
        f"priority:{spec.get('priority')}",
    )
    text = "\n".join(str(fact) for fact in facts if fact).casefold()
    return all(word in text for word in search.casefold().split())
