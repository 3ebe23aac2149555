"""Widgets for a schema, and what they give back."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.forms import schemas
from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.widgets.form import Form


@pytest.fixture
def form() -> Form:
    config = TrainHubConfig(
        images=[{"name": "lab:1", "title": "Lab"}],
        storages=[{"name": "home", "path": "/mnt/user", "claim": "home", "default": True},
                  {"name": "data", "path": "/mnt/data", "claim": "data"}],
    )  # fmt: skip
    return Form(schemas(config, "ada", [])["instance"])


@pytest.fixture
def job_form() -> Form:
    return Form(schemas(TrainHubConfig(), "ada", [])["job"], ["name", "command"])


def test_an_untouched_form_has_the_sites_defaults(form: Form) -> None:
    values = form.values()
    assert "name" not in values
    assert (values["cpus"], values["memory"], values["storages"]) == (1, "2Gi", ["home"])
    InstanceSpec.parse({"name": "a", **values})


def test_what_is_typed_is_given_back(form: Form) -> None:
    typed = {
        "name": " lab ",
        "image": "lab:1",
        "cpus": 2.5,
        "gpus": 1,
        "env": "A=b=c\n\nD=",
        "mounts": '{"path": "/x", "claim": "y"}',
        "storages": ("home", "data"),
        "always_pull": True,
    }
    for name, value in typed.items():
        form.fields[name].value = value
    values = form.values()
    assert (values["name"], values["cpus"], values["always_pull"]) == ("lab", 2.5, True)
    assert values["env"] == {"A": "b=c", "D": ""}
    assert values["mounts"] == [{"path": "/x", "claim": "y"}]
    assert values["storages"] == ["home", "data"]
    InstanceSpec.parse(values)


@pytest.mark.parametrize(("field", "text"), [("env", "A"), ("mounts", "/x")])
def test_a_line_that_cannot_be_read_names_its_field(form: Form, field: str, text: str) -> None:
    form.fields[field].value = text
    with pytest.raises(InvalidField) as refused:
        form.values()
    assert refused.value.field == field


def test_every_change_is_told(form: Form) -> None:
    told: list[Any] = []
    form.on_change(lambda: told.append(1))
    form.fields["cpus"].value = 3
    form.fields["name"].value = "a"
    assert len(told) == 2


def test_faults_are_told_below_their_fields(form: Form) -> None:
    def shown() -> list[str]:
        lines = [group.children[1] for group in form.widget.children[0].children]
        return [line.value for line in lines if line.layout.display != "none"]

    assert shown() == []
    form.mark({"name": "too <long>", "mounts.0.path": "not a path"})
    name, mounts = shown()
    assert "too &lt;long&gt;" in name
    assert "not a path" in mounts
    form.mark({})
    assert shown() == []


def test_each_kind_of_field_of_a_job(job_form: Form) -> None:
    assert set(job_form.values()) <= set(JobSpec.model_fields)
    typed = {
        "name": "a",
        "command": "python\ntrain.py\n--name=a b",
        "parameters": "lr=0.1\nname=adam\nsizes=[1, 2]",
        "priority": " 7 ",
        "ib_network": False,
        "checkpoint_volume": '{"path": "/ckpt", "size": "1Gi"}',
    }
    for name, value in typed.items():
        job_form.fields[name].value = value
    values = job_form.values()
    assert values["command"] == ["python", "train.py", "--name=a b"]
    assert values["parameters"] == {"lr": 0.1, "name": "adam", "sizes": [1, 2]}
    assert (values["priority"], values["ib_network"]) == (7, False)
    assert values["checkpoint_volume"] == {"path": "/ckpt", "size": "1Gi"}


def test_what_is_folded_away_is_shown_when_it_is_wrong(job_form: Form) -> None:
    assert len(job_form.widget.children[0].children) == 2
    more = job_form.widget.children[1]
    job_form.mark({"name": "too short"})
    assert more.selected_index is None
    job_form.mark({"priority": "not a number"})
    assert more.selected_index == 0
    job_form.fields["priority"].value = "high"
    with pytest.raises(InvalidField) as refused:
        job_form.values()
    assert refused.value.field == "priority"
