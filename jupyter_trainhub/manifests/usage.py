"""What pods use over time: units, sums, what is kept of it in a run's record.

A record holds it as JSON lines, one for each pod and moment:
``{"at": 1700000000.0, "pod": "job-x-0-abcde", "rank": 0, "values": {"cpu": 0.5}}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal, TypedDict, get_args

from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.labels import Object, Objects
from jupyter_trainhub.manifests.requests import Amounts, pod_limits, pod_requests

Metric = Literal[
    "cpu",
    "memory",
    "network_receive",
    "network_transmit",
    "disk",
    "disk_read",
    "disk_write",
    "gpu",
    "gpu_memory",
]

METRICS: tuple[Metric, ...] = get_args(Metric)
GPU_METRICS: tuple[Metric, ...] = ("gpu", "gpu_memory")

UNITS: Mapping[Metric, str] = {
    "cpu": "cores",
    "memory": "bytes",
    "network_receive": "bytes/s",
    "network_transmit": "bytes/s",
    "disk": "bytes",
    "disk_read": "bytes/s",
    "disk_write": "bytes/s",
    "gpu": "percent",
    "gpu_memory": "bytes",
}
"""``disk`` is what the pod has written beside its volumes; ``gpu`` the mean of the pod's GPUs."""

Point = tuple[float, float]
"""When (Unix time, in seconds) and how much."""


class Series(TypedDict):
    """What one pod used of one thing; the points are in the order of time."""

    pod: str
    rank: int
    metric: Metric
    unit: str
    points: list[Point]


class Summary(TypedDict):
    """The most that a pod used at any time, and the mean over the time and the pods."""

    unit: str
    max: float
    mean: float


def series(pod: str, rank: int, metric: Metric, points: Iterable[Point]) -> Series:
    """The series of these points."""
    return Series(pod=pod, rank=rank, metric=metric, unit=UNITS[metric], points=list(points))


def summary(found: Iterable[Series]) -> dict[Metric, Summary]:
    """What a job used, by metric; metrics of which nothing is known are left out."""
    points: dict[Metric, list[Sequence[Point]]] = {}
    for one in found:
        if one["points"]:
            points.setdefault(one["metric"], []).append(one["points"])
    return {
        metric: Summary(
            unit=UNITS[metric],
            max=max(value for pod in points[metric] for _, value in pod),
            mean=sum(map(mean, points[metric])) / len(points[metric]),
        )
        for metric in METRICS
        if metric in points
    }


def mean(points: Sequence[Point]) -> float:
    """The mean over the time: older points stand for longer, where they were thinned out."""
    spans = [(at - before, value) for (before, _), (at, value) in pairwise(points)]
    whole = sum(seconds for seconds, _ in spans)
    if not whole:
        return points[-1][1]
    return sum(seconds * value for seconds, value in spans) / whole


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most ``most`` points, each the mean of those it stands for, at the time of the last."""
    size = -(-len(points) // most)
    if size < 2:
        return list(points)
    chunks = (points[start : start + size] for start in range(0, len(points), size))
    return [(chunk[-1][0], sum(value for _, value in chunk) / len(chunk)) for chunk in chunks]


def record_lines(found: Iterable[Series], after: float = 0.0) -> str:
    """The lines of a record for all points later than ``after`` (Unix time), oldest first."""
    moments: dict[tuple[float, str, int], dict[str, float]] = {}
    for one in found:
        for at, value in one["points"]:
            if at > after:
                moment = moments.setdefault((at, one["pod"], one["rank"]), {})
                # Six digits are more than any of it is exact to.
                moment[one["metric"]] = float(f"{value:.6g}")
    return "".join(
        json.dumps({"at": at, "pod": pod, "rank": rank, "values": values}) + "\n"
        for (at, pod, rank), values in sorted(moments.items())
    )


def recorded(lines: Iterable[str | bytes]) -> list[Series]:
    """What a record's lines say. A line that was cut off is left out."""
    found: dict[tuple[str, Metric], Series] = {}
    for at, pod, rank, metric, value in _recorded(lines):
        one = found.setdefault((pod, metric), series(pod, rank, metric, ()))
        one["points"].append((at, value))
    for one in found.values():
        one["points"].sort()
    return list(found.values())


def _recorded(lines: Iterable[str | bytes]) -> Iterator[tuple[float, str, int, Metric, float]]:
    for line in lines:
        try:
            entry = foreign_json.parse(line)
            at, pod, rank = float(entry["at"]), str(entry["pod"]), int(entry["rank"])
            values = dict(entry["values"])
            for metric in METRICS:
                if metric in values and math.isfinite(at + float(values[metric])):
                    yield at, pod, rank, metric, float(values[metric])
        except (ValueError, TypeError, KeyError, OverflowError):
            continue


def asked(pod: Object, rank: int, gpu_resources: Iterable[str]) -> Objects:
    """What the pod asked for and may use: ``{pod, rank, metric, request, limit}`` for each."""
    spec = pod.get("spec") or {}
    requests, limits = pod_requests(spec), pod_limits(spec)
    names: dict[Metric, str] = {"cpu": "cpu", "memory": "memory", "disk": "ephemeral-storage"}
    found = [
        {
            "pod": pod["metadata"]["name"],
            "rank": rank,
            "metric": metric,
            "request": requests.get(name),
            "limit": limits.get(name),
        }
        for metric, name in names.items()
        if name in requests or name in limits
    ]
    gpus = gpus_of(limits, gpu_resources)
    if gpus:
        found.append(
            {
                "pod": pod["metadata"]["name"],
                "rank": rank,
                "metric": "gpu",
                "request": gpus,
                "limit": None,
            }
        )
    return found


def gpus_of(limits: Amounts, gpu_resources: Iterable[str]) -> int:
    """How many GPUs these limits are of, by the names under which nodes offer them."""
    return int(sum(limits.get(name, 0) for name in gpu_resources))
