"""What a notebook becomes, and what is said about it."""

from __future__ import annotations

import math

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.notebook.beside import MAX_BYTES
from jupyter_trainhub.notebook.plan import Plan, plan_notebook
from tests.notebook.conftest import MakeNotebook, Notebook


def plan(notebook: Notebook, **options: object) -> Plan:
    return plan_notebook(notebook, name="train.ipynb", **options)  # type: ignore[arg-type]


def messages(remarks: tuple[object, ...]) -> str:
    return "\n".join(map(str, remarks))


def test_an_unchanged_cell_runs_as_written(notebook: MakeNotebook) -> None:
    (cell,) = plan(notebook("x = 1  # one")).cells
    assert (cell.action, cell.source, cell.reason) == ("run", "x = 1  # one", "")


def test_every_code_cell_is_listed_with_what_becomes_of_it(notebook: MakeNotebook) -> None:
    planned = plan(
        notebook("%matplotlib inline", "%time x = 1", ("submit()", "trainhub-skip"), "# note", "x")
    )
    assert [(cell.index, cell.action) for cell in planned.cells] == [
        (0, "skip"),
        (1, "changed"),
        (2, "skip"),
        (3, "skip"),
        (4, "run"),
    ]
    assert planned.cells[3].reason == "nothing to run"
    assert [cell.index for cell in planned.running] == [1, 4]


def test_the_preview_is_the_contracts_shape(notebook: MakeNotebook) -> None:
    planned = plan(notebook("%%writefile a.py\nx = 1\n", "!ls", "import a"))
    told = planned.to_dict()
    (warning,) = told.pop("warnings")
    assert (warning["cell"], warning["line"]) == (1, 1)
    assert told == {
        "language": "notebook",
        "cells": [
            {
                "index": 0,
                "id": "id0",
                "source": "x = 1\n",
                "original": "%%writefile a.py\nx = 1\n",
                "action": "changed",
                "reason": "the file a.py becomes part of the job",
                "writes": "a.py",
            },
            {
                "index": 1,
                "id": "id1",
                "source": "pass\n",
                "original": "!ls",
                "action": "skip",
                "reason": "!ls left out: jobs run no shell commands",
                "writes": None,
            },
            {
                "index": 2,
                "id": "id2",
                "source": "import a",
                "original": "import a",
                "action": "run",
                "reason": "",
                "writes": None,
            },
        ],
        "files": [{"name": "a.py", "bytes": 6, "origin": "cell", "imported_by": []}],
        "left_out_files": [],
        "bytes": 6,
        "max_bytes": MAX_BYTES,
        "setup": [],
        "imports": [],
        "syntax": None,
        "errors": [],
    }


def test_installations_are_shown_whether_they_run_or_not(notebook: MakeNotebook) -> None:
    cells = notebook("%pip install einops", "x = 1")
    for asked in (False, True):
        (step,) = plan(cells, setup=asked).to_dict()["setup"]
        argv = ["python", "-m", "pip", "install", "einops"]
        assert step == {"cell": 0, "argv": argv, "run": asked}


def test_appending_gives_the_whole_file(notebook: MakeNotebook) -> None:
    planned = plan(notebook("%%writefile a.py\nx = 1\n", "%%writefile -a a.py\ny = 2\n", "1 + 1"))
    assert planned.written == {"a.py": b"x = 1\ny = 2\n"}
    assert planned.errors == ()


def test_appending_to_a_file_that_no_cell_made_is_refused(notebook: MakeNotebook) -> None:
    assert "no earlier cell" in messages(plan(notebook("%%writefile -a a.py\ny = 2\n")).errors)


def test_parameters_are_set_after_their_defaults(notebook: MakeNotebook) -> None:
    planned = plan(
        notebook("import os", ("lr = 0.1\nnames = []", "parameters"), "print(lr)"),
        parameters={"lr": 0.5, "names": ["a", {"b": None}]},
    )
    assert [cell.index for cell in planned.cells] == [0, 1, None, 2]
    added = planned.cells[2]
    assert added.source == "lr = 0.5\nnames = ['a', {'b': None}]\n"
    assert planned.warnings == ()


def test_values_survive_as_python(notebook: MakeNotebook) -> None:
    values = {"a": math.inf, "b": 'quote " and \n', "c": True, "d": {"x": [1, 2.5, None]}}
    planned = plan(notebook("print(a)"), parameters=values)
    namespace: dict[str, object] = {}
    exec(planned.cells[0].source, namespace)
    assert {name: namespace[name] for name in values} == values
    assert "no cell that runs is tagged 'parameters'" in messages(planned.warnings)


def test_a_parameter_without_a_default_is_pointed_out(notebook: MakeNotebook) -> None:
    planned = plan(notebook(("epochs = 1", "parameters"), "1 + 1"), parameters={"epoch": 2})
    assert "'epoch' has no default" in messages(planned.warnings)


