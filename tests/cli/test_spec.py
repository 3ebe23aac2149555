from __future__ import annotations

from typing import Any

import pytest

from jupyter_trainhub.cli.parser import make_parser
from jupyter_trainhub.cli.spec import instance_fields, job_fields


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ([], {}),
        (["--storage", "home", "--storage", "data"], {"storages": ["home", "data"]}),
        (["--no-storages"], {"storages": []}),
        (["--gpus", "1", "--gpu-model", "P100"], {"gpus": "1", "gpu_model": "P100"}),
        (["--host-network", "--no-always-pull"], {"host_network": True, "always_pull": False}),
    ],
)
def test_options_are_the_fields_of_instances_and_jobs(
    options: list[str], fields: dict[str, Any]
) -> None:
    parser = make_parser()
    named = ["--name", "x", *options]
    assert instance_fields(parser.parse_args(["create", "instance", *named])) == {
        "name": "x",
        **fields,
    }
    assert job_fields(parser.parse_args(["create", "job", *named])) == {"name": "x", **fields}


def test_how_an_instance_starts() -> None:
    options = make_parser().parse_args(["create", "instance", "--name", "x", "--start", "image"])
    assert instance_fields(options)["start"] == "image"


def test_storages_and_none_of_them_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["create", "job", "--storage", "a", "--no-storages"])
    assert "not allowed with" in capsys.readouterr().err
