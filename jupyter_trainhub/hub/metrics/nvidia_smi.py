"""GPUs and their memory as ``nvidia-smi`` in the containers tells them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from jupyter_trainhub.errors import Forbidden, TrainHubError
from jupyter_trainhub.hub.metrics.source import Answer, Missing, Reading, Source, Target
from jupyter_trainhub.kube.client import KubeClient
from jupyter_trainhub.kube.exec import CommandNotFound, run
from jupyter_trainhub.manifests.usage import GPU_METRICS, Metric

COMMAND = (
    "nvidia-smi",
    "--query-gpu=utilization.gpu,memory.used",
    "--format=csv,noheader,nounits",
)
# Containers that are asked at the same time, and seconds that each may take.
AT_ONCE = 8
SECONDS = 10.0
_MIB = 1 << 20


class NvidiaSmi(Source):
    """Runs ``nvidia-smi`` in each pod that has GPUs, which takes the right to ``pods/exec``."""

    name: ClassVar[str] = "nvidia-smi"
    metrics: ClassVar[frozenset[Metric]] = frozenset(GPU_METRICS)
    costly: ClassVar[bool] = True

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    def read(self, targets: Sequence[Target]) -> Answer:
        """What the GPUs of the pods do now."""
        with_gpus = [target for target in targets if target.gpus]
        answer = Answer()
        if with_gpus:
            # The caller's thread may have an event loop of its own, as a notebook's has.
            with ThreadPoolExecutor(1, thread_name_prefix="trainhub-nvidia-smi") as thread:
                answer = thread.submit(asyncio.run, self._ask_all(with_gpus)).result()
        without = frozenset(target.pod for target in targets if not target.gpus)
        if without:
            why = "the job has no GPUs"
            answer.missing.append(
                Missing(GPU_METRICS, why, "Ask for GPUs when you submit a job.", without)
            )
        return answer

    async def _ask_all(self, targets: Sequence[Target]) -> Answer:
        free, answer = asyncio.Semaphore(AT_ONCE), Answer()

        async def ask(target: Target) -> None:
            async with free:
                try:
                    answer.readings += await self._ask(target)
                except Forbidden:
                    why = "you may not run programs in pods"
                    remedy = "Ask an administrator for the right to create pods/exec."
                except CommandNotFound:
                    why = "the image has no nvidia-smi"
                    remedy = "Nodes with NVIDIA's container toolkit add it."
                except TrainHubError as error:
                    why = f"the container cannot be asked: {error.message}"
                    remedy = "It is asked again; if that goes on, ask an administrator."
                else:
                    return
            answer.missing.append(Missing(GPU_METRICS, why, remedy, frozenset((target.pod,))))

        await asyncio.gather(*map(ask, targets))
        return answer

    async def _ask(self, target: Target) -> list[Reading]:
        done = await run(
            self._client, target.pod, COMMAND, container=target.container, timeout=SECONDS
        )
        return readings(target.pod, time.time(), done.stdout.decode(errors="replace"))


def readings(pod: str, at: float, printed: str) -> list[Reading]:
    """The mean use of the GPUs and the sum of their memory; what a GPU cannot tell is left out."""
    columns: dict[Metric, list[float]] = {"gpu": [], "gpu_memory": []}
    for line in printed.splitlines():
        for metric, cell in zip(GPU_METRICS, line.split(","), strict=False):
            # "[N/A]", as of a GPU that is divided (MIG).
            if cell.strip().replace(".", "", 1).isdecimal():
                columns[metric].append(float(cell))
    use, memory = columns["gpu"], columns["gpu_memory"]
    found = [Reading(pod, "gpu", at, sum(use) / len(use))] if use else []
    if memory:
        found.append(Reading(pod, "gpu_memory", at, sum(memory) * _MIB))
    return found