@pytest.mark.parametrize("name", ["1a", "a-b", "class", "", "a; import os"])
def test_a_parameter_must_be_a_variable(notebook: MakeNotebook, name: str) -> None:
    with pytest.raises(InvalidField) as caught:
        plan(notebook("x = 1"), parameters={name: 1})
    assert caught.value.field == "parameters"


def test_a_parameter_must_be_json(notebook: MakeNotebook) -> None:
    with pytest.raises(InvalidField, match="'x' is a object"):
        plan(notebook("x = 1"), parameters={"x": object()})


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (b"not json", "this is not a notebook: its content is not JSON"),
        (b'{"nbformat": 4, "cells": []}', "there is no code to run"),
    ],
)
def test_a_file_without_code_is_an_error_of_the_plan(source: bytes, error: str) -> None:
    assert error in messages(plan_notebook(source, name="train.ipynb").errors)


def test_nothing_but_left_out_cells_is_no_job(notebook: MakeNotebook) -> None:
    planned = plan(notebook("!ls", ("train()", "trainhub-skip"), "%%writefile a.py\nx = 1"))
    assert "there is no code to run" in messages(planned.errors)


@pytest.mark.parametrize(
    "cell",
    [
        "name = input('Name: ')",
        "import getpass\ngetpass.getpass()",
        "from getpass import getpass\ngetpass()",
        "for x in y:\n    breakpoint()",
        "import pdb; pdb.set_trace()",
    ],
)
def test_waiting_for_the_keyboard_is_an_error(notebook: MakeNotebook, cell: str) -> None:
    (error,) = plan(notebook("x = 1", cell)).errors
    assert (error.cell, error.code) == (1, "input")
    assert "keyboard" in error.message


@pytest.mark.parametrize("cell", ["if x:\n    breakpoint()", "def ask():\n    return input()"])
def test_waiting_for_the_keyboard_perhaps_is_pointed_out(notebook: MakeNotebook, cell: str) -> None:
    planned = plan(notebook("x = 1", cell))
    assert planned.errors == ()
    assert "fails if it is called" in messages(planned.warnings)


@pytest.mark.parametrize(
    "cell", ["def forward(input):\n    return input(1)", "input = len\ninput([])", "'input()'"]
)
def test_a_name_of_ones_own_is_not_the_keyboard(notebook: MakeNotebook, cell: str) -> None:
    assert plan(notebook(cell + "\nx = 1")).errors == ()


@pytest.mark.parametrize(
    "cell",
    [
        "import jupyter_trainhub as th\nth.submit()",
        "import jupyter_trainhub\njob = jupyter_trainhub.submit(nodes=2)",
        "from jupyter_trainhub import submit\nsubmit()",
    ],
)
def test_a_job_does_not_submit_itself(notebook: MakeNotebook, cell: str) -> None:
    assert "submit a job in its turn" in messages(plan(notebook(cell)).errors)
    assert plan(notebook((cell, "trainhub-skip"), "x = 1")).errors == ()


def test_training_alone_is_pointed_out_when_there_are_many(notebook: MakeNotebook) -> None:
    alone = notebook("import torch")
    assert "init_process_group" in messages(plan(alone, world_size=2).warnings)
    assert plan(alone, world_size=1).warnings == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["import torch.distributed as dist\ndist.init_process_group('gloo')"],
        ["from accelerate import Accelerator\na = Accelerator()"],
        ["%%writefile t.py\nimport torch\ntorch.distributed.init_process_group()", "import t"],
    ],
)
def test_whoever_makes_a_group_does_not_train_alone(
    notebook: MakeNotebook, cells: list[str]
) -> None:
    assert plan(notebook(*cells), world_size=2).warnings == ()


@pytest.mark.parametrize(
    ("cell", "warning"),
    [
        ("d = torch.device('cuda:0')", "line 1: 'cuda:0' is the same GPU"),
        ("model.cuda(0)", "cuda(0) is the same GPU"),
        ("torch.cuda.set_device(1)", "set_device(1) is the same GPU"),
        ("mp.spawn(train)", "mp.spawn starts processes"),
        ("x = 1\nmp.set_start_method('spawn')", "line 2: a process that is spawned repeats only"),
    ],
)
def test_doubtful_code_is_pointed_out(notebook: MakeNotebook, cell: str, warning: str) -> None:
    planned = plan(notebook("dist.init_process_group()", cell), world_size=2)
    assert warning in messages(planned.warnings)
    assert planned.errors == ()


def test_one_process_may_name_its_gpu(notebook: MakeNotebook) -> None:
    assert plan(notebook("d = torch.device('cuda:0')")).warnings == ()


def test_paths_that_pods_do_not_see_are_pointed_out(notebook: MakeNotebook) -> None:
    cell = "open('/mnt/data/a.csv'); open('/home/me/b'); open('/tmp/c'); url = '/ a'\n"
    planned = plan(notebook(cell), visible=["/home/me"])
    (warning,) = planned.warnings
    assert "/mnt/data/a.csv" in warning.message
    assert plan(notebook(cell), visible=()).warnings == ()
