"""What is asked of the cluster for a record, and put into its folder."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from jupyter_trainhub.errors import NotFound, TrainHubError
from jupyter_trainhub.hub.jobs.program import whole_code
from jupyter_trainhub.hub.jobs.yaml import without_secrets
from jupyter_trainhub.hub.runs.folder import RunFolder
from jupyter_trainhub.hub.runs.log import saved_name, write_log, written_by_pod
from jupyter_trainhub.hub.views import View, Views
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.resources import CONFIG_MAPS, PODS
from jupyter_trainhub.manifests import environment_record, foreign_json, usage
from jupyter_trainhub.manifests.frameworks import code
from jupyter_trainhub.manifests.frameworks.applied import APPLIED_FILE
from jupyter_trainhub.manifests.labels import RUN, Object, Objects, label_value, selector
from jupyter_trainhub.manifests.pod import main_container
from jupyter_trainhub.manifests.submission import CHANGES_FILE, SUBMISSION_FILE

if TYPE_CHECKING:
    from jupyter_trainhub.manifests.usage import Series

CODE = "code"
LIVE_FILE = "live.yaml"
EVENTS_FILE = "events.json"
HISTORY_FILE = "history.json"
ENVIRONMENT_FILE = "environment.json"
PACKAGES_FILE = "packages.txt"
METRICS_FILE = "metrics.jsonl"
FAILURE_FILE = "failure.json"

# The environment stands in the first lines of rank 0's log.
_HEAD = 256 * 1024
# Metrics that are longer are thinned out.
_MOST_METRICS = 16 << 20


class JobSource(Protocol):
    """What is asked about a job."""

    def events(self, name: str) -> Objects: ...

    def yaml(self, name: str, kind: str) -> str: ...


class MetricsSource(Protocol):
    """What measures jobs."""

    def start(self) -> None: ...

    def samples(self, name: str, run: str | None, since: float) -> list[Series]: ...


class FailureSource(Protocol):
    """What tells how jobs failed."""

    def all_of(self, view: View) -> Views: ...


class Collection:
    """Reads from the cluster into records. Methods may be called by any thread, and block."""

    def __init__(
        self,
        client: KubeClient,
        jobs: JobSource,
        metrics: MetricsSource,
        failures: Callable[[], FailureSource],
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._metrics = metrics
        self._failures = failures

    def submitted(self, folder: RunFolder, view: View) -> list[str] | None:
        """Keep the code as submitted and where it came from; the program's arguments.

        None where the job is gone already.
        """
        argv: list[str] | None = None
        for found in self._client.list(CONFIG_MAPS, label_selector=_of_run(view)):
            name: str = found["metadata"]["name"]
            if name.endswith("-code"):
                read = whole_code(self._client, found)
                argv = read.argv
                for path, content in read.files.items():
                    if path not in (code.LAUNCHER, code.STAND_IN):
                        folder.write(f"{CODE}/{_file_name(path)}", content)
            elif name.endswith("-run"):
                for key, content in code.contents(found).items():
                    if key in (SUBMISSION_FILE, CHANGES_FILE):
                        folder.write(key, content)
                    elif key == APPLIED_FILE:
                        with contextlib.suppress(NotFound):
                            applied = without_secrets(content.decode(errors="replace"))
                            folder.write(key, applied.encode())
        return argv

    def events(self, folder: RunFolder, view: View) -> None:
        """Keep the events, of which the cluster forgets each after an hour."""
        known = folder.read_json(EVENTS_FILE)
        known = known if isinstance(known, list) else []
        merged = {_identity(event): event for event in known if isinstance(event, dict)}
        merged |= {_identity(event): event for event in self._jobs.events(view["name"])}
        kept = sorted(merged.values(), key=lambda event: str(event.get("time")))
        folder.write_json(EVENTS_FILE, kept)

    def failures(self, folder: RunFolder, view: View) -> None:
        """Keep how a job that has ended failed, of each attempt; the logs are kept already."""
        if folder.size(FAILURE_FILE) is None:
            found = self._failures().all_of(view)
            if found:
                folder.write_json(FAILURE_FILE, {"items": found})

    def live(self, folder: RunFolder, view: View) -> None:
        """Keep the objects as they are."""
        folder.write(LIVE_FILE, self._jobs.yaml(view["name"], "live").encode())

    def metrics(self, folder: RunFolder, view: View) -> dict[str, Any]:
        """Keep what was measured since the last time; the summary of all of it."""
        if view["phase"] == "Running":
            self._metrics.start()
        before = folder.read(METRICS_FILE, 2 * _MOST_METRICS)
        last = max(_times(before), default=0.0)
        samples = self._metrics.samples(view["name"], view["run"], last)
        fresh = usage.record_lines(samples, after=last).encode()
        if fresh:
            folder.append(METRICS_FILE, fresh)
        measured = usage.recorded((before + fresh).splitlines())
        if len(before) + len(fresh) > _MOST_METRICS:
            for one in measured:
                one["points"] = usage.thinned(one["points"], 1000)
            folder.write(METRICS_FILE, usage.record_lines(measured).encode())
        return {str(metric): found for metric, found in usage.summary(measured).items()}

    def environment(
        self, folder: RunFolder, pods_folder: RunFolder | None, pods: Iterable[View]
    ) -> None:
        """Keep the environment that rank 0 has told, and its packages, once they are known.

        ``pods`` are all that the run has had.
        """
        if folder.size(PACKAGES_FILE) is not None:
            return
        found = pods_folder.read_json(ENVIRONMENT_FILE) if pods_folder else None
        if not isinstance(found, dict):
            found = environment_record.find(self._head(folder, pods))
        if not isinstance(found, dict):
            return
        if folder.size(ENVIRONMENT_FILE) is None:
            folder.write_json(ENVIRONMENT_FILE, found)
        packages = found.get("packages")
        listed = packages.items() if isinstance(packages, dict) else ()
        lines = sorted((f"{name}=={version}\n" for name, version in listed), key=str.casefold)
        folder.write(PACKAGES_FILE, "".join(lines).encode())

    def _head(self, folder: RunFolder, pods: Iterable[View]) -> bytes:
        first = [pod for pod in pods if pod["rank"] == 0 and pod.get("started")]
        for pod in reversed(first):
            kept = folder.read(saved_name(pod.get("attempt") or 1, 0), _HEAD)
            if kept:
                return kept
        for pod in reversed(first):
            with contextlib.suppress(TrainHubError):
                parameters = {"limitBytes": _HEAD, **self._container(pod["name"])}
                return b"".join(self._client.stream(PODS, pod["name"], "log", parameters))
        return b""

    def log(self, folder: RunFolder, pod: View, limit: int) -> None:
        """Keep the log of a pod that has ended, of at most ``limit`` bytes.

        Raises TrainHubError where it cannot be read.
        """
        parameters = self._container(pod["name"])
        stream = self._client.stream(PODS, pod["name"], "log", parameters)
        name = saved_name(pod.get("attempt") or 1, pod["rank"])
        with contextlib.closing(stream), folder.replacing(name) as file:
            write_log(file, stream, limit, folder.path)

    def _container(self, pod: str) -> Mapping[str, str | int | bool]:
        return {"container": main_container(self._client.get(PODS, pod))}


def has_log(folder: RunFolder, pods_folder: RunFolder | None, attempt: int, rank: int) -> bool:
    """Whether the log of a rank is in the record, or beside it where the pod wrote it."""
    if folder.size(saved_name(attempt, rank)) is not None:
        return True
    return bool(pods_folder and pods_folder.size(written_by_pod(attempt, rank)))


def _of_run(view: View) -> str:
    return f"{selector('job', view['name'])},{RUN}={label_value(view['run'])}"


def _file_name(path: str) -> str:
    """``path`` as it is, or as one that no file system refuses and that leads nowhere else."""
    parts = path.split("/")
    if all(part not in ("", ".", "..") and len(part.encode()) < 250 for part in parts):
        return path
    return re.sub(r"^[.]+|[/\x00]", "_", path).encode()[-200:].decode(errors="ignore") or "_"


def _identity(event: Object) -> tuple[str, ...]:
    # One that happens again keeps all but its time.
    return tuple(str(event.get(name)) for name in ("object", "type", "reason", "message"))


def _times(lines: bytes) -> list[float]:
    found = []
    for line in lines.splitlines()[-1000:]:
        with contextlib.suppress(ValueError, TypeError, KeyError):
            found.append(float(foreign_json.parse(line)["at"]))
    return found
