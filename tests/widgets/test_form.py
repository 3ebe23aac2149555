"""Widgets for a schema, and what they give back."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.widgets.form import Form
from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.hub.forms import schemas
from jupyter_trainhub.specs.instance import InstanceSpec


@pytest.fixture
def form() -> Form:
    config = TrainHubConfig(
        images=[{"name": "lab:1", "title": "Lab"}],
        storages=[{"name": "home", "path": "/mnt/user", "claim": "home", "default": True},
                  {"name": "data", "path": "/mnt/data", "claim": "data"}],
    )  # fmt: skip
    return Form(schemas(config, "ada", [])["instance"])


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
        lines = [group.children[1] for group in form.widget.children]
        return [line.value for line in lines if line.layout.display != "none"]

    assert shown() == []
    form.mark({"name": "too <long>", "mounts.0.path": "not a path"})
    name, mounts = shown()
    assert "too &lt;long&gt;" in name
    assert "not a path" in mounts
    form.mark({})
    assert shown() == []
