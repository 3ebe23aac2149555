"""Forms and widgets where no cluster runs yet."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

import pytest

import jupyter_trainhub as th
from jupyter_trainhub.api import session
from jupyter_trainhub.widgets.creation import CreationForm
from tests.conftest import eventually


@pytest.fixture(autouse=True)
def _no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "TRAINHUB_KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "JUPYTER_CONFIG_DIR", "TRAINHUB_CLUSTER_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    session.forget_hub()


def test_no_widget_does_anything_before_it_is_shown(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    meter = th.cluster_meter()
    forms = [th.instance_form(), th.submit_form(), th.submit_form("train.ipynb")]
    # Those of others may have ended meanwhile.
    assert set(threading.enumerate()) <= threads
    assert [form.form.fields["name"].value for form in forms] == [""] * 3
    assert forms[2].form.fields["notebook"].value == "train.ipynb"
    # Shown they say how it is, and start nothing either.
    meter._repr_mimebundle_()
    assert meter.view == {"nodes": []}
    for form in forms:
        form._repr_mimebundle_()
        eventually(partial(_says, form, "does not run yet"))
    assert not (tmp_path / "TRAINHUB_CLUSTER_DIR").exists()


def _says(form: CreationForm, text: str) -> bool:
    return text in form.answer.value
