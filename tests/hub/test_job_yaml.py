"""What was applied, as it is kept in a ConfigMap that anybody may have written over."""

from __future__ import annotations

import pytest

from jupyter_trainhub.errors import NotFound
from jupyter_trainhub.hub.jobs.yaml import without_secrets
from jupyter_trainhub.manifests.frameworks.applied import applied
from jupyter_trainhub.manifests.frameworks.mpi import Mpi
from tests.manifests.jobs import request


def test_what_trainhub_writes_is_shown_without_secrets() -> None:
    asked = request(framework="mpi", nodes=2, env={"HF_TOKEN": "geheim", "LR": "[[{{"})
    objects = Mpi().objects(asked)
    shown = without_secrets(applied([objects.owner, *objects.children]))
    assert shown.count("\n---\n") == len(objects.children)
    assert "geheim" not in shown
    assert "[[{{" in shown


@pytest.mark.parametrize(
    "text",
    [
        "[" * 400_000,
        "a: [" + "[a]," * 100_000 + "]",
        "a: &a [x]\nb: *a\n",
        "- " * 50_000,
        "\n".join(" " * depth + "a:" for depth in range(900)),
        "a: !!python/object/apply:os.system [id]",
        "a: " + "9" * 5000,
        "a: 2026-13-45",
        "\0",
    ],
)
def test_anything_else_is_refused_at_once(text: str) -> None:
    with pytest.raises(NotFound, match="written over"):
        without_secrets(text)
