"""Records what IPython's own kernel does with the notebooks of the corpus.

``python -m tests.notebook.corpus.record`` runs each through nbclient, which knows nothing of
TrainHub, and writes ``kernel.json``. ``test_corpus.py`` compares the runner with that.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent
RECORD = CORPUS / "kernel.json"
# Runs as a last cell in both.
NAMES = (
    "print('\\nNAMES', *sorted(name for name in list(globals()) if not name.startswith('_') "
    "and name not in ('In', 'Out', 'get_ipython', 'exit', 'quit', 'open')))"
)
# What IPython's commands print, which a job leaves out.
_PRINTED_BY_MAGICS = re.compile(
    r"^(?:env: |CPU times: |Wall time: |Writing |Appending to |<Figure size ).*\n", re.MULTILINE
)
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def comparable(text: str, folder: Path) -> list[str]:
    """The lines of an output, without what differs from run to run."""
    text = _PRINTED_BY_MAGICS.sub("", _ADDRESS.sub("0x", text))
    return [line.rstrip() for line in text.splitlines() if line.strip() and line != str(folder)]


def run_in_kernel(path: Path, folder: Path, timeout: int = 60) -> dict[str, Any]:
    """What the kernel prints for the notebook ``path``, and the error that ended it."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
        if {"trainhub-skip", "skip-execution"} & set(cell.metadata.get("tags", [])):
            cell.cell_type = "raw"
    notebook.cells.append(nbformat.v4.new_code_cell(NAMES))
    client = NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    error: list[Any] | None = None
    try:
        client.execute()
    except CellExecutionError as ended:
        failed = [
            index
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code"
            and any(output.output_type == "error" for output in cell.outputs)
        ]
        error = [failed[-1], ended.ename]
    printed = ""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stdout":
                printed += output.text
            elif output.output_type == "display_data":
                printed += output.data.get("text/plain", "") + "\n"
    return {"error": error, "printed": comparable(printed, folder)}


def main() -> None:
    """Record all of the corpus, or the notebooks that are named."""
    chosen = [Path(name) for name in sys.argv[1:]] or sorted(CORPUS.glob("*/*.ipynb"))
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    for path in chosen:
        name = path.resolve().relative_to(CORPUS).as_posix()
        with tempfile.TemporaryDirectory() as folder:
            known[name] = run_in_kernel(path, Path(folder))
        print(name, known[name]["error"])
    RECORD.write_text(json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
