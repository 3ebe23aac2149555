"""Scripts, commands and notebooks that are kept as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.notebooks import plan_command, plan_file
from jupyter_trainhub.notebook.bundle import bundle
from jupyter_trainhub.notebook.planned import Plan
from jupyter_trainhub.specs.job import JobSpec

FRONT = "---\njupyter:\n  kernelspec:\n    display_name: Python 3\n    name: python3\n---\n\n"
MARKDOWN = (
    f'{FRONT}# Title\n\n```python tags=["parameters"]\nlr = 1\n```\n\ntext\n\n'
    "```python\n%matplotlib inline\nprint(lr)\n```\n"
)
MYST = (
    "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    "kernelspec:\n  display_name: Python 3\n  name: python3\n---\n\n"
    "```{code-cell} ipython3\n:tags: [parameters]\n\nlr = 1\n```\n\n"
    "```{code-cell}\nprint(lr)\n```\n"
)
R_MARKDOWN = '```{python tags=c("parameters")}\nlr = 1\n```\n\n```{python}\nprint(lr)\n```\n'
PERCENT = (
    "# ---\n# jupyter:\n#   kernelspec:\n#     display_name: Python 3\n#     name: python3\n"
    "# ---\n\n"
    '# %% tags=["parameters"]\nlr = 1\n\n# %%\nprint(lr)\n'
)


def planned(folder: Path, name: str, text: str, **fields: object) -> Plan:
    file = folder / name
    file.write_text(text)
    spec = JobSpec.parse({"name": "a", "notebook": str(file), **fields})
    return plan_file(spec, file, [])


def test_a_script_runs_as_it_is_with_what_it_imports(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import conf")
    (tmp_path / "conf.py").write_text("")
    text = "# %%\nimport helper\nif __name__ == '__main__':\n    print(1)\n"
    plan = planned(tmp_path, "train.py", text, args=["--epochs", "3"])
    assert (plan.language, plan.errors) == ("script", ())
    made = bundle(plan)
    assert made.argv == ["python", "$TRAINHUB_FILES/train.py"]
    assert set(made.files) == {"files/train.py", "files/helper.py", "files/conf.py"}
    assert made.files["files/train.py"] == text.encode()


def test_what_is_wrong_with_a_script_is_said(tmp_path: Path) -> None:
    assert "line 2: syntax error" in str(planned(tmp_path, "a.py", "x = 1\nx =\n").errors[0])
    (error,) = planned(tmp_path, "a.py", "x = 1\ninput()\n").errors
    assert (error.cell, error.line) == (None, 2)
    with pytest.raises(InvalidField) as caught:
        planned(tmp_path, "a.py", "x = 1", parameters={"x": 1})
    assert caught.value.field == "parameters"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.md", MARKDOWN), ("a.md", MYST), ("a.Rmd", R_MARKDOWN), ("a.py", PERCENT)],
)
def test_notebooks_kept_as_text_have_cells(tmp_path: Path, name: str, text: str) -> None:
    plan = planned(tmp_path, name, text, parameters={"lr": 2})
    assert (plan.language, plan.errors) == ("markdown", ())
    sources = [cell.source.strip() for cell in plan.running]
    assert [source.splitlines()[-1] for source in sources] == ["lr = 1", "lr = 2", "print(lr)"]
    assert plan.name == name
    # The same file gives the same job.
    assert bundle(plan).digest == bundle(planned(tmp_path, name, text, parameters={"lr": 2})).digest


@pytest.mark.parametrize("text", ["# Read me\n\n```python\nx = 1\n```\n", "---\ntitle: x\n---\n"])
def test_markdown_that_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidField, match="no jupyter or kernelspec") as caught:
        planned(tmp_path, "README.md", text)
    assert caught.value.remedy


def test_a_notebook_has_no_arguments(tmp_path: Path) -> None:
    with pytest.raises(InvalidField) as caught:
        planned(tmp_path, "a.py", PERCENT, args=["x"])
    assert caught.value.field == "args"


def test_a_command_takes_along_what_it_includes(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/train.py", "conf.yaml", "other.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("import other" if name == "pkg/train.py" else "")
    fields = {"name": "a", "command": ["python", "-m", "pkg.train", "-x"]}
    plan = plan_command(JobSpec.parse(fields), tmp_path, 1 << 20)
    assert bundle(plan).files == {}
    plan = plan_command(JobSpec.parse({**fields, "include": ["*.yaml"]}), tmp_path, 1 << 20)
    made = bundle(plan)
    assert set(made.files) == {
        "files/pkg/__init__.py",
        "files/pkg/train.py",
        "files/conf.yaml",
        "files/other.py",
    }
    assert made.argv == []


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../x", "a/../../x", "~/x"])
def test_what_lies_elsewhere_cannot_be_included(pattern: str) -> None:
    with pytest.raises(InvalidField) as caught:
        JobSpec.parse({"name": "a", "command": ["x"], "include": [pattern]})
    assert caught.value.field == "include"
