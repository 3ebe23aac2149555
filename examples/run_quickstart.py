"""Run the quickstart from end to end, as a person would, and report each step.

`make demo` starts this program. It copies the quickstart to `build/demo/work/`, opens the copy in a
headless JupyterLab and runs its cells, step by step. The exit status is 0 if every step succeeded.
Whatever happens, Ctrl-C included, the TensorBoards, the server and the embedded cluster, with all
that runs on it, are ended.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from tornado.httpclient import HTTPClientError

from examples.headless_jupyterlab import JupyterLab, Kernel

ROOT = Path(__file__).resolve().parent.parent
QUICKSTART = ROOT / "examples" / "quickstart.ipynb"
FOLDER = ROOT / "build" / "demo"
EXECUTED = ROOT / "build" / "quickstart.ipynb"

# No step takes a minute; this only ends a demo that hangs.
STEP_SECONDS = 300.0


@dataclass
class Step:
    """What one line of the report tells: a titled part of the notebook with its code cells."""

    title: str
    cells: list[Any]
    result: str = "not run"
    seconds: float = 0.0


def steps_of(notebook: Any) -> list[Step]:
    """The notebook's parts that have code, each named by the second-level heading above it."""
    steps: list[Step] = []
    title = "Set up"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = re.search(r"^##\s+(.+?)\s*$", cell.source, re.MULTILINE)
            title = heading.group(1) if heading else title
        elif cell.cell_type == "code" and cell.source.strip():
            if not steps or steps[-1].title != title:
                steps.append(Step(title, []))
            steps[-1].cells.append(cell)
    return steps


def table(steps: list[Step]) -> str:
    """What ran, as aligned columns."""
    rows = [("STEP", "RESULT", "SECONDS")]
    rows += [(step.title, step.result, f"{step.seconds:.1f}") for step in steps]
    rows.append(("total", "", f"{sum(step.seconds for step in steps):.1f}"))
    title, result = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{a:<{title}}  {b:<{result}}  {c:>7}" for a, b, c in rows)


class Terminal:
    """Prints text line by line, indented and without colours, as it arrives."""

    def __init__(self) -> None:
        self._rest = ""

    def write(self, text: str) -> None:
        """Print the lines that are complete; a carriage return starts its line anew."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            shown = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line).rstrip("\r").rsplit("\r", 1)[-1]
            print(f"    {shown}", flush=True)

    def close(self) -> None:
        """Print a last line that did not end."""
        if self._rest:
            self.write("\n")


def shown_addresses(cell: Any) -> list[str]:
    """Addresses on the server that a cell's output links to or frames."""
    html = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    return [unescape(address) for address in re.findall(r'(?:href|src)="(/[^"]*)"', html)]


async def run_step(step: Step, lab: JupyterLab, kernel: Kernel) -> None:
    """Run a step's cells until one fails, and open through the server what they show."""
    terminal = Terminal()
    try:
        for cell in step.cells:
            if not await kernel.run(cell, terminal.write):
                return
            for address in shown_addresses(cell):
                size = len(await lab.follow(address))
                terminal.write(f"opened {address} ({size} bytes)\n")
        step.result = "ok"
    finally:
        terminal.close()


async def start(step: Step, lab: JupyterLab, kernelspec: str) -> Kernel:
    """Start JupyterLab and open the notebook in it."""
    await lab.start()
    kernel = await lab.open_notebook(QUICKSTART.name, kernelspec)
    step.result = "ok"
    return kernel


async def run(notebook: Any, steps: list[Step], lab: JupyterLab) -> None:
    """Run the steps until one fails; the first one starts JupyterLab."""
    kernel: Kernel | None = None
    for step in steps:
        print(f"\n{step.title}", flush=True)
        began = time.monotonic()
        step.result = "failed"
        try:
            if kernel is None:
                kernel = await start(step, lab, notebook.metadata.kernelspec.name)
            else:
                await asyncio.wait_for(run_step(step, lab, kernel), STEP_SECONDS)
        except asyncio.CancelledError:
            step.result = "interrupted"
            raise
        except asyncio.TimeoutError:
            print(f"    not finished after {STEP_SECONDS:.0f} s")
        except (RuntimeError, OSError, HTTPClientError) as error:
            print(f"    {error}")
        finally:
            step.seconds = time.monotonic() - began
            print(f"  {step.result}: {step.title}, {step.seconds:.1f} s", flush=True)
        if step.result != "ok":
            return


def remove(folder: Path) -> None:
    """Remove a folder, pods' file systems in it included: overlay file systems lock theirs."""
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            child = Path(parent, name)
            if not child.is_symlink():
                child.chmod(0o700)
    shutil.rmtree(folder)


async def demo() -> bool:
    """Run the whole demo, leave the executed notebook behind, and tell whether all succeeded."""
    lab = JupyterLab(FOLDER)
    if FOLDER.exists():
        # A demo that was killed leaves its cluster running.
        await lab.stop()
        remove(FOLDER)
    (FOLDER / "work").mkdir(parents=True)
    shutil.copy(QUICKSTART, FOLDER / "work")
    notebook = nbformat.read(QUICKSTART, as_version=4)
    steps = [Step("Start JupyterLab", []), *steps_of(notebook)]

    running = asyncio.ensure_future(run(notebook, steps, lab))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        print("\nInterrupted; ending what the demo started.", flush=True)
    finally:
        nbformat.write(notebook, EXECUTED)
        await lab.stop()

    print(f"\n{table(steps)}\n\nThe executed notebook: {EXECUTED.relative_to(ROOT)}")
    return all(step.result == "ok" for step in steps)


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(demo()) else 1)
